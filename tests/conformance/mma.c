/* SPDX-License-Identifier: MIT
 *
 * Conformance of the MMAs: out = z + op(x) op(y), CONFORM_DEPTH of the contraction at a time. numbers: 0
 * length of the contraction, 1 whether A and 2 whether B is transposed in memory.
 *
 *   CONFORM_DEPTH   a multiple of 16
 */
#include "mma.h"
#include "kernel.h"

#ifndef CONFORM_DEPTH
#define CONFORM_DEPTH 16
#endif

typedef struct {
    union {
        tw_st(CONFORM_DTYPE, CONFORM_ROWS, CONFORM_DEPTH) plain;
        tw_st(CONFORM_DTYPE, CONFORM_DEPTH, CONFORM_ROWS) turned;
        tw_st(CONFORM_DTYPE, CONFORM_ROWS + MMA_VIEW_ROW, CONFORM_DEPTH + MMA_VIEW_COL) large;
        tw_st(CONFORM_DTYPE, CONFORM_DEPTH + MMA_VIEW_ROW, CONFORM_ROWS + MMA_VIEW_COL) large_turned;
    } a;
    union {
        tw_st(CONFORM_DTYPE, CONFORM_DEPTH, CONFORM_COLS) plain;
        tw_st(CONFORM_DTYPE, CONFORM_COLS, CONFORM_DEPTH) turned;
        tw_st(CONFORM_DTYPE, CONFORM_DEPTH + MMA_VIEW_ROW, CONFORM_COLS + MMA_VIEW_COL) large;
        tw_st(CONFORM_DTYPE, CONFORM_COLS + MMA_VIEW_ROW, CONFORM_DEPTH + MMA_VIEW_COL) large_turned;
    } b;
    tw_passage(CONFORM_DTYPE, CONFORM_ROWS, CONFORM_DEPTH) via_a;
    tw_passage(CONFORM_DTYPE, CONFORM_COLS, CONFORM_DEPTH) via_b;
} mma_shared;

typedef tw_rt(CONFORM_DTYPE, CONFORM_ROWS, CONFORM_DEPTH, a) tile_a;
typedef tw_rt(CONFORM_DTYPE, CONFORM_DEPTH, CONFORM_COLS, b) tile_b;
typedef tw_rt(f32, CONFORM_ROWS, CONFORM_COLS, acc) tile_sum;

/* One step's operands into shared memory, as tiles of their own or in the middle of larger ones. */
TW_FN void stage(mma_shared *s, const conform_args *g, int64_t row, int64_t col, int64_t k)
{
    if (g->op >= MMA_view_AB && g->op <= MMA_view_AtBt) {
        if (g->number[1])
            tw_load(s->a.large_turned, g->x.CONFORM_DTYPE, k - MMA_VIEW_ROW, row - MMA_VIEW_COL);
        else
            tw_load(s->a.large, g->x.CONFORM_DTYPE, row - MMA_VIEW_ROW, k - MMA_VIEW_COL);
        if (g->number[2])
            tw_load(s->b.large_turned, g->y.CONFORM_DTYPE, col - MMA_VIEW_ROW, k - MMA_VIEW_COL);
        else
            tw_load(s->b.large, g->y.CONFORM_DTYPE, k - MMA_VIEW_ROW, col - MMA_VIEW_COL);
    } else {
        if (g->number[1])
            tw_load(s->a.turned, g->x.CONFORM_DTYPE, k, row);
        else
            tw_load(s->a.plain, g->x.CONFORM_DTYPE, row, k);
        if (g->number[2])
            tw_load(s->b.turned, g->y.CONFORM_DTYPE, col, k);
        else
            tw_load(s->b.plain, g->y.CONFORM_DTYPE, k, col);
    }
}

