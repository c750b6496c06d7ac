/* iso: dates and datetimes as Python 3.11's fromisoformat reads them and
 * isoformat prints them.
 *
 * Invariant: a stamp that was read is a real day of the years 1 to 9999 and a
 * real time of day; its offset is under 24 hours either way. */
#include "serdes/literal.h"

#include <stdio.h>
#include <string.h>

typedef struct stamp {
  int year, month, day;
  int hour, minute, second, micro;
  int has_offset, offset_sign; /* 1 or -1 */
  int offset, offset_micro;    /* seconds and microseconds, without sign */
} stamp;

typedef struct cursor {
  const char *p, *end;
} cursor;

static int is_digit(char c) {
  return c >= '0' && c <= '9';
}

/* Exactly |count| digits; 0 when they are not there. */
static int digits(cursor *c, int count, int *out) {
  *out = 0;
  for (; count > 0; count--) {
    if (c->p == c->end || !is_digit(*c->p))
      return 0;
    *out = *out * 10 + (*c->p++ - '0');
  }
  return 1;
}

static int accept(cursor *c, char wanted) {
  if (c->p == c->end || *c->p != wanted)
    return 0;
  c->p++;
  return 1;
}

/* ---- days */

static int is_leap(int year) {
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in(int year, int month) {
  static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Days before January 1 of |year|, day 1 being January 1 of year 1. */
static int days_before(int year) {
  int y = year - 1;
  return y * 365 + y / 4 - y / 100 + y / 400;
}

static void from_ordinal(stamp *s, int ordinal) {
  int year = ordinal / 366 + 1; /* never too late */
  while (days_before(year + 1) < ordinal)
    year++;
  int day = ordinal - days_before(year);
  int month = 1;
  while (day > days_in(year, month))
    day -= days_in(year, month++);
  s->year = year;
  s->month = month;
  s->day = day;
}

/* Weeks start on Monday; week 1 is that of January 4. */
static int from_week(stamp *s, int week, int weekday) {
  int before = days_before(s->year);
  int first_weekday = before % 7; /* of January 1, Monday is 0 */
  int long_year =
      first_weekday == 3 || (first_weekday == 2 && is_leap(s->year));
  if (s->year < 1 || week < 1 || week > 52 + long_year || weekday < 1 ||
      weekday > 7)
    return 0;
  int monday = before + 1 - first_weekday + (first_weekday > 3 ? 7 : 0);
  int ordinal = monday + (week - 1) * 7 + weekday - 1;
  if (ordinal < 1 || ordinal > days_before(10000))
    return 0;
  from_ordinal(s, ordinal);
  return 1;
}

/* Reads all of |c|. */
static int read_date(cursor c, stamp *s) {
  if (!digits(&c, 4, &s->year))
    return 0;
  int dashes = accept(&c, '-');
  if (accept(&c, 'W')) {
    int week, weekday = 1;
    if (!digits(&c, 2, &week))
      return 0;
    if (c.p < c.end &&
        ((dashes && !accept(&c, '-')) || !digits(&c, 1, &weekday)))
      return 0;
    return c.p == c.end && from_week(s, week, weekday);
  }
  if (!digits(&c, 2, &s->month) || (dashes && !accept(&c, '-')))
    return 0;
  return digits(&c, 2, &s->day) && c.p == c.end;
}

/* ---- times */

static int read_fraction(cursor *c, int *micro) {
  int scale = 100000;
  if (c->p == c->end || !is_digit(*c->p))
    return 0;
  for (; c->p < c->end && is_digit(*c->p); c->p++, scale /= 10)
    *micro += (*c->p - '0') * scale;
  return 1;
}

/* HH, HH:MM, HHMM, HH:MM:SS, HHMMSS, the last two with a fraction; all of |c|.
 */
static int read_clock(cursor c, int parts[3], int *micro) {
  parts[1] = parts[2] = *micro = 0;
  if (!digits(&c, 2, &parts[0]))
    return 0;
  int colons = c.p < c.end && *c.p == ':';
  for (int i = 1; i < 3 && c.p < c.end; i++)
    if ((colons && !accept(&c, ':')) || !digits(&c, 2, &parts[i]))
      return 0;
  if (c.p == c.end)
    return 1;
  return (accept(&c, '.') || accept(&c, ',')) && read_fraction(&c, micro) &&
         c.p == c.end;
}

static int read_offset(cursor c, stamp *s) {
  int parts[3];
  s->has_offset = 1;
  s->offset_sign = *c.p == '-' ? -1 : 1;
  if (*c.p++ == 'Z')
    return c.p == c.end;
  if (!read_clock(c, parts, &s->offset_micro))
    return 0;
  s->offset = parts[0] * 3600 + parts[1] * 60 + parts[2];
  return 1;
}

static int read_time(cursor c, stamp *s) {
  int parts[3];
  const char *zone = c.p;
  while (zone < c.end && *zone != '+' && *zone != '-' && *zone != 'Z')
    zone++;
  if (!read_clock((cursor){c.p, zone}, parts, &s->micro))
    return 0;
  s->hour = parts[0];
  s->minute = parts[1];
  s->second = parts[2];
  return zone == c.end || read_offset((cursor){zone, c.end}, s);
}

/* Length of the date at the front.  Where a week date leaves it open which
 * character separates, what follows it decides, as in Python. */
static size_t date_len(dur_bytes t) {
  const char *p = t.data;
  if (t.len == 7)
    return 7;
  if (p[4] != '-' && p[4] != 'W')
    return 8;
  if (p[4] == '-') {
    if (p[5] != 'W')
      return 10;
    if (t.len <= 8 || p[8] != '-')
      return 8;
    return t.len > 10 && is_digit(p[10]) ? 8 : 10;
  }
  size_t pos = 7;
  while (pos < t.len && is_digit(p[pos]))
    pos++;
  if (pos < 9)
    return pos;
  return pos % 2 == 0 ? 7 : 8;
}

static size_t character_len(char lead) {
  unsigned char c = (unsigned char)lead;
  return c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
}

/* ---- checks and printing */

static int bad_text(dur_serdes_error *err, dur_bytes text) {
  char repr[256];
  dur_literal_repr(text, repr, sizeof repr);
  return dur_serdes_fail(err, DUR_SERDES_VALUE, NULL,
                         "Invalid isoformat string: %s", repr);
}

static int out_of_range(dur_serdes_error *err, const char *message) {
  return dur_serdes_fail(err, DUR_SERDES_VALUE, NULL, "%s", message);
}

static int check_date(const stamp *s, dur_serdes_error *err) {
  if (s->year < 1)
    return out_of_range(err, "year 0 is out of range");
  if (s->month < 1 || s->month > 12)
    return out_of_range(err, "month must be in 1..12");
  if (s->day < 1 || s->day > days_in(s->year, s->month))
    return out_of_range(err, "day is out of range for month");
  return 0;
}

static int check_time(const stamp *s, dur_serdes_error *err) {
  if (s->hour > 23)
    return out_of_range(err, "hour must be in 0..23");
  if (s->minute > 59)
    return out_of_range(err, "minute must be in 0..59");
  if (s->second > 59)
    return out_of_range(err, "second must be in 0..59");
  if (s->offset >= 24 * 3600)
    return out_of_range(err, "offset must be a timedelta strictly between "
                             "-timedelta(hours=24) and timedelta(hours=24)");
  return 0;
}

static int print_offset(char *at, size_t room, const stamp *s) {
  int is_zero = s->offset == 0 && s->offset_micro == 0;
  char sign = s->offset_sign < 0 && !is_zero ? '-' : '+';
  int second = s->offset % 60;
  int len = snprintf(at, room, "%c%02d:%02d", sign, s->offset / 3600,
                     s->offset / 60 % 60);
  if (second || s->offset_micro)
    len += snprintf(at + len, room - (size_t)len, ":%02d", second);
  if (s->offset_micro)
    len += snprintf(at + len, room - (size_t)len, ".%06d", s->offset_micro);
  return len;
}

static int finish(dur_arena *arena, const char *text, dur_bytes *out,
                  dur_serdes_error *err) {
  *out = dur_arena_copy(arena, dur_cstr(text));
  return out->data ? 0 : dur_serdes_nomem(err);
}

int dur_literal_date(dur_arena *arena, dur_bytes text, dur_bytes *out,
                     dur_serdes_error *err) {
  stamp s = {0};
  if ((text.len != 7 && text.len != 8 && text.len != 10) ||
      !read_date((cursor){text.data, text.data + text.len}, &s))
    return bad_text(err, text);
  if (check_date(&s, err))
    return -1;
  char printed[64];
  snprintf(printed, sizeof printed, "%04d-%02d-%02d", s.year, s.month, s.day);
  return finish(arena, printed, out, err);
}

int dur_literal_datetime(dur_arena *arena, dur_bytes text, dur_bytes *out,
                         dur_serdes_error *err) {
  stamp s = {0};
  if (text.len < 7)
    return bad_text(err, text);
  size_t len = date_len(text);
  const char *end = text.data + text.len;
  if (len > text.len || !read_date((cursor){text.data, text.data + len}, &s))
    return bad_text(err, text);
  if (text.len > len) {
    size_t skip = len + character_len(text.data[len]);
    if (skip > text.len || !read_time((cursor){text.data + skip, end}, &s))
      return bad_text(err, text);
  }
  if (check_date(&s, err) || check_time(&s, err))
    return -1;
  char printed[128];
  int at = snprintf(printed, sizeof printed, "%04d-%02d-%02dT%02d:%02d:%02d",
                    s.year, s.month, s.day, s.hour, s.minute, s.second);
  if (s.micro)
    at += snprintf(printed + at, sizeof printed - (size_t)at, ".%06d", s.micro);
  if (s.has_offset)
    print_offset(printed + at, sizeof printed - (size_t)at, &s);
  return finish(arena, printed, out, err);
}
