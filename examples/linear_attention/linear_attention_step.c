/* SPDX-License-Identifier: MIT
 *
 * One token of linear_attention.c's recurrence, for decoding: the state is read, moved on and written, once,
 * and stays f32 throughout. initial and final may be the same memory. A block takes LINEAR_N value columns of
 * one head.
 */
#define LINEAR_STEP 1
#include "linear_attention.h"

typedef struct {
    int unused;
} linear_step_shared;

TW_KERNEL(linear_attention_step, TW_TEAM_THREADS, (linear_args, g))
{
    const linear_work w = linear_plan(&g);
    const int width = (int)tw_dim(g.q, 3);
    const linear_gate gate = linear_step_gate(&g, w);
    tw_rt(f32, LINEAR_D, LINEAR_N, acc) state;
    tw_rv(f32, LINEAR_D, row) q, k, z;
    tw_rv(f32, LINEAR_N, col) v, o;
    tw_rv(f32, LINEAR_C, row) m;
    float den = 1.0f;

    tw_load(state, g.initial, w.batch, w.head, 0, w.column);
    tw_load(q, g.q, w.batch, w.head);
    tw_load(k, g.k, w.batch, w.head);
    tw_load(v, g.v, w.batch, w.head, 0, w.column);
    tw_map_at(q, x, r, c, c < width ? LINEAR_FEATURE(x) : 0.0f);
    tw_map_at(k, x, r, c, c < width ? LINEAR_FEATURE(x) : 0.0f);
    tw_map(k, x, x * gate.input);
    tw_map(state, x, x * gate.kept);
    tw_outer_add(state, k, v);
    tw_col_dot(o, state, q);
    if (LINEAR_DIVIDED) {
        tw_load(z, g.initial_z, w.batch, w.head);
        tw_map2(z, x, k, y, x * gate.kept + y);
        tw_dot(den, q, z);
        den = linear_reciprocal(den * g.scale, -gate.m);
    }
    tw_map(o, x, x * g.scale * den);
    tw_store(g.o, o, w.batch, w.head, 0, w.column);
    tw_store(g.final, state, w.batch, w.head, 0, w.column);
    if (LINEAR_DIVIDED && w.column == 0)
        tw_store(g.final_z, z, w.batch, w.head);
    if (LINEAR_EXP_INPUT && w.column == 0) {
        tw_fill(m, gate.m * TW_LN_2);
        tw_store(g.final_m, m, w.batch, w.head);
    }
}

TW_EXPORT(linear_attention_step, linear_args, linear_step_shared, LINEAR_C, LINEAR_D, LINEAR_N)
