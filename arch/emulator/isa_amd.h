/* SPDX-License-Identifier: MIT
 *
 * AMD's instructions beyond isa_common.h: MFMA and the transposing LDS read of gfx950, executed by the
 * emulator from the ISA manuals (CDNA2: gfx90a, CDNA3: gfx942, CDNA4: gfx950).
 */
#ifndef TW_ARCH_EMULATOR_ISA_AMD_H
#define TW_ARCH_EMULATOR_ISA_AMD_H

#include "isa_common.h"
#include "matmul.h"

/* ---- MFMA: CDNA3 ISA, "Matrix Arithmetic Instructions", and AMD's matrix instruction calculator ---- */

enum { TW__EMU_MFMA_REGISTERS = 16 }; /* of a lane's part of D, at most */

typedef struct {
    float *d;
    const uint32_t *a, *b; /* bits; of the f32 forms one word each */
} tw__emu_mfma;

/* Row of D that register r of `lane` holds; its column is lane % side.
 * D of 16 x 16: [i][j] in lane j + 16 * (i / 4), register i % 4.
 * D of 32 x 32: [i][j] in lane j + 32 * (i / 4 % 2), register 4 * (i / 8) + i % 4. */
TW_FN int tw__emu_mfma_row(int lane, int r, int side)
{
    int groups = TW_LANES / side; /* lanes that share a column: each takes 4 rows, then the next 4 */
    return (r / 4 * groups + lane / side) * 4 + r % 4;
}

/* d and a have `side` rows, d and b `side` columns. A lane holds `run` consecutive k of one row of A and one
 * column of B: A[i][k] lies in lane i + side * (k / run), element k % run, and B[k][i] likewise. */
TW_FN void tw__emu_mfma_op(void *const args[], int side, int depth, int dtype)
{
    tw__emu_block *block = tw__emu_lane_state->block;
    tw__emu_matrices *matrices = &block->matrices;
    float *a = matrices->a, *b = matrices->b, *d = matrices->d;
    int run = side * depth / TW_LANES, registers = side * side / TW_LANES;
    for (int lane = 0; lane < TW_LANES; lane++) {
        const tw__emu_mfma *from = (const tw__emu_mfma *)args[lane];
        int i = lane % side, k = lane / side * run;
        TW__EMU_UNROLL
        for (int r = 0; r < registers; r++)
            d[tw__emu_mfma_row(lane, r, side) * side + i] = from->d[r];
        TW__EMU_UNROLL
        for (int e = 0; e < run; e++) {
            a[i * depth + k + e] = tw__emu_element(from->a, e, dtype);
            b[(k + e) * side + i] = tw__emu_element(from->b, e, dtype);
        }
    }
    tw__emu_count_product(block, side, side, depth);
    if (dtype == TW_f32)
        tw__emu_matmul_f32(d, a, b, side, side, depth);
    else
        tw__emu_matmul(d, a, b, side, side, depth);
    for (int lane = 0; lane < TW_LANES; lane++) {
        float *to = ((const tw__emu_mfma *)args[lane])->d;
        TW__EMU_UNROLL
        for (int r = 0; r < registers; r++)
            to[r] = d[tw__emu_mfma_row(lane, r, side) * side + lane % side];
    }
}

TW__EMU_FUNCTION void tw__emu_mfma_16x16x16_bf16(void *const args[])
{
    tw__emu_mfma_op(args, 16, 16, TW_bf16);
}

TW__EMU_FUNCTION void tw__emu_mfma_16x16x16_f16(void *const args[]) { tw__emu_mfma_op(args, 16, 16, TW_f16); }

TW__EMU_FUNCTION void tw__emu_mfma_16x16x32_bf16(void *const args[])
{
    tw__emu_mfma_op(args, 16, 32, TW_bf16);
}

TW__EMU_FUNCTION void tw__emu_mfma_16x16x32_f16(void *const args[]) { tw__emu_mfma_op(args, 16, 32, TW_f16); }

TW__EMU_FUNCTION void tw__emu_mfma_16x16x4_f32(void *const args[]) { tw__emu_mfma_op(args, 16, 4, TW_f32); }

TW__EMU_FUNCTION void tw__emu_mfma_32x32x8_bf16(void *const args[]) { tw__emu_mfma_op(args, 32, 8, TW_bf16); }

TW__EMU_FUNCTION void tw__emu_mfma_32x32x8_f16(void *const args[]) { tw__emu_mfma_op(args, 32, 8, TW_f16); }

/* d: the lane's f32, of whatever type its memory is. */
TW_FN void tw__emu_mfma_issue(tw__emu_op *op, void *d, int registers, const uint32_t *a, const uint32_t *b,
                              const char *what)
{
    float sum[TW__EMU_MFMA_REGISTERS];
    tw__emu_mfma arg;
    memcpy(sum, d, (size_t)registers * sizeof *sum);
    arg.d = sum;
    arg.a = a;
    arg.b = b;
    tw__emu_collective(op, &arg, what);
    memcpy(d, sum, (size_t)registers * sizeof *sum);
}

