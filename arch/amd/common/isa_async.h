/* SPDX-License-Identifier: MIT
 *
 * Copies from global to shared memory that pass the registers by, what counts them, and what keeps the
 * compiler from moving work across a meeting of the block. Chapters are those of AMD's CDNA3 ISA guide.
 *
 * The compiler knows nothing of when such a copy lands: it waits for none before a read of shared memory, and
 * a fence makes it wait for all. So the pipeline waits itself, by count (tw__isa_wait_copies), waits for its
 * own reads before it hands a stage back (tw__isa_wait_shared), and meets with a barrier that is nothing
 * else (tw__isa_bare_barrier).
 *
 *   tw__buffer   a piece of global memory with a range check, equal in all lanes
 */
#ifndef TW_ARCH_AMD_COMMON_ISA_ASYNC_H
#define TW_ARCH_AMD_COMMON_ISA_ASYNC_H

#include "isa.h"

#define TW_NATIVE_HERE        /* tiles/global.h: tw__isa_here; ops/move.h: tw__isa_lane_here */
enum { TW__COPIES_MAX = 63 }; /* that a wait can leave under way: vmcnt has 6 bits */

#if TW_EMULATED
#include "../../emulator/isa_amd_async.h"
#else

typedef __amdgpu_buffer_rsrc_t tw__buffer;

/* 9.1.8 Buffer resource: raw (no stride), 32-bit data format, bounds checked. In scalar registers. */
TW_FN tw__buffer tw__isa_make_buffer(const void *base, uint32_t bytes)
{
    uint32_t low = (uint32_t)tw__isa_uniform((int)(uintptr_t)base);
    uint32_t high = (uint32_t)tw__isa_uniform((int)((uintptr_t)base >> 32));
    return __builtin_amdgcn_make_buffer_rsrc((void *)((uintptr_t)high << 32 | low), 0,
                                             (uint32_t)tw__isa_uniform((int)bytes), 0x00020000);
}

/* 9.1.9 BUFFER_LOAD_DWORD ... LDS, on gfx950 also DWORDX4: lane l copies `bytes` (4, or 16 where the machine
 * can) from `offset` of the buffer to shared + l * bytes; `shared` is equal in all lanes, all of which take
 * part. Each of the four-byte words whose offset is not inside the buffer becomes zero. */
TW_FN void tw__isa_copy(tw__buffer from, void *shared, uint32_t offset, int bytes)
{
#if defined(__gfx950__)
    if (bytes == 16) {
        __builtin_amdgcn_raw_ptr_buffer_load_lds(from, (TW__LDS void *)shared, 16, (int)offset, 0, 0, 0);
        return;
    }
#endif
    (void)bytes;
    __builtin_amdgcn_raw_ptr_buffer_load_lds(from, (TW__LDS void *)shared, 4, (int)offset, 0, 0, 0);
}

/* 9.1.9 BUFFER_LOAD_DWORD, DWORDX2, DWORDX4, BUFFER_STORE likewise: 4, 8 or 16 bytes. Of what does not lie
 * inside the buffer a load gives zero, and a store writes nothing. */
TW_FN void tw__isa_buffer_load(uint32_t *words, tw__buffer from, uint32_t offset, int bytes)
{
    if (bytes == 16) {
        tw__u32x4 v = __builtin_amdgcn_raw_buffer_load_b128(from, (int)offset, 0, 0);
        words[0] = v[0];
        words[1] = v[1];
        words[2] = v[2];
        words[3] = v[3];
    } else if (bytes == 8) {
        tw__u32x2 v = __builtin_amdgcn_raw_buffer_load_b64(from, (int)offset, 0, 0);
        words[0] = v[0];
        words[1] = v[1];
    } else {
        words[0] = __builtin_amdgcn_raw_buffer_load_b32(from, (int)offset, 0, 0);
    }
}

