/* SPDX-License-Identifier: MIT
 *
 * What is said when lanes or waves wait for a meeting that cannot come about. Each ends the launch with one
 * line that names who stands where.
 */
#ifndef TW_ARCH_EMULATOR_DEADLOCK_H
#define TW_ARCH_EMULATOR_DEADLOCK_H

#include "shared.h"

TW__EMU_FAILURE void tw__emu_fail_diverged(tw__emu_lane *lane, int a, const char *at_a, int b,
                                           const char *at_b)
{
    const uint32_t *at = lane->block->index;
    const void *places[] = {lane->wave->lane[a].site, lane->wave->lane[b].site};
    char text[TW_FINDING_TEXT];
    snprintf(text, sizeof text,
             "block (%u,%u,%u) wave %d: lane %d is at %s at {1}, lane %d %s%s%s: "
             "all lanes of a wave must reach a collective instruction together",
             at[0], at[1], at[2], lane->wave->index, a, at_a, b, at_b ? "is at " : "returned",
             at_b ? at_b : "", at_b ? " at {2}" : "");
    tw__emu_fail_whole(TW_FINDING_divergence, places, 2, text);
}

TW__EMU_FAILURE void tw__emu_fail_barrier(tw__emu_block *block)
{
    int waiting = 0, gone = 0;
    while (block->wave[waiting].state != TW__EMU_AT_BARRIER)
        waiting++;
    while (block->wave[gone].state != TW__EMU_RETURNED)
        gone++;
    const void *place = block->wave[waiting].lane[0].site;
    char text[TW_FINDING_TEXT];
    snprintf(text, sizeof text,
             "block (%u,%u,%u): wave %d is at %s at {1}, wave %d returned: "
             "all waves of a block must reach a barrier together",
             block->index[0], block->index[1], block->index[2], waiting, block->wave[waiting].what, gone);
    tw__emu_fail_whole(TW_FINDING_divergence, &place, 1, text);
}

enum { TW__EMU_WAIT_BYTES = 160 }; /* of one lane's part of the report */

/* Where a lane stands; empty for one that returned. */
TW__EMU_FUNCTION void tw__emu_describe_lane(const tw__emu_lane *lane, char text[TW__EMU_WAIT_BYTES])
{
    const tw__emu_wave *wave = lane->wave;
    const tw__emu_wait *wait = wave->wait ? wave->wait : lane->wait;
    text[0] = '\0';
    if (lane->returned)
        return;
    snprintf(text, TW__EMU_WAIT_BYTES, "at %s", wait ? "" : wave->what);
    if (wait)
        wait->describe(wait->arg, text + strlen(text), TW__EMU_WAIT_BYTES - strlen(text));
}

/* "s 3-5 " for a range, " 3 " for one, after "wave" or "lane". */
TW__EMU_FUNCTION void tw__emu_describe_range(int first, int last, char *text, size_t bytes)
{
    if (first == last)
        snprintf(text, bytes, " %d ", first);
    else
        snprintf(text, bytes, "s %d-%d ", first, last);
}

/* Neighbouring lanes of a wave that stand at the same place make one part, as do neighbouring waves: the
 * first lane behind those that stand where lane `first` does, counted through the waves. */
TW__EMU_FUNCTION int tw__emu_same_place(const tw__emu_block *block, int first, const char *text)
{
    char other[TW__EMU_WAIT_BYTES];
    int next = first + 1;
    for (; next < block->waves * TW_LANES; next++) {
        tw__emu_describe_lane(&block->wave[next / TW_LANES].lane[next % TW_LANES], other);
        if (strcmp(text, other) != 0)
            break;
    }
    /* Whole waves, or lanes of one. */
    if (first % TW_LANES == 0 && next - first >= TW_LANES)
        return next / TW_LANES * TW_LANES;
    return next < (first / TW_LANES + 1) * TW_LANES ? next : (first / TW_LANES + 1) * TW_LANES;
}

/* A deadlock's report as it grows: the places of those who wait, of which `known` are named. */
typedef struct {
    char message[TW_FINDING_TEXT];
    const void *places[TW_FINDING_PLACES - 1];
    int known;
} tw__emu_standing;

/* Appends where the waves of a block stand. */
TW__EMU_FUNCTION void tw__emu_describe_block(tw__emu_standing *all, const tw__emu_block *block)
{
    char text[TW__EMU_WAIT_BYTES], range[32], lanes[48], place[24];
    const char *mark = ":";
    size_t end;
    for (int first = 0, next; first < block->waves * TW_LANES; first = next) {
        int wave = first / TW_LANES, last_wave;
        tw__emu_describe_lane(&block->wave[wave].lane[first % TW_LANES], text);
        next = tw__emu_same_place(block, first, text);
        if (text[0] == '\0')
            continue;
        last_wave = (next - 1) / TW_LANES;
        tw__emu_describe_range(wave, last_wave, range, sizeof range);
        lanes[0] = '\0';
        if (next - first < TW_LANES) {
            snprintf(lanes, sizeof lanes, "lane");
            tw__emu_describe_range(first % TW_LANES, (next - 1) % TW_LANES, lanes + 4, sizeof lanes - 4);
        }
        place[0] = '\0';
        if (all->known + 1 < TW_FINDING_PLACES) {
            all->places[all->known++] = block->wave[wave].lane[first % TW_LANES].site;
            snprintf(place, sizeof place, " at {%d}", all->known);
        }
        end = strlen(all->message);
        snprintf(all->message + end, sizeof all->message - end, "%s wave%s%s%s%s", mark, range, lanes, text,
                 place);
        mark = ";";
    }
}

/* Every wave waits, and none for something that can still happen. */
TW__EMU_FAILURE void tw__emu_fail_deadlock(tw__emu_cluster *cluster)
{
    tw__emu_standing all;
    memset(&all, 0, sizeof all);
    for (int rank = 0; rank < cluster->blocks; rank++) {
        const tw__emu_block *block = &cluster->block[rank];
        const uint32_t *at = block->index;
        size_t end = strlen(all.message);
        snprintf(all.message + end, sizeof all.message - end, "%sblock (%u,%u,%u)%s%s", rank ? "; " : "",
                 at[0], at[1], at[2], rank ? "" : ": deadlock",
                 block->returned == block->waves ? ": returned" : "");
        tw__emu_describe_block(&all, block);
    }
    tw__emu_fail_whole(TW_FINDING_deadlock, all.places, all.known, all.message);
}

#endif
