/* SPDX-License-Identifier: MIT
 *
 * Rotary position embedding (Su et al., "RoFormer", 2021) of queries and keys, in one launch.
 *
 *   q, q_out   B x H x S x D       k, k_out   B x Hk x S x D     any strides; _out may be the same memory
 *   the first 2 R2 of D dims are turned, the others copied. Pair i turns by angle(position, i):
 *     half-split    dims i and R2 + i           ROTARY_INTERLEAVED: dims 2 i and 2 i + 1
 *   ROTARY_TABLE 0  angle = position * frequency[i] (R2, f32), exact for any position (ops/angle.h)
 *                1  cos[position][i], sin[position][i] (P x R2, f32); 0 beyond P
 *   ROTARY_IDS   0  position = offset + s
 *                1  position = ids[b][s] (B x S, i32)
 *
 * f32 inside. Each block turns ROTARY_ROWS tokens of several heads, so that angles are found once for them:
 * launch a 1-D grid of B * ceil(S / ROTARY_ROWS) * groups blocks, groups from 1 to H + Hk. Options:
 */
#ifndef TW_EXAMPLES_ROTARY_H
#define TW_EXAMPLES_ROTARY_H

#include <tilewright.h>

#ifndef ROTARY_DTYPE /* bf16 or f16 */
#define ROTARY_DTYPE bf16
#endif
#ifndef ROTARY_INTERLEAVED
#define ROTARY_INTERLEAVED 0
#endif
#ifndef ROTARY_TABLE
#define ROTARY_TABLE 0
#endif
#ifndef ROTARY_IDS
#define ROTARY_IDS 0
#endif
#ifndef ROTARY_COLS /* 16, 32 or 64: pairs at a time; any R2 works with any */
#define ROTARY_COLS 64
#endif

typedef tw_gl(ROTARY_DTYPE, 4) rotary_tensor;

typedef struct {
    rotary_tensor q, q_out, k, k_out;
    tw_gl(f32, 1) frequency;
    tw_gl(f32, 2) cos;
    tw_gl(f32, 2) sin;
    tw_gl(i32, 2) ids;
    int64_t offset;
    int32_t pairs, groups; /* R2; blocks that share the heads of the same tokens */
} rotary_args;

