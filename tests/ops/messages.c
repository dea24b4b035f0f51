/* SPDX-License-Identifier: MIT
 *
 * A mistake for every static assertion of the library. OR(wrong, right) is `wrong` as this file stands, and
 * `right` with -DRIGHT, so that what fires is the mistake and nothing around it.
 *
 *   says:  the message must begin so
 *   then:  further messages that follow from the mistake
 *
 * test_messages.sh compiles the file both ways with every compiler there is.
 */
#include <tilewright.h>

#ifdef RIGHT
#define OR(wrong, right) right
#else
#define OR(wrong, right) wrong
#endif

TW_TEAM(1, 1);

typedef struct {
    tw_gl(bf16, 2) x;
    tw_gl(f32, 1) line;
    tw_gl_known(bf16, 2, (0, 64), (0, 1)) known;
} message_args;

typedef struct {
    tw_st(bf16, 32, 64) s;
    tw_st(bf16, 64, 32) turned;
    tw_st(f32, 32, 64) wide;
    tw_sv(i32, 64) whole;
} message_shared;

typedef struct {
    tw_rt(f32, 32, 64, acc) acc;
    tw_rt(f32, 64, 32, acc) turned;
    tw_rt(f32, 32, 32, acc) square;
    tw_rt(bf16, 32, 64, a) a;
    tw_rt(bf16, 64, 32, b) b;
    tw_rv(f32, 32, row) rows;
    tw_rv(f32, 64, col) cols;
} message_tiles;

#define MISTAKE(name) TW_FN void name(message_args g, message_shared *sh, message_tiles t)
#define UNUSED (void)g, (void)sh, (void)t

/* says: TW001 tw_rt(f32, 24, 64, acc): rows must be a multiple of 16 */
MISTAKE(tile_rows) { tw_rt(f32, OR(24, 32), 64, acc) x; UNUSED, (void)x; }
/* says: TW002 tw_rt(bf16, 32, 40, a): columns must be a multiple of 16 */
MISTAKE(tile_cols) { tw_rt(bf16, 32, OR(40, 48), a) x; UNUSED, (void)x; }
/* says: TW003 tw_rt(e4m3, ...): register tiles hold f32, f16 or bf16 */
MISTAKE(tile_dtype) { tw_rt(OR(e4m3, f16), 32, 64, acc) x; UNUSED, (void)x; }
/* says: TW004 tw_rv(f32, 40, col): the length must be a multiple of 16 */
MISTAKE(vector_length) { tw_rv(f32, OR(40, 48), col) x; UNUSED, (void)x; }
/* says: TW005 tw_rv(bf16, ...): register vectors hold f32 */
MISTAKE(vector_dtype) { tw_rv(OR(bf16, f32), 32, row) x; UNUSED, (void)x; }

/* says: TW006 tw_store(g.line, t.rows, ...): more coordinates than the tensor has dims */
MISTAKE(store_coordinates) { tw_store(OR(g.line, g.x), t.rows, 0, 0); UNUSED; }

/* says: TW006 tw_load(t.acc, sh->s, ...): more coordinates than the tensor has dims; shared memory takes none */
MISTAKE(shared_coordinates) { tw_load(t.acc, OR(sh->s, g.x), 0, 16); UNUSED; }

/* says: TW010 tw_st(bf16, 16, 12): a row must be a multiple of 16 bytes */
typedef tw_st(bf16, 16, OR(12, 16)) shared_row;

/* says: TW011 tw_view(v, ..., t.acc): only shared tiles have views */
MISTAKE(view_of_register)
{
    OR(tw_view(v, 16, 16, t.acc, 0, 0), tw_view(v, 16, 16, sh->s, 0, 0));
    UNUSED, (void)tw__shared_of(TW__REF(v));
}

