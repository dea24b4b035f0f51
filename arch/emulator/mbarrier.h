/* SPDX-License-Identifier: MIT
 *
 * mbarriers, executed by the emulator (PTX ISA, "Parallel synchronization and communication instructions:
 * mbarrier"): phases, pending arrivals and transaction bytes. Their 8 bytes lie in shared memory, so a
 * barrier that was never initialised, or overwritten, is noticed.
 *
 * A copy that an mbarrier counts lands as late as the hardware may: when some lane's wait needs the phase
 * complete and the copy is what it still lacks. Until then shared memory holds the old bytes.
 */
#ifndef TW_ARCH_EMULATOR_MBARRIER_H
#define TW_ARCH_EMULATOR_MBARRIER_H

#include "hopper.h"

/* "Contents of the mbarrier object": counts up to 2^20 - 1, bytes within +-(2^20 - 1). Here from the lowest
 * bit on: pending arrivals, arrivals of a phase, bytes, the phase's parity, and a mark that a barrier is
 * there. */
enum { TW__EMU_MBARRIER_MAX = (1 << 20) - 1, TW__EMU_MBARRIER_MARK = 1 };

typedef struct {
    int pending, expected, bytes, phase, there;
} tw__emu_mbarrier;

static inline tw__emu_mbarrier tw__emu_mbarrier_decode(uint64_t word)
{
    tw__emu_mbarrier barrier;
    barrier.pending = (int)(word & TW__EMU_MBARRIER_MAX);
    barrier.expected = (int)(word >> 20 & TW__EMU_MBARRIER_MAX);
    barrier.bytes = (int)(word >> 40 & 0x1fffff) - TW__EMU_MBARRIER_MAX;
    barrier.phase = (int)(word >> 61 & 1);
    barrier.there = word >> 62 == TW__EMU_MBARRIER_MARK;
    return barrier;
}

static inline uint64_t tw__emu_mbarrier_encode(tw__emu_mbarrier barrier)
{
    return (uint64_t)barrier.pending | (uint64_t)barrier.expected << 20 |
           (uint64_t)(barrier.bytes + TW__EMU_MBARRIER_MAX) << 40 | (uint64_t)barrier.phase << 61 |
           (uint64_t)TW__EMU_MBARRIER_MARK << 62;
}

/* Slot of the barrier among those of its block; more of them than there are slots share the last. */
TW__EMU_FUNCTION int tw__emu_mbarrier_slot(tw__emu_lane *lane, const void *bar)
{
    tw__emu_hopper *hopper = tw__emu_hopper_of(lane);
    size_t offset = (size_t)((const char *)bar - lane->block->shared);
    int slot = 0;
    while (slot < TW__EMU_MBARRIER_SLOTS - 1 && hopper->mbarrier[slot] &&
           hopper->mbarrier[slot]->offset != offset)
        slot++;
    if (!hopper->mbarrier[slot]) {
        tw__emu_mbarrier_times *times = (tw__emu_mbarrier_times *)calloc(1, sizeof *times);
        if (!times)
            tw__emu_fail_at(lane, "no memory for another mbarrier");
        times->offset = offset;
        times->time = lane->block->cluster->newest + 1;
        hopper->mbarrier[slot] = times;
    }
    return slot;
}

static inline tw__emu_mbarrier_times *tw__emu_mbarrier_times_of(tw__emu_lane *lane, const void *bar)
{
    return tw__emu_hopper_of(lane)->mbarrier[tw__emu_mbarrier_slot(lane, bar)];
}

/* A barrier is used by many at once; it has to be made before. `lane` looks; `peer` is of the block that the
 * barrier lies in, the lane itself or its counterpart in another block of the cluster. */
TW__EMU_FUNCTION tw__emu_mbarrier tw__emu_mbarrier_read(tw__emu_lane *lane, tw__emu_lane *peer,
                                                        const void *bar, const char *what)
{
    const char *shared = tw__emu_shared(peer, bar, 8, what);
    tw__emu_mbarrier barrier;
    uint64_t word;
    memcpy(&word, shared, sizeof word);
    barrier = tw__emu_mbarrier_decode(word);
    if (!barrier.there)
        tw__emu_fail_as(
            peer, TW_FINDING_mbarrier, NULL,
            "%s: there is no mbarrier at shared address %ld: it was not initialised, or overwritten", what,
            (long)((const char *)bar - peer->block->shared));
    tw__emu_check_read(lane, peer->block, (size_t)(shared - peer->block->shared) / 4, TW__EMU_EVERY_BYTE,
                       what);
    return barrier;
}