#define ROTARY_TUNE(machine, tokens, rows, blocks)                                                           \
    enum { ROTARY_ROWS_##machine = tokens, ROTARY_TEAM_##machine = rows, ROTARY_BLOCKS_##machine = blocks }; \
    TW_STATIC_ASSERT(tokens % (16 * rows) == 0, "rotary/tune.def: tile of " #machine);
#include "tune.def"

enum { ROTARY_ROWS = TW_HERE(ROTARY_ROWS_), ROTARY_BLOCKS = TW_HERE(ROTARY_BLOCKS_) };
enum { ROTARY_WIDTH = ROTARY_INTERLEAVED ? 2 * ROTARY_COLS : ROTARY_COLS };

TW_TEAM(TW_HERE(ROTARY_TEAM_), 1);

typedef tw_rt(f32, ROTARY_ROWS, ROTARY_WIDTH, acc) rotary_tile;

/* Half-split: cos and sin of each pair. Interleaved: cos holds both, in neighbouring columns. */
typedef struct {
    rotary_tile cos, sin;
} rotary_turn;

/* What one block works on: tokens [token, token + ROTARY_ROWS) of a batch, heads [first, last) of q's and
 * k's. */
typedef struct {
    int batch, first, last;
    int64_t token;
} rotary_work;

TW_FN rotary_work rotary_plan(const rotary_args *g)
{
    rotary_work w;
    const int heads = (int)(tw_dim(g->q, 1) + tw_dim(g->k, 1)), share = (heads + g->groups - 1) / g->groups;
    const int tiles = (int)((tw_dim(g->q, 2) + ROTARY_ROWS - 1) / ROTARY_ROWS);
    const int group = tw_block(0) % g->groups, place = tw_block(0) / g->groups;
    w.batch = tw_natural(place / tiles);
    w.token = (int64_t)tw_natural(place % tiles) * ROTARY_ROWS;
    w.first = tw_natural(group * share);
    w.last = w.first + share < heads ? w.first + share : heads;
    return w;
}

/* What the angles of ROTARY_COLS pairs are made of, read once for the block. */
typedef struct {
    tw_sv(f32, ROTARY_COLS) frequency;
    tw_sv(i32, ROTARY_ROWS) ids;
} rotary_shared;

TW_FN int64_t rotary_position(const rotary_args *g, rotary_shared *shared, rotary_work w, int row)
{
    int64_t position = g->offset + w.token + row;
    if (ROTARY_IDS)
        tw_pick_int(position, shared->ids, 0, row);
    return position;
}

/* Of column `col` of the pairs from `pair` on: cos, or where `sine` is 1, sin. */
TW_FN float rotary_angle(const rotary_args *g, rotary_shared *shared, int64_t position, int64_t pair, int col,
                         int sine)
{
    float frequency;
    if (ROTARY_TABLE)
        return sine ? tw_read(g->sin, position, pair + col) : tw_read(g->cos, position, pair + col);
    tw_pick(frequency, shared->frequency, 0, col);
    const uint64_t turns = tw_turns(frequency) * (uint64_t)position;
    return sine ? tw_sin_turns(turns) : tw_cos_turns(turns);
}

/* The turns of pairs from `pair` on. */
TW_FN void rotary_angles(rotary_turn *turn, const rotary_args *g, rotary_shared *shared, rotary_work w,
                         int pair)
{
    tw_sync(); /* the pairs before are done with what is shared */
    if (!ROTARY_TABLE)
        tw_load(shared->frequency, g->frequency, pair);
    if (ROTARY_IDS)
        tw_load(shared->ids, g->ids, w.batch, w.token);
    tw_sync();
    if (ROTARY_TABLE && !ROTARY_IDS && !ROTARY_INTERLEAVED) {
        tw_load(turn->cos, g->cos, g->offset + w.token, pair);
        tw_load(turn->sin, g->sin, g->offset + w.token, pair);
        return;
    }
    tw_zero(turn->cos);
    if (ROTARY_INTERLEAVED) {
        tw_map_at(turn->cos, x, r, c,
                  rotary_angle(g, shared, rotary_position(g, shared, w, r), pair, c / 2, c % 2));
        return;
    }
    tw_zero(turn->sin);
    tw_map_at(turn->cos, x, r, c, rotary_angle(g, shared, rotary_position(g, shared, w, r), pair, c, 0));
    tw_map_at(turn->sin, x, r, c, rotary_angle(g, shared, rotary_position(g, shared, w, r), pair, c, 1));
}

/* Those pairs of one head. Tensors cut to the turned dims, or to their halves: a tile may reach beyond. */
TW_FN void rotary_head(const rotary_turn *turn, const rotary_tensor *source, const rotary_tensor *target,
                       rotary_work w, int head, int pair, int pairs)
{
    rotary_tensor from = *source, to = *target, from_high = from, to_high = to;
    rotary_tile low, high;
    tw_narrow(from, 3, 0, ROTARY_INTERLEAVED ? 2 * pairs : pairs);
    tw_narrow(to, 3, 0, ROTARY_INTERLEAVED ? 2 * pairs : pairs);
    if (ROTARY_INTERLEAVED) {
        tw_load(low, from, w.batch, head, w.token, 2 * pair);
        tw_rotate_pairs(low, turn->cos);
        tw_store(to, low, w.batch, head, w.token, 2 * pair);
    } else {
        tw_narrow(from_high, 3, pairs, pairs);
        tw_narrow(to_high, 3, pairs, pairs);
        tw_load(low, from, w.batch, head, w.token, pair);
        tw_load(high, from_high, w.batch, head, w.token, pair);
        tw_rotate(low, high, turn->cos, turn->sin);
        tw_store(to, low, w.batch, head, w.token, pair);
        tw_store(to_high, high, w.batch, head, w.token, pair);
    }
}

/* The dims that are not turned. */
TW_FN void rotary_rest(const rotary_tensor *from, const rotary_tensor *to, rotary_work w, int head, int pairs)
{
    tw_rt(ROTARY_DTYPE, ROTARY_ROWS, ROTARY_COLS, acc) rest;
    TW_ROLLED
    for (int64_t col = 2 * pairs; col < tw_dim(*from, 3); col += ROTARY_COLS) {
        tw_load(rest, *from, w.batch, head, w.token, col);
        tw_store(*to, rest, w.batch, head, w.token, col);
    }
}

#endif
