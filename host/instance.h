/* SPDX-License-Identifier: MIT
 *
 * Instances: one kernel source + options as macros, compiled for one target, in one file. It is looked for
 *   1. among those the build made: $TW_BUILD_KERNELS, else the folder the library was built with;
 *   2. in the cache: $TW_CACHE, else $XDG_CACHE_HOME/tilewright, else ~/.cache/tilewright;
 * and compiled into the cache otherwise. A file's name is its key,
 *   <kernel>-<target>-<options>-<contents>[-<compiler>].<so, cubin or co>
 * where <contents> hashes the flags, the kernel's source and every header it may include, and <compiler>, in
 * the cache alone, the compiler's version: shipped instances are found where there is no compiler. Objects
 * for `cpu` also carry this processor's features in <contents>, as they are compiled for it alone.
 */
#ifndef TW_HOST_INSTANCE_H
#define TW_HOST_INSTANCE_H

#include <stddef.h>
#include <stdint.h>

#include "arch/abi.h"
#include "compile.h"
#include "dtype.h"
#include "findings.h"
#include "profile.h"
#include "target.h"

/* Is told in one line what takes time, before it starts. */
typedef void tw_progress_fn(void *context, const char *line);

typedef struct {
    const char *kernel; /* the exported symbol */
    const char *source; /* the kernel's file; a relative path starts at the folder of tilewright.h */
    const tw_define *defines;
    size_t define_count;
    tw_progress_fn *progress; /* NULL: silent */
    void *progress_context;
} tw_instance_request;

typedef enum { TW_INSTANCE_SHIPPED, TW_INSTANCE_CACHED, TW_INSTANCE_COMPILED } tw_instance_origin;

typedef struct tw_instance tw_instance;

/* The instance's file, compiled first if there is none; free() `path`. Without a compiler the message names
 * the instance and the command that would build it. Safe when several processes ask at once. */
TW_CHECKED tw_status tw_instance_find(const tw_target_id *id, const tw_instance_request *request, char **path,
                                      tw_instance_origin *origin);

/* Compiles an instance into `folder` under the name by which tw_instance_find looks for a shipped one, and
 * removes the file of an earlier state of the same instance. `depfile` may be NULL; it receives a make rule
 * for `depfile_target` (NULL: the object) with every file and folder the name depends on, which are more than
 * the compiler reads. free() `path`, and `log`, what the compiler printed. */
TW_CHECKED tw_status tw_instance_ship(const tw_target_id *id, const tw_instance_request *request,
                                      const char *folder, const char *depfile, const char *depfile_target,
                                      int report_resources, char **path, char **log);

/* How many instances the build made for a target. */
int tw_instances_shipped(const tw_target_id *id);

/* The folder of compiled instances, created if need be; free() it. */
TW_CHECKED tw_status tw_cache_folder(char **folder);

/* Finds, loads and checks an instance. It is closed before its target. */
TW_CHECKED tw_status tw_instance_open(tw_target *target, const tw_instance_request *request,
                                      tw_instance **instance);

/* Loads a given object file instead. */
TW_CHECKED tw_status tw_instance_load(tw_target *target, const char *path, const char *kernel,
                                      tw_instance **instance);
void tw_instance_close(tw_instance *instance);

const tw_kernel_info *tw_instance_info(const tw_instance *instance);
const char *tw_instance_path(const tw_instance *instance);
tw_instance_origin tw_instance_where(const tw_instance *instance);

/* Gives the argument `tensor` of the argument struct `args` the descriptor with which the target's copy
 * engine moves its tiles, where the kernel has a TW_STREAM for it, the target has such an engine and the
 * tensor qualifies (alignment, strides); otherwise `args` stays as it is, which is right and slower. The
 * struct must be filled: a descriptor repeats address, dims and strides. It lives as long as the instance. */
TW_CHECKED tw_status tw_instance_stream(tw_instance *instance, const char *tensor, tw_dtype dtype, int rank,
                                        void *args);

/* The grid for a kernel that shares `pieces` of work out with TW_EACH or TW_EACH_TILE: one block a piece, or,
 * on machines whose loads run ahead of the team into the next piece, no more blocks than run at once. Whole
 * clusters. */
TW_CHECKED tw_status tw_instance_blocks(const tw_instance *instance, int64_t pieces, uint32_t *blocks);

/* How many of the kernel's clusters, or blocks where it has none, run at once if one fills a compute unit. */
TW_CHECKED tw_status tw_instance_units(const tw_instance *instance, int *units);

/* Starts the kernel on `grid` blocks and returns, on a GPU, before it has finished. `args_bytes` must be the
 * size of the kernel's argument struct. A grid with a 0 does nothing. `seed` orders an emulated machine's
 * waves. */
TW_CHECKED tw_status tw_instance_launch(tw_instance *instance, const void *args, size_t args_bytes,
                                        const uint32_t grid[3], uint64_t seed);

/* What an emulated machine is told of a launch, and where its findings go. Other targets pass it by. */
typedef struct {
    const tw_memory *memory; /* all global memory that the kernel may touch; `memories` 0: not known */
    uint32_t memories;
    tw_findings *findings; /* gathers all; NULL: the first one fails the launch */
    tw_traffic *traffic;   /* of this launch; may be NULL */
    tw_profile *profile;   /* gathers shared memory by line; NULL: not counted, which is faster */
} tw_watch;

TW_CHECKED tw_status tw_instance_launch_watched(tw_instance *instance, const void *args, size_t args_bytes,
                                                const uint32_t grid[3], uint64_t seed, const tw_watch *watch);

/* The same, waited for; `milliseconds` is the device's own time (events) or else the monotonic clock's. */
TW_CHECKED tw_status tw_instance_time(tw_instance *instance, const void *args, size_t args_bytes,
                                      const uint32_t grid[3], uint64_t seed, double *milliseconds);

#endif