/* d += a b. V_MFMA_F32_16X16X16_BF16_1K (CDNA2), V_MFMA_F32_16X16X16_BF16 (CDNA3). */
TW_FN void tw__isa_mfma_f32_16x16x16_bf16(void *d, const uint32_t a[2], const uint32_t b[2])
{
    tw__emu_mfma_issue(tw__emu_mfma_16x16x16_bf16, d, 4, a, b, "mfma_f32_16x16x16_bf16");
}

/* V_MFMA_F32_16X16X16_F16 */
TW_FN void tw__isa_mfma_f32_16x16x16_f16(void *d, const uint32_t a[2], const uint32_t b[2])
{
    tw__emu_mfma_issue(tw__emu_mfma_16x16x16_f16, d, 4, a, b, "mfma_f32_16x16x16_f16");
}

/* V_MFMA_F32_16X16X32_BF16 (CDNA4) */
TW_FN void tw__isa_mfma_f32_16x16x32_bf16(void *d, const uint32_t a[4], const uint32_t b[4])
{
    tw__emu_mfma_issue(tw__emu_mfma_16x16x32_bf16, d, 4, a, b, "mfma_f32_16x16x32_bf16");
}

/* V_MFMA_F32_16X16X32_F16 (CDNA4) */
TW_FN void tw__isa_mfma_f32_16x16x32_f16(void *d, const uint32_t a[4], const uint32_t b[4])
{
    tw__emu_mfma_issue(tw__emu_mfma_16x16x32_f16, d, 4, a, b, "mfma_f32_16x16x32_f16");
}

/* V_MFMA_F32_16X16X4_F32 */
TW_FN void tw__isa_mfma_f32_16x16x4_f32(void *d, float a, float b)
{
    uint32_t a_bits = tw__bits_of(a), b_bits = tw__bits_of(b);
    tw__emu_mfma_issue(tw__emu_mfma_16x16x4_f32, d, 4, &a_bits, &b_bits, "mfma_f32_16x16x4_f32");
}

/* V_MFMA_F32_32X32X8_BF16_1K (CDNA2), V_MFMA_F32_32X32X8_BF16 (CDNA3) */
TW_FN void tw__isa_mfma_f32_32x32x8_bf16(void *d, const uint32_t a[2], const uint32_t b[2])
{
    tw__emu_mfma_issue(tw__emu_mfma_32x32x8_bf16, d, 16, a, b, "mfma_f32_32x32x8_bf16");
}

/* V_MFMA_F32_32X32X8_F16 */
TW_FN void tw__isa_mfma_f32_32x32x8_f16(void *d, const uint32_t a[2], const uint32_t b[2])
{
    tw__emu_mfma_issue(tw__emu_mfma_32x32x8_f16, d, 16, a, b, "mfma_f32_32x32x8_f16");
}

/* ---- DS_READ_B64_TR_B16 (CDNA4 ISA, "LDS transpose reads") ---- */

typedef struct {
    tw__emu_lane *lane;
    const void *shared; /* 8 bytes */
    uint32_t *r;
} tw__emu_ds_read_tr;

/* Each lane reads 8 bytes. Then, in each group of 16 lanes, element n of lane l is halfword l % 4 of what
 * lane 4 * n + l / 4 of the group read. */
TW__EMU_FUNCTION void tw__emu_ds_read_tr16_b64(void *const args[])
{
    uint16_t read[TW_LANES][4];
    for (int lane = 0; lane < TW_LANES; lane++) {
        const tw__emu_ds_read_tr *from = (const tw__emu_ds_read_tr *)args[lane];
        tw__emu_profile_access(from->lane, from->shared, 8, TW_SHARED_matrix_load);
        tw__emu_shared_read(from->lane, read[lane], from->shared, 8, "ds_read_b64_tr_b16");
    }
    for (int lane = 0; lane < TW_LANES; lane++) {
        uint32_t *r = ((const tw__emu_ds_read_tr *)args[lane])->r;
        int group = lane / 16 * 16, l = lane % 16;
        for (int n = 0; n < 4; n += 2)
            r[n / 2] = read[group + 4 * n + l / 4][l % 4] | (uint32_t)read[group + 4 * (n + 1) + l / 4][l % 4]
                                                                << 16;
    }
}

TW_FN void tw__isa_ds_read_tr16_b64(uint32_t r[2], const void *shared)
{
    tw__emu_ds_read_tr arg;
    arg.lane = tw__emu_enter();
    arg.shared = shared;
    arg.r = r;
    tw__emu_collective(tw__emu_ds_read_tr16_b64, &arg, "ds_read_b64_tr_b16");
}

#endif
