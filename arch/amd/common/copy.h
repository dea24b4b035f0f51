/* SPDX-License-Identifier: MIT
 *
 * Global to shared memory: sixteen-byte pieces of a row through registers, and whole tiles past them.
 *
 * A copy instruction writes shared memory in order, lane after lane, so the swizzle stands on the other side:
 * lane l fetches what belongs at the place that lane l writes. The buffer ends with the last row that exists,
 * so the rows behind it come out as zeros; columns that do not exist are sent to an offset outside.
 */
#ifndef TW_ARCH_AMD_COMMON_COPY_H
#define TW_ARCH_AMD_COMMON_COPY_H

#include "fragment.h"
#include "isa_async.h"

/* `valid` bytes (0..16, whole elements) from 16-byte aligned global memory; the rest of the chunk becomes
 * zero. */
TW_FN void tw__copy_chunk(tw__shared_tile tile, int row, int col, const void *global, int valid)
{
    uint32_t words[TW_CHUNK / 4] = {0, 0, 0, 0};
    if (valid == TW_CHUNK) {
        tw__isa_global_load(words, global, TW_CHUNK);
    } else {
        TW_UNROLL
        for (int w = 0; w < TW_CHUNK / 4; w++) {
            uint32_t last = 0;
            if (valid >= 4 * w + 4)
                tw__isa_global_load(&words[w], (const char *)global + 4 * w, 4);
            else if (valid >= 4 * w + 2)
                tw__isa_global_load(&words[w], (const char *)global + 4 * w, 2);
            if (tw__bytes(tile.dtype) == 1 && valid / 4 == w && valid % 2 == 1) {
                tw__isa_global_load(&last, (const char *)global + valid - 1, 1);
                words[w] |= last << (valid % 4 == 3 ? 16 : 0);
            }
        }
    }
    tw__put_chunk(tile, row, col, words);
}

enum {
    TW__COPY_UNIT = TW_HERE(TW__ASYNC_COPY_), /* bytes that one lane copies in an instruction */
    TW__COPY_BYTES = TW__COPY_UNIT * TW_LANES /* and a wave */
};

/* The offset outside every buffer that a lane without a source names; buffers are smaller than this. */
#define TW__COPY_NOWHERE 0x80000000u

/* The offset, which is smaller than that, of what begins at `byte` of a row of which `bytes` bytes exist. The
 * sign of what is left, and no comparison: that would leave a mask of lanes in scalar registers. */
TW_FN uint32_t tw__offset_inside(uint32_t offset, uint32_t byte, uint32_t bytes)
{
    return offset | ((bytes - 1 - byte) & TW__COPY_NOWHERE);
}

TW_FN int tw__tile_row_bytes(tw__shared_tile tile) { return tile.cols * tw__bytes(tile.dtype); }

/* Instructions that each of `waves` waves issues for the tile, or more. */
TW_FN int tw__copies_of(tw__shared_tile tile, int waves)
{
    return tile.rows * tw__tile_row_bytes(tile) / TW__COPY_BYTES / waves;
}

/* The part of the source that lies inside a tile of `rows` rows. */
TW_FN tw__copy_source tw__cut_source(tw__copy_source from, int rows, int row_bytes)
{
    from.rows = from.rows < rows ? from.rows : rows;
    from.bytes = from.bytes < row_bytes ? from.bytes : row_bytes;
    return from;
}

/* Can a tile be moved by offsets from its first element, in units of so many bytes? Every unit is aligned,
 * and exists or does not; no row runs into the next; no offset is too large. All but the units at a row's end
 * is the same for all tiles of a tensor. One number: the parts would each be kept in a pair of scalar
 * registers. */
TW_FN int tw__can_move(tw__copy_source from, int rows, int row_bytes, int unit)
{
    int64_t most = (TW__COPY_NOWHERE - 1 - (unsigned)row_bytes) / (unsigned)rows;
    int64_t least = from.width < row_bytes ? from.width : row_bytes;
    int apart = rows == 1 ? 1 : (from.stride >= least) & (from.stride <= most);
    return apart & (from.grain % (unsigned)unit == 0) & (from.bytes % unit == 0);
}

/* The buffer that ends with the last row of a source that was cut. */
TW_FN tw__buffer tw__source_buffer(tw__copy_source from, int rows)
{
    uint32_t stride = rows == 1 ? 0 : (uint32_t)from.stride;
    uint32_t bytes = from.rows > 0 ? (uint32_t)(from.rows - 1) * stride + (uint32_t)from.bytes : 0;
    return tw__isa_make_buffer(from.data, bytes);
}

/* ops/move.h: a tile of `rows` rows in registers, whose runs lie in global memory. */
#define TW_NATIVE_RUNS
typedef struct {
    tw__buffer buffer;
    uint32_t stride, bytes;
} tw__runs;

