/* SPDX-License-Identifier: MIT
 *
 * Matrix descriptors of wgmma (PTX ISA, "Asynchronous warpgroup level matrix instructions: wgmma"): which
 * 16-byte units of shared memory make up an operand.
 */
#ifndef TW_ARCH_EMULATOR_DESCRIPTOR_H
#define TW_ARCH_EMULATOR_DESCRIPTOR_H

#include "hopper.h"

enum { TW__EMU_WGMMA_M = 16, TW__EMU_WGMMA_K = 16, TW__EMU_WGMMA_N = 256 }; /* M of one wave */

/* ---- matrix descriptors: PTX ISA, "Matrix descriptor format" ---- */

/* Offsets and the start address in units of 16 bytes, 14 bits each; swizzling mode 1, 2, 3 for 128, 64, 32
 * bytes. */
TW_FN uint64_t tw__isa_wgmma_descriptor(const void *shared, int leading_bytes, int stride_bytes,
                                        int swizzle_bytes)
{
    uint64_t start = (uint64_t)((const char *)shared - tw__emu_lane_state->block->shared);
    uint64_t mode = swizzle_bytes == 128 ? 1 : swizzle_bytes == 64 ? 2 : swizzle_bytes == 32 ? 3 : 0;
    if ((start | (uint64_t)leading_bytes | (uint64_t)stride_bytes) % 16)
        tw__emu_fail_as(tw__emu_enter(), TW_FINDING_misaligned, NULL,
                        "wgmma descriptor: shared address %ld and offsets %d and %d must be multiples of 16",
                        (long)start, leading_bytes, stride_bytes);
    return (start & 0x3ffff) >> 4 | (uint64_t)(leading_bytes & 0x3ffff) >> 4 << 16 |
           (uint64_t)(stride_bytes & 0x3ffff) >> 4 << 32 | mode << 62;
}

typedef struct {
    size_t start, leading, stride, base_offset;
    size_t units; /* of 16 bytes in a row of the swizzle's pattern: 8, 4, 2; 1 for none */
} tw__emu_matrix;

static inline tw__emu_matrix tw__emu_matrix_decode(uint64_t descriptor)
{
    tw__emu_matrix matrix;
    uint64_t mode = descriptor >> 62;
    matrix.start = (size_t)(descriptor & 0x3fff) << 4;
    matrix.leading = (size_t)(descriptor >> 16 & 0x3fff) << 4;
    matrix.stride = (size_t)(descriptor >> 32 & 0x3fff) << 4;
    matrix.base_offset = (size_t)(descriptor >> 49 & 7);
    matrix.units = mode ? (size_t)16 >> mode : 1;
    return matrix;
}

/* Where 16 bytes (8 elements along the contiguous axis) lie. `outer` counts rows of M or N, `k` columns; of
 * the contiguous one, the first of the eight. "Strides" and "Canonical layouts" of the manual, in bytes, W =
 * 16 units: K-major   no swizzle ((8,m),(8,2)) : ((16, stride), (2, leading))    swizzled ((W, stride), (2,
 * 16)) MN-major  no swizzle ((8,m),(8,2)) : ((2, stride), (16, leading))    swizzled units at 16, rows of
 * units at leading; eight k at W, the next eight at stride A swizzle XORs a unit's place with its line's
 * number in the pattern, which starts base_offset lines after a 1024-byte boundary. */
static inline size_t tw__emu_matrix_unit(const tw__emu_matrix *matrix, int mn_major, size_t outer, size_t k)
{
    size_t width = matrix->units * 16, address = matrix->start;
    if (!mn_major)
        address += outer % 8 * width + outer / 8 * matrix->stride +
                   k / 8 * (matrix->units > 1 ? 16 : matrix->leading);
    else if (matrix->units == 1)
        address += outer / 8 * matrix->stride + k % 8 * width + k / 8 * matrix->leading;
    else
        address += outer / 8 % matrix->units * 16 + outer / 8 / matrix->units * matrix->leading +
                   k % 8 * width + k / 8 * matrix->stride;
    return address ^ ((address / 128 - matrix->base_offset) % matrix->units * 16);
}

