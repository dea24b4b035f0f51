/* SPDX-License-Identifier: MIT
 *
 * One token of delta_rule.c's recurrence, for decoding: the state is read, moved on and written, once, and
 * stays f32 throughout. initial and final may be the same memory. A block takes DELTA_N value columns of one
 * head.
 */
#define DELTA_STEP 1
#include "delta_rule.h"

typedef struct {
    int unused;
} delta_step_shared;

TW_KERNEL(delta_rule_step, TW_TEAM_THREADS, (delta_args, g))
{
    const delta_work w = delta_plan(&g);
    const float beta = tw_read(g.betas, w.batch, w.head);
    const float kept = DELTA_GATED ? tw_exp2f(delta_log2(tw_read(g.gates, w.batch, w.head))) : 1.0f;
    tw_rt(f32, DELTA_D, DELTA_N, acc) state;
    tw_rv(f32, DELTA_D, row) q, k;
    tw_rv(f32, DELTA_N, col) v, held;

    tw_load(state, g.initial, w.batch, w.head, 0, w.column);
    tw_load(q, g.q, w.batch, w.head);
    tw_load(k, g.k, w.batch, w.head);
    tw_load(v, g.v, w.batch, w.head, 0, w.column);
    if (DELTA_GATED)
        tw_map(state, x, x * kept);
    tw_col_dot(held, state, k);
    tw_map2(v, x, held, y, beta * (x - y));
    tw_outer_add(state, k, v);
    tw_col_dot(held, state, q);
    tw_map(held, x, x * g.scale);
    tw_store(g.o, held, w.batch, w.head, 0, w.column);
    tw_store(g.final, state, w.batch, w.head, 0, w.column);
}

TW_EXPORT(delta_rule_step, delta_args, delta_step_shared, DELTA_C, DELTA_D, DELTA_N)
