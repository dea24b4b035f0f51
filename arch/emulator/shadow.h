/* SPDX-License-Identifier: MIT
 *
 * What the emulator knows of every word of a block's shared memory: whether it was written, who wrote it last
 * and who read it, when (clock.h) and at which line, and whether a copy into it is under way. Every access
 * passes here (shared.h), and so do copies when they are issued and when they land.
 *
 *   tw__emu_shadow_read, _write       a lane's access, checked and noted
 *   tw__emu_shadow_look, _looked      an asynchronous reader begins: checked; and is done: noted
 *   tw__emu_shadow_issue, _land       a copy into shared memory is issued; and lands
 *
 * Findings: TW101, TW103, TW107, TW113. A word is 4 bytes; accesses of 1 and 2 bytes keep the others apart by
 * a mask of bytes, so that neighbours never make a finding; of two waves' latest accesses to different bytes
 * of one word the earlier is forgotten.
 */
#ifndef TW_ARCH_EMULATOR_SHADOW_H
#define TW_ARCH_EMULATOR_SHADOW_H

#include "finding.h"

/* An access: from the lowest bit its bytes of the word (4 bits), its agent in the block (6), its place in the
 * code (22), its time (32). 0: none. */
typedef uint64_t tw__emu_stamp;

/* How a copy comes to shared memory: says what must be waited for. */
typedef enum { TW__EMU_CP_ASYNC = 1, TW__EMU_LDS_COPY, TW__EMU_TMA_COPY } tw__emu_copy_kind;

typedef struct tw__emu_shadow {
    size_t words;
    tw__emu_stamp *writer;
    tw__emu_stamp
        *reader; /* of wave w at [w * words]; behind the waves the warpgroups, for what wgmma reads */
    int readers;
    uint32_t *busy; /* a copy under way: kind (2 bits), wave (6), place (22); 0: none */
    uint8_t *known; /* a bit for each byte that was written */
} tw__emu_shadow;

enum { TW__EMU_PLACE_BITS = 22, TW__EMU_EVERY_BYTE = 0xf };

/* ---- places in 22 bits: how far from this object's own code ---- */

TW__EMU_FUNCTION void tw__emu_anchor(void) {}

static inline uint32_t tw__emu_pack_place(const void *place)
{
    uintptr_t from = (uintptr_t)&tw__emu_anchor - ((uintptr_t)1 << (TW__EMU_PLACE_BITS - 1));
    uintptr_t apart = (uintptr_t)place - from;
    return apart >> TW__EMU_PLACE_BITS ? 0 : (uint32_t)apart;
}

static inline const void *tw__emu_unpack_place(uint32_t packed)
{
    uintptr_t from = (uintptr_t)&tw__emu_anchor - ((uintptr_t)1 << (TW__EMU_PLACE_BITS - 1));
    return packed ? (const void *)(from + packed) : NULL;
}

/* ---- stamps ---- */

static inline tw__emu_stamp tw__emu_make_stamp(uint32_t time, int agent, const void *place, unsigned mask)
{
    return (uint64_t)time << 32 | (uint64_t)tw__emu_pack_place(place) << 10 | (uint64_t)agent << 4 | mask;
}

static inline uint32_t tw__emu_stamp_time(tw__emu_stamp stamp) { return (uint32_t)(stamp >> 32); }

static inline int tw__emu_stamp_agent(tw__emu_stamp stamp) { return (int)(stamp >> 4 & 63); }

static inline const void *tw__emu_stamp_place(tw__emu_stamp stamp)
{
    return tw__emu_unpack_place((uint32_t)(stamp >> 10) & ((1u << TW__EMU_PLACE_BITS) - 1));
}

/* What `clock` has seen of the agents of the block. */
static inline const uint32_t *tw__emu_seen(const tw__emu_clock *clock, const tw__emu_block *block)
{
    return clock->seen + block->rank * TW__EMU_BLOCK_AGENTS;
}

static inline int tw__emu_unseen(const uint32_t *seen, tw__emu_stamp stamp)
{
    return tw__emu_stamp_time(stamp) > seen[tw__emu_stamp_agent(stamp)];
}

/* A later access to the same word: that of other bytes at the same time by the same agent is kept. */
static inline tw__emu_stamp tw__emu_next_stamp(tw__emu_stamp last, tw__emu_stamp next)
{
    int together = last >> 32 == next >> 32 && tw__emu_stamp_agent(last) == tw__emu_stamp_agent(next);
    return together ? next | (last & TW__EMU_EVERY_BYTE) : next;
}

