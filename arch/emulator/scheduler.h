/* SPDX-License-Identifier: MIT
 *
 * Who runs next. Lanes of a wave take turns in a ring; a lane gives its turn away only at a collective
 * instruction, where it waits, or when it returns. Waves are chosen at random, from the launch's seed and the
 * block's number alone, where a wave cannot go on, and now and then where it can: a kernel that is right only
 * in one order of its waves fails under another seed. The waves of a cluster's blocks are chosen from alike.
 *
 *   tw__emu_collective(op, arg, what)   the lanes of a wave meet; `op` runs once over all their args
 *   tw__emu_barrier(what)               the waves of the block meet
 *   tw__emu_wait_lane(wait)             this lane alone goes on when wait->ready says so
 *   tw__emu_wait_wave(wait)             inside an op: the wave goes on when wait->ready says so
 *   tw__emu_run_cluster(cluster)        from the launcher: runs the kernel in every lane of its blocks
 *
 * Nothing here can hang. A meeting that cannot be complete (a lane elsewhere or returned, a wave returned)
 * and a wait for what can no longer happen end the launch with a line that names who stands where
 * (deadlock.h).
 *
 * Cost of a collective: one fiber switch per lane, and the operation.
 */
#ifndef TW_ARCH_EMULATOR_SCHEDULER_H
#define TW_ARCH_EMULATOR_SCHEDULER_H

#include "deadlock.h"
#include "profile.h"

enum {
    TW__EMU_PREEMPT_ONE_IN = 8, /* collectives after which another wave may go on */
    TW__EMU_WAVES_MAX =
        TW__EMU_CLUSTER_BLOCKS_MAX * 32 /* of a cluster; 32 waves of 32 lanes are a block's most */
};

/* splitmix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014). */
static inline uint64_t tw__emu_random(uint64_t *state)
{
    uint64_t mixed = *state += 0x9e3779b97f4a7c15u;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
    return mixed ^ (mixed >> 31);
}

static inline void tw__emu_switch_to_lane(tw__emu_lane *from, tw__emu_lane *to)
{
    tw__emu_lane_state = to;
    tw__emu_fiber_switch(&from->fiber, &to->fiber);
}

/* The first lane behind lane `after` that can go on, in the order of the ring; NULL where none can. */
TW__EMU_FUNCTION tw__emu_lane *tw__emu_next_lane(tw__emu_wave *wave, int after)
{
    for (int step = 1; step <= TW_LANES; step++) {
        tw__emu_lane *lane = &wave->lane[(after + step) % TW_LANES];
        if (!lane->returned && lane->met != wave->meeting &&
            (!lane->wait || lane->wait->ready(lane->wait->arg)))
            return lane;
    }
    return NULL;
}

/* Whether the wave can run; if so, `current` is the lane that will. */
static inline int tw__emu_wave_can_run(tw__emu_wave *wave)
{
    tw__emu_lane *lane;
    if (wave->state != TW__EMU_WAITING)
        return wave->state == TW__EMU_READY;
    if (wave->wait)
        return wave->wait->ready(wave->wait->arg);
    lane = tw__emu_next_lane(wave, wave->current);
    if (lane)
        wave->current = lane->index;
    return lane != NULL;
}

/* Hands the processor to a wave that can run, each as likely as the others, perhaps the same. Returns when
 * this lane is to go on. */
static inline void tw__emu_switch_wave(tw__emu_lane *lane)
{
    tw__emu_cluster *cluster = lane->block->cluster;
    tw__emu_wave *ready[TW__EMU_WAVES_MAX], *wave;
    int count = 0;
    lane->wave->current = lane->index;
    for (int w = 0; w < cluster->waves; w++) {
        ready[count] = &cluster->wave[w];
        count += tw__emu_wave_can_run(&cluster->wave[w]);
    }
    if (count == 0)
        tw__emu_fail_deadlock(cluster);
    wave = ready[tw__emu_random(&cluster->random) % (uint64_t)count];
    wave->state = TW__EMU_READY;
    if (&wave->lane[wave->current] != lane)
        tw__emu_switch_to_lane(lane, &wave->lane[wave->current]);
}

