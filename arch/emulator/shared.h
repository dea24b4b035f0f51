/* SPDX-License-Identifier: MIT
 *
 * The one door through which every instruction reaches shared memory.
 */
#ifndef TW_ARCH_EMULATOR_SHARED_H
#define TW_ARCH_EMULATOR_SHARED_H

#include "finding.h"

TW__EMU_FAILURE void tw__emu_fail_shared(tw__emu_lane *lane, const char *what, intptr_t offset, int bytes)
{
    if (offset < 0 || (size_t)offset + (size_t)bytes > lane->block->shared_bytes)
        tw__emu_fail_as(lane, TW_FINDING_shared_bounds, NULL,
                        "%s: shared address %ld+%d is outside the block's %zu bytes", what, (long)offset,
                        bytes, lane->block->shared_bytes);
    tw__emu_fail_as(lane, TW_FINDING_misaligned, NULL, "%s: shared address %ld is no multiple of %d", what,
                    (long)offset, bytes);
}

/* The door to shared memory: `bytes` at `address`, naturally aligned, of which `lane` speaks in the
 * instruction `what`. */
static inline char *tw__emu_shared(tw__emu_lane *lane, const void *address, int bytes, const char *what)
{
    tw__emu_block *block = lane->block;
    uintptr_t offset = (uintptr_t)address - (uintptr_t)block->shared;
    int inside = offset <= block->shared_bytes && block->shared_bytes - offset >= (uintptr_t)bytes;
    if (__builtin_expect(!inside || offset % (uintptr_t)bytes != 0, 0))
        tw__emu_fail_shared(lane, what, (intptr_t)offset, bytes);
    return block->shared + offset;
}

static inline char *tw__emu_shared_access(tw__emu_lane *lane, const void *address, int bytes, int writes,
                                          const char *what)
{
    char *shared = tw__emu_shared(lane, address, bytes, what);
    if (lane->block->async.accessed)
        lane->block->async.accessed(lane, shared, bytes, writes);
    return shared;
}

/* Every access passes here, so checks and counters belong here. */
static inline void tw__emu_shared_read(tw__emu_lane *lane, void *to, const void *shared, int bytes,
                                       const char *what)
{
    memcpy(to, tw__emu_shared_access(lane, shared, bytes, 0, what), (size_t)bytes);
}

static inline void tw__emu_shared_write(tw__emu_lane *lane, void *shared, const void *from, int bytes,
                                        const char *what)
{
    memcpy(tw__emu_shared_access(lane, shared, bytes, 1, what), from, (size_t)bytes);
}

#endif
