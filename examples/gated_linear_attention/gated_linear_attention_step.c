/* SPDX-License-Identifier: MIT
 *
 * One token of gated_linear_attention.c's recurrence, for decoding: the state is read, moved on and written,
 * once, and stays f32 throughout. initial and final may be the same memory. A block takes GATED_N value
 * columns of one head.
 */
#define GATED_STEP 1
#include "gated_linear_attention.h"

typedef struct {
    int unused;
} gated_step_shared;

TW_KERNEL(gated_linear_attention_step, TW_TEAM_THREADS, (gated_args, g))
{
    const gated_work w = gated_plan(&g);
    tw_rt(f32, GATED_D, GATED_N, acc) state;
    tw_rv(f32, GATED_D, row) q, k, kept;
    tw_rv(f32, GATED_N, col) v, o;

    tw_load(state, g.initial, w.batch, w.head, 0, w.column);
    tw_load(kept, g.gates, w.batch, w.head);
    tw_load(q, g.q, w.batch, w.head);
    tw_load(k, g.k, w.batch, w.head);
    tw_load(v, g.v, w.batch, w.head, 0, w.column);
    tw_map(kept, x, tw_exp2f(gated_log2(x)));
    tw_mul(state, state, kept);
    tw_outer_add(state, k, v);
    tw_col_dot(o, state, q);
    tw_map(o, x, x * g.scale);
    tw_store(g.o, o, w.batch, w.head, 0, w.column);
    tw_store(g.final, state, w.batch, w.head, 0, w.column);
}

TW_EXPORT(gated_linear_attention_step, gated_args, gated_step_shared, GATED_C, GATED_D, GATED_N)
