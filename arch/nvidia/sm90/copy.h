/* SPDX-License-Identifier: MIT
 *
 * The sm80 path, all of which Hopper runs; and what it has beside: cores written to shared memory by
 * stmatrix, and stores of a wave's strips (ops/store_async.h) by the copy engine.
 */
#ifndef TW_ARCH_NVIDIA_SM90_COPY_H
#define TW_ARCH_NVIDIA_SM90_COPY_H

#include "../sm80/copy.h"
#include "isa.h"

/* A core of 16-bit elements whose element (0, 0) becomes the tile's (row, col); across: its outer index runs
 * along the tile's columns. Matrices in the order of the fragment's registers, as in tw__load_core. The eight
 * rows of one lie in eight different 16-byte units of the banks, since tiles are swizzled. */
#define TW_NATIVE_STORE_CORE
TW_FN void tw__store_core(tw__shared_tile tile, int row, int col, const uint32_t *words, int across)
{
    int lane = tw__isa_lane(), first = lane % 8 + lane / 8 % 2 * 8, second = lane / 16 * 8;
    if (across)
        tw__isa_stmatrix_x4_trans(tw__shared_element(tile, row + lane % 8 + second, col + lane / 8 % 2 * 8),
                                  words);
    else
        tw__isa_stmatrix_x4(tw__shared_element(tile, row + first, col + second), words);
}

/* Before the first strip that leaves by this map, as far as this store knows. */
#define TW_NATIVE_STRIP_STORE
TW_FN void tw__strips_begin(const void *map)
{
    if (tw__isa_lane() == 0)
        tw__isa_tma_acquire(map);
}

/* All but the wave's `in_flight` latest strips have been read; its lanes meet behind this. */
TW_FN void tw__strips_left(int in_flight)
{
    if (tw__isa_lane() == 0)
        tw__isa_tma_wait_read(in_flight);
}

/* What the wave's lanes wrote to the strip goes out as one box of the map. */
TW_FN void tw__strip_leave(tw__shared_tile strip, const void *map, int col, int row, int plane, int volume)
{
    tw__isa_fence_async_proxy();
    tw__isa_wave_barrier();
    if (tw__isa_lane() == 0) {
        tw__isa_tma_store(map, strip.base, col, row, plane, volume);
        tw__isa_tma_commit();
    }
}

/* A block's shared memory must outlive the stores that read it. */
#define TW__LEAVE() tw__isa_tma_wait_read(0)

#endif
