/* SPDX-License-Identifier: MIT
 *
 * Kernel declarations where a host compiler compiles the kernel: the CPU, and every emulated machine.
 *
 *   TW_KERNEL(name, threads, (args_type, g)) { body }
 *       defines void name(const void *args): one block, or one lane of it under the emulator.
 *   TW_SHARED(type, name)
 *       declares `type *name`, the block's shared memory; once per kernel. Contents are undefined.
 *   TW_EXPORT(name, args_type, shared_type, tile figures...)
 *       after the kernel: makes it loadable by the host library (see arch/abi.h).
 */
#ifndef TW_ARCH_NATIVE_KERNEL_H
#define TW_ARCH_NATIVE_KERNEL_H

#ifdef _OPENMP
#include <omp.h>
#endif

#include "abi.h"

typedef void tw__native_kernel(const void *args);

#define TW_KERNEL(name, threads, args) TW__KERNEL_(name, threads, TW__UNPACK args)
#define TW__UNPACK(...) __VA_ARGS__
#define TW__KERNEL_(name, threads, ...) TW__KERNEL(name, threads, __VA_ARGS__)
#define TW__KERNEL(name, block_threads, type, g)                                \
    enum { name##_threads = (block_threads) };                                  \
    static void name##_body(const type g);                                      \
    TW_LINK void name(const void *args) { name##_body(*(const type *)args); }   \
    static void name##_body(const type g)

#define TW_SHARED(type, name)                                                                              \
    TW_STATIC_ASSERT(sizeof(type) + TW_SCRATCH_BYTES <= TW_SHARED_BYTES, "TW020 TW_SHARED(" #type "): more than the machine's shared memory"); \
    type *name = (type *)tw__isa_shared_base()

#define TW_EXPORT(name, args_type, shared_type, ...)                                                       \
    TW_LINK const tw_kernel_info name##_info;                                                              \
    const tw_kernel_info name##_info = {TW_ABI, name##_threads, sizeof(shared_type), sizeof(args_type), {__VA_ARGS__}}; \
    TW_LINK int name##_launch(const tw_launch_request *request) { return tw__native_launch(request, &name##_info, name); }

#endif
