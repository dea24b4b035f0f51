/* SPDX-License-Identifier: MIT
 *
 * Instructions that every CDNA machine has (gfx90a on). Chapters are those of AMD's CDNA3 ISA guide. Plain
 * C for amdgcn and HIP compile the same code.
 */
#ifndef TW_ARCH_AMD_COMMON_ISA_H
#define TW_ARCH_AMD_COMMON_ISA_H

#if TW_EMULATED
#include "../../emulator/global.h"
#include "../../emulator/isa_amd.h"
#include "../../emulator/isa_common.h"
#else

#include "../../dtypes.h"

#define TW__LDS              __attribute__((address_space(3)))
#define TW__GLOBAL_MEMORY    __attribute__((address_space(1)))
#define TW__KERNEL_ARGUMENTS __attribute__((address_space(4)))

typedef uint8_t tw__u8 __attribute__((may_alias));
typedef uint16_t tw__u16 __attribute__((may_alias));
typedef uint32_t tw__u32 __attribute__((may_alias));
typedef uint32_t tw__u32x2 __attribute__((ext_vector_type(2), may_alias));
typedef uint32_t tw__u32x4 __attribute__((ext_vector_type(4), may_alias));
typedef float tw__f32x4 __attribute__((ext_vector_type(4), may_alias, aligned(4)));
typedef short tw__i16x4 __attribute__((ext_vector_type(4)));
typedef _Float16 tw__f16x2 __attribute__((ext_vector_type(2)));
typedef _Float16 tw__f16x4 __attribute__((ext_vector_type(4)));

TW_FN int tw__isa_lane(void) { return (int)(__builtin_amdgcn_workitem_id_x() % TW_LANES); }

/* A value that is equal in all lanes of a wave, where the compiler does not see that it is or has computed it
 * in vector registers (6.4 V_READFIRSTLANE_B32). */
TW_FN int tw__isa_uniform(int value) { return __builtin_amdgcn_readfirstlane(value); }
TW_FN int tw__isa_afresh(int value) { return value; }

/* The mask, of the 16 waves a block may have, tells the compiler that the number is not negative. */
TW_FN int tw__isa_wave(void)
{
    return tw__isa_uniform((int)(__builtin_amdgcn_workitem_id_x() / TW_LANES)) & 15;
}

TW_FN int tw__isa_block_index(int axis)
{
    return (int)(axis == 0   ? __builtin_amdgcn_workgroup_id_x()
                 : axis == 1 ? __builtin_amdgcn_workgroup_id_y()
                             : __builtin_amdgcn_workgroup_id_z());
}

/* hidden_block_count_x, y, z begin the implicit arguments (LLVM AMDGPU usage, "Code Object V5 Metadata"). */
TW_FN int tw__isa_grid_size(int axis)
{
    return ((const TW__KERNEL_ARGUMENTS int *)__builtin_amdgcn_implicitarg_ptr())[axis];
}

#if defined(__HIP__)
#define TW__LDS_STORAGE(type, name) __attribute__((shared)) type name
#else
#define TW__LDS_STORAGE(type, name) static TW__LDS __attribute__((loader_uninitialized)) type name
#endif

TW_FN void *tw__isa_shared_scratch(void)
{
    TW__LDS_STORAGE(uint32_t, scratch[TW_SCRATCH_BYTES / 4]);
    return (void *)scratch;
}

/* 4.3 S_TRAP: the launch fails */
TW_FN void tw__isa_fault(void) { __builtin_trap(); }

/* 4.4 S_BARRIER, 4.4 S_WAITCNT: the fences make the compiler wait for its own memory operations. */
TW_FN void tw__isa_barrier(void)
{
    __builtin_amdgcn_fence(__ATOMIC_RELEASE, "workgroup");
    __builtin_amdgcn_s_barrier();
    __builtin_amdgcn_fence(__ATOMIC_ACQUIRE, "workgroup");
}

/* Lanes of a wave run in step; the compiler must not reorder around the point. */
TW_FN void tw__isa_wave_barrier(void)
{
    __asm__ volatile("" ::: "memory");
    __builtin_amdgcn_wave_barrier();
    __asm__ volatile("" ::: "memory");
}

/* 11.3 DS_BPERMUTE_B32: the source lane's number times 4 */
TW_FN uint32_t tw__isa_shuffle(uint32_t value, int source_lane)
{
    return (uint32_t)__builtin_amdgcn_ds_bpermute(source_lane % TW_LANES * 4, (int)value);
}

TW_FN uint32_t tw__isa_shuffle_xor(uint32_t value, int mask)
{
    return tw__isa_shuffle(value, tw__isa_lane() ^ mask);
}

/* 11.3 DS_READ_U8 ... DS_READ_B128, DS_WRITE_B8 ... DS_WRITE_B128 */
#define TW_LOAD_NAME  tw__isa_shared_load
#define TW_STORE_NAME tw__isa_shared_store
#define TW_SPACE      TW__LDS
#include "access.inc"

