/* SPDX-License-Identifier: MIT
 *
 * One warpgroup beside the team loads, the team computes. Each stage has two mbarriers: `full` completes
 * when the stage's bytes have landed, `empty` when every wave of the team has let go of it. The loaders'
 * first thread feeds the copy engine (TMA); a tensor without a map is copied by all loaders with cp.async.
 *
 * In a cluster each block brings a part of the tiles that all of them load, to all of them. A stage may then
 * be filled when the teams of all blocks have let go of theirs, so `empty` counts every block's waves. The
 * blocks meet when the barriers have been made, and before any of them ends (kernel.h).
 *
 * A kernel launched with the team's threads alone has no loaders: the team then loads for itself, stages - 1
 * steps ahead, as on sm80.
 */
#ifndef TW_ARCH_NVIDIA_SM90_PIPELINE_H
#define TW_ARCH_NVIDIA_SM90_PIPELINE_H

#include "../../shared.h"
#include "isa.h"
#include "sync.h"

#define TW__RING_BARRIERS(stages)  uint64_t tw__barriers[2 * (stages)];
#define TW__RING_BARRIERS_OF(ring) ((ring).tw__barriers)
/* "Cluster of cooperative thread arrays": 8 blocks are what every sm_90 device takes. */
enum { TW__PRODUCER_THREADS = 4 * TW_LANES, TW__STREAMS = 1, TW__CLUSTER_BLOCKS_MAX = 8 };

typedef struct {
    int stages, count, step, ahead;
    int load, compute; /* this step's indexes; -1: none, or not this thread's business */
    int load_slot, compute_slot;
    int parity; /* of the ring's current round, 0 in the first */
    int slot;   /* of the current step; it goes on over successive pipelines */
    int by_hand,
        bytes; /* this step's loads so far: did any take cp.async; bytes the copy engine will bring */
    int loads, computes, paired; /* what this thread does; are there loaders */
    int kept, keeps;             /* slot that MMAs under way still read, -1: none; did this step start any */
    int turns;                   /* has this pipeline had a TW_ASIDE in turn */
    int loader, loaders, team_threads;
    int blocks; /* of the cluster */
    uint64_t *full, *empty;
} tw__pipeline;

TW_FN tw__pipeline tw__pipeline_make(int stages, int stage_bytes, uint64_t *barriers, int team_threads,
                                     int block_threads, int loader, int blocks)
{
    int thread = tw__isa_wave() * TW_LANES + tw__isa_lane();
    tw__pipeline pipe;
    (void)stage_bytes;
    pipe.stages = stages;
    pipe.count = pipe.step = pipe.parity = pipe.slot = pipe.by_hand = pipe.bytes = 0;
    pipe.load = pipe.compute = -1;
    pipe.load_slot = pipe.compute_slot = pipe.keeps = 0;
    pipe.kept = -1;
    pipe.turns = 0;
    pipe.paired = block_threads > team_threads;
    pipe.loads = !pipe.paired || loader;
    pipe.computes = !pipe.paired || !loader;
    pipe.ahead = pipe.paired ? 0 : stages - 1;
    pipe.loader = pipe.paired ? thread - team_threads : thread;
    pipe.loaders = pipe.paired ? block_threads - team_threads : team_threads;
    pipe.team_threads = team_threads;
    pipe.blocks = blocks;
    pipe.full = barriers;
    pipe.empty = barriers + stages;
    if (pipe.paired) {
        if (thread == 0) {
            for (int s = 0; s < stages; s++) {
                tw__isa_mbarrier_init(&pipe.full[s], 1);
                tw__isa_mbarrier_init(&pipe.empty[s], team_threads / TW_LANES * blocks);
            }
            tw__isa_mbarrier_init_fence();
        }
        tw__meet_cluster(blocks); /* nobody touches a barrier before it is made */
    }
    return pipe;
}

TW_FN void tw__pipeline_begin(tw__pipeline *pipe, int count)
{
    pipe->count = count;
    pipe->step = -pipe->ahead - 1;
    pipe->load = pipe->compute = -1;
}

TW_FN int tw__pipeline_loader(const tw__pipeline *pipe) { return pipe->loader; }
TW_FN int tw__pipeline_loaders(const tw__pipeline *pipe) { return pipe->loaders; }

