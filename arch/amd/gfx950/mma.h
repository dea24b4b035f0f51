/* SPDX-License-Identifier: MIT
 *
 * MFMA two cores at a time for 16-bit operands (16x16x32), and the transposing read.
 */
#ifndef TW_ARCH_AMD_GFX950_MMA_H
#define TW_ARCH_AMD_GFX950_MMA_H

#include "../common/mma.h"
#include "isa.h"

TW_FN int tw__mma_depth(int dtype) { return dtype == TW_f32 ? 1 : 2; }

/* As on gfx90a; a core across its tile takes one transposing read: in each group of 16 lanes, which holds
 * four k, lane s names 4 elements of row s / 4 and gets column s of the four rows. */
TW_FN void tw__load_core(void *core, tw__shared_tile tile, int row, int col, int across)
{
    int lane = tw__isa_lane(), place = lane % 16;
    if (!across)
        tw__load_core_runs(core, tile, row, col);
    else if (tw__bytes(tile.dtype) == 2)
        tw__isa_ds_read_tr16_b64(
            (uint32_t *)core, tw__shared_element(tile, row + lane / 16 * 4 + place / 4, col + place % 4 * 4));
    else
        tw__load_core_elements(core, tile, row, col, across);
}

/* Two neighbouring cores along k of a shared tile, of which lane l gets k = 8 (l / 16) + 0..7: the manual's
 * order. Only for products of two shared tiles, which then share it. */
#define TW_NATIVE_CORE_PAIR
TW_FN void tw__load_core_pair(uint32_t *cores, tw__shared_tile tile, int row, int col, int across)
{
    int lane = tw__isa_lane(), place = lane % 16, k = lane / 16 * 8;
    if (across) {
        row += k + place / 4;
        col += place % 4 * 4;
        tw__isa_ds_read_tr16_b64(cores, tw__shared_element(tile, row, col));
        tw__isa_ds_read_tr16_b64(cores + 2, tw__shared_element(tile, row + 4, col));
    } else {
        tw__isa_shared_load(cores, tw__shared_element(tile, row + place, col + k), 16);
    }
}

/* Two neighbouring cores make the lane's eight k of one 16x16x32. Where they were loaded each by itself that
 * is not the manual's order of k, but A and B share it. */
TW_FN void tw__mma_core(void *d, const void *a, const void *b, int dtype, int depth)
{
    const uint32_t *left = (const uint32_t *)a, *right = (const uint32_t *)b;
    if (depth == 1)
        tw__mma_core_one(d, left, right, dtype);
    else if (dtype == TW_bf16)
        tw__isa_mfma_f32_16x16x32_bf16(d, right, left);
    else
        tw__isa_mfma_f32_16x16x32_f16(d, right, left);
}

#endif
