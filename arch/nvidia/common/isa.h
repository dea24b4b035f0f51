/* SPDX-License-Identifier: MIT
 *
 * Instructions that every NVIDIA machine has. Sections are those of the PTX ISA 8.5 manual.
 */
#ifndef TW_ARCH_NVIDIA_COMMON_ISA_H
#define TW_ARCH_NVIDIA_COMMON_ISA_H

#if TW_EMULATED
#include "../../emulator/global.h"
#include "../../emulator/isa_common.h"
#else

TW_FN int tw__isa_lane(void) { return (int)(threadIdx.x % TW_LANES); }
TW_FN int tw__isa_wave(void) { return (int)(threadIdx.x / TW_LANES); }
TW_FN int tw__isa_uniform(int value) { return value; }

/* The value; what follows from it is computed behind this, each time: nvcc would compute it in front of a
 * loop, keep it in registers, and spill these. */
TW_FN int tw__isa_afresh(int value)
{
    asm volatile("" : "+r"(value));
    return value;
}

TW_FN int tw__isa_block_index(int axis)
{
    return (int)(axis == 0 ? blockIdx.x : axis == 1 ? blockIdx.y : blockIdx.z);
}
TW_FN int tw__isa_grid_size(int axis)
{
    return (int)(axis == 0 ? gridDim.x : axis == 1 ? gridDim.y : gridDim.z);
}

/* Swizzles assume 1024-byte alignment (tiles/shared.h). */
extern __shared__ __align__(1024) unsigned char tw__dynamic_shared[];
TW_FN void *tw__isa_shared_base(void) { return tw__dynamic_shared; }

TW_FN void *tw__isa_shared_scratch(void)
{
    __shared__ __align__(16) unsigned char scratch[TW_SCRATCH_BYTES];
    return scratch;
}

/* 9.7.19.2 trap: the launch fails */
TW_FN void tw__isa_fault(void) { __trap(); }

/* 9.7.13.1 bar */
TW_FN void tw__isa_barrier(void) { __syncthreads(); }
/* 9.7.13.2 bar.warp.sync */
TW_FN void tw__isa_wave_barrier(void) { __syncwarp(); }

/* 9.7.9.6 shfl.sync, all lanes taking part */
TW_FN uint32_t tw__isa_shuffle(uint32_t value, int source_lane)
{
    return __shfl_sync(0xffffffffu, value, source_lane);
}
TW_FN uint32_t tw__isa_shuffle_xor(uint32_t value, int mask)
{
    return __shfl_xor_sync(0xffffffffu, value, mask);
}

/* 9.7.9.8 ld, 9.7.9.11 st: 1, 2, 4, 8 or 16 bytes, naturally aligned; 1 and 2 zero-extend */
TW_FN void tw__isa_load_bytes(uint32_t *words, const void *from, int bytes)
{
    if (bytes == 16) {
        uint4 v = *(const uint4 *)from;
        words[0] = v.x;
        words[1] = v.y;
        words[2] = v.z;
        words[3] = v.w;
    } else if (bytes == 8) {
        uint2 v = *(const uint2 *)from;
        words[0] = v.x;
        words[1] = v.y;
    } else {
        words[0] = bytes == 4   ? *(const uint32_t *)from
                   : bytes == 2 ? *(const uint16_t *)from
                                : *(const uint8_t *)from;
    }
}

TW_FN void tw__isa_store_bytes(void *to, const uint32_t *words, int bytes)
{
    if (bytes == 16)
        *(uint4 *)to = make_uint4(words[0], words[1], words[2], words[3]);
    else if (bytes == 8)
        *(uint2 *)to = make_uint2(words[0], words[1]);
    else if (bytes == 4)
        *(uint32_t *)to = words[0];
    else if (bytes == 2)
        *(uint16_t *)to = (uint16_t)words[0];
    else
        *(uint8_t *)to = (uint8_t)words[0];
}

TW_FN void tw__isa_shared_load(uint32_t *words, const void *shared, int bytes)
{
    tw__isa_load_bytes(words, shared, bytes);
}
TW_FN void tw__isa_shared_store(void *shared, const uint32_t *words, int bytes)
{
    tw__isa_store_bytes(shared, words, bytes);
}
TW_FN void tw__isa_global_load(uint32_t *words, const void *global, int bytes)
{
    tw__isa_load_bytes(words, global, bytes);
}
TW_FN void tw__isa_global_store(void *global, const uint32_t *words, int bytes)
{
    tw__isa_store_bytes(global, words, bytes);
}

/* 9.7.3.21 ex2: 2 ulp */
TW_FN float tw__isa_exp2(float x)
{
    float y;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}

/* 9.7.3.20 lg2.approx has no relative bound near 1; the library's has. */
TW_FN float tw__isa_log2(float x) { return log2f(x); }
TW_FN float tw__isa_rcp(float x) { return __frcp_rn(x); }
TW_FN float tw__isa_sqrt(float x) { return __fsqrt_rn(x); }
/* 9.7.3.18 rsqrt.approx: relative error 2^-22.9 */
TW_FN float tw__isa_rsqrt(float x) { return rsqrtf(x); }
TW_FN float tw__isa_fma(float a, float b, float c) { return __fmaf_rn(a, b, c); }

/* 9.7.9.21 cvt: the first source goes to the upper half */
TW_FN uint32_t tw__isa_pack_bf16(float low, float high)
{
    uint32_t packed;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(packed) : "f"(high), "f"(low));
    return packed;
}

TW_FN uint32_t tw__isa_pack_f16(float low, float high)
{
    uint32_t packed;
    asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(packed) : "f"(high), "f"(low));
    return packed;
}

TW_FN float tw__isa_unpack_f16(uint32_t half_bits)
{
    float value;
    asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"((uint16_t)half_bits));
    return value;
}

#endif
#endif
