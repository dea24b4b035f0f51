/* SPDX-License-Identifier: MIT
 *
 * Running on a GPU through its vendor's driver, opened at run time.
 */
#define _GNU_SOURCE
#include "driver.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "text.h"

/* cuda.h and hip_runtime_api.h agree on these. */
enum {
    LAUNCH_BUFFER_POINTER = 1,
    LAUNCH_BUFFER_SIZE = 2,
    MAX_DYNAMIC_SHARED_BYTES = 8,
    FREE_SHARED_BYTES = 49152
};

typedef struct {
    const tw_driver *driver;
    tw_driver_calls call;
    void *library;
    void *event[2];
    void *stream; /* of launches and events; NULL: the default stream */
    int has_context;
} driver_state;

static const int DEVICE = 0;

/* The failure of `what`, in the driver's words. */
static tw_status driver_fail(const tw_target *target, tw_code code, int error, const char *what)
{
    const driver_state *state = target->state;
    const char *text = NULL;
    if (state->call.error_text)
        state->call.error_text(error, &text);
    return tw_fail(code, "%s: %s failed: error %d of the %s driver%s%s", target->id.name, what, error,
                   state->driver->vendor, text ? ", " : "", text ? text : "");
}

#define DRIVER_TRY(target, code, what, result)                                                               \
    do {                                                                                                     \
        int driver_error = (result);                                                                         \
        if (driver_error)                                                                                    \
            return driver_fail(target, code, driver_error, what);                                            \
    } while (0)

/* `names` is one symbol or several in order of preference; the first that the library has. */
static void *find_symbol(void *library, const char *names)
{
    tw_list list = {0};
    void *symbol = NULL;
    tw_list_add_words(&list, names);
    for (size_t i = 0; i < list.count && !symbol; i++)
        symbol = dlsym(library, list.item[i]);
    tw_list_free(&list);
    return symbol;
}

static tw_status open_library(driver_state *state)
{
    const tw_driver *driver = state->driver;
    for (int i = 0; !state->library && driver->libraries[i]; i++) {
        state->library = dlopen(driver->libraries[i], RTLD_NOW | RTLD_LOCAL);
    }
    if (!state->library) {
        return tw_fail(TW_UNAVAILABLE, "no %s driver here (%s not found)", driver->vendor,
                       driver->libraries[0]);
    }
    const char *const *name = (const char *const *)&driver->symbol;
    char *slot = (char *)&state->call;
    for (size_t i = 0; i < sizeof driver->symbol / sizeof *name; i++) {
        void *symbol = find_symbol(state->library, name[i]);
        if (!symbol && *name[i] && name[i] != driver->symbol.error_text) {
            return tw_fail(TW_UNAVAILABLE, "the %s driver (%s) has no %s; a newer one is needed",
                           driver->vendor, driver->libraries[0], name[i]);
        }
        memcpy(slot + i * sizeof symbol, &symbol, sizeof symbol);
    }
    return tw_ok();
}

static tw_status settle_machine(tw_target *target)
{
    driver_state *state = target->state;
    char code[64];
    TW_TRY(state->driver->architecture(&state->call, DEVICE, code, sizeof code));
    const tw_machine *match = NULL;
    for (const tw_machine *machine = tw_machines; machine->name; machine++) {
        int same_vendor = strncmp(machine->code, code, 2) == 0; /* sm or gf */
        if (same_vendor && state->driver->runs(machine, code))
            match = machine;
    }
    if (target->id.machine && state->driver->runs(target->id.machine, code))
        return tw_ok();
    if (!match) {
        return tw_fail(TW_UNAVAILABLE, "the GPU here is %s (%s), for which there is no machine yet", code,
                       target->device);
    }
    if (target->id.machine) {
        return tw_fail(TW_UNAVAILABLE, "the GPU here is %s (%s), which cannot run %s; it runs %s", code,
                       target->device, target->id.machine->code, match->name);
    }
    target->id.machine = match;
    return tw_ok();
}

static void driver_close(tw_target *target)
{
    driver_state *state = target->state;
    if (!state)
        return;
    for (int i = 0; i < 2; i++) {
        if (state->event[i])
            state->call.event_destroy(state->event[i]);
    }
    if (state->has_context)
        state->call.context_release(DEVICE);
    /* The library stays open: neither vendor's survives being unloaded and opened again. */
    free(state);
    target->state = NULL;
}

