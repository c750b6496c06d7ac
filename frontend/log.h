/* log: the lines of user code and of the front end itself. */
#ifndef DUR_FRONTEND_LOG_H
#define DUR_FRONTEND_LOG_H

#include "frontend/model.h"

/* A line of the front end's own, whatever replays. */
void dur_log_own(dur_run *run, int level, const char *format, ...)
    DURABLE_PRINTF(3);
/* A LOG record of the engine. */
void dur_log_record(dur_run *run, const durable_engine_record *record);

#endif
