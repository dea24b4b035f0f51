/* SPDX-License-Identifier: MIT
 *
 * One thread runs a block in order: there is nothing to wait for.
 */
#ifndef TW_ARCH_CPU_SYNC_H
#define TW_ARCH_CPU_SYNC_H

/* All copies into shared memory have landed and every wave sees every other's shared writes. */
TW_FN void tw__sync(int team_threads) { (void)team_threads; }

/* The team meets; what its threads wrote to shared memory before, all read after. */
TW_FN void tw__meet(int team_threads) { (void)team_threads; }

/* The same where an MMA or a copy engine may be among the readers. */
TW_FN void tw__publish(int team_threads) { tw__meet(team_threads); }

#endif
