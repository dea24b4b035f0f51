/* SPDX-License-Identifier: MIT
 *
 * Meeting points of a block.
 */
#ifndef TW_ARCH_AMD_COMMON_SYNC_H
#define TW_ARCH_AMD_COMMON_SYNC_H

/* Every wave sees every other's shared writes; copies went through registers, so they are among them. */
TW_FN void tw__sync(int team_threads)
{
    (void)team_threads;
    tw__isa_barrier();
}

/* The team, here the whole block, meets; what its threads wrote to shared memory before, all read after. */
TW_FN void tw__meet(int team_threads)
{
    (void)team_threads;
    tw__isa_barrier();
}

#endif
