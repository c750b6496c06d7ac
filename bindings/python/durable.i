/* durable.i: the private extension module durable_core._native.
 *
 * Who calls it is the package around it and nobody else: its names and shapes
 * change without notice. */
%module _native

%include "common.i"
