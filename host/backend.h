/* SPDX-License-Identifier: MIT
 *
 * What a way of running must supply, once each: native.c (cpu and emulated machines) and driver.c (CUDA and
 * HIP, which differ in names alone). Private to the host library.
 */
#ifndef TW_HOST_BACKEND_H
#define TW_HOST_BACKEND_H

#include "arch/abi.h"
#include "instance.h"
#include "target.h"

/* An object file in memory with its kernel's entry points. */
typedef struct {
    tw_kernel_info info;
    void *object;   /* dlopen handle, CUmodule or hipModule_t */
    void *function; /* tw_launch_fn, CUfunction or hipFunction_t */
} tw_loaded;

typedef struct {
    const void *args;
    size_t args_bytes;
    uint32_t grid[3];
    uint64_t seed;
    const tw_watch *watch; /* NULL: nothing is known of the memory; a finding fails the launch */
} tw_launch;

typedef struct {
    /* The device of target->id.kind, its name and, where id.machine is NULL, its machine. */
    tw_status (*open)(tw_target *target);
    void (*close)(tw_target *target);
    tw_status (*allocate)(tw_target *target, size_t bytes, void **address);
    void (*release)(tw_target *target, void *address);
    tw_status (*write)(tw_target *target, void *device, const void *host, size_t bytes);
    tw_status (*read)(tw_target *target, void *host, const void *device, size_t bytes);
    tw_status (*synchronize)(tw_target *target);
    tw_status (*load)(tw_target *target, const char *path, const char *kernel, tw_loaded *loaded);
    void (*unload)(tw_target *target, tw_loaded *loaded);
    /* Copies a variable of the object, if it has one of this name and size; else *found is 0. */
    tw_status (*symbol)(tw_target *target, const tw_loaded *loaded, const char *name, void *value,
                        size_t bytes, int *found);
    tw_status (*launch)(tw_target *target, const tw_loaded *loaded, const tw_launch *launch);
    void (*use_stream)(tw_target *target, void *stream); /* NULL where there are no streams */
    /* Clusters of this kernel that run at once, if a block fills a compute unit. */
    tw_status (*units)(tw_target *target, const tw_loaded *loaded, int *units);
    /* Brackets a launch; stop waits for it and gives what lay between in milliseconds. */
    tw_status (*timer_start)(tw_target *target);
    tw_status (*timer_stop)(tw_target *target, double *milliseconds);
} tw_backend;

struct tw_target {
    tw_target_id id;
    const tw_backend *backend;
    void *state; /* the back end's own */
    char device[96];
};

extern const tw_backend tw_backend_native;
extern const tw_backend tw_backend_driver;

/* The registry's rows, ended by one whose name is NULL. */
extern const tw_machine tw_machines[];

/* Fills `info` is what the headers of this library expect, and leaves room for `args_bytes` of arguments. */
TW_CHECKED tw_status tw_info_check(const tw_kernel_info *info, const char *path, const char *kernel);

#endif
