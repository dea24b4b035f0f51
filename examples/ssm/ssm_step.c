/* SPDX-License-Identifier: MIT
 *
 * One token of ssm for each sequence of a batch, the state updated in place: what continues a prefill, token
 * by token. A block takes SSM_P channels of one head; the state is read once and written once.
 */
#include "ssm_step.h"

typedef struct {
    tw_sv(SSM_DTYPE, SSM_N) b, c;
    tw_sv(SSM_DTYPE, SSM_P) x, gate;
} ssm_step_shared;

TW_KERNEL(ssm_step, TW_TEAM_THREADS, (ssm_step_args, g))
{
    const ssm_step_work w = ssm_step_plan(&g);
    tw_rt(f32, SSM_P, SSM_N, acc) state, seen;
    tw_rv(f32, SSM_P, row) x, y, gate;
    tw_rv(f32, SSM_N, col) b, c;
    TW_SHARED(ssm_step_shared, shared);

    tw_load(shared->b, g.b, w.batch, w.group, 0);
    tw_load(shared->c, g.c, w.batch, w.group, 0);
    tw_load(shared->x, g.x, w.batch, w.head, w.channel);
    if (SSM_GATE)
        tw_load(shared->gate, g.z, w.batch, w.head, w.channel);
    tw_load(state, g.state, w.batch, w.head, w.channel, 0);
    tw_sync();
    tw_load(x, shared->x);
    tw_load(b, shared->b);
    tw_load(c, shared->c);
    tw_map(state, old, old * w.decay);
    tw_broadcast(seen, b);
    tw_mul(seen, seen, x);
    tw_map2(state, old, seen, more, old + w.dt * more);
    tw_store(g.state, state, w.batch, w.head, w.channel, 0);
    tw_mul(seen, state, c);
    tw_row_sum(y, seen);
    if (SSM_SKIP)
        tw_map2(y, sum, x, given, sum + w.skip * given);
    if (SSM_GATE) {
        tw_load(gate, shared->gate);
        tw_map2(y, sum, gate, z, sum * tw_siluf(z));
    }
    tw_store(g.y, y, w.batch, w.head, w.channel);
}

TW_EXPORT(ssm_step, ssm_step_args, ssm_step_shared, SSM_P, SSM_N)
