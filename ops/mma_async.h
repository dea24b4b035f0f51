/* SPDX-License-Identifier: MIT
 *
 * Sums over the steps of a pipeline that the kernel does not look at before its end: the machine may still be
 * at work on one step's while the next is started.
 *
 *     TW_PIPELINE(pipe, count) {
 *         TW_LOAD(pipe, i, st) { ... }
 *         TW_COMPUTE(pipe, i, st) { tw_mma_async(acc, st->a, st->b, 0, 1); }
 *     }
 *     tw_mma_wait(acc);
 *
 *   tw_mma_async(d, a, b, transpose_a, transpose_b)
 *       inside TW_COMPUTE: as tw_mma, but d has the sum only after tw_mma_wait, and nothing else touches it
 *       before. a is shared, or a register tile that stays as it is until then; a stage that they lie in is
 *       not filled again before it has been read.
 *   tw_mm_async(d, a, b, transpose_a, transpose_b)
 *       d = A B, whatever d held, until the next TW_ASIDE of the same step, a tw_mma that adds to d, or
 *       tw_mma_wait
 *   tw_mma_wait(d)
 *       for each d of tw_mma_async, after the pipeline, and first in a TW_ASIDE that looks at it
 *   TW_ASIDE(pipe, d, in_turn) { body }
 *       inside TW_COMPUTE, between MMAs: the body needs none, and none is under way there: d is complete, and
 *       what else has been started, in this step or before. in_turn 1: the machine may let the waves of the
 *       team multiply in turn, some having its matrix units while others are in their body. All waves of the
 *       team then pass it equally often, and do not meet in it or between two of them. 0: they go as it
 *       comes. It affects speed only.
 *
 *     tw_mm_async(s, q, st->k, 0, 1);
 *     TW_ASIDE(pipe, s, 1) { tw_mma_wait(o); ... p from s ... }
 *     tw_mma_async(o, p, st->v, 0, 0);           // under way until the next step's TW_ASIDE
 */
#ifndef TW_OPS_MMA_ASYNC_H
#define TW_OPS_MMA_ASYNC_H

#include "mma.h"
#include "pipeline.h"

#define tw_mma_async(d, a, b, transpose_a, transpose_b)                                                      \
    TW__MMA_BY("tw_mma_async", d, a, b, transpose_a, transpose_b,                                            \
               tw__mma_async(tw__pipe_around(&tw__computing[0]), TW__REF(d), TW__REF(a), TW__REF(b),         \
                             transpose_a, transpose_b, TW__MMA_FORM_OF(d, a, transpose_a, transpose_b), 1))
#define tw_mm_async(d, a, b, transpose_a, transpose_b)                                                       \
    TW__MMA_BY("tw_mm_async", d, a, b, transpose_a, transpose_b,                                             \
               tw__mma_async(tw__pipe_around(&tw__computing[0]), TW__REF(d), TW__REF(a), TW__REF(b),         \
                             transpose_a, transpose_b, TW__MMA_FORM_OF(d, a, transpose_a, transpose_b), 0))

#define TW_ASIDE(pipe, d, in_turn)                                                                           \
    for (int tw__aside = tw__enter_aside(&(pipe).state, TW__REF(d), in_turn); tw__aside;                     \
         tw__aside = tw__leave_aside(&(pipe).state, in_turn))

#define tw_mma_wait(d)                                                                                       \
    do {                                                                                                     \
        TW_STATIC_ASSERT(TW__IS_TILE(d, TW__ROLE_acc),                                                       \
                         "TW056 tw_mma_wait(" #d "): takes the acc tile that tw_mma_async adds into");       \
        tw__mma_wait(TW__REF(d));                                                                            \
    } while (0)

#ifndef TW_NATIVE_MMA_KEPT
/* A machine may keep a stage while MMAs under way read it; told in arch/nvidia/sm90/pipeline.h, which does.
 */
TW_FN int tw__pipeline_keeps(const tw__pipeline *pipe) { return (void)pipe, 0; }
TW_FN void tw__pipeline_keep(tw__pipeline *pipe) { (void)pipe; }
#endif

TW_FN void tw__mma_async(tw__pipeline *pipe, tw__ref d, tw__ref a, tw__ref b, int transpose_a,
                         int transpose_b, int form, int accumulate)
{
    if (d.idle)
        return;
    if (!TW__TEAM_MMA || !tw__pipeline_keeps(pipe) ||
        !tw__mma_by_team(d, a, b, transpose_a, transpose_b, form, accumulate, 0))
        tw__mma(d, a, b, transpose_a, transpose_b, form, accumulate, 1, pipe);
    else if (accumulate)
        tw__pipeline_keep(pipe);
}

TW_FN void tw__mma_wait(tw__ref d)
{
    if (TW__TEAM_MMA && !d.idle)
        tw__team_mma_wait(d.data, tw__elements(d));
}

#ifndef TW_NATIVE_ASIDE
/* A machine may give its waves turns; told in arch/nvidia/sm90/pipeline.h, which does. */
TW_FN void tw__aside_begin(tw__pipeline *pipe, int in_turn) { (void)pipe, (void)in_turn; }
TW_FN void tw__aside_end(const tw__pipeline *pipe, int in_turn) { (void)pipe, (void)in_turn; }
#endif

TW_FN int tw__enter_aside(tw__pipeline *pipe, tw__ref d, int in_turn)
{
    tw__aside_begin(pipe, in_turn);
    tw__mma_wait(d);
    return 1;
}

TW_FN int tw__leave_aside(const tw__pipeline *pipe, int in_turn)
{
    tw__aside_end(pipe, in_turn);
    return 0;
}

#endif
