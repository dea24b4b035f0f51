/* SPDX-License-Identifier: MIT
 *
 * Running on this processor: native kernels and emulated machines, both shared objects that hold their own
 * loop over the grid.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#ifdef _OPENMP
#include <omp.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backend.h"
#include "text.h"

enum { ALIGNMENT = 256, EMULATED_UNITS = 3 };

static tw_status native_open(tw_target *target)
{
    char line[256];
    FILE *cpuinfo = fopen("/proc/cpuinfo", "r");
    snprintf(target->device, sizeof target->device, "this processor");
    while (cpuinfo && fgets(line, sizeof line, cpuinfo)) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) || !colon)
            continue;
        snprintf(target->device, sizeof target->device, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
        break;
    }
    if (cpuinfo)
        fclose(cpuinfo);
    target->state = calloc(1, sizeof(struct timespec));
    return target->state ? tw_ok() : tw_fail(TW_NO_MEMORY, "no memory for a target");
}

static void native_close(tw_target *target) { free(target->state); }

static tw_status native_allocate(tw_target *target, size_t bytes, void **address)
{
    size_t rounded = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    *address = rounded >= bytes ? aligned_alloc(ALIGNMENT, rounded) : NULL;
    if (*address)
        return tw_ok();
    return tw_fail(TW_NO_MEMORY, "%s: %zu bytes asked, more than memory is left", target->id.name, bytes);
}

static void native_release(tw_target *target, void *address)
{
    (void)target;
    free(address);
}

static tw_status native_write(tw_target *target, void *device, const void *host, size_t bytes)
{
    (void)target;
    memcpy(device, host, bytes);
    return tw_ok();
}

static tw_status native_read(tw_target *target, void *host, const void *device, size_t bytes)
{
    (void)target;
    memcpy(host, device, bytes);
    return tw_ok();
}

static tw_status native_synchronize(tw_target *target)
{
    (void)target;
    return tw_ok();
}

static void native_unload(tw_target *target, tw_loaded *loaded)
{
    (void)target;
    if (loaded->object)
        dlclose(loaded->object);
    *loaded = (tw_loaded){0};
}

/* An object brings its OpenMP library along if the program has none. Its threads outlive the object and run
 * the library's code, so that has to stay in memory for good. */