static tw_status start(tw_target *target)
{
    driver_state *state = target->state;
    const tw_driver_calls *call = &state->call;
    TW_TRY(open_library(state));
    int count = 0;
    int error = call->initialize(0);
    if (!error)
        error = call->device_count(&count);
    if (error)
        return driver_fail(target, TW_UNAVAILABLE, error, "starting the driver");
    if (count == 0)
        return tw_fail(TW_UNAVAILABLE, "the %s driver finds no GPU", state->driver->vendor);
    DRIVER_TRY(target, TW_UNAVAILABLE, "naming the GPU",
               call->device_name(target->device, sizeof target->device, DEVICE));
    TW_TRY(settle_machine(target));
    if (call->context_retain) {
        void *context;
        DRIVER_TRY(target, TW_UNAVAILABLE, "opening the GPU", call->context_retain(&context, DEVICE));
        state->has_context = 1;
        DRIVER_TRY(target, TW_UNAVAILABLE, "opening the GPU", call->context_set(context));
    } else {
        DRIVER_TRY(target, TW_UNAVAILABLE, "opening the GPU", call->device_set(DEVICE));
    }
    for (int i = 0; i < 2; i++) {
        DRIVER_TRY(target, TW_UNAVAILABLE, "creating an event", call->event_create(&state->event[i], 0));
    }
    return tw_ok();
}

static tw_status driver_open(tw_target *target)
{
    driver_state *state = calloc(1, sizeof *state);
    if (!state)
        return tw_fail(TW_NO_MEMORY, "no memory for a target");
    state->driver = target->id.kind == TW_TARGET_CUDA ? &tw_driver_cuda : &tw_driver_hip;
    target->state = state;
    tw_status status = start(target);
    if (status.code != TW_OK)
        driver_close(target);
    return status;
}

static tw_status driver_allocate(tw_target *target, size_t bytes, void **address)
{
    const driver_state *state = target->state;
    char what[64];
    snprintf(what, sizeof what, "allocating %zu bytes", bytes);
    DRIVER_TRY(target, TW_NO_MEMORY, what, state->call.memory_allocate(address, bytes));
    return tw_ok();
}

static void driver_release(tw_target *target, void *address)
{
    const driver_state *state = target->state;
    state->call.memory_free(address);
}

static tw_status driver_synchronize(tw_target *target)
{
    const driver_state *state = target->state;
    DRIVER_TRY(target, TW_DEVICE, "a launch", state->call.synchronize());
    return tw_ok();
}

static tw_status driver_write(tw_target *target, void *device, const void *host, size_t bytes)
{
    const driver_state *state = target->state;
    DRIVER_TRY(target, TW_DEVICE, "copying to the device", state->call.copy_to_device(device, host, bytes));
    return tw_ok();
}

static tw_status driver_read(tw_target *target, void *host, const void *device, size_t bytes)
{
    const driver_state *state = target->state;
    DRIVER_TRY(target, TW_DEVICE, "copying from the device", state->call.copy_to_host(host, device, bytes));
    return tw_ok();
}

static void driver_unload(tw_target *target, tw_loaded *loaded)
{
    const driver_state *state = target->state;
    if (loaded->object)
        state->call.module_unload(loaded->object);
    *loaded = (tw_loaded){0};
}

static tw_status find_kernel(tw_target *target, const char *path, const char *kernel, tw_loaded *loaded)
{
    const driver_state *state = target->state;
    const tw_driver_calls *call = &state->call;
    void *info;
    size_t info_bytes;
    char name[128];
    if (call->module_function(&loaded->function, loaded->object, kernel)) {
        return tw_fail(TW_INVALID, "%s has no kernel %s; its source must end with TW_EXPORT(%s, ...)", path,
                       kernel, kernel);
    }
    snprintf(name, sizeof name, "%s_info", kernel);
    if (call->module_global(&info, &info_bytes, loaded->object, name) || info_bytes != sizeof loaded->info) {
        return tw_fail(TW_INVALID, "%s has no %s of %zu bytes; its source must end with TW_EXPORT(%s, ...)",
                       path, name, sizeof loaded->info, kernel);
    }
    TW_TRY(driver_read(target, &loaded->info, info, sizeof loaded->info));
    TW_TRY(tw_info_check(&loaded->info, path, kernel));
    if (call->function_attribute && loaded->info.shared_bytes > FREE_SHARED_BYTES) {
        DRIVER_TRY(target, TW_DEVICE, "asking for the kernel's shared memory",
                   call->function_attribute(loaded->function, MAX_DYNAMIC_SHARED_BYTES,
                                            (int)loaded->info.shared_bytes));
    }
    return tw_ok();
}

static tw_status driver_load(tw_target *target, const char *path, const char *kernel, tw_loaded *loaded)
{
    const driver_state *state = target->state;
    char *image;
    size_t bytes;
    TW_TRY(tw_file_read(path, &image, &bytes));
    int error = state->call.module_load(&loaded->object, image);
    free(image);
    if (error) {
        loaded->object = NULL;
        return driver_fail(target, TW_DEVICE, error, path);
    }
    tw_status status = find_kernel(target, path, kernel, loaded);
    if (status.code != TW_OK)
        driver_unload(target, loaded);
    return status;
}