/* Now and then, where the wave could go on: another wave does. */
static inline void tw__emu_preempt(tw__emu_lane *lane)
{
    tw__emu_cluster *cluster = lane->block->cluster;
    if (cluster->waves > 1 && tw__emu_random(&cluster->random) % TW__EMU_PREEMPT_ONE_IN == 0)
        tw__emu_switch_wave(lane);
}

/* The lane cannot go on, others of its wave perhaps can. While no lane waits alone, every lane before this
 * one in the ring has come as far as this one, so the next has not. */
static inline void tw__emu_leave_lane(tw__emu_lane *lane)
{
    tw__emu_wave *wave = lane->wave;
    tw__emu_lane *next = &wave->lane[(lane->index + 1) % TW_LANES];
    if (wave->waiting > 0)
        next = tw__emu_next_lane(wave, lane->index);
    if (!next) {
        wave->state = TW__EMU_WAITING;
        tw__emu_switch_wave(lane);
    } else if (next != lane) {
        tw__emu_switch_to_lane(lane, next);
    }
}

/* `wait` must stay as it is until this returns. */
TW__EMU_FUNCTION void tw__emu_wait_lane(const tw__emu_wait *wait)
{
    tw__emu_lane *lane = tw__emu_lane_state;
    if (wait->ready(wait->arg)) {
        tw__emu_preempt(lane);
        return;
    }
    lane->wait = wait;
    lane->wave->waiting++;
    tw__emu_leave_lane(lane);
    lane->wait = NULL;
    lane->wave->waiting--;
}

TW__EMU_FUNCTION void tw__emu_wait_wave(const tw__emu_wait *wait)
{
    tw__emu_lane *lane = tw__emu_lane_state;
    if (wait->ready(wait->arg))
        return;
    lane->wave->wait = wait;
    lane->wave->state = TW__EMU_WAITING;
    tw__emu_switch_wave(lane);
    lane->wave->wait = NULL;
}

TW__EMU_FUNCTION void tw__emu_meet(tw__emu_op *op, void *arg, const char *what)
{
    tw__emu_lane *lane = tw__emu_lane_state;
    tw__emu_wave *wave = lane->wave;
    if (wave->returned > 0) {
        int gone = 0;
        while (!wave->lane[gone].returned)
            gone++;
        tw__emu_fail_diverged(lane, lane->index, what, gone, NULL);
    }
    if (wave->arrived == 0) {
        wave->op = op;
        wave->what = what;
        wave->first = lane->index;
    } else if (wave->op != op || (wave->what != what && strcmp(wave->what, what) != 0)) {
        tw__emu_fail_diverged(lane, wave->first, wave->what, lane->index, what);
    }
    wave->args[lane->index] = arg;
    lane->met = wave->meeting;
    if (++wave->arrived < TW_LANES) {
        tw__emu_leave_lane(lane);
        return;
    }
    tw__emu_profile_met(lane->block, wave->log);
    op(wave->args);
    wave->arrived = 0;
    wave->meeting++;
    tw__emu_preempt(lane);
}

static inline __attribute__((always_inline)) void tw__emu_collective(tw__emu_op *op, void *arg,
                                                                     const char *what)
{
    tw__emu_enter();
    tw__emu_meet(op, arg, what);
}

/* The wave arrives at the block's barrier, on its last lane, with what is settled of its work. */
TW__EMU_FUNCTION void tw__emu_bare_barrier_op(void *const args[])
{
    tw__emu_lane *lane = tw__emu_lane_state;
    tw__emu_block *block = lane->block;
    (void)args;
    lane->wave->state = TW__EMU_AT_BARRIER;
    block->at_barrier++;
    tw__emu_publish(&block->met, &lane->wave->times);
    if (block->returned > 0)
        tw__emu_fail_barrier(block);
    if (block->at_barrier == block->waves) {
        block->at_barrier = 0;
        for (int w = 0; w < block->waves; w++) {
            block->wave[w].state = TW__EMU_READY;
            tw__emu_take_over(&block->wave[w].times, &block->met);
        }
    }
    tw__emu_switch_wave(lane);
}

/* The same with all of its work. */
TW__EMU_FUNCTION void tw__emu_barrier_op(void *const args[])
{
    tw__emu_settle(&tw__emu_lane_state->wave->times);
    tw__emu_bare_barrier_op(args);
}