/* ---- a launch, a block ---- */

TW__EMU_FUNCTION void tw__emu_shadow_free(tw__emu_shadow *shadow)
{
    if (!shadow)
        return;
    free(shadow->writer);
    free(shadow->reader);
    free(shadow->busy);
    free(shadow->known);
    free(shadow);
}

/* NULL where there is no memory. */
TW__EMU_FUNCTION tw__emu_shadow *tw__emu_shadow_make(size_t shared_bytes, int waves)
{
    tw__emu_shadow *shadow = (tw__emu_shadow *)calloc(1, sizeof *shadow);
    if (!shadow)
        return NULL;
    shadow->words = (shared_bytes + 3) / 4 + 4;
    shadow->writer = (tw__emu_stamp *)calloc(shadow->words, sizeof *shadow->writer);
    shadow->readers = waves + waves / TW__EMU_WARPGROUP_WAVES;
    shadow->reader = (tw__emu_stamp *)calloc(shadow->words * (size_t)shadow->readers, sizeof *shadow->reader);
    shadow->busy = (uint32_t *)calloc(shadow->words, sizeof *shadow->busy);
    shadow->known = (uint8_t *)calloc(shadow->words, 1);
    if (!shadow->writer || !shadow->reader || !shadow->busy || !shadow->known) {
        tw__emu_shadow_free(shadow);
        return NULL;
    }
    return shadow;
}

/* A block begins: its memory holds nothing. */
static inline void tw__emu_shadow_begin(tw__emu_shadow *shadow)
{
    memset(shadow->busy, 0, shadow->words * sizeof *shadow->busy);
    memset(shadow->known, 0, shadow->words);
}

/* A cluster begins: all that was is seen by all. */
TW__EMU_FUNCTION void tw__emu_times_begin(tw__emu_cluster *cluster)
{
    int agents = cluster->blocks * TW__EMU_BLOCK_AGENTS;
    for (int w = 0; w < cluster->waves; w++)
        for (int a = 0; a < agents; a++)
            cluster->newest = tw__emu_later(cluster->newest, cluster->wave[w].times.clock.seen[a]);
    cluster->newest++; /* what lands may be one ahead of what is seen */
    for (int a = 0; a < agents; a++)
        cluster->met.seen[a] = cluster->met.fenced[a] = cluster->newest;
    for (int rank = 0; rank < cluster->blocks; rank++) {
        tw__emu_block *block = &cluster->block[rank];
        block->met = cluster->met;
        tw__emu_shadow_begin(block->shadow);
        for (int w = 0; w < block->waves; w++) {
            tw__emu_times *times = &block->wave[w].times;
            times->clock = cluster->met;
            times->agent = rank * TW__EMU_BLOCK_AGENTS + w;
            times->agents = agents;
            times->settled = cluster->newest;
            times->clock.seen[times->agent]++;
        }
    }
}

/* ---- what is found ---- */

static inline uint32_t tw__emu_pack_busy(tw__emu_copy_kind kind, const tw__emu_lane *lane)
{
    return tw__emu_pack_place(lane->site) << 8 | (uint32_t)lane->wave->index << 2 | (uint32_t)kind;
}

TW__EMU_FUNCTION void tw__emu_found_busy(tw__emu_lane *lane, const tw__emu_block *block, size_t word,
                                         const char *how)
{
    static const char *const kinds[] = {"copy", "cp.async", "copy to shared memory", "TMA load"};
    static const char *const waits[] = {"", "cp.async.wait_group of that lane", "wait for vmcnt of that wave",
                                        "wait for its mbarrier's phase"};
    uint32_t busy = block->shadow->busy[word];
    int kind = (int)(busy & 3);
    tw__emu_found(
        lane, TW_FINDING_in_flight, tw__emu_unpack_place(busy >> 8),
        "wave %d %s shared address %ld while a %s of wave %d at {1} is under way: no %s stands between",
        lane->wave->index, how, (long)(4 * word), kinds[kind], (int)(busy >> 2 & 63), waits[kind]);
}

TW__EMU_FUNCTION void tw__emu_found_unknown(tw__emu_lane *lane, size_t word, const char *what)
{
    tw__emu_found(lane, TW_FINDING_uninitialised, NULL,
                  "%s: shared address %ld is read, which nothing in this block has written", what,
                  (long)(4 * word));
}

