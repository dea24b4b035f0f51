/* SPDX-License-Identifier: MIT
 *
 * The calls that the CUDA driver API (libcuda) and HIP (libamdhip64) share, as one table of function
 * pointers: the two differ in their names and a few numbers. A vendor's file (driver_cuda.c, driver_hip.c) is
 * one tw_driver. Handles (context, module, function, event) are void *, device addresses void * (64 bits in
 * both APIs), every call returns 0 or an error number. Sources: CUDA Driver API reference; HIP Runtime API
 * reference, "Module", "Memory" and "Event" management.
 */
#ifndef TW_HOST_DRIVER_H
#define TW_HOST_DRIVER_H

#include "backend.h"

/* TW_DRIVER_CALL(name, parameters): the members of tw_driver_calls and the order of tw_driver.symbol. */
/* clang-format off */
#define TW_DRIVER_CALLS(TW_DRIVER_CALL)                                                                      \
    TW_DRIVER_CALL(initialize, (unsigned flags))                                                             \
    TW_DRIVER_CALL(device_count, (int *count))                                                               \
    TW_DRIVER_CALL(device_name, (char *name, int bytes, int device))                                         \
    TW_DRIVER_CALL(device_attribute, (int *value, int attribute, int device))                                \
    TW_DRIVER_CALL(device_properties, (void *properties, int device))                                        \
    TW_DRIVER_CALL(device_set, (int device))                                                                 \
    TW_DRIVER_CALL(context_retain, (void **context, int device))                                             \
    TW_DRIVER_CALL(context_set, (void *context))                                                             \
    TW_DRIVER_CALL(context_release, (int device))                                                            \
    TW_DRIVER_CALL(synchronize, (void))                                                                      \
    TW_DRIVER_CALL(memory_allocate, (void **address, size_t bytes))                                          \
    TW_DRIVER_CALL(memory_free, (void *address))                                                             \
    TW_DRIVER_CALL(copy_to_device, (void *device, const void *host, size_t bytes))                           \
    TW_DRIVER_CALL(copy_to_host, (void *host, const void *device, size_t bytes))                             \
    TW_DRIVER_CALL(module_load, (void **module, const void *image))                                          \
    TW_DRIVER_CALL(module_unload, (void *module))                                                            \
    TW_DRIVER_CALL(module_function, (void **function, void *module, const char *name))                       \
    TW_DRIVER_CALL(module_global, (void **address, size_t *bytes, void *module, const char *name))           \
    TW_DRIVER_CALL(function_attribute, (void *function, int attribute, int value))                           \
    TW_DRIVER_CALL(launch, (void *function, unsigned grid_x, unsigned grid_y, unsigned grid_z,               \
                            unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared_bytes,     \
                            void *stream, void **parameters, void **extra))                                  \
    TW_DRIVER_CALL(active_clusters, (int *clusters, void *function, const void *config))                     \
    TW_DRIVER_CALL(event_create, (void **event, unsigned flags))                                             \
    TW_DRIVER_CALL(event_record, (void *event, void *stream))                                                \
    TW_DRIVER_CALL(event_synchronize, (void *event))                                                         \
    TW_DRIVER_CALL(event_elapsed, (float *milliseconds, void *start, void *stop))                            \
    TW_DRIVER_CALL(event_destroy, (void *event))                                                             \
    TW_DRIVER_CALL(error_text, (int error, const char **text))
/* clang-format on */

#define TW_DRIVER_POINTER(name, parameters) int(*name) parameters;
typedef struct {
    TW_DRIVER_CALLS(TW_DRIVER_POINTER)
} tw_driver_calls;
#undef TW_DRIVER_POINTER

/* The exported symbol of each call, in the order above; "" where the vendor has no such call or none is
 * needed. */
#define TW_DRIVER_SYMBOL(name, parameters) const char *name;
typedef struct {
    TW_DRIVER_CALLS(TW_DRIVER_SYMBOL)
} tw_driver_symbols;
#undef TW_DRIVER_SYMBOL

typedef struct {
    int units_attribute;      /* of device_attribute: how many compute units; 0: not asked of this vendor */
    const char *vendor;       /* NVIDIA */
    const char *libraries[5]; /* the first that is there; ended by NULL */
    void *launch_end;         /* closes the `extra` list of a launch */
    tw_driver_symbols symbol;
    /* The device's architecture as the vendor's compiler writes it (sm_90, gfx942). */
    tw_status (*architecture)(const tw_driver_calls *call, int device, char *code, size_t bytes);
    /* Whether objects compiled for `machine` run on a device of that architecture. */
    int (*runs)(const tw_machine *machine, const char *code);
} tw_driver;

extern const tw_driver tw_driver_cuda;
extern const tw_driver tw_driver_hip;

#endif
