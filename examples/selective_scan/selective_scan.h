/* SPDX-License-Identifier: MIT
 *
 * The selective scan (Gu and Dao, "Mamba", 2023): for every channel e a recurrence of N states over the
 * tokens,
 *
 *   dt = softplus(delta[t][e] + bias[e])
 *   h[n] = exp(dt a[e][n]) h[n] + dt b[t][n] x[t][e]
 *   y[t][e] = (sum over n of c[t][n] h[n] + skip[e] x[t][e]) * silu(z[t][e])
 *
 *   x, delta, z, y   B x L x E        b, c   B x L x N        a   E x N, f32        bias, skip   E, f32
 *   first, last      B x E x N, f32: the states before and after; first only with SELECTIVE_SCAN_FIRST, else
 * 0
 *
 * An absent bias or skip (dims of 0) is 0; softplus and z are options. With SELECTIVE_SCAN_VARLEN, B of the
 * tensors is 1, n sequences follow one another along L, cu (n + 1) holds where each begins, and first and
 * last are n x E x N. Any sizes, N up to SELECTIVE_SCAN_N, any strides; states and sums f32. last may be
 * first's memory, y that of x, delta or z; else nothing overlaps what is written.
 *
 * One pass: each tensor moves once, b and c once for every SELECTIVE_SCAN_CHANNELS channels. For decoding
 * token by token: selective_scan_step.h. Launch a 1-D grid of (sequences) * ceil(E / SELECTIVE_SCAN_CHANNELS)
 * blocks. Options here and in selective_scan_options.h:
 */
#ifndef TW_EXAMPLES_SELECTIVE_SCAN_H
#define TW_EXAMPLES_SELECTIVE_SCAN_H

#include "selective_scan_options.h"

#ifndef SELECTIVE_SCAN_FIRST
#define SELECTIVE_SCAN_FIRST 0
#endif
#ifndef SELECTIVE_SCAN_VARLEN
#define SELECTIVE_SCAN_VARLEN 0
#endif

typedef tw_gl(SELECTIVE_SCAN_DTYPE, 3) selective_scan_tensor;

typedef struct {
    selective_scan_tensor x, delta, z, b, c, y;
    tw_gl(f32, 2) a;
    tw_gl(f32, 1) bias;
    tw_gl(f32, 1) skip;
    tw_gl(f32, 3) first;
    tw_gl(f32, 3) last;
    tw_gl(i32, 1) cu;
} selective_scan_args;

/* What one block works on: channels [channel, channel + SELECTIVE_SCAN_CHANNELS) of one sequence. */
typedef struct {
    int batch, sequence; /* in the tensors by tokens; in first and last */
    int64_t channel, length;
} selective_scan_work;

/* Cuts the tensors of `g` to the block's sequence. */
TW_FN selective_scan_work selective_scan_plan(selective_scan_args *g)
{
    selective_scan_work w;
    const int parts = (int)((tw_dim(g->x, 2) + SELECTIVE_SCAN_CHANNELS - 1) / SELECTIVE_SCAN_CHANNELS);
    w.sequence = tw_block(0) / parts;
    w.batch = SELECTIVE_SCAN_VARLEN ? 0 : w.sequence;
    w.channel = (int64_t)(tw_block(0) % parts) * SELECTIVE_SCAN_CHANNELS;
    if (SELECTIVE_SCAN_VARLEN) {
        const int begin = tw_read_int(g->cu, w.sequence);
        const int count = tw_read_int(g->cu, w.sequence + 1) - begin;
        tw_narrow(g->x, 1, begin, count);
        tw_narrow(g->delta, 1, begin, count);
        tw_narrow(g->z, 1, begin, count);
        tw_narrow(g->b, 1, begin, count);
        tw_narrow(g->c, 1, begin, count);
        tw_narrow(g->y, 1, begin, count);
    }
    w.length = tw_dim(g->x, 1);
    return w;
}

#endif
