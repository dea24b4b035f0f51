/* SPDX-License-Identifier: MIT
 *
 * What an instance of selective_scan and of selective_scan_step fixes, the tiling that follows from it, and
 * the recurrence itself.
 */
#ifndef TW_EXAMPLES_SELECTIVE_SCAN_OPTIONS_H
#define TW_EXAMPLES_SELECTIVE_SCAN_OPTIONS_H

#include <tilewright.h>

#ifndef SELECTIVE_SCAN_DTYPE /* bf16 or f16: of x, delta, z, b, c and y */
#define SELECTIVE_SCAN_DTYPE bf16
#endif
#ifndef SELECTIVE_SCAN_N /* states, a multiple of 16 */
#define SELECTIVE_SCAN_N 16
#endif
#ifndef SELECTIVE_SCAN_SOFTPLUS /* 0: dt = delta + bias */
#define SELECTIVE_SCAN_SOFTPLUS 1
#endif
#ifndef SELECTIVE_SCAN_GATE
#define SELECTIVE_SCAN_GATE 1
#endif

#define SELECTIVE_SCAN_TUNE(machine, channels, tokens, rows, stages)                                         \
    enum { SELECTIVE_SCAN_CHANNELS_##machine = channels, SELECTIVE_SCAN_TOKENS_##machine = tokens };         \
    enum { SELECTIVE_SCAN_ROWS_##machine = rows, SELECTIVE_SCAN_STAGES_##machine = stages };                 \
    TW_STATIC_ASSERT(channels % (16 * rows) == 0 && tokens > 0, "selective_scan/tune.def: tile of " #machine);
#include "tune.def"

enum {
    SELECTIVE_SCAN_CHANNELS = TW_HERE(SELECTIVE_SCAN_CHANNELS_),
    SELECTIVE_SCAN_TOKENS = TW_HERE(SELECTIVE_SCAN_TOKENS_),
    SELECTIVE_SCAN_STAGES = TW_HERE(SELECTIVE_SCAN_STAGES_)
};

TW_TEAM(TW_HERE(SELECTIVE_SCAN_ROWS_), 1);

typedef tw_rt(f32, SELECTIVE_SCAN_CHANNELS, SELECTIVE_SCAN_N, acc) selective_scan_states;
typedef tw_rv(f32, SELECTIVE_SCAN_CHANNELS, row) selective_scan_channels;

/* What all tokens of a block's channels share. */
typedef struct {
    selective_scan_states rate; /* a log2(e) */
    selective_scan_channels bias, skip;
} selective_scan_model;

/* One token of them. */
typedef struct {
    selective_scan_channels x, delta, z;
    tw_rv(f32, SELECTIVE_SCAN_N, col) b, c;
} selective_scan_token;

/* The states h behind the token, and its result. */
TW_FN void selective_scan_take(selective_scan_states *h, selective_scan_channels *y,
                               const selective_scan_model *model, selective_scan_token *token)
{
    selective_scan_channels dt;
    selective_scan_states part;
    tw_add(dt, token->delta, model->bias);
    if (SELECTIVE_SCAN_SOFTPLUS)
        tw_map(dt, value, tw_softplusf(value));
    tw_mul(part, model->rate, dt);
    tw_exp2(part, part);
    tw_mul(*h, *h, part);
    tw_mul(dt, dt, token->x);
    tw_broadcast(part, token->b);
    tw_mul(part, part, dt);
    tw_add(*h, *h, part);
    tw_mul(part, *h, token->c);
    tw_row_sum(*y, part);
    tw_fma(*y, model->skip, token->x, *y);
    if (SELECTIVE_SCAN_GATE) {
        tw_silu(token->z, token->z);
        tw_mul(*y, *y, token->z);
    }
}

#endif