/* says: TW012 tw_view(v, 48, 64, sh->s): the view is larger than the tile */
MISTAKE(view_size)
{
    OR(tw_view(v, 48, 64, sh->s, 0, 0), tw_view(v, 32, 64, sh->s, 0, 0));
    UNUSED, (void)tw__shared_of(TW__REF(v));
}

/* says: TW013 tw_gl(f32, 5): rank 1 to 4 */
typedef tw_gl(f32, OR(5, 4)) tensor_rank;

/* says: TW014 tw_narrow(g.line, 1, ...): needs a global tensor that has this axis */
MISTAKE(narrow_axis) { OR(tw_narrow(g.line, 1, 0, 1), tw_narrow(g.line, 0, 0, 1)); UNUSED; }

/* says: TW015 tw_narrow(g.known, ...): the tensor's dims are fixed at compile time */
MISTAKE(narrow_known) { OR(tw_narrow(g.known, 0, 0, 1), tw_narrow(g.x, 0, 0, 1)); UNUSED; }

/* says: TW016 tw_load_add(t.rows, g.x, ...): takes a register tile and a global tensor */
MISTAKE(load_add) { tw_load_add(OR(t.rows, t.acc), g.x, 1.0f, 0, 0); UNUSED; }
/* says: TW017 tw_load_mul(t.rows, g.x, ...): takes a register tile and a global tensor */
MISTAKE(load_mul) { tw_load_mul(OR(t.rows, t.acc), g.x, 0, 0); UNUSED; }
/* says: TW018 tw_pick(x, g.x, ...): needs a shared tile or vector */
MISTAKE(pick) { float x; tw_pick(x, OR(g.x, sh->s), 0, 0); tw_fill(t.acc, x); UNUSED; }
/* says: TW019 tw_pick_int(n, sh->s, ...): needs a shared tile or vector of i32; tw_pick takes floats */
MISTAKE(pick_int) { int n; tw_pick_int(n, OR(sh->s, sh->whole), 0, 1); tw_fill(t.acc, (float)n); UNUSED; }

/* says: TW020 TW_SHARED(large): more than the machine's shared memory */
typedef struct { tw_st(f32, 256, OR(512, 8)) s; } large;
MISTAKE(shared_bytes) { TW_SHARED(large, room); UNUSED, (void)room; }

/* says: TW021 tw_load(t.acc, t.acc): the source must be a global tensor or in shared memory */
MISTAKE(load_from_register) { tw_load(t.acc, OR(t.acc, g.x)); UNUSED; }

/* says: TW022 tw_load(g.x, g.x): a load fills tiles and vectors; use tw_store */
MISTAKE(load_to_global) { tw_load(OR(g.x, t.acc), g.x); UNUSED; }

/* says: TW023 tw_load(t.square, sh->s): a load from shared memory fills registers of the same shape */
MISTAKE(load_shape) { tw_load(OR(t.square, t.acc), sh->s); UNUSED; }

/* says: TW024 tw_load(sh->wide, g.x): global to shared copies bytes, so the dtypes must be the same */
MISTAKE(load_dtype) { tw_load(OR(sh->wide, sh->s), g.x); UNUSED; }

/* says: TW025 tw_load_transposed(t.acc, sh->s): takes a register tile R x C and a shared tile C x R */
MISTAKE(load_transposed)
{
    OR(tw_load_transposed(t.acc, sh->s), tw_load_transposed(t.acc, sh->turned));
    UNUSED;
}

/* says: TW026 tw_store(t.acc, t.acc): the destination must be a global tensor or in shared memory */
MISTAKE(store_to_register) { tw_store(OR(t.acc, g.x), t.acc); UNUSED; }

/* says: TW027 tw_store(g.x, g.x): the source must be a tile or a vector */
MISTAKE(store_from_global) { tw_store(g.x, OR(g.x, t.acc)); UNUSED; }

/* says: TW028 tw_store(sh->s, t.square): shared memory takes registers of the same shape */
MISTAKE(store_shape) { tw_store(sh->s, OR(t.square, t.acc)); UNUSED; }

