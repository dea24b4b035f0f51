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
 * y or final. Launch a 1-D grid of (sequences) * H * ceil(P / SSM_P) blocks.
 *
 * Few heads leave a machine idle: the sequences may also go in `parts` parts of whole chunks, in three
 * launches. SSM_PASS states finds what the parts but the last add to the state, from 0: (sequences) * H *
 * (parts - 1) * ceil(P / SSM_P) blocks; part p's goes to slot p + 1 of `final`, (sequences) * H x parts x P x
 * N here, and its decay's logarithm to slot p + 1 of `kept`, (sequences) * H x parts x 1. Then
 * examples/state_scan makes the states before the parts of them. SSM_PASS outputs, (sequences) * H * parts *
 * ceil(P / SSM_P) blocks, starts each part from its slot, as `initial`. Options:
 */
#ifndef TW_EXAMPLES_SSM_H
#define TW_EXAMPLES_SSM_H

#include <tilewright.h>

#include "ssm_options.h"

typedef tw_gl(SSM_DTYPE, 4) ssm_tensor;

typedef struct {
    ssm_tensor x, b, c, z, y;
    tw_gl(SSM_DTYPE, 3) dt;
    tw_gl(f32, 1) a, d, bias;
    tw_gl(f32, 4) initial, final;
    tw_gl(i32, 1) cu;
    tw_gl(f32, 3) kept; /* of SSM_PASS states */
} ssm_args;

/* What one block works on: SSM_P channels of one head of one sequence, or of a part of it. */
typedef struct {
    int batch, head, group; /* coordinates in the tensors */
    int channel;
    int from, from_place, to, to_place; /* first coordinates of where its state comes from and goes to */
    int ends;                           /* does it leave its state there? */
    int length, first, chunks;          /* tokens; the first chunk, and how many */
    float rate, skip, bias;             /* A, D, what dt gets */
} ssm_work;

/* Heads that share b and c stand side by side, and on one chiplet. Cuts the tensors of `g` to the block's
 * sequence. */
TW_FN ssm_work ssm_plan(ssm_args *g)
{
    ssm_work w;
    const int heads = (int)tw_dim(g->x, 1), stretches = ((int)tw_dim(g->x, 3) + SSM_P - 1) / SSM_P;
    const int parts = (int)(SSM_STATES ? tw_dim(g->final, 1) : SSM_OUTPUTS ? tw_dim(g->initial, 1) : 1);
    const int launched = SSM_STATES ? parts - 1 : parts;
    const int place = tw_grid_order(1, tw_blocks(0)).col;
    const int head = tw_natural(place / stretches % heads);
    const int part = tw_natural(place / stretches / heads % launched);
    const int sequence = tw_natural(place / stretches / heads / launched), pair = sequence * heads + head;
    int chunks, rest;
    w.channel = tw_natural(place % stretches) * SSM_P;
    w.head = head;
    w.group = tw_natural(head / (heads / (int)tw_dim(g->b, 1)));
    w.batch = SSM_VARLEN ? 0 : sequence;
    w.from = SSM_OUTPUTS ? pair : sequence;
    w.from_place = SSM_OUTPUTS ? part : head;
    w.to = SSM_STATES ? pair : sequence;
    w.to_place = SSM_STATES ? part + 1 : head;
    w.ends = SSM_STATES || part == parts - 1;
    if (SSM_VARLEN) {
        const int begin = tw_read_int(g->cu, sequence);
        const int count = tw_read_int(g->cu, sequence + 1) - begin;
        tw_narrow(g->x, 2, begin, count);
        tw_narrow(g->b, 2, begin, count);
        tw_narrow(g->c, 2, begin, count);
        tw_narrow(g->z, 2, begin, count);
        tw_narrow(g->y, 2, begin, count);
        tw_narrow(g->dt, 2, begin, count);
    }
    w.length = (int)tw_dim(g->x, 2);
    chunks = (w.length + SSM_T - 1) / SSM_T;
    rest = chunks % parts;
    w.first = tw_natural(chunks / parts * part + (part < rest ? part : rest));
    w.chunks = chunks / parts + (part < rest);
    w.rate = tw_read(g->a, w.head);
    w.skip = SSM_SKIP ? tw_read(g->d, w.head) : 0.0f;
    w.bias = SSM_BIAS ? tw_read(g->bias, w.head) : 0.0f;
    return w;
}

#endif
