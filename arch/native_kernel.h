/* SPDX-License-Identifier: MIT
 *
 * Kernel declarations where a host compiler compiles the kernel: the CPU, and every emulated machine.
 *
 *   TW_KERNEL(name, threads, (args_type, g)) { body }
 *       defines void name(const void *args): one block, or one lane of it under the emulator.
 *       threads: TW_TEAM_THREADS, or TW_PIPELINED_THREADS where the body has a TW_PIPE.
 *   TW_SHARED(type, name)
 *       declares `type *name`, the block's shared memory; once per kernel. Contents are undefined.
 *   TW_SHARED_ALL(type, name)
 *       the same where the type may leave no room for the scratch in which reductions between waves meet
 *       (ops/reduce.h): the kernel has none.
 *   TW_EXPORT(name, args_type, shared_type, tile figures...)
 *       after the kernel: makes it loadable by the host library (see arch/abi.h).
 *   TW_STREAM(name, args_type, tensor, stage_type, tile)
 *       after TW_EXPORT: tells the host library that the pipeline loads argument `tensor` into the stage's
 *       `tile`, so that a machine with a copy engine gets its descriptor. Optional: affects speed only.
 *   TW_STREAM_MULTICAST(...)
 *       the same for a tile that tw_load_multicast loads.
 */
#ifndef TW_ARCH_NATIVE_KERNEL_H
#define TW_ARCH_NATIVE_KERNEL_H

#ifdef _OPENMP
#include <omp.h>
#endif

#include "abi.h"

typedef void tw__native_kernel(const void *args);

/* Threads of a block that are the team's: all of it, less the loaders of a TW_PIPELINED_THREADS block. */
#define TW__TEAM_OF(block_threads) ((block_threads) > TW_TEAM_THREADS ? TW_TEAM_THREADS : (block_threads))

#define TW_KERNEL(name, threads, args)  TW__KERNEL_(name, threads, TW__UNPACK args)
#define TW__UNPACK(...)                 __VA_ARGS__
#define TW__KERNEL_(name, threads, ...) TW__KERNEL(name, threads, __VA_ARGS__)
#define TW__KERNEL(name, block_threads, type, g)                                                             \
    enum { name##_threads = (block_threads) };                                                               \
    static void name##_body(const type g, const int tw__block_threads, const int tw__loader);                \
    TW_LINK void name(const void *args)                                                                      \
    {                                                                                                        \
        name##_body(*(const type *)args, block_threads,                                                      \
                    tw__isa_wave() * TW_LANES >= TW__TEAM_OF(block_threads));                                \
        TW__LEAVE();                                                                                         \
        TW__LEAVE_CLUSTER(tw_cluster_blocks);                                                                \
    }                                                                                                        \
    static void name##_body(const type g, const int tw__block_threads TW_UNUSED,                             \
                            const int tw__loader TW_UNUSED)

/* What a thread does when it is through with the body; a machine whose threads leave something under way
 * says. */
#ifndef TW__LEAVE
#define TW__LEAVE() (void)0
#endif

/* What a block does before it ends; a machine with clusters says more. */
#ifndef TW__LEAVE_CLUSTER
#define TW__LEAVE_CLUSTER(blocks) (void)0
#endif

#define TW_SHARED(type, name)     TW__SHARED_STRUCT(type, name, TW_SCRATCH_BYTES)
#define TW_SHARED_ALL(type, name) TW__SHARED_STRUCT(type, name, 0)
#define TW__SHARED_STRUCT(type, name, scratch)                                                               \
    TW_STATIC_ASSERT(sizeof(type) + (scratch) <= TW_SHARED_BYTES,                                            \
                     "TW020 TW_SHARED(" #type "): more than the machine's shared memory");                   \
    type *name = (type *)tw__isa_shared_base()

#define TW_EXPORT(name, args_type, shared_type, ...)                                                         \
    TW_LINK const tw_kernel_info name##_info;                                                                \
    const tw_kernel_info name##_info = {                                                                     \
        TW_ABI, name##_threads, sizeof(shared_type), sizeof(args_type), tw_cluster_blocks, {__VA_ARGS__}};   \
    TW_LINK int name##_launch(const tw_launch_request *request)                                              \
    {                                                                                                        \
        return tw__native_launch(request, &name##_info, name);                                               \
    }

#define TW__STREAM(name, args_type, tensor, stage_type, tile, parts)                                         \
    TW_LINK const tw_stream_info name##_stream_##tensor;                                                     \
    const tw_stream_info name##_stream_##tensor = TW__STREAM_INFO(args_type, tensor, stage_type, tile, parts);

#endif
