/* validate: may these updates be applied to this run?
 *
 * Judges the whole batch against the state before it and changes nothing.  The
 * order is that of the service: shapes and sizes of all updates, then the rules
 * of the batch, then each update by itself. */
#ifndef DUR_SERVICE_VALIDATE_H
#define DUR_SERVICE_VALIDATE_H

#include "model.h"
#include "wire/update.h"

enum { DUR_MESSAGE_SIZE = 640 };

/* 0, or -1 with the sentence for the client. */
int dur_validate_updates(const dur_run *run, const dur_update *updates,
                         size_t count, char message[DUR_MESSAGE_SIZE]);
/* The shapes alone (validate_shape.c): lengths, patterns, ranges, sizes. */
int dur_validate_shapes(const dur_update *updates, size_t count,
                        char message[DUR_MESSAGE_SIZE]);

#endif
