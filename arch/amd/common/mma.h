/* SPDX-License-Identifier: MIT
 *
 * MMA of 16x16 cores with MFMA: one 16x16x16 for 16-bit operands, four 16x16x4 for f32.
 */
#ifndef TW_ARCH_AMD_COMMON_MMA_H
#define TW_ARCH_AMD_COMMON_MMA_H

#include "../../no_team_mma.h"
#include "fragment.h"

/* d += a b for one core along k. Operands exchanged: see fragment.h. In f32 the four steps take the lanes'
 * elements in turn; A and B share that order of k. */
TW_FN void tw__mma_core_one(void *d, const uint32_t *a, const uint32_t *b, int dtype)
{
    if (dtype == TW_f32) {
        TW_UNROLL
        for (int e = 0; e < TW_CORE_ELEMENTS; e++)
            tw__isa_mfma_f32_16x16x4_f32(d, tw__float_of(b[e]), tw__float_of(a[e]));
    } else if (dtype == TW_bf16) {
        tw__isa_mfma_f32_16x16x16_bf16(d, b, a);
    } else {
        tw__isa_mfma_f32_16x16x16_f16(d, b, a);
    }
}

#endif
