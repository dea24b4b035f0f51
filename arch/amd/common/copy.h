/* SPDX-License-Identifier: MIT
 *
 * Sixteen-byte pieces of a row on their way into a shared tile, through registers.
 */
#ifndef TW_ARCH_AMD_COMMON_COPY_H
#define TW_ARCH_AMD_COMMON_COPY_H

#include "fragment.h"

/* `valid` bytes (0..16, even) from 16-byte aligned global memory; the rest of the chunk becomes zero. */
TW_FN void tw__copy_chunk(tw__shared_tile tile, int row, int col, const void *global, int valid)
{
    uint32_t words[TW_CHUNK / 4] = {0, 0, 0, 0};
    if (valid == TW_CHUNK) {
        tw__isa_global_load(words, global, TW_CHUNK);
    } else {
        TW_UNROLL for (int w = 0; w < TW_CHUNK / 4; w++) {
            if (valid >= 4 * w + 4)
                tw__isa_global_load(&words[w], (const char *)global + 4 * w, 4);
            else if (valid > 4 * w)
                tw__isa_global_load(&words[w], (const char *)global + 4 * w, 2);
        }
    }
    tw__put_chunk(tile, row, col, words);
}

#endif