/* Writes the barrier back, in its next phase if this one has everything. */
TW__EMU_FUNCTION void tw__emu_mbarrier_write(tw__emu_lane *lane, void *bar, tw__emu_mbarrier barrier)
{
    uint64_t word;
    if (barrier.pending == 0 && barrier.bytes == 0) {
        int slot = tw__emu_mbarrier_slot(lane, bar);
        tw__emu_mbarrier_times *times = tw__emu_hopper_of(lane)->mbarrier[slot];
        int agent = lane->block->rank * TW__EMU_BLOCK_AGENTS + TW__EMU_LANDING_AGENT + slot;
        times->coming.seen[agent] = times->time++;
        tw__emu_clock_join(&times->met, &times->coming, lane->wave->times.agents);
        barrier.pending = barrier.expected;
        barrier.phase ^= 1;
    }
    word = tw__emu_mbarrier_encode(barrier);
    memcpy(bar, &word, sizeof word);
}

/* `peer` arrives in the name of `lane`: they are the same, or `peer` is of the block that the barrier lies
 * in. */
TW__EMU_FUNCTION void tw__emu_mbarrier_arrive(tw__emu_lane *lane, tw__emu_lane *peer, void *bar, int bytes,
                                              const char *what)
{
    tw__emu_mbarrier barrier = tw__emu_mbarrier_read(lane, peer, bar, what);
    if (barrier.pending == 0)
        tw__emu_fail_as(lane, TW_FINDING_mbarrier, NULL,
                        "%s: the mbarrier at %ld has all %d arrivals of this phase and waits for %d bytes",
                        what, (long)((char *)bar - peer->block->shared), barrier.expected, barrier.bytes);
    barrier.bytes += bytes;
    if (bytes < 0 || barrier.bytes > TW__EMU_MBARRIER_MAX)
        tw__emu_fail_as(lane, TW_FINDING_mbarrier, NULL, "%s: %d bytes expected, at most %d in a phase", what,
                        barrier.bytes, TW__EMU_MBARRIER_MAX);
    barrier.pending--;
    tw__emu_settle(&lane->wave->times);
    tw__emu_publish(&tw__emu_mbarrier_times_of(peer, bar)->coming, &lane->wave->times);
    tw__emu_mbarrier_write(peer, bar, barrier);
}

/* ---- landing ---- */

/* `lane` issues, into the block of `peer` (tw__emu_mbarrier_read). */
TW__EMU_FUNCTION tw__emu_landing *tw__emu_landing_add(tw__emu_lane *lane, tw__emu_lane *peer, const void *bar,
                                                      const char *what)
{
    tw__emu_hopper *hopper = tw__emu_hopper_of(peer);
    tw__emu_landing *landing;
    tw__emu_mbarrier_read(lane, peer, bar, what);
    hopper->landing = (tw__emu_landing *)tw__emu_grow(lane, hopper->landing, hopper->landings,
                                                      &hopper->landing_capacity, sizeof *hopper->landing);
    landing = &hopper->landing[hopper->landings++];
    memset(landing, 0, sizeof *landing);
    landing->lane = peer;
    landing->barrier = (size_t)((const char *)bar - peer->block->shared);
    return landing;
}

/* How many of the copies under way, oldest first, complete the phase that this barrier is in; 0 where they do
 * not. What the phase then lacks is left in *barrier. */
TW__EMU_FUNCTION int tw__emu_landings_needed(const tw__emu_block *block, size_t offset,
                                             tw__emu_mbarrier *barrier)
{
    const tw__emu_hopper *hopper = (const tw__emu_hopper *)block->async.state;
    for (int i = 0; hopper && i < hopper->landings; i++) {
        if (hopper->landing[i].barrier != offset)
            continue;
        barrier->pending -= (int)hopper->landing[i].arrivals;
        barrier->bytes -= (int)hopper->landing[i].bytes;
        if (barrier->pending == 0 && barrier->bytes == 0)
            return i + 1;
    }
    return 0;
}

/* Lands those of the oldest `count` copies that the barrier counts; the phase is then complete. */
TW__EMU_FUNCTION void tw__emu_landings_land(tw__emu_lane *lane, char *bar, int count)
{
    tw__emu_hopper *hopper = tw__emu_hopper_of(lane);
    tw__emu_mbarrier barrier = tw__emu_mbarrier_read(lane, lane, bar, "mbarrier.try_wait");
    int kept = 0;
    for (int i = 0; i < hopper->landings; i++) {
        tw__emu_landing *landing = &hopper->landing[i];
        if (i < count && landing->barrier == (size_t)(bar - lane->block->shared)) {
            landing->land(landing);
            barrier.pending -= (int)landing->arrivals;
            barrier.bytes -= (int)landing->bytes;
        } else {
            hopper->landing[kept++] = *landing;
        }
    }
    hopper->landings = kept;
    tw__emu_mbarrier_write(lane, bar, barrier);
}

/* ---- waiting ---- */

typedef struct {
    const tw__emu_block *block;
    char *bar;
    int parity;
} tw__emu_mbarrier_wait;

