/* SPDX-License-Identifier: MIT
 *
 * The one door through which every instruction reaches shared memory.
 */
#ifndef TW_ARCH_EMULATOR_SHARED_H
#define TW_ARCH_EMULATOR_SHARED_H

#include "memory.h"

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

/* Every access passes here, so checks and counters belong here. */
static inline void tw__emu_shared_read(tw__emu_lane *lane, void *to, const void *address, int bytes,
                                       const char *what)
{
    const char *shared = tw__emu_shared(lane, address, bytes, what);
    tw__emu_shadow_read(lane, (size_t)(shared - lane->block->shared), bytes, what);
    memcpy(to, shared, (size_t)bytes);
}

static inline void tw__emu_shared_write(tw__emu_lane *lane, void *address, const void *from, int bytes,
                                        const char *what)
{
    char *shared = tw__emu_shared(lane, address, bytes, what);
    if (lane->block->async.written)
        lane->block->async.written(lane, lane->block, shared, bytes);
    tw__emu_shadow_write(lane, (size_t)(shared - lane->block->shared), from, bytes);
    memcpy(shared, from, (size_t)bytes);
}

/* A copy into the shared memory of `block`, the lane's or another of its cluster, is issued ... */
static inline void tw__emu_shared_issue(tw__emu_lane *lane, tw__emu_block *block, const char *shared,
                                        int bytes, tw__emu_copy_kind kind)
{
    if (block->async.written)
        block->async.written(lane, block, shared, bytes);
    tw__emu_shadow_issue(lane, block, (size_t)(shared - block->shared), bytes, kind);
}

/* ... and lands, as the block's `agent`'s work at `time`. */
static inline void tw__emu_shared_land(tw__emu_block *block, char *shared, const void *from, int bytes,
                                       int agent, uint32_t time)
{
    tw__emu_shadow_land(block, (size_t)(shared - block->shared), bytes, agent, time);
    memcpy(shared, from, (size_t)bytes);
}

#endif
