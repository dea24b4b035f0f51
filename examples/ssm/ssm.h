/* SPDX-License-Identifier: MIT
 *
 * Mamba-2's state-space model, per batch and head h of group h / (H / G), with the state P x N:
 *
 *     state = exp(dt A) state + dt x B^T          y = state C + D x,  times silu(z)
 *
 *   x, y, z   B x H x S x P      dt   B x H x S        b, c   B x G x S x N
 *   a, d, bias                   H, f32; a (A) below 0; d (D) with SSM_SKIP, bias with SSM_BIAS
 *   initial, final               B x H x P x N, f32: the state before the first token and behind the last
 *
 * dt is softplus(dt + bias) with SSM_SOFTPLUS, else it must not be below 0. exp(dt A) below 2^-126 is taken
 * for that. With SSM_VARLEN B is 1, the sequences follow one another along S, cu (n + 1) holds where each
 * begins, and initial and final have n states. An absent initial state (data 0, dims 0) is 0; an absent final
 * one is not written. Any sizes and strides, H a multiple of G, N up to SSM_N, S below 2^29; nothing overlaps
 * y or final. A team takes SSM_P channels of up to SSM_H heads of a group; SSM_TEAMS teams of a group are a
 * block, SSM_BLOCKS blocks a cluster. Launch a 1-D grid of (sequences) * G * W blocks, SSM_TEAMS * W =
 * ceil(H / G / SSM_H) * ceil(P / SSM_P) rounded up to whole blocks and clusters.
 *
 * Few heads leave a machine idle: the sequences may also go in `parts` parts of whole chunks, in three
 * launches. SSM_PASS states finds what the parts but the last add to the state, from 0: (sequences) * G *
 * (parts - 1) * W blocks; part p's goes to slot p + 1 of `final`, (sequences) * H x parts x P x
 * N here, and its decay's logarithm to slot p + 1 of `kept`, (sequences) * H x parts x 1. Then
 * examples/state_scan makes the states before the parts of them. SSM_PASS outputs, (sequences) * G * parts *
 * W blocks, starts each part from its slot, as `initial`. Options:
 */
#ifndef TW_EXAMPLES_SSM_H
#define TW_EXAMPLES_SSM_H

#include <tilewright.h>

#include "ssm_options.h"

TW_TEAM(SSM_ROWS, SSM_COLS, SSM_BLOCKS, SSM_TEAMS);

typedef tw_gl(SSM_DTYPE, 4) ssm_tensor;

typedef struct {
    ssm_tensor x, b, c, z, y;
    tw_gl(SSM_DTYPE, 3) dt;
    tw_gl(f32, 1) a, d, bias;
    tw_gl(f32, 4) initial, final;
    tw_gl(i32, 1) cu;
    tw_gl(f32, 3) kept; /* of SSM_PASS states */
} ssm_args;

/* What one team works on: SSM_P channels of up to SSM_H heads of one group and sequence, or of a part of it.
 */
typedef struct {
    int batch, sequence, group; /* coordinates in the tensors */
    int head, heads, all;       /* the first; how many it has; of the tensors */
    int channel;
    int part, ends;            /* of the sequence; does it leave the final states? */
    int length, first, chunks; /* tokens; the first chunk, and how many */
} ssm_work;

enum { SSM_NOWHERE = 1 << 30 }; /* behind every tensor's end: reads as 0, is not written */

TW_FN int ssm_has(const ssm_work *w, int h) { return (SSM_SHARE == 1 && h == 0) || h < w->heads; }

TW_FN int ssm_head(const ssm_work *w, int h) { return ssm_has(w, h) ? tw_natural(w->head + h) : SSM_NOWHERE; }

/* Leading coordinate of a head's state of a part. */
TW_FN int ssm_pair(const ssm_work *w, int h)
{
    return ssm_has(w, h) ? tw_natural(w->sequence * w->all + w->head + h) : SSM_NOWHERE;
}

/* Teams that share b and c, a group's, stand side by side, whole blocks and clusters of them, and on one
 * chiplet. Cuts the tensors of `g` to the team's sequence. */
TW_FN ssm_work ssm_plan(ssm_args *g)
{
    ssm_work w;
    const int groups = (int)tw_dim(g->b, 1), stretches = ((int)tw_dim(g->x, 3) + SSM_P - 1) / SSM_P;
    const int parts = (int)(SSM_STATES ? tw_dim(g->final, 1) : SSM_OUTPUTS ? tw_dim(g->initial, 1) : 1);
    const int launched = SSM_STATES ? parts - 1 : parts;
    const int place = tw_natural(tw_grid_order(1, tw_blocks(0)).col * SSM_TEAMS + tw_team);
    const int heads = tw_natural((int)tw_dim(g->x, 1) / groups),
              blocks = (heads + SSM_H - 1) / SSM_H * stretches;
    const int whole = (blocks + SSM_SHARE - 1) / SSM_SHARE * SSM_SHARE, block = place % whole;
    const int begin = block / stretches * SSM_H, part = tw_natural(place / whole / groups % launched);
    int chunks, rest;
    w.all = (int)tw_dim(g->x, 1);
    w.channel = tw_natural(block % stretches) * SSM_P;
    w.group = tw_natural(place / whole % groups);
    w.head = tw_natural(w.group * heads + begin);
    w.heads = heads - begin;
    w.part = part;
    w.sequence = tw_natural(place / whole / groups / launched);
    w.batch = SSM_VARLEN ? 0 : w.sequence;
    w.ends = SSM_STATES || part == parts - 1;
    if (SSM_VARLEN) {
        const int from = tw_read_int(g->cu, w.sequence);
        const int count = tw_read_int(g->cu, w.sequence + 1) - from;
        tw_narrow(g->x, 2, from, count);
        tw_narrow(g->b, 2, from, count);
        tw_narrow(g->c, 2, from, count);
        tw_narrow(g->z, 2, from, count);
        tw_narrow(g->y, 2, from, count);
        tw_narrow(g->dt, 2, from, count);
    }
    w.length = (int)tw_dim(g->x, 2);
    chunks = (w.length + SSM_T - 1) / SSM_T;
    rest = chunks % parts;
    w.first = tw_natural(chunks / parts * part + (part < rest ? part : rest));
    w.chunks = chunks / parts + (part < rest);
    return w;
}

#endif