/* says: TW029 tw_store(g.x, sh->wide): shared to global copies bytes, so the dtypes must be the same */
MISTAKE(store_dtype) { tw_store(g.x, OR(sh->wide, sh->s)); UNUSED; }

/* says: TW030 tw_map(sh->s, ...): works on register tiles and vectors; load it first */
MISTAKE(map_shared) { tw_map(OR(sh->s, t.acc), x, x + 1.0f); UNUSED; }

/* says: TW030 tw_fill(g.x, ...): works on register tiles and vectors; load it first */
MISTAKE(fill_global) { tw_fill(OR(g.x, t.rows), 1.0f); UNUSED; }

/* says: TW031 tw_exp(t.acc, t.square, ...): the operands must have the same shape and role */
MISTAKE(unary_shape) { tw_exp(t.acc, OR(t.square, t.acc)); UNUSED; }

/* says: TW031 tw_copy(t.a, t.acc, ...): the operands must have the same shape and role */
MISTAKE(unary_role) { tw_copy(t.a, OR(t.acc, t.a)); UNUSED; }

/* says: TW031 tw_fma(t.acc, t.turned, ...): the operands must have the same shape and role */
MISTAKE(fma_shape) { tw_fma(t.acc, t.acc, OR(t.turned, t.acc), t.acc); UNUSED; }

/* says: TW032 tw_add(t.acc, ..., t.square): the last operand must be like the first, or a vector */
MISTAKE(binary_shape) { tw_add(t.acc, t.acc, OR(t.square, t.cols)); UNUSED; }

/* says: TW032 tw_mul(t.square, ..., t.cols): the last operand must be like the first, or a vector */
MISTAKE(binary_length) { tw_mul(t.square, t.square, OR(t.cols, t.rows)); UNUSED; }

/* says: TW033 tw_map_row(t.acc, ..., t.cols, ...): needs a vector along the tile's rows */
MISTAKE(map_row)
{
    OR(tw_map_row(t.acc, x, t.cols, y, x + y), tw_map_row(t.acc, x, t.rows, y, x + y));
    UNUSED;
}

/* says: TW034 tw_map_col(t.acc, ..., t.rows, ...): needs a vector along the tile's columns */
MISTAKE(map_col)
{
    OR(tw_map_col(t.acc, x, t.rows, y, x + y), tw_map_col(t.acc, x, t.cols, y, x + y));
    UNUSED;
}

/* says: TW035 tw_broadcast(t.square, t.cols): needs a vector along the tile's rows or columns */
MISTAKE(broadcast) { OR(tw_broadcast(t.square, t.cols), tw_broadcast(t.acc, t.cols)); UNUSED; }

/* says: TW036 tw_row_max(t.cols, t.acc): needs a vector along the tile's rows */
MISTAKE(row_vector) { tw_row_max(OR(t.cols, t.rows), t.acc); UNUSED; }

/* says: TW037 tw_row_sum(v, x): rows times team columns exceed the scratch memory */
MISTAKE(row_scratch)
{
    TW_TEAM(1, 8);
    tw_rt(f32, OR(256, 128), 128, acc) x;
    tw_rv(f32, OR(256, 128), row) v;
    tw_zero(x);
    tw_row_sum(v, x);
    UNUSED;
}

/* says: TW038 tw_col_min_onto(t.rows, t.acc): needs a vector along the tile's columns */
MISTAKE(col_vector) { tw_col_min_onto(OR(t.rows, t.cols), t.acc); UNUSED; }

/* says: TW039 tw_col_prod(v, x): columns times team rows exceed the scratch memory */
MISTAKE(col_scratch)
{
    TW_TEAM(8, 1);
    tw_rt(f32, 128, OR(256, 128), acc) x;
    tw_rv(f32, OR(256, 128), col) v;
    tw_zero(x);
    tw_col_prod(v, x);
    UNUSED;
}