static void keep_openmp(void *object)
{
    Dl_info library;
    void *symbol = dlsym(object, "omp_get_max_threads");
    if (symbol && dladdr(symbol, &library) && library.dli_fname)
        dlopen(library.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
}

static tw_status native_load(tw_target *target, const char *path, const char *kernel, tw_loaded *loaded)
{
    /* dlopen takes a name without a slash for a library to search. */
    char *file = tw_text_format("%s%s", strchr(path, '/') ? "" : "./", path);
    loaded->object = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    free(file);
    if (!loaded->object)
        return tw_fail(TW_INVALID, "%s cannot be loaded: %s", path, dlerror());
    keep_openmp(loaded->object);
    char *info_name = tw_text_format("%s_info", kernel);
    char *launch_name = tw_text_format("%s_launch", kernel);
    const tw_kernel_info *info = dlsym(loaded->object, info_name);
    loaded->function = dlsym(loaded->object, launch_name);
    tw_status status;
    if (!info || !loaded->function) {
        status = tw_fail(TW_INVALID, "%s has no symbol %s; its source must end with TW_EXPORT(%s, ...)", path,
                         info ? launch_name : info_name, kernel);
    } else {
        status = tw_info_check(info, path, kernel); /* another ABI's may be shorter */
        if (status.code == TW_OK)
            loaded->info = *info;
    }
    free(info_name);
    free(launch_name);
    if (status.code != TW_OK)
        native_unload(target, loaded);
    return status;
}

static tw_status native_symbol(tw_target *target, const tw_loaded *loaded, const char *name, void *value,
                               size_t bytes, int *found)
{
    const void *symbol = dlsym(loaded->object, name);
    (void)target;
    *found = symbol != NULL;
    if (symbol)
        memcpy(value, symbol, bytes);
    return tw_ok();
}

/* A processor's threads. An emulated machine is small on purpose: a handful of tiles is more than it has
 * units. */
static tw_status native_units(tw_target *target, const tw_loaded *loaded, int *units)
{
    (void)loaded;
    *units = EMULATED_UNITS;
    if (target->id.kind != TW_TARGET_CPU)
        return tw_ok();
#ifdef _OPENMP
    *units = omp_get_max_threads();
#else
    *units = 1;
#endif
    return tw_ok();
}

/* The message of a launch that failed: its first finding with the lines of its places, where there is one. */
static tw_status launch_failed(const tw_target *target, const char *message, const tw_report *report)
{
    tw_findings findings = {0};
    tw_findings_add(&findings, report);
    char *line = findings.count ? tw_finding_line(&findings.item[0]) : NULL;
    tw_status status = tw_fail(TW_DEVICE, "%s: %s", target->id.name,
                               line         ? line
                               : message[0] ? message
                                            : "the launch failed without a message");
    free(line);
    tw_findings_free(&findings);
    return status;
}

static tw_status native_launch(tw_target *target, const tw_loaded *loaded, const tw_launch *launch)
{
    char message[TW_MESSAGE_BYTES / 2] = "";
    tw_finding finding[TW_FINDINGS_MAX];
    tw_findings *all = launch->watch ? launch->watch->findings : NULL;
    tw_report report = {
        .keep_going = all != NULL,
        .memories = launch->watch ? launch->watch->memories : 0,
        .memory = launch->watch ? launch->watch->memory : NULL,
        .finding = finding,
        .capacity = all ? TW_FINDINGS_MAX : 1,
    };
    tw_profile *profile = launch->watch ? launch->watch->profile : NULL;
    if (profile) {
        report.row = malloc(TW_PROFILE_PLACES * sizeof *report.row);
        report.row_capacity = report.row ? TW_PROFILE_PLACES : 0;
    }
    tw_launch_request request = {
        .args = launch->args,
        .grid = {launch->grid[0], launch->grid[1], launch->grid[2]},
        .seed = launch->seed,
        .message = message,
        .message_bytes = sizeof message,
        .report = &report,
    };
    tw_launch_fn *run;
    memcpy(&run, &loaded->function, sizeof run); /* ISO C has no cast from object to function pointer */
    int failed = run(&request);
    if (launch->watch && launch->watch->traffic)
        *launch->watch->traffic = report.traffic;
    if (all)
        tw_findings_add(all, &report);
    tw_status status = failed ? launch_failed(target, message, &report) : tw_ok();
    if (status.code == TW_OK && profile)
        status = tw_profile_add(profile, &report);
    free(report.row);
    return status;
}

static tw_status native_timer_start(tw_target *target)
{
    clock_gettime(CLOCK_MONOTONIC, target->state);
    return tw_ok();
}

static tw_status native_timer_stop(tw_target *target, double *milliseconds)
{
    const struct timespec *start = target->state;
    struct timespec stop;
    clock_gettime(CLOCK_MONOTONIC, &stop);
    *milliseconds =
        1e3 * (double)(stop.tv_sec - start->tv_sec) + 1e-6 * (double)(stop.tv_nsec - start->tv_nsec);
    return tw_ok();
}

const tw_backend tw_backend_native = {
    .open = native_open,
    .close = native_close,
    .allocate = native_allocate,
    .release = native_release,
    .write = native_write,
    .read = native_read,
    .synchronize = native_synchronize,
    .load = native_load,
    .unload = native_unload,
    .symbol = native_symbol,
    .units = native_units,
    .launch = native_launch,
    .timer_start = native_timer_start,
    .timer_stop = native_timer_stop,
};
