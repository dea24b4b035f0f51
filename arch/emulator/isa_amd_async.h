/* SPDX-License-Identifier: MIT
 *
 * The instructions of arch/amd/common/isa_async.h, executed by the emulator (CDNA3 ISA, "Buffer resource
 * descriptor", "Memory buffer load to LDS", "S_WAITCNT", "S_BARRIER").
 */
#ifndef TW_ARCH_EMULATOR_ISA_AMD_ASYNC_H
#define TW_ARCH_EMULATOR_ISA_AMD_ASYNC_H

#include "../dialect.h"
#include "cdna.h"

typedef struct {
    const char *base;
    uint32_t bytes;
} tw__buffer;

TW_FN tw__buffer tw__isa_make_buffer(const void *base, uint32_t bytes)
{
    tw__buffer buffer;
    buffer.base = (const char *)base;
    buffer.bytes = bytes;
    return buffer;
}

/* The range is checked for each four-byte word by itself; the hardware lets one through that begins inside
 * and ends outside, so a buffer of no whole number of words is refused here. The source is read here. */
TW__EMU_FUNCTION void tw__emu_copy_now(tw__emu_lane *lane, tw__buffer from, void *shared, uint32_t offset,
                                       int bytes)
{
    uint32_t *words;
    if (bytes != 4 && bytes != 16)
        tw__emu_fail_at(lane, "copy to shared memory: %d bytes a lane, not 4 or 16", bytes);
    if (((uintptr_t)from.base | offset | from.bytes) % 4 != 0)
        tw__emu_fail_as(
            lane, TW_FINDING_misaligned, NULL,
            "copy to shared memory: buffer %p of %u bytes, offset %u: each must be a multiple of 4",
            (const void *)from.base, from.bytes, offset);
    words = tw__emu_issue_copy(lane, shared, bytes);
    for (int w = 0; w < bytes / 4; w++) {
        uint64_t at = (uint64_t)offset + 4u * (unsigned)w;
        words[w] = 0;
        if (at >= from.bytes)
            continue;
        tw__emu_memory_read(lane, from.base + at, 4, "copy to shared memory");
        memcpy(&words[w], from.base + at, 4);
        lane->block->traffic.global_read_bytes += 4;
        lane->block->traffic.copied_bytes += 4;
    }
    tw__emu_profile_access(lane, (const char *)shared + lane->index * bytes, bytes, TW_SHARED_copy);
}

TW_FN void tw__isa_copy(tw__buffer from, void *shared, uint32_t offset, int bytes)
{
    tw__emu_copy_now(tw__emu_enter(), from, shared, offset, bytes);
}

/* Where a run lies in the buffer: 1, outside: 0. A run half outside is refused: the library has none. */
TW__EMU_FUNCTION int tw__emu_in_buffer(tw__emu_lane *lane, tw__buffer buffer, uint32_t offset, int bytes)
{
    if (bytes != 4 && bytes != 8 && bytes != 16)
        tw__emu_fail_at(lane, "buffer access of %d bytes, not 4, 8 or 16", bytes);
    if (((uintptr_t)buffer.base | offset | buffer.bytes) % 4 != 0)
        tw__emu_fail_at(lane, "buffer access: buffer %p of %u bytes, offset %u: each must be a multiple of 4",
                        (const void *)buffer.base, buffer.bytes, offset);
    if (offset < buffer.bytes && offset + (unsigned)bytes > buffer.bytes)
        tw__emu_fail_at(lane, "buffer access: %d bytes at offset %u end outside the buffer of %u bytes",
                        bytes, offset, buffer.bytes);
    return offset < buffer.bytes;
}

TW_FN void tw__isa_buffer_load(uint32_t *words, tw__buffer from, uint32_t offset, int bytes)
{
    tw__emu_lane *lane = tw__emu_enter();
    memset(words, 0, (size_t)bytes);
    if (!tw__emu_in_buffer(lane, from, offset, bytes))
        return;
    lane->block->traffic.global_read_bytes += (unsigned)bytes;
    tw__emu_memory_read(lane, from.base + offset, bytes, "buffer load");
    memcpy(words, from.base + offset, (size_t)bytes);
}

TW_FN void tw__isa_buffer_store(tw__buffer to, uint32_t offset, const uint32_t *words, int bytes)
{
    tw__emu_lane *lane = tw__emu_enter();
    char *at = (char *)(uintptr_t)to.base + offset;
    if (!tw__emu_in_buffer(lane, to, offset, bytes))
        return;
    lane->block->traffic.global_written_bytes += (unsigned)bytes;
    tw__emu_memory_write(lane, at, bytes, "buffer store");
    tw__emu_check_registers(lane, words, bytes, "buffer store");
    memcpy(at, words, (size_t)bytes);
}

TW_FN void tw__isa_wait_copies(int count)
{
    tw__emu_lane *lane = tw__emu_enter();
    if (__builtin_expect(count < 0 || count > TW__EMU_COPIES_MAX, 0))
        tw__emu_fail_at(lane, "vmcnt(%d): 0 to %d", count, (int)TW__EMU_COPIES_MAX);
    tw__emu_land_copies(lane, (uint64_t)count);
}

TW__EMU_FUNCTION void tw__emu_wait_shared_op(void *const args[])
{
    (void)args;
    tw__emu_settle(&tw__emu_lane_state->wave->times);
}

TW_FN void tw__isa_wait_shared(void)
{
    tw__emu_collective(tw__emu_wait_shared_op, NULL, "the wait for lgkmcnt");
}

TW_FN void tw__isa_bare_barrier(void) { tw__emu_bare_barrier("s_barrier"); }

TW_FN int64_t tw__isa_here(int64_t value) { return value; }
TW_FN int tw__isa_lane_here(int value) { return value; }
TW_FN int tw__isa_settled(int value) { return value; }

TW_FN void tw__isa_go_first(void) {}
TW_FN void tw__isa_go_along(void) {}

#endif
