/* SPDX-License-Identifier: MIT
 *
 * Kernel declarations for AMD, in plain C for amdgcn and in HIP; their meaning is told in
 * arch/native_kernel.h. Shared memory is static: a launch asks for none, and the compiler knows how many
 * blocks fit. In HIP the kernel can be launched the usual way: name<<<blocks, name_threads>>>(args).
 */
#ifndef TW_ARCH_AMD_COMMON_KERNEL_H
#define TW_ARCH_AMD_COMMON_KERNEL_H

#if TW_EMULATED
#include "../../emulator/kernel.h"
#else

#if defined(__HIP__)
#define TW__ENTRY    extern "C" __attribute__((global))
#define TW__EXPORTED extern "C" __attribute__((device, used))
#else
#define TW__ENTRY    __attribute__((amdgpu_kernel))
#define TW__EXPORTED TW__GLOBAL_MEMORY __attribute__((visibility("default"), used))
#endif

#define TW_KERNEL(name, threads, args)  TW__KERNEL_(name, threads, TW__UNPACK args)
#define TW__UNPACK(...)                 __VA_ARGS__
#define TW__KERNEL_(name, threads, ...) TW__KERNEL(name, threads, __VA_ARGS__)
#define TW__KERNEL(name, block_threads, type, g)                                                             \
    enum { name##_threads = (block_threads) };                                                               \
    TW_FN void name##_body(const type g, const int tw__block_threads, const int tw__loader);                 \
    TW__ENTRY __attribute__((amdgpu_flat_work_group_size(block_threads, block_threads))) void name(          \
        const type g)                                                                                        \
    {                                                                                                        \
        name##_body(g, block_threads, 0);                                                                    \
    }                                                                                                        \
    TW_FN void name##_body(const type g, const int tw__block_threads TW_UNUSED,                              \
                           const int tw__loader TW_UNUSED)

#define TW_SHARED(type, name)     TW__SHARED_STRUCT(type, name, TW_SCRATCH_BYTES)
#define TW_SHARED_ALL(type, name) TW__SHARED_STRUCT(type, name, 0)
#define TW__SHARED_STRUCT(type, name, scratch)                                                               \
    TW_STATIC_ASSERT(sizeof(type) + (scratch) <= TW_SHARED_BYTES,                                            \
                     "TW020 TW_SHARED(" #type "): more than the machine's shared memory");                   \
    TW__LDS_STORAGE(type, name##_storage);                                                                   \
    type *name = (type *)&name##_storage

#define TW_EXPORT(name, args_type, shared_type, ...)                                                         \
    TW__EXPORTED tw_kernel_info name##_info = {                                                              \
        TW_ABI, name##_threads, 0, sizeof(args_type), tw_cluster_blocks, {__VA_ARGS__}};

#define TW__STREAM(name, args_type, tensor, stage_type, tile, parts)                                         \
    TW__EXPORTED tw_stream_info name##_stream_##tensor =                                                     \
        TW__STREAM_INFO(args_type, tensor, stage_type, tile, parts);

#endif
#endif
