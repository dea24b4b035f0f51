/* SPDX-License-Identifier: MIT
 *
 * The CPU as a machine of one wave with one lane: memory and arithmetic in plain C. The names are those
 * of every machine's isa.h.
 */
#ifndef TW_ARCH_CPU_ISA_H
#define TW_ARCH_CPU_ISA_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../abi.h"
#include "../dtypes.h"

/* The block this thread is running: set by kernel.h before the kernel's body. */
typedef struct {
    uint32_t block[3], grid[3];
    void *shared;
} tw__cpu_block_state;

static __thread tw__cpu_block_state tw__cpu_block;

TW_FN int tw__isa_lane(void) { return 0; }
TW_FN int tw__isa_wave(void) { return 0; }
TW_FN int tw__isa_uniform(int value) { return value; }
TW_FN int tw__isa_afresh(int value) { return value; }
TW_FN int tw__isa_block_index(int axis) { return (int)tw__cpu_block.block[axis]; }
TW_FN int tw__isa_grid_size(int axis) { return (int)tw__cpu_block.grid[axis]; }
TW_FN void *tw__isa_shared_base(void) { return tw__cpu_block.shared; }
TW_FN void *tw__isa_shared_scratch(void) { return (char *)tw__cpu_block.shared + TW_SHARED_BYTES; }
TW_FN void tw__isa_barrier(void) {}
TW_FN void tw__isa_wave_barrier(void) {}
TW_FN void tw__isa_fault(void) { abort(); }
TW_FN uint32_t tw__isa_shuffle(uint32_t value, int source_lane) { return (void)source_lane, value; }
TW_FN uint32_t tw__isa_shuffle_xor(uint32_t value, int mask) { return (void)mask, value; }

TW_FN void tw__isa_shared_load(uint32_t *words, const void *shared, int bytes)
{
    words[0] = 0;
    memcpy(words, shared, (size_t)bytes);
}

TW_FN void tw__isa_shared_store(void *shared, const uint32_t *words, int bytes)
{
    memcpy(shared, words, (size_t)bytes);
}

TW_FN void tw__isa_global_load(uint32_t *words, const void *global, int bytes)
{
    words[0] = 0;
    memcpy(words, global, (size_t)bytes);
}

TW_FN void tw__isa_global_store(void *global, const uint32_t *words, int bytes)
{
    memcpy(global, words, (size_t)bytes);
}

/* 2^x in arithmetic that loops over elements vectorise, where they would call exp2f for each: x is a whole
 * number n, which the exponent takes in two halves (results may be subnormal or infinite), and a rest of at
 * most 1/2, whose power is the exponential series up to (ln 2)^7 / 7!: relative error below 2e-7; powers of
 * whole numbers are exact. */
TW_FN float tw__isa_exp2(float x)
{
    const float whole = 12582912.0f; /* 1.5 * 2^23: what is added to it is rounded to whole numbers */
    const float bounded = x < -152.0f ? -152.0f : x > 129.0f ? 129.0f : x; /* NaN stays */
    const float shifted = bounded + whole, rest = bounded - (shifted - whole);
    const int n = (int)(tw__bits_of(shifted) - 0x4b400000u), half = n >> 1;
    float power = 1.5252734e-5f;
    power = power * rest + 1.5403530e-4f;
    power = power * rest + 1.3333558e-3f;
    power = power * rest + 9.6181291e-3f;
    power = power * rest + 5.5504109e-2f;
    power = power * rest + 2.4022651e-1f;
    power = power * rest + 6.9314718e-1f;
    power = power * rest + 1.0f;
    return power * tw__float_of((uint32_t)(half + 127) << 23) *
           tw__float_of((uint32_t)(n - half + 127) << 23);
}
TW_FN float tw__isa_log2(float x) { return log2f(x); }
TW_FN float tw__isa_rcp(float x) { return 1.0f / x; }
TW_FN float tw__isa_sqrt(float x) { return sqrtf(x); }
TW_FN float tw__isa_rsqrt(float x) { return 1.0f / sqrtf(x); }
/* One rounding, with any compiler's options: huge scores rely on it (ops/softmax.h). Without the instruction
 * in f64, where the product is exact. */
TW_FN float tw__isa_fma(float a, float b, float c)
{
#if defined(__FMA__) || defined(__FP_FAST_FMAF) || defined(__ARM_FEATURE_FMA)
    return __builtin_fmaf(a, b, c);
#else
    return (float)((double)a * (double)b + (double)c);
#endif
}

TW_FN uint32_t tw__isa_pack_bf16(float low, float high) { return tw__bf16_of(low) | tw__bf16_of(high) << 16; }
TW_FN uint32_t tw__isa_pack_f16(float low, float high) { return tw__f16_of(low) | tw__f16_of(high) << 16; }
TW_FN float tw__isa_unpack_f16(uint32_t half_bits) { return tw__f16_to_f32(half_bits); }

#endif