/* This access of `lane`'s wave and an earlier one with `stamp`. */
TW__EMU_FUNCTION void tw__emu_found_race(tw__emu_lane *lane, const tw__emu_block *block, size_t word,
                                         tw__emu_stamp stamp, const char *how, const char *other)
{
    int agent = tw__emu_stamp_agent(stamp), waits = TW_LANES == 64; /* for lgkmcnt, apart from the barrier */
    const char *why = "this wave has not waited for it";
    char who[40] = "a copy";
    if (agent >= TW__EMU_WARPGROUP_AGENT) {
        snprintf(who, sizeof who, "a wgmma of warpgroup %d", agent - TW__EMU_WARPGROUP_AGENT);
        why = "no wave that has waited for it has met this one since";
    } else if (agent < TW__EMU_LANDING_AGENT) {
        int settled = tw__emu_stamp_time(stamp) <= block->wave[agent].times.settled;
        snprintf(who, sizeof who, "wave %d", agent);
        if (settled)
            why = waits ? "no barrier stands between that wave's wait for lgkmcnt and this"
                        : "no barrier stands between";
        else
            why = waits ? "that wave has not waited for lgkmcnt" : "they have not met since";
    }
    tw__emu_found(lane, TW_FINDING_shared_race, tw__emu_stamp_place(stamp),
                  "wave %d %s shared address %ld, which %s %s at {1}: %s", lane->wave->index, how,
                  (long)(4 * word), who, other, why);
}

/* ---- accesses ---- */

/* The words of an access of 1, 2 or a multiple of 4 bytes, and which bytes of each. */
static inline size_t tw__emu_last_word(size_t offset, int bytes) { return (offset + (size_t)bytes - 1) / 4; }

static inline unsigned tw__emu_byte_mask(size_t offset, int bytes)
{
    return bytes >= 4 ? (unsigned)TW__EMU_EVERY_BYTE : ((1u << bytes) - 1u) << offset % 4;
}

/* `lane` reads in `block`, its own or another of its cluster. */
static inline void tw__emu_check_read(tw__emu_lane *lane, const tw__emu_block *block, size_t word,
                                      unsigned mask, const char *what)
{
    const tw__emu_shadow *shadow = block->shadow;
    tw__emu_stamp last = shadow->writer[word];
    if (__builtin_expect(shadow->busy[word] != 0, 0))
        tw__emu_found_busy(lane, block, word, "reads");
    else if (__builtin_expect((shadow->known[word] & mask) != mask, 0))
        tw__emu_found_unknown(lane, word, what);
    else if (__builtin_expect(
                 tw__emu_unseen(tw__emu_seen(&lane->wave->times.clock, block), last) && (last & mask), 0))
        tw__emu_found_race(lane, block, word, last, "reads", "wrote");
}

static inline tw__emu_stamp tw__emu_stamp_of(const tw__emu_lane *lane, unsigned mask)
{
    const tw__emu_times *times = &lane->wave->times;
    return tw__emu_make_stamp(times->clock.seen[times->agent], lane->wave->index, lane->site, mask);
}

TW__EMU_FUNCTION void tw__emu_shadow_read(tw__emu_lane *lane, size_t offset, int bytes, const char *what)
{
    tw__emu_shadow *shadow = lane->block->shadow;
    unsigned mask = tw__emu_byte_mask(offset, bytes);
    tw__emu_stamp *reader = shadow->reader + (size_t)lane->wave->index * shadow->words;
    tw__emu_stamp stamp = tw__emu_stamp_of(lane, mask);
    for (size_t word = offset / 4; word <= tw__emu_last_word(offset, bytes); word++) {
        tw__emu_check_read(lane, lane->block, word, mask, what);
        reader[word] = tw__emu_next_stamp(reader[word], stamp);
    }
}

/* An asynchronous reader begins, on the lane's behalf. It looks through the async proxy: what waves wrote has
 * to be fenced. */
TW__EMU_FUNCTION void tw__emu_shadow_look(tw__emu_lane *lane, size_t offset, int bytes, const char *what)
{
    const tw__emu_shadow *shadow = lane->block->shadow;
    const tw__emu_clock *clock = &lane->wave->times.clock;
    const uint32_t *fenced = clock->fenced + lane->block->rank * TW__EMU_BLOCK_AGENTS;
    for (size_t word = offset / 4; word <= tw__emu_last_word(offset, bytes); word++) {
        tw__emu_stamp last = shadow->writer[word];
        int agent = tw__emu_stamp_agent(last);
        tw__emu_check_read(lane, lane->block, word, TW__EMU_EVERY_BYTE, what);
        if (agent < TW__EMU_LANDING_AGENT && tw__emu_stamp_time(last) > fenced[agent] &&
            !tw__emu_unseen(tw__emu_seen(clock, lane->block), last))
            tw__emu_found(
                lane, TW_FINDING_proxy, tw__emu_stamp_place(last),
                "%s reads shared address %ld, which wave %d wrote at {1}: that wave has not fenced it "
                "for the async proxy since",
                what, (long)(4 * word), agent);
    }
}

