/* SPDX-License-Identifier: MIT
 *
 * What CDNA runs beside its lanes: copies from global to shared memory that have been issued and have not
 * landed. One tw__emu_cdna per block, made when the block first copies that way.
 *
 * Copies count in their wave's vmcnt and land in order; here as late as that counter allows: when the wave
 * waits for it to fall, or when it is full.
 *
 * An access of shared memory may be served late, until its wave waits for lgkmcnt: only then is it settled
 * (clock.h), and only what is settled is told to others at a bare barrier.
 */
#ifndef TW_ARCH_EMULATOR_CDNA_H
#define TW_ARCH_EMULATOR_CDNA_H

#include <stdlib.h>

#include "scheduler.h"

enum { TW__EMU_COPIES_MAX = 63, TW__EMU_COPY_SLOTS = TW__EMU_COPIES_MAX + 1 }; /* vmcnt has 6 bits */

/* One copy of a wave: `bytes` of each lane l, to shared + l * bytes. */
typedef struct {
    uint64_t number; /* from 1 */
    char *shared;
    int bytes;
    uint32_t words[TW_LANES][4];
} tw__emu_wave_copy;

typedef struct {
    tw__emu_wave_copy copy[TW__EMU_COPY_SLOTS];  /* number n in slot n % TW__EMU_COPY_SLOTS */
    uint64_t issued[TW_LANES], landed[TW_LANES]; /* numbers of each lane's latest */
} tw__emu_cdna_wave;

typedef struct {
    tw__emu_cdna_wave *wave; /* NULL until a block needs it */
    int waves;
} tw__emu_cdna;

TW__EMU_FUNCTION void tw__emu_cdna_reset(tw__emu_block *block)
{
    tw__emu_cdna *cdna = (tw__emu_cdna *)block->async.state;
    free(cdna->wave);
    memset(cdna, 0, sizeof *cdna);
}

/* A copy that lands later lands in another block's shared memory. */
TW__EMU_FUNCTION void tw__emu_cdna_finish(tw__emu_block *block)
{
    const tw__emu_cdna *cdna = (const tw__emu_cdna *)block->async.state;
    for (int w = 0; w < cdna->waves; w++)
        for (int l = 0; l < TW_LANES; l++)
            if (cdna->wave[w].landed[l] < cdna->wave[w].issued[l])
                tw__emu_fail_as(&block->wave[w].lane[l], TW_FINDING_left_behind, NULL,
                                "the block ended with %d copies to shared memory under way: wait for vmcnt",
                                (int)(cdna->wave[w].issued[l] - cdna->wave[w].landed[l]));
}

TW__EMU_FUNCTION void tw__emu_cdna_make(tw__emu_lane *lane)
{
    tw__emu_block *block = lane->block;
    tw__emu_cdna *cdna = (tw__emu_cdna *)block->async.state;
    if (!cdna)
        block->async.state = cdna = (tw__emu_cdna *)calloc(1, sizeof *cdna);
    if (!cdna || !(cdna->wave = (tw__emu_cdna_wave *)calloc((size_t)block->waves, sizeof *cdna->wave)))
        tw__emu_fail_at(lane, "no memory for the copies under way");
    cdna->waves = block->waves;
    block->async.finish = tw__emu_cdna_finish;
    block->async.reset = tw__emu_cdna_reset;
}

/* The lane's wave; NULL in a block that has not copied. */
static inline tw__emu_cdna_wave *tw__emu_cdna_wave_of(tw__emu_lane *lane)
{
    tw__emu_cdna *cdna = (tw__emu_cdna *)lane->block->async.state;
    return cdna && cdna->wave ? &cdna->wave[lane->wave->index] : NULL;
}

/* Lands the lane's copies but the latest `count`. */
TW__EMU_FUNCTION void tw__emu_land_copies(tw__emu_lane *lane, uint64_t count)
{
    tw__emu_cdna_wave *wave = tw__emu_cdna_wave_of(lane);
    int agent = TW__EMU_LANDING_AGENT + lane->wave->index;
    uint64_t *landed;
    uint32_t time;
    if (!wave || wave->landed[lane->index] + count >= wave->issued[lane->index])
        return;
    time = ++lane->wave->times.clock.seen[lane->block->rank * TW__EMU_BLOCK_AGENTS + agent];
    for (landed = &wave->landed[lane->index]; *landed + count < wave->issued[lane->index]; ++*landed) {
        const tw__emu_wave_copy *copy = &wave->copy[(*landed + 1) % TW__EMU_COPY_SLOTS];
        tw__emu_shared_land(lane->block, copy->shared + lane->index * copy->bytes, copy->words[lane->index],
                            copy->bytes, agent, time);
    }
}

/* The next copy of the lane, which goes to shared + its number in the wave * bytes. */
TW__EMU_FUNCTION uint32_t *tw__emu_issue_copy(tw__emu_lane *lane, void *shared, int bytes)
{
    tw__emu_cdna_wave *wave = tw__emu_cdna_wave_of(lane);
    tw__emu_wave_copy *copy;
    uint64_t number;
    if (!wave) {
        tw__emu_cdna_make(lane);
        wave = tw__emu_cdna_wave_of(lane);
    }
    tw__emu_land_copies(lane, TW__EMU_COPIES_MAX - 1);
    number = ++wave->issued[lane->index];
    copy = &wave->copy[number % TW__EMU_COPY_SLOTS];
    if (copy->number != number) { /* the first lane to come here */
        copy->number = number;
        copy->shared = (char *)shared;
        copy->bytes = bytes;
    } else if (copy->shared != (char *)shared || copy->bytes != bytes) {
        tw__emu_fail_at(lane,
                        "copy to shared memory: the destination must be the same in all lanes of the wave");
    }
    tw__emu_shared_issue(
        lane, lane->block,
        tw__emu_shared(lane, copy->shared + lane->index * bytes, bytes, "copy to shared memory"), bytes,
        TW__EMU_LDS_COPY);
    return copy->words[lane->index];
}

#endif
