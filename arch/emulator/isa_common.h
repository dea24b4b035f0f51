/* SPDX-License-Identifier: MIT
 *
 * Instructions that every GPU backend has, executed by the emulator. Names and meanings are those of the
 * real isa.h of arch/nvidia and arch/amd; a machine's isa.h includes this file when TW_EMULATED is 1.
 */
#ifndef TW_ARCH_EMULATOR_ISA_COMMON_H
#define TW_ARCH_EMULATOR_ISA_COMMON_H

#include <math.h>

#include "../dtypes.h"
#include "scheduler.h"

TW_FN int tw__isa_lane(void) { return tw__emu_lane_state->index; }

TW_FN int tw__isa_wave(void) { return tw__emu_lane_state->wave->index; }

TW_FN int tw__isa_uniform(int value) { return value; }
TW_FN int tw__isa_afresh(int value) { return value; }

TW_FN int tw__isa_block_index(int axis) { return (int)tw__emu_lane_state->block->index[axis]; }

TW_FN int tw__isa_grid_size(int axis) { return (int)tw__emu_lane_state->block->grid[axis]; }

TW_FN void tw__isa_fault(void)
{
    tw__emu_fail_at(tw__emu_enter(),
                    "the kernel stopped itself: a grid with fewer blocks than pieces of work?");
}

TW_FN void *tw__isa_shared_base(void) { return tw__emu_lane_state->block->shared; }

/* PTX ISA, "barrier.sync"; AMD CDNA3 ISA, "S_BARRIER". */
TW_FN void tw__isa_barrier(void) { tw__emu_barrier("the block barrier"); }

TW__EMU_FUNCTION void tw__emu_wave_barrier_op(void *const args[]) { (void)args; }

/* PTX ISA, "bar.warp.sync". AMD's waves run in lockstep and need none; a lane here runs alone until it
 * meets the others, so the meeting is real on every machine. */
TW_FN void tw__isa_wave_barrier(void)
{
    tw__emu_collective(tw__emu_wave_barrier_op, NULL, "the wave barrier");
}

typedef struct {
    uint32_t value, result;
    int source; /* lane */
} tw__emu_shuffle;

TW__EMU_FUNCTION void tw__emu_shuffle_op(void *const args[])
{
    for (int lane = 0; lane < TW_LANES; lane++) {
        tw__emu_shuffle *to = (tw__emu_shuffle *)args[lane];
        to->result = ((const tw__emu_shuffle *)args[(unsigned)to->source % (unsigned)TW_LANES])->value;
    }
}

/* The value of lane `source_lane`, taken modulo the lanes of a wave. PTX ISA, "shfl.sync.idx"; AMD CDNA3
 * ISA, "DS_BPERMUTE_B32". */
TW_FN uint32_t tw__isa_shuffle(uint32_t value, int source_lane)
{
    tw__emu_shuffle shuffle;
    shuffle.value = value;
    shuffle.result = 0;
    shuffle.source = source_lane;
    tw__emu_collective(tw__emu_shuffle_op, &shuffle, "shuffle");
    return shuffle.result;
}

/* PTX ISA, "shfl.sync.bfly". */
TW_FN uint32_t tw__isa_shuffle_xor(uint32_t value, int mask)
{
    return tw__isa_shuffle(value, tw__isa_lane() ^ mask);
}

/* `bytes` is 1, 2, 4, 8 or 16 and the address a multiple of it; 1 and 2 are zero-extended into dst[0].
 * PTX ISA, "ld.shared"; AMD CDNA3 ISA, "DS_READ_B32" and its widths. */
TW_FN void tw__isa_shared_load(uint32_t *dst, const void *shared, int bytes)
{
    tw__emu_lane *lane = tw__emu_enter();
    if (bytes < 4)
        dst[0] = 0;
    tw__emu_profile_access(lane, shared, bytes, TW_SHARED_load);
    tw__emu_shared_read(lane, dst, shared, bytes, "shared load");
}

TW_FN void tw__isa_shared_store(void *shared, const uint32_t *src, int bytes)
{
    tw__emu_lane *lane = tw__emu_enter();
    tw__emu_profile_access(lane, shared, bytes, TW_SHARED_store);
    tw__emu_check_registers(lane, src, bytes, "shared store");
    tw__emu_shared_write(lane, shared, src, bytes, "shared store");
}

/* Transcendental functions: correct to the host library's last bit, where the machines round less well. */
TW_FN float tw__isa_exp2(float x)
{
    if (tw__emu_lane_state)
        tw__emu_lane_state->block->traffic.exponentials++;
    return exp2f(x);
}

TW_FN float tw__isa_log2(float x) { return log2f(x); }

TW_FN float tw__isa_rcp(float x) { return 1.0f / x; }

TW_FN float tw__isa_sqrt(float x) { return sqrtf(x); }

TW_FN float tw__isa_rsqrt(float x) { return 1.0f / sqrtf(x); }

/* One rounding. */
TW_FN float tw__isa_fma(float a, float b, float c) { return fmaf(a, b, c); }

/* Two values rounded to nearest even, `low` in the low half; a NaN stays a quiet NaN, overflow gives
 * infinity. PTX ISA, "cvt.rn.bf16x2.f32"; AMD CDNA4 ISA, "V_CVT_PK_BF16_F32". */
TW_FN uint32_t tw__isa_pack_bf16(float low, float high) { return tw__bf16_of(low) | tw__bf16_of(high) << 16; }

/* PTX ISA, "cvt.rn.f16x2.f32"; AMD CDNA3 ISA, "V_CVT_F16_F32". */
TW_FN uint32_t tw__isa_pack_f16(float low, float high) { return tw__f16_of(low) | tw__f16_of(high) << 16; }

TW_FN float tw__isa_unpack_f16(uint32_t half_bits) { return tw__f16_to_f32(half_bits & 0xffffu); }

#endif
