/* names: the wire's enumerations and their texts.
 *
 * A value that this library does not know (a newer service may send one)
 * becomes DUR_*_OTHER and keeps its text beside it: carried, never fatal.  */
#ifndef DUR_WIRE_NAMES_H
#define DUR_WIRE_NAMES_H

#include "base/mem.h"

#define DUR_TYPE_MAP(X)                                                        \
  X(EXECUTION, "EXECUTION")                                                    \
  X(CONTEXT, "CONTEXT")                                                        \
  X(STEP, "STEP")                                                              \
  X(WAIT, "WAIT")                                                              \
  X(CALLBACK, "CALLBACK")                                                      \
  X(CHAINED_INVOKE, "CHAINED_INVOKE")

#define DUR_STATUS_MAP(X)                                                      \
  X(STARTED, "STARTED")                                                        \
  X(PENDING, "PENDING")                                                        \
  X(READY, "READY")                                                            \
  X(SUCCEEDED, "SUCCEEDED")                                                    \
  X(FAILED, "FAILED")                                                          \
  X(CANCELLED, "CANCELLED")                                                    \
  X(TIMED_OUT, "TIMED_OUT")                                                    \
  X(STOPPED, "STOPPED")

#define DUR_ACTION_MAP(X)                                                      \
  X(START, "START")                                                            \
  X(SUCCEED, "SUCCEED")                                                        \
  X(FAIL, "FAIL")                                                              \
  X(RETRY, "RETRY")                                                            \
  X(CANCEL, "CANCEL")

#define DUR_X(name, text) DUR_TYPE_##name,
typedef enum dur_type { DUR_TYPE_OTHER, DUR_TYPE_MAP(DUR_X) } dur_type;
#undef DUR_X
#define DUR_X(name, text) DUR_STATUS_##name,
typedef enum dur_status { DUR_STATUS_OTHER, DUR_STATUS_MAP(DUR_X) } dur_status;
#undef DUR_X
#define DUR_X(name, text) DUR_ACTION_##name,
typedef enum dur_action { DUR_ACTION_OTHER, DUR_ACTION_MAP(DUR_X) } dur_action;
#undef DUR_X

dur_type dur_type_of(dur_bytes text); /* OTHER when unknown */
dur_status dur_status_of(dur_bytes text);
dur_action dur_action_of(dur_bytes text);
const char *dur_type_text(dur_type type); /* "" for OTHER */
const char *dur_status_text(dur_status status);
const char *dur_action_text(dur_action action);
/* SUCCEEDED, FAILED, CANCELLED, TIMED_OUT, STOPPED */
int dur_status_is_terminal(dur_status status);

#endif
