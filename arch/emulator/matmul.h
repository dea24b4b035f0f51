/* SPDX-License-Identifier: MIT
 *
 * The arithmetic of emulated matrix instructions. An instruction's whole D, A and B matrices as float
 * arrays, row by row: d (rows x cols) += a (rows x depth) b (depth x cols), summed in float32 in the order of
 * increasing k. A product of two 16-bit (or TF32) floats is exact in float32, so every step rounds once.
 *
 * Real matrix units add several products at a time and keep a few bits more or less; their manuals leave
 * order and rounding open, and so must every test.
 */
#ifndef TW_ARCH_EMULATOR_MATMUL_H
#define TW_ARCH_EMULATOR_MATMUL_H

#include "../dtypes.h"
#include "fiber.h"

/* Before a loop whose trip count is a small constant once inlined; -O2 alone leaves it rolled. */
#if defined(__clang__)
#define TW__EMU_UNROLL _Pragma("unroll")
#else
#define TW__EMU_UNROLL _Pragma("GCC unroll 16")
#endif

typedef float tw__emu_float4 __attribute__((vector_size(16), may_alias)); /* every host has it in registers */

/* Always inlined with constant extents: `rows` a multiple of 4, `cols` of 8. Arrays are 16-byte aligned.
 * Works on 4 x 8 sums at a time, eight vectors that stay in registers. */
TW_FN void tw__emu_matmul(float *d, const float *a, const float *b, int rows, int cols, int depth)
{
    for (int i = 0; i < rows; i += 4) {
        for (int j = 0; j < cols; j += 8) {
            tw__emu_float4 low[4], high[4];
            TW__EMU_UNROLL
            for (int r = 0; r < 4; r++) {
                low[r] = *(const tw__emu_float4 *)&d[(i + r) * cols + j];
                high[r] = *(const tw__emu_float4 *)&d[(i + r) * cols + j + 4];
            }
            for (int k = 0; k < depth; k++) {
                tw__emu_float4 b_low = *(const tw__emu_float4 *)&b[k * cols + j];
                tw__emu_float4 b_high = *(const tw__emu_float4 *)&b[k * cols + j + 4];
                TW__EMU_UNROLL
                for (int r = 0; r < 4; r++) {
                    low[r] += a[(i + r) * depth + k] * b_low;
                    high[r] += a[(i + r) * depth + k] * b_high;
                }
            }
            TW__EMU_UNROLL
            for (int r = 0; r < 4; r++) {
                *(tw__emu_float4 *)&d[(i + r) * cols + j] = low[r];
                *(tw__emu_float4 *)&d[(i + r) * cols + j + 4] = high[r];
            }
        }
    }
}

/* The same for operands of full float32 precision: the product is exact in float64, and the sum's rounding to
 * float64 before float32 stands for the fused multiply-add that few hosts have without asking for it. */
TW_FN void tw__emu_matmul_f32(float *d, const float *a, const float *b, int rows, int cols, int depth)
{
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < cols; j++) {
            float sum = d[i * cols + j];
            TW__EMU_UNROLL
            for (int k = 0; k < depth; k++)
                sum = (float)((double)a[i * depth + k] * b[k * cols + j] + sum);
            d[i * cols + j] = sum;
        }
}

enum { TW__EMU_TF32 = TW_DTYPE_CODES }; /* a float of which the unit ignores the low 13 bits */

/* Element i of a lane's operand, packed from the first register's low bits on. `dtype`, a constant once
 * inlined: TW_bf16, TW_f16, TW_f32 or TW__EMU_TF32. */
TW_FN float tw__emu_element(const uint32_t *registers, int i, int dtype)
{
    if (dtype == TW_f32)
        return tw__float_of(registers[i]);
    if (dtype == TW__EMU_TF32)
        return tw__float_of(registers[i] & 0xffffe000u);
    uint32_t half = registers[i / 2] >> (i % 2 * 16) & 0xffffu;
    return dtype == TW_bf16 ? tw__float_of(half << 16) : tw__f16_to_f32(half);
}

#endif
