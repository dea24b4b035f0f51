/* SPDX-License-Identifier: MIT
 *
 * MMA of 16x16 cores with mma.sync: two m16n8k16 a core for 16-bit operands, four m16n8k8 on tf32 three
 * times over for f32.
 */
#ifndef TW_ARCH_NVIDIA_COMMON_MMA_H
#define TW_ARCH_NVIDIA_COMMON_MMA_H

#include "../sm80/isa.h"
#include "fragment.h"

TW_FN int tw__mma_depth(int dtype) { return (void)dtype, 1; }

/* A core of a shared tile whose element (0, 0) is the tile's (row, col); across: the core's outer index
 * runs along the tile's columns. One ldmatrix, matrices in the order of the fragment's registers: outer
 * halves first. */
TW_FN void tw__load_core(void *core, tw__shared_tile tile, int row, int col, int across)
{
    int lane = tw__isa_lane(), first = lane % 8 + lane / 8 % 2 * 8, second = lane / 16 * 8;
    if (tw__bytes(tile.dtype) != 2)
        tw__load_core_elements(core, tile, row, col, across);
    else if (across)
        tw__isa_ldmatrix_x4_trans((uint32_t *)core,
                                  tw__shared_element(tile, row + lane % 8 + second, col + lane / 8 % 2 * 8));
    else
        tw__isa_ldmatrix_x4((uint32_t *)core, tw__shared_element(tile, row + first, col + second));
}

/* f32 as the sum of two tf32 numbers, 21 or more bits together. */
TW_FN void tw__split_tf32(uint32_t bits, uint32_t *high, uint32_t *low)
{
    *high = tw__isa_to_tf32(tw__float_of(bits));
    *low = tw__isa_to_tf32(tw__float_of(bits) - tw__float_of(*high));
}

/* The lane's k indexes 2t, 2t + 1 (and 8 higher) serve as the instruction's t and t + 4: A and B share the
 * permutation, so the sum over k is the same. */
TW_FN void tw__mma_core_f32(float *d, const uint32_t *a, const uint32_t *b)
{
    uint32_t a_high[8], a_low[8], b_high[8], b_low[8];
    TW_UNROLL
    for (int e = 0; e < TW_CORE_ELEMENTS; e++) {
        tw__split_tf32(a[e], &a_high[e], &a_low[e]);
        tw__split_tf32(b[e], &b_high[e], &b_low[e]);
    }
    TW_UNROLL
    for (int k = 0; k < 2; k++) {
        TW_UNROLL
        for (int half = 0; half < 2; half++) {
            int at = 4 * k; /* elements (outer 0, k), (outer 0, k + 1), (outer 8, k), (outer 8, k + 1) */
            uint32_t left[4] = {a_high[at], a_high[at + 2], a_high[at + 1], a_high[at + 3]};
            uint32_t left_low[4] = {a_low[at], a_low[at + 2], a_low[at + 1], a_low[at + 3]};
            uint32_t right[2] = {b_high[at + 2 * half], b_high[at + 2 * half + 1]};
            uint32_t right_low[2] = {b_low[at + 2 * half], b_low[at + 2 * half + 1]};
            tw__isa_mma_m16n8k8_tf32(d + 4 * half, left_low, right);
            tw__isa_mma_m16n8k8_tf32(d + 4 * half, left, right_low);
            tw__isa_mma_m16n8k8_tf32(d + 4 * half, left, right);
        }
    }
}

/* d += a b. The accumulator's registers are f32 bits; a B core's n8 half h is registers h and h + 2. */
TW_FN void tw__mma_core(void *d, const void *a, const void *b, int dtype, int depth)
{
    uint32_t *sum = (uint32_t *)d;
    const uint32_t *left = (const uint32_t *)a, *right = (const uint32_t *)b;
    float values[TW_CORE_ELEMENTS];
    (void)depth;
    TW_UNROLL
    for (int e = 0; e < TW_CORE_ELEMENTS; e++)
        values[e] = tw__float_of(sum[e]);
    if (dtype == TW_f32) {
        tw__mma_core_f32(values, left, right);
    } else {
        TW_UNROLL
        for (int half = 0; half < 2; half++) {
            uint32_t pair[2] = {right[half], right[half + 2]};
            if (dtype == TW_bf16)
                tw__isa_mma_m16n8k16_bf16(values + 4 * half, left, pair);
            else
                tw__isa_mma_m16n8k16_f16(values + 4 * half, left, pair);
        }
    }
    TW_UNROLL
    for (int e = 0; e < TW_CORE_ELEMENTS; e++)
        sum[e] = tw__bits_of(values[e]);
}

#endif
