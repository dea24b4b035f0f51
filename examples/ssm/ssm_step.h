/* SPDX-License-Identifier: MIT
 *
 * One step of ssm: shapes as there (ssm.h), without S.
 *
 *   x, y, z   B x H x P      dt   B x H      b, c   B x G x N      a, d, bias   H, f32
 *   state     B x H x P x N, f32, read and written: what ssm left in `final`
 *
 * Any sizes and strides, H a multiple of G, N up to SSM_N; y and the state overlap nothing. Launch a 1-D grid
 * of B * H * ceil(P / SSM_P) blocks. Options as for ssm, without SSM_VARLEN.
 */
#ifndef TW_EXAMPLES_SSM_STEP_H
#define TW_EXAMPLES_SSM_STEP_H

#include "ssm_options.h"

TW_TEAM(SSM_ROWS, SSM_COLS);

typedef struct {
    tw_gl(SSM_DTYPE, 3) x, b, c, z, y;
    tw_gl(SSM_DTYPE, 2) dt;
    tw_gl(f32, 1) a, d, bias;
    tw_gl(f32, 4) state;
} ssm_step_args;

/* What one block works on: SSM_P channels of one head of one sequence. */
typedef struct {
    int batch, head, group, channel;
    float dt, decay, skip; /* decay: exp(dt A) */
} ssm_step_work;

TW_FN ssm_step_work ssm_step_plan(const ssm_step_args *g)
{
    ssm_step_work w;
    const int heads = (int)tw_dim(g->x, 1), parts = ((int)tw_dim(g->x, 2) + SSM_P - 1) / SSM_P;
    const int pair = tw_block(0) / parts;
    w.channel = tw_block(0) % parts * SSM_P;
    w.head = pair % heads;
    w.batch = pair / heads;
    w.group = w.head / (heads / (int)tw_dim(g->b, 1));
    w.dt = ssm_dt(tw_read(g->dt, w.batch, w.head), SSM_BIAS ? tw_read(g->bias, w.head) : 0.0f);
    w.decay = tw_exp2f(ssm_rate(w.dt, tw_read(g->a, w.head)));
    w.skip = SSM_SKIP ? tw_read(g->d, w.head) : 0.0f;
    return w;
}

#endif
