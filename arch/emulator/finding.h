/* SPDX-License-Identifier: MIT
 *
 * How an emulated machine says that something is wrong.
 *
 *   tw__emu_found(lane, code, other, format, ...)      notes it; goes on where the launch asks for all
 * findings tw__emu_fail_as(lane, code, other, format, ...)    notes it and ends the launch
 *   tw__emu_fail_at(lane, format, ...)                 the same for an instruction used against its manual
 *   tw__emu_fail(code, format, ...)                    the same about the block as a whole
 *
 * Where the lane stands is told by itself; `other` (NULL: none) is a second place, which " at {1}" in the
 * text stands for.
 */
#ifndef TW_ARCH_EMULATOR_FINDING_H
#define TW_ARCH_EMULATOR_FINDING_H

#include <stdarg.h>
#include <stdio.h>

#include "machine.h"

/* Is `finding` the same as `other`, but for when and by whom? */
static inline int tw__emu_same_finding(const tw_finding *finding, const tw_finding *other)
{
    return finding->code == other->code && finding->place[0] == other->place[0] &&
           finding->place[1] == other->place[1];
}

/* Adds to a list with room for `capacity`; the first of equal findings stays. Returns how many found no room.
 */
TW__EMU_FUNCTION uint32_t tw__emu_add_finding(tw_finding *list, uint32_t *count, uint32_t capacity,
                                              const tw_finding *finding)
{
    for (uint32_t i = 0; i < *count; i++)
        if (tw__emu_same_finding(&list[i], finding)) {
            list[i].count += finding->count;
            return 0;
        }
    if (*count == capacity)
        return finding->count;
    list[(*count)++] = *finding;
    return 0;
}

/* The text without its " at {n}", for a message that names no lines. */
TW__EMU_FUNCTION void tw__emu_plain(char *plain, size_t bytes, const char *text)
{
    size_t length = 0;
    while (*text && length + 1 < bytes) {
        if (strncmp(text, " at {", 5) == 0)
            text += 7;
        else
            plain[length++] = *text++;
    }
    plain[length] = '\0';
}

/* Control goes back to the launcher and never returns to the lane. */
TW__EMU_FAILURE void tw__emu_stop(tw__emu_lane *lane)
{
    tw__emu_cluster *cluster = lane->block->cluster;
    cluster->failed = 1;
    tw__emu_fiber_switch(&lane->fiber, &cluster->launcher);
    __builtin_unreachable();
}

/* Puts a finding into the block's list. place[0] is where `lane` stands. */
TW__EMU_FUNCTION void tw__emu_note(const tw__emu_lane *lane, tw_finding_code code, const void *const *others,
                                   int count, const char *text)
{
    tw__emu_block *block = lane->block;
    tw_finding finding;
    if (!block->asked)
        return;
    memset(&finding, 0, sizeof finding);
    finding.code = code;
    finding.count = 1;
    finding.wave = (uint32_t)lane->wave->index;
    finding.lane = (uint32_t)lane->index;
    memcpy(finding.block, block->index, sizeof finding.block);
    finding.place[0] = lane->site;
    for (int i = 0; i < count && i + 1 < TW_FINDING_PLACES; i++)
        finding.place[i + 1] = others[i];
    snprintf(finding.text, sizeof finding.text, "%s", text);
    block->findings_lost +=
        tw__emu_add_finding(block->finding, &block->findings, block->asked->capacity, &finding);
}

/* The launch's message where the running lane is at fault: "emulator: <text> (block (x,y,z) wave W lane L)".
 */
TW__EMU_FAILURE void tw__emu_stop_at(tw__emu_lane *lane, const char *text)
{
    tw__emu_cluster *cluster = lane->block->cluster;
    const uint32_t *at = lane->block->index;
    char plain[TW_FINDING_TEXT];
    tw__emu_plain(plain, sizeof plain, text);
    snprintf(cluster->message, sizeof cluster->message, "emulator: %s (block (%u,%u,%u) wave %d lane %d)",
             plain, at[0], at[1], at[2], lane->wave->index, lane->index);
    tw__emu_stop(tw__emu_lane_state);
}

/* Ends the launch with one line about the block as a whole; the text names it. */
TW__EMU_FAILURE void tw__emu_fail_whole(tw_finding_code code, const void *const *others, int count,
                                        const char *text)
{
    tw__emu_lane *lane = tw__emu_lane_state;
    char plain[TW_FINDING_TEXT];
    tw__emu_plain(plain, sizeof plain, text);
    if (count > 0)
        lane->site = others[0];
    tw__emu_note(lane, code, others, count, text);
    snprintf(lane->block->cluster->message, TW__EMU_MESSAGE_BYTES, "emulator: %s", plain);
    tw__emu_stop(lane);
}

/* The same, from a format. */
TW__EMU_FAILURE __attribute__((format(printf, 2, 3))) void tw__emu_fail(tw_finding_code code,
                                                                        const char *format, ...)
{
    char text[TW_FINDING_TEXT];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    tw__emu_fail_whole(code, NULL, 0, text);
}

/* The same where one lane is at fault. `other` is the place that "{1}" in the text stands for, or NULL. */
TW__EMU_FAILURE __attribute__((format(printf, 4, 5))) void tw__emu_fail_as(tw__emu_lane *lane,
                                                                           tw_finding_code code,
                                                                           const void *other,
                                                                           const char *format, ...)
{
    char text[TW_FINDING_TEXT];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    tw__emu_note(lane, code, &other, 1, text);
    tw__emu_stop_at(lane, text);
}

TW__EMU_FAILURE __attribute__((format(printf, 2, 3))) void tw__emu_fail_at(tw__emu_lane *lane,
                                                                           const char *format, ...)
{
    char text[TW_FINDING_TEXT];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    tw__emu_fail_as(lane, TW_FINDING_misuse, NULL, "%s", text);
}

/* Something is wrong and the machine could go on: it does where the launch asks for all findings. */
TW__EMU_FUNCTION __attribute__((cold, format(printf, 4, 5))) void tw__emu_found(tw__emu_lane *lane,
                                                                                tw_finding_code code,
                                                                                const void *other,
                                                                                const char *format, ...)
{
    char text[TW_FINDING_TEXT];
    va_list values;
    if (lane->block->unchecked)
        return;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    tw__emu_note(lane, code, &other, 1, text);
    if (!lane->block->asked || !lane->block->asked->keep_going)
        tw__emu_stop_at(lane, text);
}

/* What a lane lets out of its registers, in a build with clang's MemorySanitizer: the lane must have written
 * it. */
static inline void tw__emu_check_registers(tw__emu_lane *lane, const void *registers, int bytes,
                                           const char *what)
{
#if TW__EMU_MSAN
    if (__msan_test_shadow(registers, (size_t)bytes) >= 0) {
        tw__emu_found(lane, TW_FINDING_uninitialised, NULL,
                      "%s: of a register that nothing has written, or whose result is not there yet", what);
        __msan_unpoison(registers, (size_t)bytes);
    }
#else
    (void)lane, (void)registers, (void)bytes, (void)what;
#endif
}

/* Results of a matrix instruction that has been issued, `ready` or not. */
static inline void tw__emu_mark_results(const void *registers, int bytes, int ready)
{
#if TW__EMU_MSAN
    if (ready)
        __msan_unpoison(registers, (size_t)bytes);
    else
        __msan_poison(registers, (size_t)bytes);
#else
    (void)registers, (void)bytes, (void)ready;
#endif
}

#endif
