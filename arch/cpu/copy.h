/* SPDX-License-Identifier: MIT
 *
 * Sixteen-byte pieces of a row on their way into a shared tile. On the CPU a copy is done when it returns.
 */
#ifndef TW_ARCH_CPU_COPY_H
#define TW_ARCH_CPU_COPY_H

#include "fragment.h"

/* The four words of the 16 bytes that start at element (row, col). */
TW_FN void tw__put_chunk(tw__shared_tile tile, int row, int col, const uint32_t *words)
{
    memcpy(tw__shared_element(tile, row, col), words, TW_CHUNK);
}

/* `valid` bytes (0..16) from 16-byte aligned global memory; the rest of the chunk becomes zero. */
TW_FN void tw__copy_chunk(tw__shared_tile tile, int row, int col, const void *global, int valid)
{
    uint32_t words[TW_CHUNK / 4] = {0, 0, 0, 0};
    memcpy(words, global, (size_t)valid);
    tw__put_chunk(tile, row, col, words);
}

TW_FN void tw__take_chunk(uint32_t *words, tw__shared_tile tile, int row, int col)
{
    memcpy(words, tw__shared_element(tile, row, col), TW_CHUNK);
}

#endif
