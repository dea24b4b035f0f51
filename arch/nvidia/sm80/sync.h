/* SPDX-License-Identifier: MIT
 *
 * Meeting points of a block.
 */
#ifndef TW_ARCH_NVIDIA_SM80_SYNC_H
#define TW_ARCH_NVIDIA_SM80_SYNC_H

#include "isa.h"

/* The team, here the whole block, meets; what its threads wrote to shared memory before, all read after. */
TW_FN void tw__meet(int team_threads)
{
    (void)team_threads;
    tw__isa_barrier();
}

/* All copies into shared memory have landed and every wave sees every other's shared writes: each thread
 * waits for its own copies before the barrier tells the others. */
TW_FN void tw__sync(int team_threads)
{
    tw__isa_cp_async_commit();
    tw__isa_cp_async_wait(0);
    tw__meet(team_threads);
}

/* The same where an MMA or a copy engine may be among the readers. */
TW_FN void tw__publish(int team_threads) { tw__meet(team_threads); }

#endif