/* Part `part` of a tile, its rows in order, by one thread. */
TW_FN void tw__pipeline_part(tw__pipeline *pipe, tw__shared_tile tile, const void *map, int parts,
                             int together, int part, int col, int row, int plane, int volume)
{
    int panel = tw__panel_bytes(tile.cols * tw__bytes(tile.dtype)),
        panel_cols = panel / tw__bytes(tile.dtype);
    int first = part * (tile.rows / parts);
    uint16_t blocks = (uint16_t)(together ? (1 << pipe->blocks) - 1 : 1 << tw__isa_cluster_rank());
    uint64_t *full = &pipe->full[pipe->load_slot];
    TW_UNROLL
    for (int c = 0; c < tile.cols; c += panel_cols) {
        char *to = tile.base + c / panel_cols * panel * tile.rows + first * panel;
        if (parts == 1)
            tw__isa_tma_load(to, map, col + c, row, plane, volume, full);
        else
            tw__isa_tma_load_multicast(to, map, col + c, row + first, plane, volume, full, blocks);
    }
}

/* A whole tile by the copy engine, one box for each panel of each of its `parts` parts; of several parts,
 * block r of the cluster brings the r-th to all blocks if they load `together`. 0: this thread has to copy
 * its share by hand. */
TW_FN int tw__pipeline_stream(tw__pipeline *pipe, tw__shared_tile tile, const void *map, int parts,
                              int together, int col, int row, int plane, int volume)
{
    if (!pipe->paired || map == 0) {
        pipe->by_hand = 1;
        return 0;
    }
    pipe->bytes += tile.rows * tile.cols * tw__bytes(tile.dtype);
    if (pipe->loader == 0) {
        if (pipe->step == 0) /* the first load by this map, as far as this pipeline knows */
            tw__isa_tma_acquire(map);
        TW_UNROLL
        for (int part = 0; part < parts; part++)
            if (parts == 1 || !together || part == tw__isa_cluster_rank())
                tw__pipeline_part(pipe, tile, map, parts, together, part, col, row, plane, volume);
    }
    return 1;
}

/* The loads of this step have been issued: whoever waits for `full` waits for all their bytes. */
TW_FN void tw__pipeline_loaded(tw__pipeline *pipe)
{
    if (pipe->by_hand) { /* wgmma reads through the async proxy: each writer fences before it reports */
        tw__isa_cp_async_commit();
        tw__isa_cp_async_wait(0);
        tw__isa_fence_async_proxy();
        tw__isa_named_barrier(TW__LOADER_BARRIER, pipe->loaders);
    }
    if (pipe->loader == 0)
        tw__isa_mbarrier_expect(&pipe->full[pipe->load_slot], pipe->bytes);
    pipe->by_hand = pipe->bytes = 0;
}

/* This wave reads the stage no more. */
TW_FN void tw__pipeline_release(tw__pipeline *pipe, int slot)
{
    tw__isa_wave_barrier();
    if (pipe->blocks > 1) {
        if (tw__isa_lane() < pipe->blocks) /* a lane for each block */
            tw__isa_mbarrier_arrive_remote(&pipe->empty[slot], tw__isa_lane());
    } else if (tw__isa_lane() == 0) {
        tw__isa_mbarrier_arrive(&pipe->empty[slot]);
    }
}

/* This step's MMAs are under way as one group: those of the step before are awaited, and its stage let go,
 * while the machine works on them. */
#define TW_NATIVE_MMA_KEPT
TW_FN int tw__pipeline_keeps(const tw__pipeline *pipe) { return pipe->paired; }
TW_FN void tw__pipeline_keep(tw__pipeline *pipe)
{
    tw__isa_wgmma_wait(1);
    if (pipe->kept >= 0 && pipe->kept != pipe->compute_slot)
        tw__pipeline_release(pipe, pipe->kept);
    pipe->kept = pipe->compute_slot;
    pipe->keeps = 1;
}

/* No MMA is under way any more, and what they read is let go. */
TW_FN void tw__pipeline_settle(tw__pipeline *pipe)
{
    if (pipe->kept >= 0) {
        tw__isa_wgmma_wait(0);
        tw__pipeline_release(pipe, pipe->kept);
    }
    pipe->kept = -1;
}

/* The team is through with the step's TW_COMPUTE. */
TW_FN void tw__pipeline_computed(tw__pipeline *pipe)
{
    if (!pipe->keeps) {
        tw__pipeline_settle(pipe);
        tw__pipeline_release(pipe, pipe->compute_slot);
    }
    pipe->keeps = 0;
}

