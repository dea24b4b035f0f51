/* SPDX-License-Identifier: MIT
 *
 * The words in which C11, C17, C++17, CUDA, HIP and plain C for amdgcn differ. Everything above arch/
 * writes these words and no compiler's own.
 *
 *   TW_FN            starts an inline device function
 *   TW_UNROLL        before a `for` whose trip count is constant after inlining; where a call finds it, in
 * the first clause of the `for`: in the second, nvcc 13.0 leaves some such loops rolled TW_ROLLED before a
 * `for` that must stay a loop TW_STATIC_ASSERT a declaration that stops the build with a message TW_LINK
 * gives a definition C linkage and makes it visible in the object
 */
#ifndef TW_ARCH_DIALECT_H
#define TW_ARCH_DIALECT_H

#include <stddef.h>
#include <stdint.h>

#define TW__JOIN(a, b)  TW__JOIN_(a, b)
#define TW__JOIN_(a, b) a##b
#define TW__TEXT(a)     TW__TEXT_(a)
#define TW__TEXT_(a)    #a

#ifdef __cplusplus
#define TW_STATIC_ASSERT(condition, message) static_assert(condition, message)
#define TW_LINK                              extern "C"
#else
#define TW_STATIC_ASSERT(condition, message) _Static_assert(condition, message)
#define TW_LINK
#endif

#if defined(__CUDACC__)
#define TW_FN static __device__ inline __attribute__((always_inline))
#elif defined(__HIP__)
#define TW_FN static __attribute__((device)) inline __attribute__((always_inline))
#elif defined(TW_CALLED) /* on a host: quick to compile, slow to run, for kernels that run once */
#define TW_FN static inline __attribute__((unused))
#else
#define TW_FN static inline __attribute__((always_inline))
#endif

#define TW_UNUSED       __attribute__((unused))
#define TW_ALIGN(bytes) __attribute__((aligned(bytes)))

/* Only device code keeps tiles in registers and needs every index constant; a host compiler is better
 * served by loops it can vectorise. */
#if defined(__CUDACC__) || defined(__HIP__) || defined(__AMDGCN__)
#define TW_UNROLL _Pragma("unroll")
#define TW_ROLLED _Pragma("unroll 1")
#else
#define TW_UNROLL
#define TW_ROLLED
#endif

/* Reinterprets the bits of a float; unions are how C says it and every compiler here keeps them free. */
typedef union {
    uint32_t bits;
    float value;
} tw__float_bits;

/* `bytes` on from the pointer, wherever that is: a tile may begin outside of its tensor. On a host it is
 * computed as a number (C11 6.5.6p8); device compilers follow a pointer to its memory only through pointers.
 */
TW_FN char *tw__shifted(char *pointer, int64_t bytes)
{
#if defined(__CUDACC__) || defined(__HIP__) || defined(__AMDGCN__)
    return pointer + bytes;
#else
    return (char *)((uintptr_t)pointer + (uintptr_t)bytes);
#endif
}

TW_FN uint32_t tw__bits_of(float value)
{
    tw__float_bits both;
    both.value = value;
    return both.bits;
}

TW_FN float tw__float_of(uint32_t bits)
{
    tw__float_bits both;
    both.bits = bits;
    return both.value;
}

/* The condition, which nearly always holds. */
#define TW_LIKELY(condition) __builtin_expect(!!(condition), 1)

#endif