TW_FN void multiply(tile_sum *d, const tile_a *a, const tile_b *b, mma_shared *s, int op)
{
    tw_view(a_plain, CONFORM_ROWS, CONFORM_DEPTH, s->a.large, MMA_VIEW_ROW, MMA_VIEW_COL);
    tw_view(a_turned, CONFORM_DEPTH, CONFORM_ROWS, s->a.large_turned, MMA_VIEW_ROW, MMA_VIEW_COL);
    tw_view(b_plain, CONFORM_DEPTH, CONFORM_COLS, s->b.large, MMA_VIEW_ROW, MMA_VIEW_COL);
    tw_view(b_turned, CONFORM_COLS, CONFORM_DEPTH, s->b.large_turned, MMA_VIEW_ROW, MMA_VIEW_COL);
    switch (op) {
    case MMA_registers_AB: tw_mma_AB(*d, *a, *b); break;
    case MMA_register_shared_AB: tw_mma_AB(*d, *a, s->b.plain); break;
    case MMA_register_shared_ABt: tw_mma_ABt(*d, *a, s->b.turned); break;
    case MMA_shared_register_AB: tw_mma_AB(*d, s->a.plain, *b); break;
    case MMA_shared_register_AtB: tw_mma_AtB(*d, s->a.turned, *b); break;
    case MMA_shared_AB: tw_mma_AB(*d, s->a.plain, s->b.plain); break;
    case MMA_shared_ABt: tw_mma_ABt(*d, s->a.plain, s->b.turned); break;
    case MMA_shared_AtB: tw_mma_AtB(*d, s->a.turned, s->b.plain); break;
    case MMA_shared_AtBt: tw_mma_AtBt(*d, s->a.turned, s->b.turned); break;
    case MMA_view_AB: tw_mma(*d, a_plain, b_plain, 0, 0); break;
    case MMA_view_ABt: tw_mma(*d, a_plain, b_turned, 0, 1); break;
    case MMA_view_AtB: tw_mma(*d, a_turned, b_plain, 1, 0); break;
    case MMA_view_AtBt: tw_mma(*d, a_turned, b_turned, 1, 1); break;
    }
}

/* The same with accumulators as operands (ops/pass.h). */
TW_FN void pass(tile_sum *d, mma_shared *s, const conform_args *g, int64_t row, int64_t col, int64_t k)
{
#if MMA_PASSES(CONFORM_COLS, CONFORM_DEPTH, CONFORM_TEAM_ROWS, CONFORM_TEAM_COLS)
    if (g->op == MMA_passed_A) {
        tw_rt(f32, CONFORM_ROWS, CONFORM_DEPTH, acc) a;
        tw_load(a, g->x.CONFORM_DTYPE, row, k);
        tw_pass(s->via_a, a);
        tw_meet();
        tw_mma_passed_A(*d, a, s->via_a, s->b.plain);
    } else if (g->op == MMA_passed_Bt) {
        tw_rt(f32, CONFORM_COLS, CONFORM_DEPTH, acc) b;
        tile_sum product;
        tw_load(b, g->y.CONFORM_DTYPE, col, k);
        tw_pass(s->via_b, b);
        tw_meet();
        tw_mm_passed_Bt(product, s->a.plain, b, s->via_b);
        tw_add(*d, *d, product);
    }
#else
    (void)d, (void)s, (void)g, (void)row, (void)col, (void)k;
#endif
}

TW_KERNEL(conform_mma, TW_TEAM_THREADS, (conform_args, g))
{
    const int64_t row = CONFORM_ROW_AT(g), col = CONFORM_COL_AT(g);
    tile_sum d;
    tile_a a;
    tile_b b;
    TW_SHARED(mma_shared, shared);

    tw_load(d, g.z.f32, row, col);
    for (int64_t k = 0; k < g.number[0]; k += CONFORM_DEPTH) {
        stage(shared, &g, row, col, k);
        tw_load(a, g.x.CONFORM_DTYPE, row, k); /* of use only where the operand is in registers */
        tw_load(b, g.y.CONFORM_DTYPE, k, col);
        tw_sync();
        multiply(&d, &a, &b, shared, (int)g.op);
        pass(&d, shared, &g, row, col, k);
        tw_sync();
    }
    tw_store(g.out.f32, d, row, col);
}

TW_EXPORT(conform_mma, conform_args, mma_shared, CONFORM_ROWS, CONFORM_COLS)