/* 10.1 GLOBAL_LOAD_UBYTE ... DWORDX4, GLOBAL_STORE_BYTE ... DWORDX4 */
#define TW_LOAD_NAME  tw__isa_global_load
#define TW_STORE_NAME tw__isa_global_store
#define TW_SPACE      TW__GLOBAL_MEMORY
#include "access.inc"

#if defined(__HIP__)
static __attribute__((constant)) const uint32_t tw__nothing = 0;
#else
static const TW__KERNEL_ARGUMENTS uint32_t tw__nothing = 0;
#endif

/* 1, 2 or 4 bytes that are there, else zero, without a branch. */
#define TW_NATIVE_LOAD_IF
TW_FN uint32_t tw__isa_global_load_if(int there, const void *from, int bytes)
{
    uint32_t bits;
    tw__isa_global_load(&bits, there ? from : (const void *)&tw__nothing, bytes);
    return bits;
}

/* 6.4 V_EXP_F32, V_LOG_F32, V_RCP_F32, V_SQRT_F32, V_RSQ_F32: 1 ulp, subnormals flushed */
TW_FN float tw__isa_exp2(float x) { return __builtin_amdgcn_exp2f(x); }
TW_FN float tw__isa_log2(float x) { return __builtin_amdgcn_logf(x); }
TW_FN float tw__isa_rcp(float x) { return __builtin_amdgcn_rcpf(x); }
TW_FN float tw__isa_sqrt(float x) { return __builtin_amdgcn_sqrtf(x); }
TW_FN float tw__isa_rsqrt(float x) { return __builtin_amdgcn_rsqf(x); }
TW_FN float tw__isa_fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }

/* 6.4 V_CVT_F16_F32, in the wave's rounding mode: nearest even */
TW_FN uint32_t tw__isa_pack_f16(float low, float high)
{
    union {
        tw__f16x2 halves;
        uint32_t bits;
    } both;
    both.halves[0] = (_Float16)low;
    both.halves[1] = (_Float16)high;
    return both.bits;
}

TW_FN float tw__isa_unpack_f16(uint32_t half_bits)
{
    union {
        tw__f16x2 halves;
        uint32_t bits;
    } both;
    both.bits = half_bits;
    return (float)both.halves[0];
}

/* gfx950 has V_CVT_PK_BF16_F32, which the compiler picks for this; the others round by integer arithmetic. */
#if defined(__gfx950__)
TW_FN uint32_t tw__isa_pack_bf16(float low, float high)
{
    typedef __bf16 bf16x2 __attribute__((ext_vector_type(2)));
    union {
        bf16x2 halves;
        uint32_t bits;
    } both;
    both.halves[0] = (__bf16)low;
    both.halves[1] = (__bf16)high;
    return both.bits;
}
#else
TW_FN uint32_t tw__isa_pack_bf16(float low, float high) { return tw__bf16_of(low) | tw__bf16_of(high) << 16; }
#endif

/* 7.1 V_MFMA_F32_16X16X16_BF16, _F16, V_MFMA_F32_16X16X4_F32: d, four f32, += a b. Lane l holds a[l % 16][k]
 * and b[k][l % 16] for k = 4 (l / 16) + 0..3 (f32: k = l / 16), and d[4 (l / 16) + 0..3][l % 16]. The sum is
 * read and written as one vector: word by word, each would be given a register by itself and moved into line.
 */
TW_FN void tw__isa_mfma_f32_16x16x16_bf16(void *d, const uint32_t a[2], const uint32_t b[2])
{
    tw__u32x2 left = {a[0], a[1]}, right = {b[0], b[1]};
    tw__f32x4 *sum = (tw__f32x4 *)d;
    *sum = __builtin_amdgcn_mfma_f32_16x16x16bf16_1k(__builtin_bit_cast(tw__i16x4, left),
                                                     __builtin_bit_cast(tw__i16x4, right), *sum, 0, 0, 0);
}

TW_FN void tw__isa_mfma_f32_16x16x16_f16(void *d, const uint32_t a[2], const uint32_t b[2])
{
    tw__u32x2 left = {a[0], a[1]}, right = {b[0], b[1]};
    tw__f32x4 *sum = (tw__f32x4 *)d;
    *sum = __builtin_amdgcn_mfma_f32_16x16x16f16(__builtin_bit_cast(tw__f16x4, left),
                                                 __builtin_bit_cast(tw__f16x4, right), *sum, 0, 0, 0);
}

TW_FN void tw__isa_mfma_f32_16x16x4_f32(void *d, float a, float b)
{
    tw__f32x4 *sum = (tw__f32x4 *)d;
    *sum = __builtin_amdgcn_mfma_f32_16x16x4f32(a, b, *sum, 0, 0, 0);
}

#endif
#endif
