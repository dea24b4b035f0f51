/* SPDX-License-Identifier: MIT
 *
 * One step of selective_scan: the definition and its shapes as there (selective_scan.h), without L.
 *
 *   x, delta, z, y   B x E        b, c   B x N        a   E x N, f32        bias, skip   E, f32
 *   state            B x E x N, f32, read and written: what selective_scan left in `last`
 *
 * Any sizes and strides, N up to SELECTIVE_SCAN_N; y may be the memory of x, delta or z. A block takes its
 * channels through several sequences, whose states and tokens move once; the channels' a, bias and skip come
 * once a block. Launch a 1-D grid of ceil(E / SELECTIVE_SCAN_CHANNELS) * groups blocks, groups from 1 to B.
 * Options as for selective_scan, without SELECTIVE_SCAN_FIRST and SELECTIVE_SCAN_VARLEN.
 */
#ifndef TW_EXAMPLES_SELECTIVE_SCAN_STEP_H
#define TW_EXAMPLES_SELECTIVE_SCAN_STEP_H

#include "selective_scan_options.h"

typedef struct {
    tw_gl(SELECTIVE_SCAN_DTYPE, 2) x, delta, z, b, c, y;
    tw_gl(f32, 2) a;
    tw_gl(f32, 1) bias, skip;
    tw_gl(f32, 3) state;
    int32_t groups; /* blocks that share the sequences of the same channels */
} selective_scan_step_args;

/* 64 states of f32 are 16 KB a stage. */
enum { SELECTIVE_SCAN_STEP_STAGES = SELECTIVE_SCAN_N > 32 ? 2 : (int)SELECTIVE_SCAN_STAGES };

/* What one block works on: SELECTIVE_SCAN_CHANNELS channels of `count` sequences from the first on. */
typedef struct {
    int64_t channel;
    int first, count;
} selective_scan_step_work;

TW_FN selective_scan_step_work selective_scan_step_plan(const selective_scan_step_args *g)
{
    selective_scan_step_work w;
    const int parts = (int)((tw_dim(g->x, 1) + SELECTIVE_SCAN_CHANNELS - 1) / SELECTIVE_SCAN_CHANNELS);
    const int batch = (int)tw_dim(g->x, 0), share = (batch + g->groups - 1) / g->groups;
    w.channel = (int64_t)(tw_block(0) % parts) * SELECTIVE_SCAN_CHANNELS;
    w.first = tw_block(0) / parts * share;
    const int left = batch - w.first;
    w.count = left < 0 ? 0 : left < share ? left : share;
    return w;
}

#endif
