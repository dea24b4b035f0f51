/* SPDX-License-Identifier: MIT
 *
 * MFMA one core at a time; shared memory has no transposing read, so a core across its tile is read
 * element by element.
 */
#ifndef TW_ARCH_AMD_GFX90A_MMA_H
#define TW_ARCH_AMD_GFX90A_MMA_H

#include "../common/mma.h"

TW_FN int tw__mma_depth(int dtype) { return (void)dtype, 1; }

/* A core of a shared tile whose element (0, 0) is the tile's (row, col); across: the core's outer index
 * runs along the tile's columns. */
TW_FN void tw__load_core(void *core, tw__shared_tile tile, int row, int col, int across)
{
    if (across)
        tw__load_core_elements(core, tile, row, col, across);
    else
        tw__load_core_runs(core, tile, row, col);
}

TW_FN void tw__mma_core(void *d, const void *a, const void *b, int dtype, int depth)
{
    (void)depth;
    tw__mma_core_one(d, (const uint32_t *)a, (const uint32_t *)b, dtype);
}

#endif
