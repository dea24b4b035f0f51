/* SPDX-License-Identifier: MIT
 *
 * Who runs next. Lanes of a wave take turns in a ring; a lane gives its turn away only at a collective
 * instruction or when it returns. Waves are chosen at random, from the launch's seed and the block's
 * number alone, at every block barrier, when a wave ends, and now and then at a collective instruction: a
 * kernel that is right only in one order of its waves fails under another seed.
 *
 *   tw__emu_collective(op, arg, what)   the lanes of a wave meet; `op` runs once over all their args
 *   tw__emu_barrier(what)               the waves of the block meet
 *   tw__emu_run_block(block)            from the launcher: runs the kernel in every lane of the block
 *
 * Nothing here can hang. A meeting that cannot be complete (a lane elsewhere or returned, a wave returned)
 * ends the launch with a line that names who stands where.
 *
 * Cost of a collective: one fiber switch per lane, and the operation.
 */
#ifndef TW_ARCH_EMULATOR_SCHEDULER_H
#define TW_ARCH_EMULATOR_SCHEDULER_H

#include "machine.h"

enum { TW__EMU_PREEMPT_ONE_IN = 8 }; /* collectives after which another wave may go on */

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

/* A wave that can run, each as likely as the others; NULL when none can. */
static inline tw__emu_wave *tw__emu_choose_wave(tw__emu_block *block)
{
    int ready = 0, place;
    for (int w = 0; w < block->waves; w++)
        ready += block->wave[w].state == TW__EMU_READY;
    if (ready == 0)
        return NULL;
    place = (int)(tw__emu_random(&block->random) % (uint64_t)ready);
    for (int w = 0;; w++)
        if (block->wave[w].state == TW__EMU_READY && place-- == 0)
            return &block->wave[w];
}

/* Hands the processor from this lane's wave to a random ready one, perhaps the same. */
static inline void tw__emu_switch_wave(tw__emu_lane *lane)
{
    tw__emu_wave *wave = tw__emu_choose_wave(lane->block);
    if (wave->index == lane->wave->index)
        return;
    lane->wave->current = lane->index;
    tw__emu_switch_to_lane(lane, &wave->lane[wave->current]);
}

TW__EMU_FAILURE void tw__emu_fail_diverged(tw__emu_lane *lane, int a, const char *at_a, int b,
                                           const char *at_b)
{
    const uint32_t *at = lane->block->index;
    tw__emu_fail("emulator: block (%u,%u,%u) wave %d: lane %d is at %s, lane %d %s%s: "
                 "all lanes of a wave must reach a collective instruction together",
                 at[0], at[1], at[2], lane->wave->index, a, at_a, b, at_b ? "is at " : "returned",
                 at_b ? at_b : "");
}

TW__EMU_FAILURE void tw__emu_fail_barrier(tw__emu_block *block)
{
    int waiting = 0, gone = 0;
    while (block->wave[waiting].state != TW__EMU_AT_BARRIER)
        waiting++;
    while (block->wave[gone].state != TW__EMU_RETURNED)
        gone++;
    tw__emu_fail("emulator: block (%u,%u,%u): wave %d is at %s, wave %d returned: "
                 "all waves of a block must reach a barrier together",
                 block->index[0], block->index[1], block->index[2], waiting, block->wave[waiting].what, gone);
}

TW__EMU_FUNCTION void tw__emu_collective(tw__emu_op *op, void *arg, const char *what)
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
    if (++wave->arrived < TW_LANES) {
        /* The ring: every lane before this one has arrived, so the next has not. */
        tw__emu_switch_to_lane(lane, &wave->lane[(lane->index + 1) % TW_LANES]);
        return;
    }
    wave->arrived = 0;
    op(wave->args);
    if (lane->block->waves > 1 && tw__emu_random(&lane->block->random) % TW__EMU_PREEMPT_ONE_IN == 0)
        tw__emu_switch_wave(lane);
}

/* The wave arrives at the block's barrier, on its last lane. */
TW__EMU_FUNCTION void tw__emu_barrier_op(void *const args[])
{
    tw__emu_lane *lane = tw__emu_lane_state;
    tw__emu_block *block = lane->block;
    (void)args;
    lane->wave->state = TW__EMU_AT_BARRIER;
    block->at_barrier++;
    if (block->returned > 0)
        tw__emu_fail_barrier(block);
    if (block->at_barrier == block->waves) {
        block->at_barrier = 0;
        for (int w = 0; w < block->waves; w++)
            block->wave[w].state = TW__EMU_READY;
    }
    tw__emu_switch_wave(lane);
}

static inline void tw__emu_barrier(const char *what) { tw__emu_collective(tw__emu_barrier_op, NULL, what); }

/* The lane's kernel call is over: goes to the next lane, the next wave, or back to the launcher. */
static inline void tw__emu_lane_return(tw__emu_lane *lane)
{
    tw__emu_wave *wave = lane->wave;
    tw__emu_block *block = lane->block;
    if (wave->arrived > 0)
        tw__emu_fail_diverged(lane, wave->first, wave->what, lane->index, NULL);
    lane->returned = 1;
    if (++wave->returned < TW_LANES) {
        tw__emu_switch_to_lane(lane, &wave->lane[(lane->index + 1) % TW_LANES]);
        return;
    }
    wave->state = TW__EMU_RETURNED;
    block->returned++;
    if (block->at_barrier > 0)
        tw__emu_fail_barrier(block);
    if (block->returned < block->waves) {
        wave = tw__emu_choose_wave(block);
        tw__emu_switch_to_lane(lane, &wave->lane[wave->current]);
    } else {
        tw__emu_fiber_switch(&lane->fiber, &block->launcher);
    }
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
    tw__emu_fiber_leave(&lane->fiber, &lane->block->launcher);
}

/* Runs one block whose fibers are all at the top of tw__emu_lane_main's loop. Returns block->failed; after a
 * failure the fibers stand anywhere and must be started anew. */
TW__EMU_FUNCTION int tw__emu_run_block(tw__emu_block *block)
{
    tw__emu_wave *wave;
    block->at_barrier = block->returned = block->failed = 0;
    for (int w = 0; w < block->waves; w++) {
        wave = &block->wave[w];
        wave->state = TW__EMU_READY;
        wave->current = wave->arrived = wave->returned = 0;
        for (int l = 0; l < TW_LANES; l++) {
            wave->lane[l].returned = 0;
            wave->lane[l].copies.count = 0;
            wave->lane[l].copies.open_group = 0;
        }
    }
    wave = tw__emu_choose_wave(block);
    tw__emu_lane_state = &wave->lane[0];
    tw__emu_fiber_switch(&block->launcher, &wave->lane[0].fiber);
    tw__emu_lane_state = NULL;
    return block->failed;
}

#endif
