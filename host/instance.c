/* SPDX-License-Identifier: MIT
 *
 * Instances as code: loaded, launched, timed.
 */
#include "instance.h"

#include <stdlib.h>

#include "backend.h"
#include "tensor_map.h"

/* A device buffer that lives as long as its instance. */
typedef struct kept {
    struct kept *next;
    void *address;
} kept;

struct tw_instance {
    tw_target *target;
    kept *kept;
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
    while (instance->kept) {
        kept *first = instance->kept;
        instance->kept = first->next;
        tw_target_free(instance->target, first->address);
        free(first);
    }
    instance->target->backend->unload(instance->target, &instance->loaded);
    free(instance->path);
    free(instance->kernel);
    free(instance);
}

const tw_kernel_info *tw_instance_info(const tw_instance *instance) { return &instance->loaded.info; }

const char *tw_instance_path(const tw_instance *instance) { return instance->path; }

tw_status tw_instance_units(const tw_instance *instance, int *units)
{
    return instance->target->backend->units(instance->target, &instance->loaded, units);
}

tw_status tw_instance_blocks(const tw_instance *instance, int64_t pieces, uint32_t *blocks)
{
    tw_target *target = instance->target;
    int64_t cluster = instance->loaded.info.cluster, at_once;
    int units;
    if (pieces < 0 || pieces > INT32_MAX - (cluster - 1)) {
        return tw_fail(TW_INVALID, "%s: a grid of %lld blocks; at most 2^31 - 1 can be launched",
                       target->id.name, (long long)pieces);
    }
    *blocks = (uint32_t)((pieces + cluster - 1) / cluster * cluster);
    if (!target->id.machine || !target->id.machine->mma_shared)
        return tw_ok();
    TW_TRY(tw_instance_units(instance, &units));
    at_once = cluster * units;
    if (pieces > at_once)
        *blocks = (uint32_t)at_once;
    return tw_ok();
}

tw_instance_origin tw_instance_where(const tw_instance *instance) { return instance->origin; }

/* Bytes of a panel of a shared tile, as arch/shared.h cuts it, if a copy engine can swizzle it; else 0. */
static int panel_bytes(int row_bytes)
{
    return row_bytes % 128 == 0 ? 128 : row_bytes % 64 == 0 ? 64 : row_bytes % 32 == 0 ? 32 : 0;
}

/* Puts the map on the device and remembers it. */
static tw_status keep(tw_instance *instance, const tw_tensor_map *map, void **address)
{
    kept *entry = calloc(1, sizeof *entry);
    if (!entry)
        return tw_fail(TW_NO_MEMORY, "no memory for a descriptor");
    tw_status status = tw_target_allocate(instance->target, sizeof *map, &entry->address);
    if (status.code != TW_OK) {
        free(entry);
        return status;
    }
    entry->next = instance->kept;
    instance->kept = entry;
    *address = entry->address;
    return tw_target_write(instance->target, entry->address, map, sizeof *map);
}

tw_status tw_instance_stream(tw_instance *instance, const char *tensor, tw_dtype dtype, int rank, void *args)
{
    tw_target *target = instance->target;
    tw_tensor_map_encode *encode = NULL;
    tw_stream_info info;
    tw_tensor_map map;
    void *address = NULL;
    int found;
    if (!target->id.machine || !target->id.machine->mma_shared)
        return tw_ok();
    char *name = tw_text_format("%s_stream_%s", instance->kernel, tensor);
    tw_status status = target->backend->symbol(target, &instance->loaded, name, &info, sizeof info, &found);
    free(name);
    if (status.code != TW_OK || !found)
        return status;
    int panel = panel_bytes(info.cols * (int)tw_dtype_bytes(dtype));
    if (!panel)
        return tw_ok();
    if (info.args_offset + sizeof(tw_tensor_arg) > instance->loaded.info.args_bytes) {
        return tw_fail(TW_INVALID, "%s: the streamed argument %s lies outside the argument struct",
                       instance->path, tensor);
    }
    tw_tensor_arg *argument = (tw_tensor_arg *)((char *)args + info.args_offset);
    tw_tensor_map_request request = {
        .tensor = argument,
        .rank = rank,
        .dtype = dtype,
        .box_rows = info.rows,
        .box_cols = panel / (int)tw_dtype_bytes(dtype),
        .swizzle_bytes = panel,
    };
    if (tw_tensor_map_check(&request).code != TW_OK)
        return tw_ok(); /* the kernel copies such a tensor by itself */
    if (target->id.kind == TW_TARGET_CUDA)
        TW_TRY(tw_tensor_map_driver(&encode));
    TW_TRY(tw_tensor_map_make(&request, encode, &map));
    TW_TRY(keep(instance, &map, &address));
    argument->map = address;
    argument->map_rows = info.rows;
    argument->map_cols = info.cols;
    return tw_ok();
}

tw_status tw_instance_launch_watched(tw_instance *instance, const void *args, size_t args_bytes,
                                     const uint32_t grid[3], uint64_t seed, const tw_watch *watch)
{
    if (args_bytes != instance->loaded.info.args_bytes) {
        return tw_fail(TW_INVALID,
                       "%s: %zu bytes of arguments given, its argument struct has %u; caller and kernel "
                       "were compiled from different headers",
                       instance->kernel, args_bytes, instance->loaded.info.args_bytes);
    }
    if (!grid[0] || !grid[1] || !grid[2])
        return tw_ok();
    tw_launch launch = {.args = args,
                        .args_bytes = args_bytes,
                        .grid = {grid[0], grid[1], grid[2]},
                        .seed = seed,
                        .watch = watch};
    return instance->target->backend->launch(instance->target, &instance->loaded, &launch);
}

tw_status tw_instance_launch(tw_instance *instance, const void *args, size_t args_bytes,
                             const uint32_t grid[3], uint64_t seed)
{
    return tw_instance_launch_watched(instance, args, args_bytes, grid, seed, NULL);
}

tw_status tw_instance_time(tw_instance *instance, const void *args, size_t args_bytes, const uint32_t grid[3],
                           uint64_t seed, double *milliseconds)
{
    tw_target *target = instance->target;
    TW_TRY(target->backend->timer_start(target));
    TW_TRY(tw_instance_launch(instance, args, args_bytes, grid, seed));
    return target->backend->timer_stop(target, milliseconds);
}
