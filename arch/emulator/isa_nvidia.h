/* SPDX-License-Identifier: MIT
 *
 * NVIDIA's instructions beyond isa_common.h: ldmatrix, mma.sync, cp.async, executed by the emulator from
 * the PTX ISA manual.
 */
#ifndef TW_ARCH_EMULATOR_ISA_NVIDIA_H
#define TW_ARCH_EMULATOR_ISA_NVIDIA_H

#include <stdlib.h>

#include "isa_common.h"
#include "matmul.h"

/* ---- ldmatrix: PTX ISA, "Warp-level matrix load instruction: ldmatrix" ---- */

typedef struct {
    tw__emu_lane *lane;
    const void *row; /* 16 bytes: row lane % 8 of matrix lane / 8 */
    uint32_t *r;     /* one register per matrix */
} tw__emu_ldmatrix;

/* Matrix m is 8 x 8 of 16 bits, its rows named by lanes 8m .. 8m+7. Lane l receives in register m elements
 * (l / 4, 2 * (l % 4)) and the one right of it; transposed, the same of the transposed matrix. */
TW_FN void tw__emu_ldmatrix_op(void *const args[], int matrices, int transposed, const char *what)
{
    uint16_t matrix[4][8][8];
    for (int source = 0; source < matrices * 8; source++) {
        const tw__emu_ldmatrix *from = (const tw__emu_ldmatrix *)args[source];
        tw__emu_profile_access(from->lane, from->row, 16, TW_SHARED_matrix_load);
        tw__emu_shared_read(from->lane, matrix[source / 8][source % 8], from->row, 16, what);
    }
    for (int lane = 0; lane < TW_LANES; lane++) {
        uint32_t *r = ((const tw__emu_ldmatrix *)args[lane])->r;
        int row = lane / 4, col = lane % 4 * 2;
        TW__EMU_UNROLL
        for (int m = 0; m < matrices; m++)
            r[m] = transposed ? matrix[m][col][row] | (uint32_t)matrix[m][col + 1][row] << 16
                              : matrix[m][row][col] | (uint32_t)matrix[m][row][col + 1] << 16;
    }
}

TW__EMU_FUNCTION void tw__emu_ldmatrix_x4(void *const args[])
{
    tw__emu_ldmatrix_op(args, 4, 0, "ldmatrix.x4");
}

TW__EMU_FUNCTION void tw__emu_ldmatrix_x4_trans(void *const args[])
{
    tw__emu_ldmatrix_op(args, 4, 1, "ldmatrix.x4.trans");
}

TW__EMU_FUNCTION void tw__emu_ldmatrix_x2(void *const args[])
{
    tw__emu_ldmatrix_op(args, 2, 0, "ldmatrix.x2");
}

TW__EMU_FUNCTION void tw__emu_ldmatrix_x2_trans(void *const args[])
{
    tw__emu_ldmatrix_op(args, 2, 1, "ldmatrix.x2.trans");
}

TW_FN void tw__emu_ldmatrix_issue(tw__emu_op *op, uint32_t *r, const void *row, const char *what)
{
    tw__emu_ldmatrix arg;
    arg.lane = tw__emu_enter();
    arg.row = row;
    arg.r = r;
    tw__emu_collective(op, &arg, what);
}

/* `row` is this lane's 16-byte aligned shared address; of the x2 forms only lanes 0-15 name one. */
TW_FN void tw__isa_ldmatrix_x4(uint32_t r[4], const void *row)
{
    tw__emu_ldmatrix_issue(tw__emu_ldmatrix_x4, r, row, "ldmatrix.x4");
}

TW_FN void tw__isa_ldmatrix_x4_trans(uint32_t r[4], const void *row)
{
    tw__emu_ldmatrix_issue(tw__emu_ldmatrix_x4_trans, r, row, "ldmatrix.x4.trans");
}

TW_FN void tw__isa_ldmatrix_x2(uint32_t r[2], const void *row)
{
    tw__emu_ldmatrix_issue(tw__emu_ldmatrix_x2, r, row, "ldmatrix.x2");
}

TW_FN void tw__isa_ldmatrix_x2_trans(uint32_t r[2], const void *row)
{
    tw__emu_ldmatrix_issue(tw__emu_ldmatrix_x2_trans, r, row, "ldmatrix.x2.trans");
}

