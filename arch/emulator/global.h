/* SPDX-License-Identifier: MIT
 *
 * Global memory of an emulated machine is the process's own. What a GPU requires and a CPU does not is
 * checked here: natural alignment (PTX ISA, "Addresses as operands"); the rest in memory.h.
 */
#ifndef TW_ARCH_EMULATOR_GLOBAL_H
#define TW_ARCH_EMULATOR_GLOBAL_H

#include <string.h>

#include "scheduler.h"

static inline void tw__emu_check_global(tw__emu_lane *lane, const void *global, int bytes, const char *what)
{
    if (__builtin_expect((uintptr_t)global % (uintptr_t)bytes != 0, 0))
        tw__emu_fail_as(lane, TW_FINDING_misaligned, NULL, "%s: global address %p is no multiple of %d", what,
                        global, bytes);
}

TW_FN void tw__isa_global_load(uint32_t *words, const void *global, int bytes)
{
    tw__emu_lane *lane = tw__emu_enter();
    tw__emu_check_global(lane, global, bytes, "global load");
    lane->block->traffic.global_read_bytes += (unsigned)bytes;
    tw__emu_memory_read(lane, global, bytes, "global load");
    words[0] = 0; /* a load of 1 or 2 bytes zero-extends */
    memcpy(words, global, (size_t)bytes);
}

TW_FN void tw__isa_global_store(void *global, const uint32_t *words, int bytes)
{
    tw__emu_lane *lane = tw__emu_enter();
    tw__emu_check_global(lane, global, bytes, "global store");
    lane->block->traffic.global_written_bytes += (unsigned)bytes;
    tw__emu_memory_write(lane, global, bytes, "global store");
    tw__emu_check_registers(lane, words, bytes, "global store");
    memcpy(global, words, (size_t)bytes);
}

/* The kernel's TW_SHARED_ALL has taken the room of the scratch; set before its launch. */
static int tw__emu_scratch_taken;

/* The library's own piece of shared memory lies behind the kernel's. */
TW_FN void *tw__isa_shared_scratch(void)
{
    tw__emu_block *block = tw__emu_lane_state->block;
    if (tw__emu_scratch_taken)
        tw__emu_fail_at(
            tw__emu_lane_state,
            "a reduction between waves: the kernel's TW_SHARED_ALL leaves no room for its scratch");
    return (char *)block->shared + block->shared_bytes - TW_SCRATCH_BYTES;
}

#endif
