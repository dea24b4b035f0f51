/* SPDX-License-Identifier: MIT
 *
 * What CDNA runs beside its lanes: copies from global to shared memory that have been issued and have not
 * landed, and reads of shared memory that have not been waited for. One tw__emu_cdna per block, made when the
 * block first copies that way.
 *
 * Copies count in their wave's vmcnt and land in order; here as late as that counter allows: when the wave
 * waits for it to fall, or when it is full.
 *
 * A read of shared memory may be served late, until its wave waits for lgkmcnt. Copies and stores of other
 * waves must stay away until then: between the reader's wait and the writer stands a block barrier. A wave's
 * k-th barrier is every wave's k-th, so a read that was waited for behind the reader's k-th is out of the way
 * of a writer behind its k + 1-st. A writer that is not ends the launch with a line.
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
    uint32_t *read_in;      /* of each word of shared memory: the period of the wave's last read, 0: none */
    uint32_t period;        /* from 1; a wait for lgkmcnt ends one */
    uint32_t *ended_behind; /* the barrier behind which period p ended */
    uint32_t periods_allocated;
} tw__emu_cdna_wave;

typedef struct {
    tw__emu_cdna_wave *wave; /* NULL until a block needs it */
    int waves;
} tw__emu_cdna;

TW__EMU_FUNCTION void tw__emu_cdna_reset(tw__emu_block *block)
{
    tw__emu_cdna *cdna = (tw__emu_cdna *)block->async.state;
    for (int w = 0; w < cdna->waves; w++) {
        free(cdna->wave[w].read_in);
        free(cdna->wave[w].ended_behind);
    }
    free(cdna->wave);
    memset(cdna, 0, sizeof *cdna);
    block->async.accessed = NULL;
}

/* A copy that lands later lands in another block's shared memory. */
TW__EMU_FUNCTION void tw__emu_cdna_finish(tw__emu_block *block)
{
    const tw__emu_cdna *cdna = (const tw__emu_cdna *)block->async.state;
    for (int w = 0; w < cdna->waves; w++)
        for (int l = 0; l < TW_LANES; l++)
            if (cdna->wave[w].landed[l] < cdna->wave[w].issued[l])
                tw__emu_fail_at(&block->wave[w].lane[l],
                                "the block ended with %d copies to shared memory under way: wait for vmcnt",
                                (int)(cdna->wave[w].issued[l] - cdna->wave[w].landed[l]));
}

/* `lane` reads or writes `bytes` at `shared`. */
TW__EMU_FUNCTION void tw__emu_cdna_accessed(tw__emu_lane *lane, const char *shared, int bytes, int writes)
{
    tw__emu_block *block = lane->block;
    tw__emu_cdna *cdna = (tw__emu_cdna *)block->async.state;
    size_t first = (size_t)(shared - block->shared) / 4,
           last = ((size_t)(shared - block->shared) + (size_t)bytes - 1) / 4;
    for (size_t word = first; word <= last; word++) {
        if (!writes) {
            cdna->wave[lane->wave->index].read_in[word] = cdna->wave[lane->wave->index].period;
            continue;
        }
        for (int w = 0; w < cdna->waves; w++) {
            const tw__emu_cdna_wave *reader = &cdna->wave[w];
            uint32_t read_in = reader->read_in[word];
            if (w == lane->wave->index || read_in == 0)
                continue;
            if (read_in == reader->period)
                tw__emu_fail_at(
                    lane,
                    "shared address %ld is overwritten while a read of it by wave %d may be under way: "
                    "that wave has not waited for lgkmcnt",
                    (long)(4 * word), w);
            if (lane->wave->barriers <= reader->ended_behind[read_in])
                tw__emu_fail_at(
                    lane,
                    "shared address %ld is overwritten while a read of it by wave %d may be under way: "
                    "no barrier stands between that wave's wait for lgkmcnt and this",
                    (long)(4 * word), w);
        }
    }
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
    for (int w = 0; w < cdna->waves; w++) {
        cdna->wave[w].period = 1;
        cdna->wave[w].read_in = (uint32_t *)calloc(block->shared_bytes / 4 + 1, sizeof(uint32_t));
        if (!cdna->wave[w].read_in)
            tw__emu_fail_at(lane, "no memory for the reads of shared memory");
    }
    block->async.finish = tw__emu_cdna_finish;
    block->async.reset = tw__emu_cdna_reset;
    block->async.accessed = tw__emu_cdna_accessed;
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
    uint64_t *landed;
    if (!wave)
        return;
    for (landed = &wave->landed[lane->index]; *landed + count < wave->issued[lane->index]; ++*landed) {
        const tw__emu_wave_copy *copy = &wave->copy[(*landed + 1) % TW__EMU_COPY_SLOTS];
        memcpy(copy->shared + lane->index * copy->bytes, copy->words[lane->index], (size_t)copy->bytes);
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
    tw__emu_shared_access(lane, copy->shared + lane->index * bytes, bytes, 1, "copy to shared memory");
    return copy->words[lane->index];
}

/* The wave has waited for lgkmcnt. */
TW__EMU_FUNCTION void tw__emu_end_reads(tw__emu_lane *lane)
{
    tw__emu_cdna_wave *wave = tw__emu_cdna_wave_of(lane);
    if (!wave)
        return;
    if (wave->period >= wave->periods_allocated) {
        uint32_t count = 2 * wave->period + 64;
        void *grown = realloc(wave->ended_behind, count * sizeof *wave->ended_behind);
        if (!grown)
            tw__emu_fail_at(lane, "no memory for %u waits", count);
        wave->ended_behind = (uint32_t *)grown;
        wave->periods_allocated = count;
    }
    wave->ended_behind[wave->period++] = lane->wave->barriers;
}

#endif