/* ---- mma.sync: PTX ISA, "Warp-level matrix instructions: mma" ---- */

typedef struct {
    float *d;
    const uint32_t *a, *b;
} tw__emu_mma;

/* "Matrix Fragments for mma.m16n8k16 with floating point type" and "... mma.m16n8k8". With group = lane / 4,
 * place = lane % 4 and a register of `wide` elements (two of 16 bits, or one TF32), the lower k lower:
 *   a  register r: row group + 8 * (r % 2), columns from wide * (place + 4 * (r / 2))
 *   b  register r: rows from wide * (place + 4 * r), column group
 *   d  registers 2 * r and 2 * r + 1: row group + 8 * r, columns 2 * place and the next */
TW_FN void tw__emu_mma_m16n8(void *const args[], int wide, int dtype)
{
    tw__emu_block *block = tw__emu_lane_state->block;
    tw__emu_matrices *matrices = &block->matrices;
    float *a = matrices->a, *b = matrices->b, *d = matrices->d;
    int rows = 16, cols = 8, depth = 8 * wide;
    for (int lane = 0; lane < TW_LANES; lane++) {
        const tw__emu_mma *from = (const tw__emu_mma *)args[lane];
        int group = lane / 4, place = lane % 4;
        TW__EMU_UNROLL
        for (int i = 0; i < 4 * wide; i++) {
            int r = i / wide, e = i % wide;
            a[(group + 8 * (r % 2)) * depth + wide * (place + 4 * (r / 2)) + e] =
                tw__emu_element(from->a, i, dtype);
        }
        TW__EMU_UNROLL
        for (int i = 0; i < 2 * wide; i++) {
            int r = i / wide, e = i % wide;
            b[(wide * (place + 4 * r) + e) * cols + group] = tw__emu_element(from->b, i, dtype);
        }
        TW__EMU_UNROLL
        for (int r = 0; r < 2; r++)
            memcpy(&d[(group + 8 * r) * cols + 2 * place], from->d + 2 * r, 2 * sizeof *d);
    }
    tw__emu_count_product(block, rows, cols, depth);
    tw__emu_matmul(d, a, b, rows, cols, depth);
    for (int lane = 0; lane < TW_LANES; lane++) {
        float *to = ((const tw__emu_mma *)args[lane])->d;
        TW__EMU_UNROLL
        for (int r = 0; r < 2; r++)
            memcpy(to + 2 * r, &d[(lane / 4 + 8 * r) * cols + lane % 4 * 2], 2 * sizeof *d);
    }
}

TW__EMU_FUNCTION void tw__emu_mma_m16n8k16_bf16(void *const args[]) { tw__emu_mma_m16n8(args, 2, TW_bf16); }

TW__EMU_FUNCTION void tw__emu_mma_m16n8k16_f16(void *const args[]) { tw__emu_mma_m16n8(args, 2, TW_f16); }

TW__EMU_FUNCTION void tw__emu_mma_m16n8k8_tf32(void *const args[])
{
    tw__emu_mma_m16n8(args, 1, TW__EMU_TF32);
}

TW_FN void tw__emu_mma_issue(tw__emu_op *op, float *d, const uint32_t *a, const uint32_t *b, const char *what)
{
    tw__emu_mma arg;
    arg.d = d;
    arg.a = a;
    arg.b = b;
    tw__emu_collective(op, &arg, what);
}

/* d += a b */
TW_FN void tw__isa_mma_m16n8k16_bf16(float d[4], const uint32_t a[4], const uint32_t b[2])
{
    tw__emu_mma_issue(tw__emu_mma_m16n8k16_bf16, d, a, b, "mma.m16n8k16.bf16");
}

TW_FN void tw__isa_mma_m16n8k16_f16(float d[4], const uint32_t a[4], const uint32_t b[2])
{
    tw__emu_mma_issue(tw__emu_mma_m16n8k16_f16, d, a, b, "mma.m16n8k16.f16");
}

TW_FN void tw__isa_mma_m16n8k8_tf32(float d[4], const uint32_t a[4], const uint32_t b[2])
{
    tw__emu_mma_issue(tw__emu_mma_m16n8k8_tf32, d, a, b, "mma.m16n8k8.tf32");
}

