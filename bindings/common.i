/* common.i: what every binding reads of libdurable: the engine and the host,
 * by their public headers, and nothing else of the tree.
 *
 * A binding defines its typemaps first (durable_bytes at the least), then
 * includes this file.  What is ignored here has no shape that SWIG could give
 * to another language: out parameters that are handles, callbacks into user
 * code, and the driver side of the engine, which the host performs.  A binding
 * that needs one of these writes it by hand in C. */
%{
#include <durable/engine.h>
#include <durable/host.h>
#include <durable/value.h>
%}

%include <stdint.i>

/* A text stored into a struct lives as long as what it was taken from: option
 * structs are filled and handed over within one call. */
#pragma SWIG nowarn=451

/* Owned by the host, which frees and drives its engine. */
%ignore durable_mem;
%ignore durable_engine_new;
%ignore durable_engine_free;
%ignore durable_engine_poll;
%ignore durable_engine_reply;
%ignore durable_engine_fail;
%ignore durable_engine_event;
%ignore durable_engine_record_next;
%ignore durable_engine_options::mem;

/* Out parameters and arrays. */
%ignore durable_engine_abi;
%ignore durable_engine_task_wait;
%ignore durable_engine_combine;
%ignore durable_engine_uuid;
%ignore durable_group_options::names;

/* Callbacks, and structs that carry them. */
%ignore durable_transport;
%ignore durable_transport_reply;
%ignore durable_host_options;
%ignore durable_host_new;
%ignore durable_host_attach;
%ignore durable_host_close;
%ignore durable_host_curl_transport;
%ignore durable_host_answer;
%ignore durable_host_handler;
%ignore durable_host_lambda_options;
%ignore durable_host_lambda_loop;
%ignore durable_host_lambda_new;
%ignore durable_host_lambda_next;

/* Buffers whose owner is the caller. */
%ignore durable_host_buffer;
%ignore durable_host_buffer_drop;
%ignore durable_host_files_store;
%ignore durable_host_files_load;

%include <durable/version.h>
%include <durable/engine.h>
%include <durable/host.h>
