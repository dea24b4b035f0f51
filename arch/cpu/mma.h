/* SPDX-License-Identifier: MIT
 *
 * MMA of 16x16 cores in plain C.
 */
#ifndef TW_ARCH_CPU_MMA_H
#define TW_ARCH_CPU_MMA_H

#include "../no_team_mma.h"
#include "fragment.h"

/* Cores along k that one instruction takes for this dtype. */
TW_FN int tw__mma_depth(int dtype) { return (void)dtype, 1; }

/* A 16x16 core of a shared tile whose first element is (row, col); across: the core's outer index runs
 * along the tile's columns. */
TW_FN void tw__load_core(void *core, tw__shared_tile tile, int row, int col, int across)
{
    int bytes = tw__bytes(tile.dtype);
    for (int r = 0; r < TW_CORE; r++)
        for (int c = 0; c < TW_CORE; c++) {
            int from = across ? (row + c) * tile.cols + col + r : (row + r) * tile.cols + col + c;
            memcpy((char *)core + (r * TW_CORE + c) * bytes, tile.base + from * bytes, (size_t)bytes);
        }
}

TW_FN void tw__widen_core(float *out, const void *core, int dtype)
{
    for (int e = 0; e < TW_CORE * TW_CORE; e++)
        out[e] = tw__element(core, dtype, e);
}

/* Sixteen sums of a row: a value, so that it stays in registers where an element of an array might not. */
typedef float tw__cpu_row __attribute__((vector_size(TW_CORE * 4)));

/* d += a * b over `depth` cores along k, each 16x16. Four rows at a time, since a sum waits for the one
 * before. */
TW_FN void tw__mma_core(void *d, const void *a, const void *b, int dtype, int depth)
{
    float left[TW_CORE * TW_CORE], right[TW_CORE * TW_CORE], *sum = (float *)d;
    (void)depth;
    tw__widen_core(left, a, dtype);
    tw__widen_core(right, b, dtype);
    for (int i = 0; i < TW_CORE; i += 4) {
        const float *factor = left + i * TW_CORE;
        float *out = sum + i * TW_CORE;
        tw__cpu_row first, second, third, fourth, row;
        memcpy(&first, out, sizeof first);
        memcpy(&second, out + TW_CORE, sizeof second);
        memcpy(&third, out + 2 * TW_CORE, sizeof third);
        memcpy(&fourth, out + 3 * TW_CORE, sizeof fourth);
        for (int k = 0; k < TW_CORE; k++) {
            memcpy(&row, right + k * TW_CORE, sizeof row);
            first += factor[k] * row;
            second += factor[TW_CORE + k] * row;
            third += factor[2 * TW_CORE + k] * row;
            fourth += factor[3 * TW_CORE + k] * row;
        }
        memcpy(out, &first, sizeof first);
        memcpy(out + TW_CORE, &second, sizeof second);
        memcpy(out + 2 * TW_CORE, &third, sizeof third);
        memcpy(out + 3 * TW_CORE, &fourth, sizeof fourth);
    }
}

#endif
