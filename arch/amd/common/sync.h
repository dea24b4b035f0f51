/* SPDX-License-Identifier: MIT
 *
 * Meeting points of a block.
 */
#ifndef TW_ARCH_AMD_COMMON_SYNC_H
#define TW_ARCH_AMD_COMMON_SYNC_H

#include "isa_async.h"

/* Copies into shared memory have landed, and every wave sees every other's shared writes. */
TW_FN void tw__sync(int team_threads)
{
    (void)team_threads;
    tw__isa_wait_copies(0);
    tw__isa_wait_shared();
    tw__isa_barrier();
}

/* The team, here the whole block, meets; what its threads wrote to shared memory before, all read after. No
 * fence: it would wait for every copy under way. */
TW_FN void tw__meet(int team_threads)
{
    (void)team_threads;
    tw__isa_wait_shared();
    tw__isa_bare_barrier();
}

/* The same where an MMA or a copy engine may be among the readers. */
TW_FN void tw__publish(int team_threads) { tw__meet(team_threads); }

#endif
