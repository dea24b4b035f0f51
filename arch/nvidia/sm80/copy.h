/* SPDX-License-Identifier: MIT
 *
 * Sixteen-byte pieces of a row on their way into a shared tile, past the registers with cp.async. They
 * land at the next tw__sync.
 */
#ifndef TW_ARCH_NVIDIA_SM80_COPY_H
#define TW_ARCH_NVIDIA_SM80_COPY_H

#include "fragment.h"
#include "isa.h"

/* `valid` bytes (0..16) from 16-byte aligned global memory; the rest of the chunk becomes zero. */
TW_FN void tw__copy_chunk(tw__shared_tile tile, int row, int col, const void *global, int valid)
{
    tw__isa_cp_async_16(tw__shared_element(tile, row, col), global, valid);
}

#endif