/* says: TW040 tw_tile_sum(total, t.rows): needs a register tile */
MISTAKE(tile_sum) { float total; tw_tile_sum(total, OR(t.rows, t.acc)); tw_fill(t.acc, total); UNUSED; }

/* says: TW041 tw_convert(t.a, t.square): takes two register tiles of one shape */
MISTAKE(convert_shape) { OR(tw_convert(t.a, t.square), tw_convert(t.a, t.acc)); UNUSED; }

/* says: TW042 tw_convert(t.b, t.turned): between acc and a the team must have one column */
MISTAKE(convert_role) { OR(tw_convert(t.b, t.turned), tw_convert(t.a, t.acc)); UNUSED; }

/* says: TW042 tw_convert(x, y): between acc and a the team must have one column */
MISTAKE(convert_team)
{
    TW_TEAM(1, OR(2, 1));
    tw_rt(bf16, 32, 64, a) x;
    tw_rt(f32, 32, 64, acc) y;
    tw_zero(y);
    tw_convert(x, y);
    UNUSED;
}

/* says: TW043 tw_transpose(t.turned, t.acc, sh->turned): takes R x C and C x R register tiles */
/* then: TW028 tw_store(sh->turned, t.acc) */
/* then: TW025 tw_load_transposed(t.turned, sh->turned) */
MISTAKE(transpose)
{
    OR(tw_transpose(t.turned, t.acc, sh->turned), tw_transpose(t.turned, t.acc, sh->s));
    UNUSED;
}

/* says: TW009 TW_TEAM(1, 2, ...): a block has one team of several waves, or up to 16 teams of one wave */
MISTAKE(teams_of_several) { TW_TEAM(1, OR(2, 1), 1, 4); UNUSED; }
/* says: TW066 tw_passage(bf16, 24, 32): rows and columns must be multiples of 16 */
typedef tw_passage(bf16, OR(24, 32), 32) passage_shape;
/* says: TW067 tw_pass(sh->s, t.a): takes a tw_passage and an accumulator of its shape */
MISTAKE(pass_operand) { OR(tw_pass(sh->s, t.a), tw_pass(sh->s, t.acc)); UNUSED; }
/* says: TW044 tw_mask_causal(t.rows, ...): masks work on register tiles */
MISTAKE(mask) { tw_mask_causal(OR(t.rows, t.acc), 0, 0, 0.0f); UNUSED; }

/* says: TW045 tw_softmax_finish(t.rows, ..., t.acc): needs a tw_softmax_state */
MISTAKE(softmax_state)
{
    tw_softmax_state(32) state;
    tw_softmax_init(state);
    OR(tw_softmax_finish(t.rows, t.acc), tw_softmax_finish(state, t.acc));
    UNUSED;
}

/* says: TW046 tw_col_sum(v, x): more columns of a line than a lane may hold */
MISTAKE(col_of_lines)
{
    tw_rt(f32, 1, TW_LANES * TW_CORE * OR(2 * TW__CORES_MAX, TW__CORES_MAX), line) x;
    tw_rv(f32, TW_LANES * TW_CORE * OR(2 * TW__CORES_MAX, TW__CORES_MAX), line_col) v;
    tw_zero(x);
    tw_col_sum(v, x);
    UNUSED;
}

/* says: TW047 tw_rotate_pairs(x, x): a b tile does not hold neighbouring columns in one lane */
MISTAKE(rotated_b)
{
    tw_rt(f32, 32, 32, OR(b, acc)) x;
    tw_zero(x);
    tw_rotate_pairs(x, x);
    UNUSED;
}

/* says: TW048 tw_map_row_at(t.acc, ..., OR(t.cols, t.rows), ...): needs a vector along the tile's rows */
MISTAKE(map_row_at) { tw_map_row_at(t.acc, x, c, OR(t.cols, t.rows), y, x + y * (float)c); UNUSED; }

