/* SPDX-License-Identifier: MIT
 *
 * The kernel of test_softmax.c: three partial softmaxes over runs of score tiles, merged from the left or
 * from the right. o is the sum of the tiles' probabilities, element by element.
 */
#include <tilewright.h>

enum { ROWS = 64, COLS = 32, PARTS = 3 };

typedef struct {
    tw_gl(f32, 2) scores; /* R x tiles * COLS */
    tw_gl(f32, 2) o;      /* R x COLS */
    tw_gl(f32, 1) lse;    /* R */
    float scale;
    int32_t cut[PARTS + 1]; /* part p takes tiles cut[p] .. cut[p + 1] - 1 */
    int32_t from_right;
} softmax_parts_args;

TW_TEAM(2, 1);

typedef struct {
    int32_t none;
} softmax_parts_shared;

TW_KERNEL(softmax_parts, TW_TEAM_THREADS, (softmax_parts_args, g))
{
    tw_rt(f32, ROWS, COLS, acc) s;
    tw_rt(f32, ROWS, COLS, acc) o[PARTS];
    tw_softmax_state(ROWS) row[PARTS];
    const int64_t row0 = (int64_t)tw_block(0) * ROWS;

    TW_UNROLL
    for (int part = 0; part < PARTS; part++) {
        tw_zero(o[part]);
        tw_softmax_init(row[part]);
        for (int i = g.cut[part]; i < g.cut[part + 1]; i++) {
            tw_load(s, g.scores, row0, (int64_t)i * COLS);
            tw_softmax_step(row[part], s, o[part], g.scale);
            tw_add(o[part], o[part], s);
        }
    }
    if (g.from_right) {
        tw_softmax_merge(row[1], o[1], row[2], o[2]);
        tw_softmax_merge(row[0], o[0], row[1], o[1]);
    } else {
        tw_softmax_merge(row[0], o[0], row[1], o[1]);
        tw_softmax_merge(row[0], o[0], row[2], o[2]);
    }
    tw_softmax_finish(row[0], o[0]);
    tw_store(g.o, o[0], row0, 0);
    tw_store(g.lse, row[0], row0);
}

TW_EXPORT(softmax_parts, softmax_parts_args, softmax_parts_shared, ROWS, COLS)
