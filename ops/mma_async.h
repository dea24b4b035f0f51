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
 * tw_mma_async(d, a, b, transpose_a, transpose_b)   inside TW_COMPUTE: as tw_mma, but d has the sum only
 * after tw_mma_wait, and nothing else touches it in between. a is shared, or a register tile that stays as it
 * is until then; a stage they lie in is not filled again before they have been read. tw_mma_wait(d) after the
 * pipeline, for each d
 */
#ifndef TW_OPS_MMA_ASYNC_H
#define TW_OPS_MMA_ASYNC_H

#include "mma.h"
#include "pipeline.h"

#define tw_mma_async(d, a, b, transpose_a, transpose_b)                                                      \
    TW__MMA_BY("tw_mma_async", d, a, b, transpose_a, transpose_b,                                            \
               tw__mma_async(tw__pipe_around(&tw__computing[0]), TW__REF(d), TW__REF(a), TW__REF(b),         \
                             transpose_a, transpose_b))

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
                         int transpose_b)
{
    if (d.idle)
        return;
    if (TW__TEAM_MMA && tw__pipeline_keeps(pipe) && tw__mma_by_team(d, a, b, transpose_a, transpose_b, 0, 1))
        tw__pipeline_keep(pipe);
    else
        tw__mma(d, a, b, transpose_a, transpose_b, 1, 1, pipe);
}

TW_FN void tw__mma_wait(tw__ref d)
{
    if (TW__TEAM_MMA && !d.idle)
        tw__team_mma_wait(d.data, tw__elements(d));
}

#endif
