/* SPDX-License-Identifier: MIT
 *
 * Instructions that came with gfx950. Chapters are those of AMD's CDNA4 ISA guide.
 */
#ifndef TW_ARCH_AMD_GFX950_ISA_H
#define TW_ARCH_AMD_GFX950_ISA_H

#include "../common/isa.h"

#if !TW_EMULATED

typedef __bf16 tw__bf16x8 __attribute__((ext_vector_type(8)));
typedef _Float16 tw__f16x8 __attribute__((ext_vector_type(8)));

/* 7.1 V_MFMA_F32_16X16X32_BF16, _F16: lane l holds k = 8 (l / 16) + 0..7 of row (column) l % 16 */
TW_FN void tw__isa_mfma_f32_16x16x32_bf16(void *d, const uint32_t a[4], const uint32_t b[4])
{
    tw__u32x4 left = {a[0], a[1], a[2], a[3]}, right = {b[0], b[1], b[2], b[3]};
    tw__f32x4 *sum = (tw__f32x4 *)d;
    *sum = __builtin_amdgcn_mfma_f32_16x16x32_bf16(__builtin_bit_cast(tw__bf16x8, left),
                                                   __builtin_bit_cast(tw__bf16x8, right), *sum, 0, 0, 0);
}

TW_FN void tw__isa_mfma_f32_16x16x32_f16(void *d, const uint32_t a[4], const uint32_t b[4])
{
    tw__u32x4 left = {a[0], a[1], a[2], a[3]}, right = {b[0], b[1], b[2], b[3]};
    tw__f32x4 *sum = (tw__f32x4 *)d;
    *sum = __builtin_amdgcn_mfma_f32_16x16x32_f16(__builtin_bit_cast(tw__f16x8, left),
                                                   __builtin_bit_cast(tw__f16x8, right), *sum, 0, 0, 0);
}

/* 11.3 DS_READ_B64_TR_B16: in each group of 16 lanes, element n of lane s comes from lane 4 n + s / 4,
 * element s % 4. Without `restrict` the compiler takes the read for one of what copies under way will write,
 * and waits for them all. */
TW_FN void tw__isa_ds_read_tr16_b64(uint32_t r[2], const void *__restrict__ shared)
{
    tw__u32x2 words = __builtin_bit_cast(
        tw__u32x2, __builtin_amdgcn_ds_read_tr16_b64_v4i16((TW__LDS tw__i16x4 *)shared));
    r[0] = words[0];
    r[1] = words[1];
}

#endif
#endif