static inline __attribute__((always_inline)) void tw__emu_barrier(const char *what)
{
    tw__emu_collective(tw__emu_barrier_op, NULL, what);
}

/* It does not wait for the wave's accesses. */
static inline __attribute__((always_inline)) void tw__emu_bare_barrier(const char *what)
{
    tw__emu_collective(tw__emu_bare_barrier_op, NULL, what);
}

/* The cluster's barrier is complete when every wave has arrived that has not returned. */
static inline void tw__emu_cluster_meet(tw__emu_cluster *cluster)
{
    if (cluster->arrived > 0 && cluster->arrived + cluster->waves_gone == cluster->waves) {
        cluster->arrived = 0;
        cluster->barriers++;
    }
}

/* The lane's kernel call is over: goes to the next lane, the next wave, or back to the launcher. */
static inline void tw__emu_lane_return(tw__emu_lane *lane)
{
    tw__emu_wave *wave = lane->wave;
    tw__emu_block *block = lane->block;
    tw__emu_cluster *cluster = block->cluster;
    if (wave->arrived > 0)
        tw__emu_fail_diverged(lane, wave->first, wave->what, lane->index, NULL);
    lane->returned = 1;
    if (++wave->returned < TW_LANES) {
        tw__emu_leave_lane(lane);
        return;
    }
    tw__emu_profile_met(block, wave->log);
    wave->state = TW__EMU_RETURNED;
    block->returned++;
    cluster->waves_gone++;
    if (wave->at_cluster_barrier && wave->cluster_barriers == cluster->barriers)
        cluster->arrived--; /* counted as gone */
    if (block->at_barrier > 0)
        tw__emu_fail_barrier(block);
    tw__emu_cluster_meet(cluster);
    if (block->returned == block->waves) {
        cluster->returned++;
        if (block->async.state)
            block->async.finish(block);
    }
    if (cluster->returned < cluster->blocks)
        tw__emu_switch_wave(lane);
    else
        tw__emu_fiber_switch(&lane->fiber, &cluster->launcher);
}

/* A lane's life: one kernel call per block, until there is no kernel. */
TW__EMU_FUNCTION void tw__emu_lane_main(void)
{
    tw__emu_lane *lane = tw__emu_lane_state;
    tw__emu_fiber_entered(&lane->fiber);
    while (lane->block->kernel) {
        lane->block->kernel(lane->block->args);
        tw__emu_lane_return(lane);
    }
    tw__emu_fiber_leave(&lane->fiber, &lane->block->cluster->launcher);
}

/* Runs blocks whose fibers are all at the top of tw__emu_lane_main's loop. Returns cluster->failed; after a
 * failure the fibers stand anywhere and must be started anew. */
TW__EMU_FUNCTION int tw__emu_run_cluster(tw__emu_cluster *cluster)
{
    tw__emu_wave *wave;
    cluster->arrived = cluster->waves_gone = cluster->returned = cluster->failed = 0;
    cluster->barriers = 0;
    tw__emu_times_begin(cluster);
    for (int rank = 0; rank < cluster->blocks; rank++) {
        tw__emu_block *block = &cluster->block[rank];
        block->at_barrier = block->returned = 0;
        if (block->async.state)
            block->async.reset(block);
    }
    for (int w = 0; w < cluster->waves; w++) {
        wave = &cluster->wave[w];
        wave->state = TW__EMU_READY;
        wave->current = wave->arrived = wave->returned = wave->waiting = 0;
        wave->cluster_barriers = 0;
        wave->at_cluster_barrier = 0;
        wave->meeting = 1;
        wave->wait = NULL;
        if (wave->log)
            wave->log->count = 0;
        for (int l = 0; l < TW_LANES; l++) {
            tw__emu_lane *lane = &wave->lane[l];
            lane->returned = 0;
            lane->met = 0;
            lane->wait = NULL;
            lane->site = NULL;
            lane->copies.count = 0;
            lane->copies.open_group = 0;
            lane->copies.issued = 0;
        }
    }
    wave = &cluster->wave[tw__emu_random(&cluster->random) % (uint64_t)cluster->waves];
    tw__emu_lane_state = &wave->lane[0];
    tw__emu_fiber_switch(&cluster->launcher, &wave->lane[0].fiber);
    tw__emu_lane_state = NULL;
    return cluster->failed;
}

#endif