static tw_status driver_symbol(tw_target *target, const tw_loaded *loaded, const char *name, void *value,
                               size_t bytes, int *found)
{
    const driver_state *state = target->state;
    void *symbol;
    size_t symbol_bytes;
    *found =
        !state->call.module_global(&symbol, &symbol_bytes, loaded->object, name) && symbol_bytes == bytes;
    return *found ? driver_read(target, value, symbol, bytes) : tw_ok();
}

/* cuda.h: CUlaunchConfig with one CUlaunchAttribute. */
typedef struct {
    unsigned grid[3], block[3], shared_bytes;
    void *stream;
    void *attributes;
    unsigned attribute_count;
} cluster_config;
typedef struct {
    int name, pad;
    union {
        unsigned cluster[3];
        char bytes[64];
    } value;
} cluster_attribute;
enum { CLUSTER_DIMENSION = 4 };

static tw_status active_clusters(tw_target *target, const tw_loaded *loaded, int *clusters)
{
    const driver_state *state = target->state;
    unsigned blocks = loaded->info.cluster;
    cluster_attribute attribute = {.name = CLUSTER_DIMENSION, .value.cluster = {blocks, 1, 1}};
    cluster_config config = {
        .grid = {blocks, 1, 1},
        .block = {loaded->info.threads, 1, 1},
        .shared_bytes = loaded->info.shared_bytes,
        .attributes = &attribute,
        .attribute_count = 1,
    };
    DRIVER_TRY(target, TW_DEVICE, "asking how many clusters run at once",
               state->call.active_clusters(clusters, loaded->function, &config));
    if (*clusters < 1)
        return tw_fail(TW_DEVICE, "%s: the GPU here runs no cluster of %u blocks of this kernel",
                       target->id.name, blocks);
    return tw_ok();
}

static tw_status driver_units(tw_target *target, const tw_loaded *loaded, int *units)
{
    const driver_state *state = target->state;
    if (loaded->info.cluster > 1)
        return active_clusters(target, loaded, units);
    DRIVER_TRY(target, TW_DEVICE, "asking for the number of compute units",
               state->call.device_attribute(units, state->driver->units_attribute, DEVICE));
    return tw_ok();
}

static tw_status driver_launch(tw_target *target, const tw_loaded *loaded, const tw_launch *launch)
{
    const driver_state *state = target->state;
    size_t args_bytes = launch->args_bytes;
    void *args;
    memcpy(&args, &launch->args, sizeof args); /* the driver only reads, but takes void * */
    void *extra[] = {
        (void *)LAUNCH_BUFFER_POINTER, args, (void *)LAUNCH_BUFFER_SIZE, &args_bytes,
        state->driver->launch_end,
    };
    DRIVER_TRY(target, TW_DEVICE, "the launch",
               state->call.launch(loaded->function, launch->grid[0], launch->grid[1], launch->grid[2],
                                  loaded->info.threads, 1, 1, loaded->info.shared_bytes, state->stream, NULL,
                                  extra));
    return tw_ok();
}

static void driver_use_stream(tw_target *target, void *stream)
{
    driver_state *state = target->state;
    state->stream = stream;
}

static tw_status driver_timer_start(tw_target *target)
{
    const driver_state *state = target->state;
    DRIVER_TRY(target, TW_DEVICE, "recording an event",
               state->call.event_record(state->event[0], state->stream));
    return tw_ok();
}

static tw_status driver_timer_stop(tw_target *target, double *milliseconds)
{
    const driver_state *state = target->state;
    const tw_driver_calls *call = &state->call;
    float elapsed = 0;
    DRIVER_TRY(target, TW_DEVICE, "recording an event", call->event_record(state->event[1], state->stream));
    DRIVER_TRY(target, TW_DEVICE, "a launch", call->event_synchronize(state->event[1]));
    DRIVER_TRY(target, TW_DEVICE, "timing", call->event_elapsed(&elapsed, state->event[0], state->event[1]));
    *milliseconds = (double)elapsed;
    return tw_ok();
}

const tw_backend tw_backend_driver = {
    .open = driver_open,
    .close = driver_close,
    .allocate = driver_allocate,
    .release = driver_release,
    .write = driver_write,
    .read = driver_read,
    .synchronize = driver_synchronize,
    .load = driver_load,
    .unload = driver_unload,
    .symbol = driver_symbol,
    .units = driver_units,
    .launch = driver_launch,
    .use_stream = driver_use_stream,
    .timer_start = driver_timer_start,
    .timer_stop = driver_timer_stop,
};
