/* SPDX-License-Identifier: MIT
 *
 * Instances as code: loaded, launched, timed.
 */
#include "instance.h"

#include <stdlib.h>

#include "backend.h"

struct tw_instance {
    tw_target *target;
    tw_loaded loaded;
    tw_instance_origin origin;
    char *path;
    char *kernel;
};

static tw_status load(tw_target *target, char *path, const char *kernel, tw_instance_origin origin,
                      tw_instance **instance)
{
    tw_instance *opened = calloc(1, sizeof *opened);
    tw_status status = opened ? target->backend->load(target, path, kernel, &opened->loaded)
                              : tw_fail(TW_NO_MEMORY, "no memory for an instance");
    if (status.code != TW_OK) {
        free(opened);
        free(path);
        return status;
    }
    opened->target = target;
    opened->origin = origin;
    opened->path = path;
    opened->kernel = tw_text_format("%s", kernel);
    *instance = opened;
    return tw_ok();
}

tw_status tw_instance_open(tw_target *target, const tw_instance_request *request, tw_instance **instance)
{
    char *path;
    tw_instance_origin origin;
    *instance = NULL;
    TW_TRY(tw_instance_find(&target->id, request, &path, &origin));
    return load(target, path, request->kernel, origin, instance);
}

tw_status tw_instance_load(tw_target *target, const char *path, const char *kernel, tw_instance **instance)
{
    *instance = NULL;
    return load(target, tw_text_format("%s", path), kernel, TW_INSTANCE_SHIPPED, instance);
}

void tw_instance_close(tw_instance *instance)
{
    if (!instance)
        return;
    instance->target->backend->unload(instance->target, &instance->loaded);
    free(instance->path);
    free(instance->kernel);
    free(instance);
}

const tw_kernel_info *tw_instance_info(const tw_instance *instance) { return &instance->loaded.info; }

const char *tw_instance_path(const tw_instance *instance) { return instance->path; }

tw_instance_origin tw_instance_where(const tw_instance *instance) { return instance->origin; }

tw_status tw_instance_launch(tw_instance *instance, const void *args, size_t args_bytes,
                             const uint32_t grid[3], uint64_t seed)
{
    if (args_bytes != instance->loaded.info.args_bytes) {
        return tw_fail(TW_INVALID,
                       "%s: %zu bytes of arguments given, its argument struct has %u; caller and kernel "
                       "were compiled from different headers",
                       instance->kernel, args_bytes, instance->loaded.info.args_bytes);
    }
    if (!grid[0] || !grid[1] || !grid[2])
        return tw_ok();
    tw_launch launch = {
        .args = args, .args_bytes = args_bytes, .grid = {grid[0], grid[1], grid[2]}, .seed = seed};
    return instance->target->backend->launch(instance->target, &instance->loaded, &launch);
}

tw_status tw_instance_time(tw_instance *instance, const void *args, size_t args_bytes, const uint32_t grid[3],
                           uint64_t seed, double *milliseconds)
{
    tw_target *target = instance->target;
    TW_TRY(target->backend->timer_start(target));
    TW_TRY(tw_instance_launch(instance, args, args_bytes, grid, seed));
    return target->backend->timer_stop(target, milliseconds);
}
