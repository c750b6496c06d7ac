/* A handler that is smaller than any ever was. */
#include <durable/durable.h>

static const durable_handler HANDLER = {.size = 4, .name = "only"};

DURABLE_API extern const durable_handler *const durable_handler_table[];
const durable_handler *const durable_handler_table[] = {&HANDLER, NULL};
