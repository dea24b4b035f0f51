/* SPDX-License-Identifier: MIT
 *
 * Fragments as both GPU vendors hold them: 32-bit words, 16-bit elements two to a word, the lower element
 * in the lower half. A machine's fragment.h supplies the map from (lane, element) to (row, col) and the
 * names used here; this file reads, writes and moves elements on that map.
 *
 * Indexes must be constant after unrolling, or the words leave the registers.
 */
#ifndef TW_ARCH_WORDS_H
#define TW_ARCH_WORDS_H

#include "convert.h"
#include "shared.h"

/* Matrix instructions see f32 words as floats. */
typedef uint32_t tw__word __attribute__((may_alias));

#define TW__FRAGMENT_STORAGE(dtype, cores) uint32_t tw__cores[(cores)*TW_CORE_ELEMENTS * TW_BYTES_##dtype / 4]

TW_FN float tw__element(const void *tile, int dtype, int element)
{
    const tw__word *words = (const tw__word *)tile;
    if (dtype == TW_f32)
        return tw__float_of(words[element]);
    return tw__value_of(words[element / 2] >> (element % 2 * 16) & 0xffffu, dtype);
}

TW_FN void tw__set_pair(void *tile, int dtype, int element, float low, float high)
{
    tw__word *words = (tw__word *)tile;
    if (dtype == TW_f32) {
        words[element] = tw__bits_of(low);
        words[element + 1] = tw__bits_of(high);
    } else {
        words[element / 2] = tw__pair_in(low, high, dtype);
    }
}

/* Leaves the word's other half as it is: only for elements that have been set before. */
TW_FN void tw__set_element(void *tile, int dtype, int element, float value)
{
    tw__word *words = (tw__word *)tile;
    int shift = element % 2 * 16;
    if (dtype == TW_f32)
        words[element] = tw__bits_of(value);
    else
        words[element / 2] = (words[element / 2] & ~(0xffffu << shift)) | tw__bits_in(value, dtype) << shift;
}

TW_FN void *tw__core_of(void *tile, int dtype, int core)
{
    return (uint32_t *)tile + core * TW_CORE_ELEMENTS * tw__bytes(dtype) / 4;
}

/* `count` elements (even), packed in words as memory holds them, into or out of the lane's elements. */
TW_FN void tw__set_raw(void *tile, int dtype, int element, const uint32_t *words, int count)
{
    TW_UNROLL
    for (int w = 0; w < count * tw__bytes(dtype) / 4; w++)
        ((tw__word *)tile)[element * tw__bytes(dtype) / 4 + w] = words[w];
}

TW_FN void tw__get_raw(uint32_t *words, const void *tile, int dtype, int element, int count)
{
    TW_UNROLL
    for (int w = 0; w < count * tw__bytes(dtype) / 4; w++)
        words[w] = ((const tw__word *)tile)[element * tw__bytes(dtype) / 4 + w];
}

/* A 16x16 core, element by element: what a machine falls back to where no wider read fits. (row, col) is
 * the tile's element at the core's (0, 0); `across` tells that the core's outer index runs along the
 * tile's columns. */
TW_FN void tw__load_core_elements(void *core, tw__shared_tile tile, int row, int col, int across)
{
    int bytes = tw__bytes(tile.dtype), lane = tw__isa_lane();
    uint32_t bits[2];
    TW_UNROLL
    for (int e = 0; e < TW_CORE_ELEMENTS; e += 2) {
        TW_UNROLL
        for (int q = 0; q < 2; q++) {
            int outer = tw__core_outer(lane, e + q), inner = tw__core_inner(lane, e + q);
            tw__isa_shared_load(
                &bits[q],
                tw__shared_element(tile, row + (across ? inner : outer), col + (across ? outer : inner)),
                bytes);
        }
        if (bytes == 2)
            bits[0] |= bits[1] << 16;
        tw__set_raw(core, tile.dtype, e, bits, 2);
    }
}

/* The same where the lane's runs lie along the tile's rows: one read a run. */
TW_FN void tw__load_core_runs(void *core, tw__shared_tile tile, int row, int col)
{
    int bytes = TW__INNER_RUN * tw__bytes(tile.dtype), lane = tw__isa_lane();
    uint32_t words[TW__INNER_RUN];
    TW_UNROLL
    for (int e = 0; e < TW_CORE_ELEMENTS; e += TW__INNER_RUN) {
        int r = row + tw__core_outer(lane, e), c = col + tw__core_inner(lane, e);
        if (bytes <= TW__SWIZZLE_UNIT) {
            tw__isa_shared_load(words, tw__shared_element(tile, r, c), bytes);
        } else {
            tw__isa_shared_load(words, tw__shared_element(tile, r, c), bytes / 2);
            tw__isa_shared_load(words + TW__INNER_RUN / 2, tw__shared_element(tile, r, c + TW__INNER_RUN / 2),
                                bytes / 2);
        }
        tw__set_raw(core, tile.dtype, e, words, TW__INNER_RUN);
    }
}

/* Does the swizzle leave 16-byte chunks whole? */
enum { TW__CHUNK_WHOLE = (int)TW__SWIZZLE_UNIT >= (int)TW_CHUNK };

/* The four words of the 16 bytes of a row that start at element (row, col). */
TW_FN void tw__put_chunk(tw__shared_tile tile, int row, int col, const uint32_t *words)
{
    if (TW__CHUNK_WHOLE || tile.rows == 1) {
        tw__isa_shared_store(tw__shared_element(tile, row, col), words, TW_CHUNK);
    } else {
        tw__isa_shared_store(tw__shared_element(tile, row, col), words, TW_CHUNK / 2);
        tw__isa_shared_store(tw__shared_element(tile, row, col + TW_CHUNK / 2 / tw__bytes(tile.dtype)),
                             words + 2, TW_CHUNK / 2);
    }
}

TW_FN void tw__take_chunk(uint32_t *words, tw__shared_tile tile, int row, int col)
{
    if (TW__CHUNK_WHOLE || tile.rows == 1) {
        tw__isa_shared_load(words, tw__shared_element(tile, row, col), TW_CHUNK);
    } else {
        tw__isa_shared_load(words, tw__shared_element(tile, row, col), TW_CHUNK / 2);
        tw__isa_shared_load(words + 2,
                            tw__shared_element(tile, row, col + TW_CHUNK / 2 / tw__bytes(tile.dtype)),
                            TW_CHUNK / 2);
    }
}

#endif