/* says: TW050 tw_mma_AB(sum, t.a, t.b): the sum must be a tw_rt(f32, M, N, acc) */
MISTAKE(mma_sum) { tw_rt(OR(bf16, f32), 32, 32, acc) sum; tw_zero(sum); tw_mma_AB(sum, t.a, t.b); UNUSED; }

/* says: TW051 tw_mma_AB(t.square, x, t.b): A must be a tile of role a, or shared */
MISTAKE(mma_a) { tw_rt(bf16, 32, 64, OR(acc, a)) x; tw_zero(x); tw_mma_AB(t.square, x, t.b); UNUSED; }

/* says: TW051 tw_mma_AtB(t.square, x, t.b): A must be a tile of role a, or shared */
MISTAKE(mma_a_transposed)
{
    tw_rt(bf16, 64, 32, a) x;
    tw_zero(x);
    OR(tw_mma_AtB(t.square, x, t.b), tw_mma_AtB(t.square, sh->turned, t.b));
    UNUSED;
}

/* says: TW052 tw_mma_AB(t.square, t.a, x): B must be a tile of role b, or shared */
MISTAKE(mma_b) { tw_rt(bf16, 64, 32, OR(a, b)) x; tw_zero(x); tw_mma_AB(t.square, t.a, x); UNUSED; }

/* says: TW053 tw_mma_AB(t.square, x, t.b): A and B must both be bf16, f16 or f32 */
MISTAKE(mma_dtypes) { tw_rt(OR(f16, bf16), 32, 64, a) x; tw_zero(x); tw_mma_AB(t.square, x, t.b); UNUSED; }

/* says: TW054 tw_mma_AB(t.acc, t.a, t.b): the sum must have A's rows and B's columns */
MISTAKE(mma_shape) { tw_mma_AB(OR(t.acc, t.square), t.a, t.b); UNUSED; }

/* says: TW055 tw_mma_ABt(t.square, t.a, sh->turned): A and B must agree on the contraction */
/* then: TW054 tw_mma_ABt(t.square, t.a, sh->turned) */
MISTAKE(mma_contraction) { tw_mma_ABt(t.square, t.a, OR(sh->turned, sh->s)); UNUSED; }

/* says: TW056 tw_mma_wait(t.a): takes the acc tile that tw_mma_async adds into */
MISTAKE(mma_wait) { OR(tw_mma_wait(t.a), tw_mma_wait(t.acc)); UNUSED; }

/* says: TW060 tw_ring(message_shared, TW__RING_STAGES_MIN - 1): needs two stages at least, on CDNA one */
typedef OR(tw_ring(message_shared, TW__RING_STAGES_MIN - 1), tw_ring(message_shared, 2)) ring;

/* says: TW061 tw_load_async(st->wide, g.x): takes a shared tile of the stage and a global tensor of its dtype */
typedef struct { tw_ring(message_shared, 2) ring; } message_stages;
TW_KERNEL(load_async, TW_PIPELINED_THREADS, (message_args, g))
{
    TW_SHARED(message_stages, room);
    TW_PIPE(pipe, room->ring);
    TW_PIPELINE(pipe, 1)
    {
        TW_LOAD(pipe, i, st) { tw_load_async(OR(st->wide, st->s), g.x, 0, 0); }
    }
}

/* says: TW062 tw_staging(bf16, 32, 40): the shape of an acc tile: columns a multiple of 16 times the team's */
typedef tw_staging(bf16, 32, OR(40, 64)) staging_shape;

/* says: TW063 tw_store_async(g.x, t.a, ...): takes a global tensor and a tile of role acc */
MISTAKE(store_async_role)
{
    tw_staging(bf16, 32, 64) via;
    tw_store_async(g.x, OR(t.a, t.acc), via, 0, 0);
    UNUSED;
}

/* says: TW064 tw_store_async(g.x, t.acc, via): needs a tw_staging of the tensor's dtype and the tile's columns */
MISTAKE(store_async_staging)
{
    tw_staging(OR(f32, bf16), 32, 64) via;
    tw_store_async(g.x, t.acc, via, 0, 0);
    UNUSED;
}