/* It is done: `row` is a wave, with the wave's stamp, or a warpgroup behind the waves, with its own. */
TW__EMU_FUNCTION void tw__emu_shadow_looked(tw__emu_shadow *shadow, size_t offset, int bytes, int row,
                                            tw__emu_stamp stamp)
{
    tw__emu_stamp *reader = shadow->reader + (size_t)row * shadow->words;
    for (size_t word = offset / 4; word <= tw__emu_last_word(offset, bytes); word++)
        reader[word] = stamp;
}

/* Nobody may be at the place in `block`, the lane's or another of its cluster: no copy, and no other wave's
 * access that the lane's wave has not seen. `same`: the bytes are already there, and two waves may write them
 * in any order. */
static inline void tw__emu_check_write(tw__emu_lane *lane, tw__emu_block *block, size_t word, unsigned mask,
                                       int same, const char *how)
{
    const tw__emu_shadow *shadow = block->shadow;
    const uint32_t *seen = tw__emu_seen(&lane->wave->times.clock, block);
    tw__emu_stamp last = shadow->writer[word];
    if (__builtin_expect(shadow->busy[word] != 0, 0)) {
        tw__emu_found_busy(lane, block, word, how);
        return;
    }
    if (__builtin_expect(tw__emu_unseen(seen, last) && (last & mask) && !same, 0)) {
        tw__emu_found_race(lane, block, word, last, how, "wrote");
        return;
    }
    for (int w = 0; w < shadow->readers; w++) {
        tw__emu_stamp read = shadow->reader[(size_t)w * shadow->words + word];
        if (__builtin_expect(tw__emu_unseen(seen, read) && (read & mask), 0)) {
            tw__emu_found_race(lane, block, word, read, how, "read");
            return;
        }
    }
}

TW__EMU_FUNCTION void tw__emu_shadow_write(tw__emu_lane *lane, size_t offset, const void *from, int bytes)
{
    tw__emu_shadow *shadow = lane->block->shadow;
    unsigned mask = tw__emu_byte_mask(offset, bytes);
    int same = memcmp(lane->block->shared + offset, from, (size_t)bytes) == 0;
    tw__emu_stamp stamp = tw__emu_stamp_of(lane, mask);
    for (size_t word = offset / 4; word <= tw__emu_last_word(offset, bytes); word++) {
        tw__emu_check_write(lane, lane->block, word, mask, same, "overwrites");
        shadow->writer[word] = tw__emu_next_stamp(shadow->writer[word], stamp);
        shadow->known[word] |= (uint8_t)mask;
    }
}

/* A copy into the shared memory of `block` begins: from now until it lands nobody may touch the place. */
TW__EMU_FUNCTION void tw__emu_shadow_issue(tw__emu_lane *lane, tw__emu_block *block, size_t offset, int bytes,
                                           tw__emu_copy_kind kind)
{
    uint32_t busy = tw__emu_pack_busy(kind, lane);
    for (size_t word = offset / 4; word <= tw__emu_last_word(offset, bytes); word++) {
        tw__emu_check_write(lane, block, word, TW__EMU_EVERY_BYTE, 0, "copies to");
        block->shadow->busy[word] = busy;
    }
}

/* It has landed, as work of the block's `agent` at `time`. */
TW__EMU_FUNCTION void tw__emu_shadow_land(tw__emu_block *block, size_t offset, int bytes, int agent,
                                          uint32_t time)
{
    tw__emu_shadow *shadow = block->shadow;
    for (size_t word = offset / 4; word <= tw__emu_last_word(offset, bytes); word++) {
        shadow->writer[word] = tw__emu_make_stamp(time, agent, tw__emu_unpack_place(shadow->busy[word] >> 8),
                                                  TW__EMU_EVERY_BYTE);
        shadow->busy[word] = 0;
        shadow->known[word] = TW__EMU_EVERY_BYTE;
    }
}

#endif