/* ---- turns: one warpgroup multiplies while the others compute ----
 *
 * Warpgroup w has the turn from the end of a TW_ASIDE to the beginning of its next one, and hands it on to w
 * + 1. Nobody has one before its first TW_ASIDE: what the first of the warpgroups hands on is then not
 * needed, only the last's is, for which the first waits. In return the last has nothing to hand on when the
 * pipeline ends. */
TW_FN int tw__turn_groups(const tw__pipeline *pipe) { return pipe->team_threads / (4 * TW_LANES); }

TW_FN void tw__turn_pass(const tw__pipeline *pipe, int also_last, int also_others)
{
    int group = tw__isa_wave() / 4, last = tw__turn_groups(pipe) - 1;
    if (group == last ? also_last : also_others)
        tw__isa_named_arrive(TW__TURN_BARRIER + (group == last ? 0 : group + 1), 2 * 4 * TW_LANES);
}

/* The turn goes on while this step's product is under way; then all MMAs of this thread are over, and what
 * those of the step before read is let go. One wait for both: behind a wait for the older alone, and a
 * branch, ptxas 13.0 takes the older's accumulators for still under way (C7514). */
#define TW_NATIVE_ASIDE
TW_FN void tw__aside_begin(tw__pipeline *pipe, int in_turn)
{
    if (in_turn && pipe->paired && tw__turn_groups(pipe) > 1) {
        tw__turn_pass(pipe, 1, pipe->turns);
        pipe->turns = 1;
    }
    tw__isa_wgmma_wait(0);
    if (pipe->kept >= 0 && pipe->kept != pipe->compute_slot)
        tw__pipeline_release(pipe, pipe->kept);
    pipe->kept = -1;
    pipe->keeps = 0;
}

TW_FN void tw__aside_end(const tw__pipeline *pipe, int in_turn)
{
    if (in_turn && pipe->paired && tw__turn_groups(pipe) > 1)
        tw__isa_named_barrier(TW__TURN_BARRIER + tw__isa_wave() / 4, 2 * 4 * TW_LANES);
}

TW_FN int tw__pipeline_next_paired(tw__pipeline *pipe)
{
    if (pipe->load >= 0)
        tw__pipeline_loaded(pipe);
    if (pipe->compute >= 0)
        tw__pipeline_computed(pipe);
    pipe->step++;
    if (pipe->step >= pipe->count) {
        if (pipe->computes) {
            tw__pipeline_settle(pipe);
            if (pipe->turns)
                tw__turn_pass(pipe, 0, 1);
            pipe->turns = 0;
            tw__meet(pipe->team_threads);
        }
        return 0;
    }
    pipe->load = pipe->loads ? pipe->step : -1;
    pipe->compute = pipe->computes ? pipe->step : -1;
    pipe->load_slot = pipe->compute_slot = pipe->slot;
    if (pipe->loads) {
        tw__isa_mbarrier_wait(&pipe->empty[pipe->slot], pipe->parity ^ 1);
        /* A parity tells only neighbouring phases apart: no loader may fill the stage, so that the team lets
         * go of it once more, while another has not seen it empty. */
        tw__isa_named_barrier(TW__LOADER_BARRIER, pipe->loaders);
    } else {
        tw__isa_mbarrier_wait(&pipe->full[pipe->slot], pipe->parity);
    }
    pipe->slot++;
    if (pipe->slot == pipe->stages) {
        pipe->slot = 0;
        pipe->parity ^= 1;
    }
    return 1;
}

/* As arch/ring.h; the fence is for wgmma, which reads what cp.async wrote. */
TW_FN int tw__pipeline_next_alone(tw__pipeline *pipe)
{
    pipe->step++;
    pipe->load = pipe->step + pipe->ahead < pipe->count ? pipe->step + pipe->ahead : -1;
    pipe->compute = pipe->step >= 0 && pipe->step < pipe->count ? pipe->step : -1;
    pipe->load_slot = pipe->load % pipe->stages;
    pipe->compute_slot = pipe->compute % pipe->stages;
    tw__isa_cp_async_commit();
    if (pipe->step >= 0) {
        tw__isa_cp_async_wait(pipe->ahead - 1);
        tw__isa_fence_async_proxy();
        tw__meet(pipe->team_threads);
    }
    return pipe->step < pipe->count;
}

/* Returns whether there is another step. After the last the team has met. */
TW_FN int tw__pipeline_next(tw__pipeline *pipe)
{
    return pipe->paired ? tw__pipeline_next_paired(pipe) : tw__pipeline_next_alone(pipe);
}

#endif
