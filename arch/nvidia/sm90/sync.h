/* SPDX-License-Identifier: MIT
 *
 * Meeting points of a team. A block may hold loader waves beside the team, so the team has a hardware
 * barrier of its own; barrier 0 is the whole block's.
 */
#ifndef TW_ARCH_NVIDIA_SM90_SYNC_H
#define TW_ARCH_NVIDIA_SM90_SYNC_H

#include "isa.h"

enum {
    TW__TEAM_BARRIER = 1,
    TW__LOADER_BARRIER = 2,
    TW__TURN_BARRIER = 3 /* and one for each further warpgroup */
};

/* The team meets; what its threads wrote to shared memory before, all read after. */
TW_FN void tw__meet(int team_threads) { tw__isa_named_barrier(TW__TEAM_BARRIER, team_threads); }

/* All threads of the cluster's blocks meet; of a single block, its threads. */
TW_FN void tw__meet_cluster(int blocks)
{
    if (blocks == 1) {
        tw__isa_barrier();
        return;
    }
    tw__isa_cluster_arrive();
    tw__isa_cluster_wait();
}

/* All copies into shared memory have landed and every wave of the team sees every other's shared writes; so
 * do wgmma and the copy engine, which look at shared memory through the async proxy. Loader waves pass. */
TW_FN void tw__sync(int team_threads)
{
    if (tw__isa_wave() * TW_LANES >= team_threads)
        return;
    tw__isa_cp_async_commit();
    tw__isa_cp_async_wait(0);
    tw__isa_fence_async_proxy();
    tw__meet(team_threads);
}

/* The same where wgmma or the copy engine, which look through the async proxy, may be among the readers. */
TW_FN void tw__publish(int team_threads)
{
    if (tw__isa_wave() * TW_LANES >= team_threads)
        return;
    tw__isa_fence_async_proxy();
    tw__meet(team_threads);
}

#endif
