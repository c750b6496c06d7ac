/* script_service: what script.c asks of the service in memory. */
#ifndef DUR_TEST_SCRIPT_SERVICE_H
#define DUR_TEST_SCRIPT_SERVICE_H

#include "script.h"

void service_reset(void);
void service_drop(void);
char *service_event(void); /* of the next invocation; free() it */
void service_take(
    const durable_engine_event *send); /* remember what went out */
char *service_answer(const durable_engine_event *send); /* a body; free() it */
/* A heap copy with " for ', and the reverse. */
char *service_json(const char *quoted);
char *service_text(const char *json, size_t len);

#endif