/* PTX ISA, "cvt.rna.tf32.f32": nearest, ties away from zero; low 13 bits zero; NaN gives 0x7fffffff. */
TW_FN uint32_t tw__isa_to_tf32(float value)
{
    uint32_t bits = tw__bits_of(value);
    return (bits & 0x7fffffffu) > 0x7f800000u ? 0x7fffffffu : (bits + 0x1000u) & 0xffffe000u;
}

/* ---- cp.async: PTX ISA, "Data movement and conversion instructions: non-bulk copy" ---- */

TW__EMU_FUNCTION tw__emu_copy *tw__emu_copies_add(tw__emu_copies *copies)
{
    if (copies->count == copies->capacity) {
        int capacity = copies->capacity ? 2 * copies->capacity : 16;
        void *grown = realloc(copies->copy, (size_t)capacity * sizeof *copies->copy);
        if (!grown)
            tw__emu_fail_at(tw__emu_lane_state, "cp.async: no memory for %d copies in flight", capacity);
        copies->copy = (tw__emu_copy *)grown;
        copies->capacity = capacity;
    }
    copies->issued++;
    return &copies->copy[copies->count++];
}

/* Lands the lane's oldest `count` copies, in the order of issue, as work of `agent` at `time`. */
TW__EMU_FUNCTION void tw__emu_copies_land(tw__emu_lane *lane, int count, int agent, uint32_t time)
{
    tw__emu_copies *copies = &lane->copies;
    for (int i = 0; i < count; i++)
        tw__emu_shared_land(lane->block, (char *)copies->copy[i].shared, copies->copy[i].words, 16, agent,
                            time);
    copies->count -= count;
    if (count > 0 && copies->count > 0)
        memmove(copies->copy, copies->copy + count, (size_t)copies->count * sizeof *copies->copy);
}

/* cp.async.cg.shared.global 16, source_bytes: copies source_bytes (0-16) and fills the rest of 16 with zeros.
 * Both addresses are multiples of 16. The source is read here and lands at the wait that covers it: as late
 * as the hardware may, so a missing wait reads old bytes. */
TW_FN void tw__isa_cp_async_16(void *shared, const void *global, int source_bytes)
{
    tw__emu_lane *lane = tw__emu_enter();
    tw__emu_copy *copy;
    if (__builtin_expect(source_bytes < 0 || source_bytes > 16, 0))
        tw__emu_fail_at(lane, "cp.async: the source size is %d, not 0 to 16", source_bytes);
    if (__builtin_expect(source_bytes > 0 && (uintptr_t)global % 16 != 0, 0))
        tw__emu_fail_as(lane, TW_FINDING_misaligned, NULL, "cp.async: global address %p is no multiple of 16",
                        global);
    tw__emu_memory_read(lane, global, source_bytes, "cp.async");
    copy = tw__emu_copies_add(&lane->copies);
    copy->shared = tw__emu_shared(lane, shared, 16, "cp.async");
    tw__emu_shared_issue(lane, lane->block, (const char *)copy->shared, 16, TW__EMU_CP_ASYNC);
    copy->group = lane->copies.open_group;
    memset(copy->words, 0, sizeof copy->words);
    if (source_bytes > 0)
        memcpy(copy->words, global, (size_t)source_bytes);
    lane->block->traffic.global_read_bytes += (unsigned)source_bytes;
    lane->block->traffic.copied_bytes += (unsigned)source_bytes;
    tw__emu_profile_access(lane, shared, 16, TW_SHARED_copy);
}

/* cp.async.commit_group: the copies since the last commit are one group. */
TW_FN void tw__isa_cp_async_commit(void) { tw__emu_lane_state->copies.open_group++; }

/* cp.async.wait_group: all but the youngest `groups_in_flight` committed groups have landed. Uncommitted
 * copies are not waited for. */
TW_FN void tw__isa_cp_async_wait(int groups_in_flight)
{
    tw__emu_lane *lane = tw__emu_enter();
    const tw__emu_copies *copies = &lane->copies;
    int count = 0;
    while (count < copies->count &&
           copies->copy[count].group + (uint32_t)groups_in_flight < copies->open_group)
        count++;
    tw__emu_copies_land(lane, count, lane->wave->index,
                        lane->wave->times.clock.seen[lane->wave->times.agent]);
}

#endif