TW_FN void tw__isa_buffer_store(tw__buffer to, uint32_t offset, const uint32_t *words, int bytes)
{
    if (bytes == 16) {
        tw__u32x4 v = {words[0], words[1], words[2], words[3]};
        __builtin_amdgcn_raw_buffer_store_b128(v, to, (int)offset, 0, 0);
    } else if (bytes == 8) {
        tw__u32x2 v = {words[0], words[1]};
        __builtin_amdgcn_raw_buffer_store_b64(v, to, (int)offset, 0, 0);
    } else {
        __builtin_amdgcn_raw_buffer_store_b32(words[0], to, (int)offset, 0, 0);
    }
    __builtin_amdgcn_sched_barrier(0); /* else all offsets are computed first, and there are too many */
}

/* 4.4 S_WAITCNT: vmcnt in bits 3:0 and 15:14, expcnt in 6:4, lgkmcnt in 11:8, each at its largest where it is
 * not waited for. The instruction takes a constant, so a table turns the number into one. */
#define TW__WAIT_COPIES(n)                                                                                   \
    case n:                                                                                                  \
        __builtin_amdgcn_s_waitcnt(0x0f70 | ((n)&15) | (n) >> 4 << 14);                                      \
        break;
#define TW__WAIT_COPIES_4(n)                                                                                 \
    TW__WAIT_COPIES(n) TW__WAIT_COPIES((n) + 1) TW__WAIT_COPIES((n) + 2) TW__WAIT_COPIES((n) + 3)
#define TW__WAIT_COPIES_16(n)                                                                                \
    TW__WAIT_COPIES_4(n) TW__WAIT_COPIES_4((n) + 4) TW__WAIT_COPIES_4((n) + 8) TW__WAIT_COPIES_4((n) + 12)

/* All but the wave's latest `count` (0 .. TW__COPIES_MAX, a constant once inlined) copies have landed. Its
 * other accesses of global memory count too, which can only make it wait for more. */
TW_FN void tw__isa_wait_copies(int count)
{
    __asm__ volatile("" ::: "memory");
    switch (count) {
        TW__WAIT_COPIES_16(0)
        TW__WAIT_COPIES_16(16)
        TW__WAIT_COPIES_16(32)
        TW__WAIT_COPIES_16(48)
    }
    __asm__ volatile("" ::: "memory");
}

/* The wave's reads and writes of shared memory are done: lgkmcnt 0. */
TW_FN void tw__isa_wait_shared(void)
{
    __asm__ volatile("" ::: "memory");
    __builtin_amdgcn_s_waitcnt(0xc07f);
    __asm__ volatile("" ::: "memory");
}

/* 4.4 S_BARRIER, and nothing that waits for memory. No instruction moves across it. */
TW_FN void tw__isa_bare_barrier(void)
{
    __asm__ volatile("" ::: "memory");
    __builtin_amdgcn_sched_barrier(0);
    __builtin_amdgcn_s_barrier();
    __builtin_amdgcn_sched_barrier(0);
    __asm__ volatile("" ::: "memory");
}

/* The value, equal in all lanes; what is computed from it is computed behind this. By way of a vector
 * register: where the value is in one already, the compiler would not copy it to a scalar one by itself. */
TW_FN int64_t tw__isa_here(int64_t value)
{
    uint32_t low, high;
    __asm__ volatile("" : "+v"(value));
    low = (uint32_t)tw__isa_uniform((int)value);
    high = (uint32_t)tw__isa_uniform((int)(value >> 32));
    return (int64_t)((uint64_t)high << 32 | low);
}

/* The same of a value that each lane has for itself. */
TW_FN int tw__isa_lane_here(int value)
{
    __asm__ volatile("" : "+v"(value));
    return value;
}

/* The value, equal in all lanes, as one number: what it follows from is not kept in its stead. */
TW_FN int tw__isa_settled(int value)
{
    __asm__("" : "+v"(value));
    return tw__isa_uniform(value);
}

/* 4.4 S_SETPRIO: which of the waves of a SIMD goes first where several could; 0 is where all start. */
TW_FN void tw__isa_go_first(void)
{
    __builtin_amdgcn_s_setprio(1);
    __builtin_amdgcn_sched_barrier(0);
}
TW_FN void tw__isa_go_along(void)
{
    __builtin_amdgcn_sched_barrier(0);
    __builtin_amdgcn_s_setprio(0);
}

#endif
#endif