TW_FN int tw__runs_open(tw__runs *runs, tw__copy_source from, int rows, int row_bytes, int run_bytes)
{
    int unit = run_bytes < TW_CHUNK ? run_bytes : TW_CHUNK;
    from = tw__cut_source(from, rows, row_bytes);
    if (unit % 4 != 0 || !tw__isa_settled(tw__can_move(from, rows, row_bytes, unit)))
        return 0;
    runs->buffer = tw__source_buffer(from, rows);
    runs->stride = rows == 1 ? 0 : (uint32_t)from.stride;
    runs->bytes = (uint32_t)from.bytes;
    return 1;
}

TW_FN uint32_t tw__run_offset(const tw__runs *runs, int row, int byte)
{
    return tw__offset_inside((uint32_t)row * runs->stride + (uint32_t)byte, (uint32_t)byte, runs->bytes);
}

TW_FN void tw__runs_load(uint32_t *words, const tw__runs *runs, int row, int byte, int bytes)
{
    TW_UNROLL
    for (int done = 0; done < bytes; done += TW_CHUNK)
        tw__isa_buffer_load(words + done / 4, runs->buffer, tw__run_offset(runs, row, byte + done),
                            bytes - done < TW_CHUNK ? bytes - done : TW_CHUNK);
}

TW_FN void tw__runs_store(const tw__runs *runs, int row, int byte, const uint32_t *words, int bytes)
{
    TW_UNROLL
    for (int done = 0; done < bytes; done += TW_CHUNK)
        tw__isa_buffer_store(runs->buffer, tw__run_offset(runs, row, byte + done), words + done / 4,
                             bytes - done < TW_CHUNK ? bytes - done : TW_CHUNK);
}

typedef struct {
    unsigned row, byte;
} tw__copy_place;

/* The place in the tile of the byte that lies at shared offset first + mine. `first` is a multiple of
 * `round`, mine < round. Where rounds are whole rows of one panel, `mine` needs no division by what is no
 * constant. */
TW_FN tw__copy_place tw__make_copy_place(tw__shared_tile tile, unsigned first, unsigned mine, unsigned round)
{
    unsigned row_bytes = (unsigned)tw__tile_row_bytes(tile);
    unsigned panel = tile.rows == 1 ? row_bytes : (unsigned)tw__panel_bytes((int)row_bytes);
    unsigned area = (unsigned)tile.rows * panel, units = panel / TW__SWIZZLE_UNIT, rows = round / panel;
    int swizzled = tile.rows > 1 && panel % 32 == 0;
    tw__copy_place place;
    if (swizzled && round % panel == 0 && area % round == 0 && (rows & (rows - 1)) == 0) {
        unsigned first_row = first % area / panel, more = mine / panel;
        place.row = first_row + more;
        place.byte = mine % panel ^ (tw__swizzle(more, panel, units) * TW__SWIZZLE_UNIT);
        place.byte ^= tw__swizzle(first_row, panel, units) * TW__SWIZZLE_UNIT;
        place.byte += first / area * panel;
    } else {
        unsigned at = first + mine;
        place.row = at % area / panel;
        place.byte = at % panel;
        if (swizzled)
            place.byte ^= tw__swizzle(place.row, panel, units) * TW__SWIZZLE_UNIT;
        place.byte += at / area * panel;
    }
    return place;
}

/* Issues this wave's share of the tile from a source that was cut to it. What the last instruction writes
 * behind the tile's end is padding: tiles are aligned to more than that. A wave that loads alone has so many
 * that it computes their offsets each time: they would fill its registers. */
TW_FN void tw__copy_tile(tw__shared_tile tile, tw__copy_source from, int wave, int waves, int alone)
{
    int total = tile.rows * tw__tile_row_bytes(tile), round = waves * TW__COPY_BYTES;
    int pieces = (total + TW__COPY_BYTES - 1) / TW__COPY_BYTES;
    int lane = alone ? tw__isa_lane_here(tw__isa_lane()) : tw__isa_lane();
    unsigned mine = (unsigned)(wave * TW__COPY_BYTES + lane * TW__COPY_UNIT);
    uint32_t stride = tile.rows == 1 ? 0 : (uint32_t)from.stride, bytes = (uint32_t)from.bytes;
    tw__buffer buffer = tw__source_buffer(from, tile.rows);
    TW_UNROLL
    for (int first = 0; first < total; first += round) {
        tw__copy_place place = tw__make_copy_place(tile, (unsigned)first, mine, (unsigned)round);
        uint32_t offset = place.row * stride + place.byte;
        int piece = first / TW__COPY_BYTES + wave;
        if (pieces % waves == 0 || piece < pieces)
            tw__isa_copy(buffer, tile.base + piece * TW__COPY_BYTES,
                         tw__offset_inside(offset, place.byte, bytes), TW__COPY_UNIT);
    }
}

#endif
