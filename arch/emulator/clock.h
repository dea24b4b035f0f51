/* SPDX-License-Identifier: MIT
 *
 * Who has seen whose work: vector clocks (Mattern, "Virtual time and global states of distributed systems",
 * 1989; used per memory place as in Flanagan and Freund, "FastTrack", PLDI 2009).
 *
 * An agent is whoever works on shared memory in its own time: the waves of a block, what lands by itself
 * (copies counted by an mbarrier, a CDNA wave's copies past its registers), the warpgroups' wgmma. Each has a
 * time that grows; an access is stamped with its agent's time. A clock says for every agent up to which time
 * its work is seen. A meeting (barrier, mbarrier) has a clock that those who arrive join theirs into and
 * those who go on take over: then, and only then, has one agent seen what another did.
 *
 * A wave publishes its time as far as its work is settled. Times never begin again, so a block need not
 * forget what an earlier block did to the same memory.
 */
#ifndef TW_ARCH_EMULATOR_CLOCK_H
#define TW_ARCH_EMULATOR_CLOCK_H

#include <stddef.h>
#include <stdint.h>

enum {
    TW__EMU_CLUSTER_BLOCKS_MAX = 8,
    TW__EMU_BLOCK_WAVES_MAX = 32,
    TW__EMU_LANDING_AGENT = 32, /* of a block's agents the first that is no wave: a slot of an mbarrier, a
                                   CDNA wave's copies */
    TW__EMU_WARPGROUP_WAVES = 4,
    TW__EMU_WARPGROUPS = TW__EMU_BLOCK_WAVES_MAX / TW__EMU_WARPGROUP_WAVES,
    TW__EMU_WARPGROUP_AGENT = 56, /* the first of those that read for wgmma */
    TW__EMU_BLOCK_AGENTS = TW__EMU_WARPGROUP_AGENT + TW__EMU_WARPGROUPS,
    TW__EMU_AGENTS =
        TW__EMU_BLOCK_AGENTS * TW__EMU_CLUSTER_BLOCKS_MAX /* block `rank` of a cluster has 64 of them */
};

typedef struct {
    uint32_t seen[TW__EMU_AGENTS];
    uint32_t fenced[TW__EMU_AGENTS]; /* up to which time of a wave the async proxy sees its writes as well */
} tw__emu_clock;

/* A wave's own. */
typedef struct {
    tw__emu_clock clock;
    int agent;        /* the wave: clock.seen[agent] is its time */
    int agents;       /* of its cluster's blocks */
    uint32_t settled; /* the time up to which its accesses are complete, and so published when it arrives
                         somewhere */
} tw__emu_times;

static inline uint32_t tw__emu_later(uint32_t a, uint32_t b) { return a > b ? a : b; }

static inline void tw__emu_clock_join(tw__emu_clock *into, const tw__emu_clock *from, int agents)
{
    for (int a = 0; a < agents; a++)
        into->seen[a] = tw__emu_later(into->seen[a], from->seen[a]);
    for (int a = 0; a < agents; a++)
        into->fenced[a] = tw__emu_later(into->fenced[a], from->fenced[a]);
}

/* What the wave did so far is complete; what it does next is later. */
static inline void tw__emu_settle(tw__emu_times *wave) { wave->settled = wave->clock.seen[wave->agent]++; }

/* The wave arrives at a meeting. */
static inline void tw__emu_publish(tw__emu_clock *meeting, const tw__emu_times *wave)
{
    uint32_t before = meeting->seen[wave->agent];
    tw__emu_clock_join(meeting, &wave->clock, wave->agents);
    meeting->seen[wave->agent] = tw__emu_later(before, wave->settled);
}

/* The wave goes on behind a meeting. */
static inline void tw__emu_take_over(tw__emu_times *wave, const tw__emu_clock *meeting)
{
    tw__emu_clock_join(&wave->clock, meeting, wave->agents);
}

#endif