/* Reads a matrix of `extent` rows of M or N by 16 of k; element (outer, k) goes to
 * values[outer * outer_step + k * k_step]. */
TW__EMU_FUNCTION void tw__emu_matrix_read(float *values, int outer_step, int k_step, uint64_t descriptor,
                                          int mn_major, int extent, int dtype)
{
    tw__emu_lane *lane = tw__emu_lane_state;
    tw__emu_matrix matrix = tw__emu_matrix_decode(descriptor);
    int step = mn_major ? outer_step : k_step; /* between the elements of a unit */
    for (int outer = 0; outer < extent; outer += mn_major ? 8 : 1)
        for (int k = 0; k < TW__EMU_WGMMA_K; k += mn_major ? 1 : 8) {
            float *to = &values[outer * outer_step + k * k_step];
            uint32_t unit[4];
            size_t address = tw__emu_matrix_unit(&matrix, mn_major, (size_t)outer, (size_t)k);
            memcpy(unit, tw__emu_shared(lane, lane->block->shared + address, 16, "wgmma"), 16);
            for (int e = 0; e < 8; e++)
                to[e * step] = tw__emu_element(unit, e, dtype);
        }
    tw__emu_profile_unit(lane, 2u * TW__EMU_WGMMA_K * (unsigned)extent, TW_SHARED_operand);
}

/* Widens `span`, the first byte and the one behind the last, to hold the matrix. */
TW__EMU_FUNCTION void tw__emu_matrix_span(uint64_t descriptor, int mn_major, int extent, size_t span[2])
{
    tw__emu_matrix matrix = tw__emu_matrix_decode(descriptor);
    for (int outer = 0; outer < extent; outer += mn_major ? 8 : 1)
        for (int k = 0; k < TW__EMU_WGMMA_K; k += mn_major ? 1 : 8) {
            size_t address = tw__emu_matrix_unit(&matrix, mn_major, (size_t)outer, (size_t)k);
            span[0] = address < span[0] ? address : span[0];
            span[1] = address + 16 > span[1] ? address + 16 : span[1];
        }
}

/* What a walk over a matrix's rows `first` .. first + extent - 1 does with each of its 16-byte units. */
typedef enum { TW__EMU_LOOK, TW__EMU_LOOKED, TW__EMU_OVERLAP } tw__emu_walk;

/* Of TW__EMU_OVERLAP, whether some unit lies within `bytes` behind `from`; else 0. */
TW__EMU_FUNCTION int tw__emu_matrix_walk(tw__emu_lane *lane, tw__emu_block *block, uint64_t descriptor,
                                         int mn_major, int first, int extent, tw__emu_walk what, size_t from,
                                         size_t bytes)
{
    tw__emu_matrix matrix = tw__emu_matrix_decode(descriptor);
    int group = lane->wave->index / TW__EMU_WARPGROUP_WAVES, agent = TW__EMU_WARPGROUP_AGENT + group;
    tw__emu_hopper *hopper = (tw__emu_hopper *)block->async.state;
    tw__emu_stamp stamp =
        tw__emu_make_stamp(hopper->warpgroup[group].time, agent, lane->site, TW__EMU_EVERY_BYTE);
    for (int outer = first; outer < first + extent; outer += mn_major ? 8 : 1)
        for (int k = 0; k < TW__EMU_WGMMA_K; k += mn_major ? 1 : 8) {
            size_t address = tw__emu_matrix_unit(&matrix, mn_major, (size_t)outer, (size_t)k);
            if (what == TW__EMU_OVERLAP && address < from + bytes && from < address + 16)
                return 1;
            if (what == TW__EMU_LOOK) {
                tw__emu_shared(lane, block->shared + address, 16, "wgmma");
                tw__emu_shadow_look(lane, address, 16, "wgmma");
            }
            if (what == TW__EMU_LOOKED)
                tw__emu_shadow_looked(block->shadow, address, 16, block->waves + group, stamp);
        }
    return 0;
}

#endif
