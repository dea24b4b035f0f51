/* SPDX-License-Identifier: MIT
 *
 * The schedule of a pipeline where every wave both loads and computes. Step t of the loop runs
 * TW_LOAD(t + ahead) and TW_COMPUTE(t); the first `ahead` steps only load. One meeting of the block a step
 * serves both ends: it shows everyone the stage that has landed, and tells that the stage computed in the
 * step before may be overwritten.
 *
 * The machine's pipeline.h says, before including this:
 *   tw__ring_ahead(stages)    steps that loads run ahead of the computation
 *   tw__ring_meet(in_flight)  waits until at most the `in_flight` latest steps' loads are under way, then
 *                             meets the block
 */
#ifndef TW_ARCH_RING_H
#define TW_ARCH_RING_H

typedef struct {
    int stages, count, step;
    int load, compute;           /* this step's indexes; -1: none */
    int load_slot, compute_slot; /* and the stages they use */
    int loaders;
} tw__pipeline;

/* Nothing but the stages themselves is needed in shared memory. */
#define TW__RING_BARRIERS(stages)
#define TW__RING_BARRIERS_OF(ring) ((uint64_t *)0)
enum { TW__PRODUCER_THREADS = 0, TW__STREAMS = 0, TW__CLUSTER_BLOCKS_MAX = 1 };

TW_FN tw__pipeline tw__pipeline_make(int stages, int stage_bytes, uint64_t *barriers, int team_threads,
                                     int block_threads, int loader, int blocks)
{
    tw__pipeline pipe;
    (void)stage_bytes, (void)barriers, (void)block_threads, (void)loader, (void)blocks;
    pipe.loaders = team_threads;
    pipe.stages = stages;
    pipe.count = pipe.step = 0;
    pipe.load = pipe.compute = -1;
    pipe.load_slot = pipe.compute_slot = 0;
    return pipe;
}

TW_FN void tw__pipeline_begin(tw__pipeline *pipe, int count)
{
    pipe->count = count;
    pipe->step = -tw__ring_ahead(pipe->stages) - 1;
}

/* No copy engine: every thread of the block copies its share. */
TW_FN int tw__pipeline_loader(const tw__pipeline *pipe)
{
    (void)pipe;
    return tw__isa_wave() * TW_LANES + tw__isa_lane();
}
TW_FN int tw__pipeline_loaders(const tw__pipeline *pipe) { return pipe->loaders; }
TW_FN int tw__pipeline_stream(tw__pipeline *pipe, tw__shared_tile tile, const void *map, int parts,
                              int together, int col, int row, int plane, int volume)
{
    (void)pipe, (void)tile, (void)map, (void)parts, (void)together;
    (void)col, (void)row, (void)plane, (void)volume;
    return 0;
}

/* Returns whether there is another step. The last call meets the block, so that the ring can be reused. */
TW_FN int tw__pipeline_next(tw__pipeline *pipe)
{
    int ahead = tw__ring_ahead(pipe->stages);
    pipe->step++;
    pipe->load = pipe->step + ahead < pipe->count ? pipe->step + ahead : -1;
    pipe->compute = pipe->step >= 0 && pipe->step < pipe->count ? pipe->step : -1;
    pipe->load_slot = pipe->load % pipe->stages;
    pipe->compute_slot = pipe->compute % pipe->stages;
    if (ahead == 0)
        return pipe->step < pipe->count;
    if (pipe->step < 0)
        tw__ring_step();
    else
        tw__ring_meet(ahead - 1);
    return pipe->step < pipe->count;
}

#endif
