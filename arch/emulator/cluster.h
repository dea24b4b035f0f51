/* SPDX-License-Identifier: MIT
 *
 * Clusters, executed by the emulator (PTX ISA, "Cluster of cooperative thread arrays", "mapa",
 * "barrier.cluster"): how a lane reaches the shared memory of another block, and the barrier of them all.
 *
 * Shared memory goes with its block: what reaches for a block that has ended is reported, whether or not the
 * hardware would have handed that memory to another block by then.
 */
#ifndef TW_ARCH_EMULATOR_CLUSTER_H
#define TW_ARCH_EMULATOR_CLUSTER_H

#include "mbarrier.h"

TW_FN int tw__isa_cluster_rank(void) { return tw__emu_lane_state->block->rank; }

TW_FN int tw__isa_cluster_size(void) { return tw__emu_lane_state->block->cluster->blocks; }

/* The lane's counterpart in block `rank` of its cluster: in its name that block's shared memory is reached.
 */
TW__EMU_FUNCTION tw__emu_lane *tw__emu_peer(tw__emu_lane *lane, int rank, const char *what)
{
    tw__emu_cluster *cluster = lane->block->cluster;
    tw__emu_block *block;
    if (rank < 0 || rank >= cluster->blocks)
        tw__emu_fail_at(lane, "%s: block %d of a cluster of %d", what, rank, cluster->blocks);
    block = &cluster->block[rank];
    if (block->returned == block->waves)
        tw__emu_fail_at(
            lane,
            "%s: block %d of the cluster has ended; the blocks must meet at the cluster's barrier "
            "before any of them ends",
            what, rank);
    return &block->wave[lane->wave->index].lane[lane->index];
}

/* "mapa": the same place in the shared memory of the peer's block. */
static inline char *tw__emu_peer_shared(const tw__emu_lane *lane, const tw__emu_lane *peer,
                                        const void *shared)
{
    return peer->block->shared + ((const char *)shared - lane->block->shared);
}

/* mapa, mbarrier.arrive: on the barrier at the same place in block `rank` of the cluster. */
TW_FN void tw__isa_mbarrier_arrive_remote(void *bar, int rank)
{
    static const char what[] = "mbarrier.arrive in the cluster";
    tw__emu_lane *lane = tw__emu_enter(), *peer = tw__emu_peer(lane, rank, what);
    tw__emu_mbarrier_arrive(lane, peer, tw__emu_peer_shared(lane, peer, bar), 0, what);
}

/* ---- the cluster's barrier; threads that have exited are not waited for ---- */

TW__EMU_FUNCTION void tw__emu_cluster_arrive_op(void *const args[])
{
    tw__emu_lane *lane = tw__emu_lane_state;
    tw__emu_cluster *cluster = lane->block->cluster;
    (void)args;
    if (lane->wave->at_cluster_barrier)
        tw__emu_fail_at(lane, "barrier.cluster.arrive: the wave arrived before and has not waited since");
    lane->wave->at_cluster_barrier = 1;
    lane->wave->cluster_barriers = cluster->barriers;
    cluster->arrived++;
    tw__emu_settle(&lane->wave->times);
    tw__emu_publish(&cluster->met, &lane->wave->times);
    tw__emu_cluster_meet(cluster);
}

TW__EMU_FUNCTION int tw__emu_cluster_ready(const void *arg)
{
    const tw__emu_wave *wave = (const tw__emu_wave *)arg;
    return wave->lane[0].block->cluster->barriers != wave->cluster_barriers;
}

TW__EMU_FUNCTION void tw__emu_cluster_describe(const void *arg, char *text, size_t bytes)
{
    const tw__emu_cluster *cluster = ((const tw__emu_wave *)arg)->lane[0].block->cluster;
    snprintf(text, bytes, "the cluster's barrier (%d of %d waves have come)", cluster->arrived,
             cluster->waves - cluster->waves_gone);
}

TW__EMU_FUNCTION void tw__emu_cluster_wait_op(void *const args[])
{
    tw__emu_lane *lane = tw__emu_lane_state;
    tw__emu_wait wait;
    (void)args;
    if (!lane->wave->at_cluster_barrier)
        tw__emu_fail_at(lane, "barrier.cluster.wait: the wave has not arrived");
    wait.ready = tw__emu_cluster_ready;
    wait.describe = tw__emu_cluster_describe;
    wait.arg = lane->wave;
    tw__emu_wait_wave(&wait);
    tw__emu_take_over(&lane->wave->times, &lane->block->cluster->met);
    lane->wave->at_cluster_barrier = 0;
}

/* barrier.cluster.arrive: by all lanes of the wave. */
TW_FN void tw__isa_cluster_arrive(void)
{
    tw__emu_collective(tw__emu_cluster_arrive_op, NULL, "barrier.cluster.arrive");
}

/* barrier.cluster.wait: until all threads of all blocks of the cluster have arrived. */
TW_FN void tw__isa_cluster_wait(void)
{
    tw__emu_collective(tw__emu_cluster_wait_op, NULL, "barrier.cluster.wait");
}

#endif
