/* SPDX-License-Identifier: MIT
 *
 * Kernel declarations for NVIDIA; their meaning is told in arch/native_kernel.h. TW_KERNEL defines
 * `extern "C" __global__ void name(args)`, so the kernel can also be launched the usual way:
 *
 *     name<<<blocks, name_threads, sizeof(shared type)>>>(args);
 *
 * with cudaFuncAttributeMaxDynamicSharedMemorySize raised first where that is over 48 KB, and a number of
 * blocks that is a multiple of the cluster's.
 */
#ifndef TW_ARCH_NVIDIA_COMMON_KERNEL_H
#define TW_ARCH_NVIDIA_COMMON_KERNEL_H

#if TW_EMULATED
#include "../../emulator/kernel.h"
#else

#define TW_KERNEL(name, threads, args)  TW__KERNEL_(name, threads, TW__UNPACK args)
#define TW__UNPACK(...)                 __VA_ARGS__
#define TW__KERNEL_(name, threads, ...) TW__KERNEL(name, threads, __VA_ARGS__)
#define TW__KERNEL(name, block_threads, type, g)                                                             \
    enum { name##_threads = (block_threads) };                                                               \
    TW_FN void name##_body(const type &g, const int tw__block_threads, const int tw__loader);                \
    extern "C" __global__ void TW__LAUNCHED(block_threads) name(const __grid_constant__ type g)              \
    {                                                                                                        \
        TW__ENTER(name, block_threads, g);                                                                   \
        TW__LEAVE_CLUSTER(tw_cluster_blocks);                                                                \
    }                                                                                                        \
    TW_FN void name##_body(const type &g, const int tw__block_threads TW_UNUSED,                             \
                           const int tw__loader TW_UNUSED)

/* How a block's waves enter the body; a machine whose waves have roles says more. */
#ifndef TW__ENTER
#define TW__ENTER(name, block_threads, g) name##_body(g, block_threads, 0)
#endif

/* How a block is launched, and what it does before it ends; a machine with clusters says more. */
#ifndef TW__LAUNCHED
#define TW__LAUNCHED(block_threads) __launch_bounds__(block_threads, 1)
#define TW__LEAVE_CLUSTER(blocks)   (void)0
#endif

#define TW_SHARED(type, name)     TW__SHARED_STRUCT(type, name, TW_SCRATCH_BYTES)
#define TW_SHARED_ALL(type, name) TW__SHARED_STRUCT(type, name, 0)
#define TW__SHARED_STRUCT(type, name, scratch)                                                               \
    TW_STATIC_ASSERT(sizeof(type) + (scratch) <= TW_SHARED_BYTES,                                            \
                     "TW020 TW_SHARED(" #type "): more than the machine's shared memory");                   \
    type *name = (type *)tw__isa_shared_base()

#define TW_EXPORT(name, args_type, shared_type, ...)                                                         \
    extern "C" __device__ tw_kernel_info name##_info = {                                                     \
        TW_ABI, name##_threads, sizeof(shared_type), sizeof(args_type), tw_cluster_blocks, {__VA_ARGS__}};

#define TW__STREAM(name, args_type, tensor, stage_type, tile, parts)                                         \
    extern "C" __device__ tw_stream_info name##_stream_##tensor =                                            \
        TW__STREAM_INFO(args_type, tensor, stage_type, tile, parts);

#endif
#endif