/* says: TW065 tw_load_multicast(1, st->s, g.line): takes a shared tile of the stage and a global tensor of its dtype */
TW_KERNEL(load_multicast, TW_PIPELINED_THREADS, (message_args, g))
{
    TW_SHARED(message_stages, room);
    TW_PIPE(pipe, room->ring);
    TW_PIPELINE(pipe, 1)
    {
        TW_LOAD(pipe, i, st) { tw_load_multicast(1, st->s, OR(g.line, g.x), 0); }
    }
}

/* says: TW070 tw_scan(t.acc, ...): tw_row_scan and tw_col_scan take f32 register tiles */
MISTAKE(scan_tile) { tw_scan(OR(t.acc, t.rows), sum); UNUSED; }

/* says: TW070 tw_col_scan(t.a, ...): tw_row_scan and tw_col_scan take f32 register tiles */
/* then: TW071 tw_col_scan(t.a, t.a, ...) */
MISTAKE(scan_dtype) { tw_col_scan(OR(t.a, t.acc), max); UNUSED; }

/* says: TW071 tw_row_scan_segmented(t.acc, t.turned, ...): the two must have the same shape and role */
MISTAKE(scan_starts) { tw_row_scan_segmented(t.acc, OR(t.turned, t.acc), sum); UNUSED; }

/* says: TW072 tw_row_scan(x, ...): lines times the waves that share each exceed the scratch memory */
MISTAKE(scan_scratch)
{
    TW_TEAM(1, 4);
    tw_rt(f32, OR(256, 128), 64, acc) x;
    tw_zero(x);
    tw_row_scan(x, prod);
    UNUSED;
}

/* says: TW073 tw_tril_decay(t.square, ..., t.rows, t.cols): needs vectors along */
MISTAKE(decay_vectors) { tw_tril_decay(OR(t.square, t.acc), 0, t.rows, t.cols); UNUSED; }

/* says: TW074 tw_row_dot(t.rows, t.acc, t.rows): needs a vector along the rows of t.acc and one along its columns */
MISTAKE(dot_vectors) { tw_row_dot(t.rows, t.acc, OR(t.rows, t.cols)); UNUSED; }

/* says: TW075 tw_col_dot(v, x, u): x is too large for the scratch memory of its team */
MISTAKE(dot_scratch)
{
    TW_TEAM(8, 1);
    tw_rt(f32, 128, OR(256, 128), acc) x;
    tw_rv(f32, OR(256, 128), col) v;
    tw_rv(f32, 128, row) u;
    tw_zero(x);
    tw_zero(u);
    tw_col_dot(v, x, u);
    UNUSED;
}

/* says: TW076 tw_dot(x, t.rows, t.cols): needs two vectors of one axis and length */
MISTAKE(dot_axis) { float x; tw_dot(x, t.rows, OR(t.cols, t.rows)); tw_fill(t.rows, x); UNUSED; }

/* says: TW077 tw_gather(t.acc, t.turned, ...): fills a register tile from a shared tile or view */
MISTAKE(gather_source) { OR(tw_gather(t.acc, t.turned, r, c, c, r), tw_gather(t.acc, sh->wide, r, c, r, c)); UNUSED; }

/* says: TW078 tw_col_scan_shared(sh->s, ...): takes a shared f32 tile or view of a multiple of 16 rows */
MISTAKE(scan_shared) { tw_col_scan_shared(OR(sh->s, sh->wide), sum); UNUSED; }

/* says: TW083 tw_tril_inverse(t.square, part): takes a tw_rt(f32, C, C, acc), C 16, 32 or 64, and a shared */
MISTAKE(tril_dtype)
{
    tw_view(part, 32, 32, OR(sh->s, sh->wide), 0, 0);
    tw_tril_inverse(t.square, part);
    UNUSED;
}
