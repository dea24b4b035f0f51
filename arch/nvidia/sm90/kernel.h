/* SPDX-License-Identifier: MIT
 *
 * A block with loader waves enters the body twice, each role in its own branch with its own share of the
 * registers; see common/kernel.h for the rest.
 */
#ifndef TW_ARCH_NVIDIA_SM90_KERNEL_H
#define TW_ARCH_NVIDIA_SM90_KERNEL_H

#include "isa.h"
#include "sync.h"

/* No block may end while another of its cluster reaches for its shared memory. */
#define TW__LEAVE_CLUSTER(blocks) tw__leave_cluster(blocks)

TW_FN void tw__leave_cluster(int blocks)
{
    if (blocks > 1)
        tw__meet_cluster(blocks);
}

#if !TW_EMULATED

/* Known at compile time, so that <<<>>> launches clusters as well. A cluster of one is what every launch is;
 * the code is the same to the byte. */
#define TW__LAUNCHED(block_threads)                                                                          \
    __cluster_dims__(tw_cluster_blocks, 1, 1) __launch_bounds__(block_threads, 1)

#define TW__ENTER(name, block_threads, g)                                                                    \
    if ((block_threads) > TW_TEAM_THREADS && tw__isa_wave() >= TW_TEAM_THREADS / TW_LANES)                   \
        tw__enter_loader(block_threads), name##_body(g, block_threads, 1);                                   \
    else                                                                                                     \
        tw__enter_team(block_threads, TW_TEAM_THREADS), name##_body(g, block_threads, 0), TW__LEAVE()

/* Registers of the two roles: loader + waves of the team fill the 64 K of an SM. A block of one warpgroup and
 * its loaders has 255 for everyone. */
TW_FN void tw__enter_loader(int block_threads)
{
    if (block_threads == 384)
        tw__isa_setmaxnreg_dec(72);
    else if (block_threads == 512)
        tw__isa_setmaxnreg_dec(56);
}

TW_FN void tw__enter_team(int block_threads, int team_threads)
{
    __builtin_assume(tw__isa_wave() < team_threads / TW_LANES);
    if (block_threads == 384 && team_threads < 384)
        tw__isa_setmaxnreg_inc(216);
    else if (block_threads == 512 && team_threads < 512)
        tw__isa_setmaxnreg_inc(152);
}

#endif

#include "../common/kernel.h"

#endif