/* True as well where there is no barrier any more: the lane that goes on then reports it. */
TW__EMU_FUNCTION int tw__emu_mbarrier_ready(const void *arg)
{
    const tw__emu_mbarrier_wait *wait = (const tw__emu_mbarrier_wait *)arg;
    tw__emu_mbarrier barrier;
    uint64_t word;
    memcpy(&word, wait->bar, sizeof word);
    barrier = tw__emu_mbarrier_decode(word);
    return !barrier.there || barrier.phase != wait->parity ||
           tw__emu_landings_needed(wait->block, (size_t)(wait->bar - wait->block->shared), &barrier) > 0;
}

TW__EMU_FUNCTION void tw__emu_mbarrier_describe(const void *arg, char *text, size_t bytes)
{
    const tw__emu_mbarrier_wait *wait = (const tw__emu_mbarrier_wait *)arg;
    size_t offset = (size_t)(wait->bar - wait->block->shared);
    tw__emu_mbarrier barrier;
    uint64_t word;
    memcpy(&word, wait->bar, sizeof word);
    barrier = tw__emu_mbarrier_decode(word);
    tw__emu_landings_needed(wait->block, offset, &barrier);
    snprintf(text, bytes, "phase %d of the mbarrier at %ld (missing %d of %d arrivals, %d bytes)",
             wait->parity, (long)offset, barrier.pending, barrier.expected, barrier.bytes);
}

/* ---- the instructions ---- */

/* mbarrier.init: `count` arrivals (1 to 2^20 - 1) complete a phase. By one lane, before any other use. */
TW_FN void tw__isa_mbarrier_init(void *bar, int count)
{
    tw__emu_lane *lane = tw__emu_enter();
    tw__emu_mbarrier barrier = {count, count, 0, 0, 1};
    uint64_t word = tw__emu_mbarrier_encode(barrier);
    if (count < 1 || count > TW__EMU_MBARRIER_MAX)
        tw__emu_fail_at(lane, "mbarrier.init: %d arrivals, not 1 to %d", count, TW__EMU_MBARRIER_MAX);
    tw__emu_shared_write(lane, bar, &word, 8, "mbarrier.init");
}

/* fence.mbarrier_init and fence.proxy.async: by the lane that initialised, before the block barrier that lets
 * others use the barriers. */
TW_FN void tw__isa_mbarrier_init_fence(void) {}

TW_FN void tw__isa_mbarrier_arrive(void *bar)
{
    tw__emu_lane *lane = tw__emu_enter();
    tw__emu_mbarrier_arrive(lane, lane, bar, 0, "mbarrier.arrive");
}

/* mbarrier.arrive.expect_tx: the phase also waits for `bytes` more bytes. */
TW_FN void tw__isa_mbarrier_expect(void *bar, int bytes)
{
    tw__emu_lane *lane = tw__emu_enter();
    tw__emu_mbarrier_arrive(lane, lane, bar, bytes, "mbarrier.arrive.expect_tx");
}

/* Returns when the phase of this parity is over: at once for parity 1 of a barrier in its first phase. */
TW_FN void tw__isa_mbarrier_wait(void *bar, int parity)
{
    tw__emu_lane *lane = tw__emu_enter();
    tw__emu_mbarrier_wait what;
    tw__emu_wait wait;
    tw__emu_mbarrier barrier = tw__emu_mbarrier_read(lane, lane, bar, "mbarrier.try_wait");
    what.block = lane->block;
    what.bar = (char *)bar;
    what.parity = parity & 1;
    wait.ready = tw__emu_mbarrier_ready;
    wait.describe = tw__emu_mbarrier_describe;
    wait.arg = &what;
    tw__emu_wait_lane(&wait);
    barrier = tw__emu_mbarrier_read(lane, lane, bar, "mbarrier.try_wait");
    if (barrier.phase == what.parity)
        tw__emu_landings_land(
            lane, what.bar,
            tw__emu_landings_needed(what.block, (size_t)(what.bar - what.block->shared), &barrier));
    tw__emu_take_over(&lane->wave->times, &tw__emu_mbarrier_times_of(lane, bar)->met);
}

TW__EMU_FUNCTION void tw__emu_land_copies(const tw__emu_landing *landing)
{
    tw__emu_copies *copies = &landing->lane->copies;
    uint64_t landed = copies->issued - (uint64_t)copies->count;
    int slot = tw__emu_mbarrier_slot(landing->lane, landing->lane->block->shared + landing->barrier);
    if (landing->copies > landed)
        tw__emu_copies_land(landing->lane, (int)(landing->copies - landed), TW__EMU_LANDING_AGENT + slot,
                            tw__emu_hopper_of(landing->lane)->mbarrier[slot]->time);
}

/* cp.async.mbarrier.arrive.noinc: arrives when this lane's earlier cp.async have landed. The barrier's count
 * includes the arrival. */
TW_FN void tw__isa_cp_async_arrive(void *bar)
{
    tw__emu_lane *lane = tw__emu_enter();
    tw__emu_landing *landing = tw__emu_landing_add(lane, lane, bar, "cp.async.mbarrier.arrive");
    landing->land = tw__emu_land_copies;
    landing->arrivals = 1;
    landing->copies = lane->copies.issued;
}

#endif
