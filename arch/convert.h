/* SPDX-License-Identifier: MIT
 *
 * One element between its bits in memory and the float it stands for, by dtype. A dtype is always a
 * constant once a kernel is inlined, so the switches leave no code.
 */
#ifndef TW_ARCH_CONVERT_H
#define TW_ARCH_CONVERT_H

#include "dtypes.h"

TW_FN float tw__value_of(uint32_t bits, int dtype)
{
    return dtype == TW_f32    ? tw__float_of(bits)
           : dtype == TW_bf16 ? tw__float_of(bits << 16)
           : dtype == TW_i32  ? (float)(int32_t)bits
                              : tw__isa_unpack_f16(bits);
}

TW_FN uint32_t tw__pair_in(float low, float high, int dtype)
{
    return dtype == TW_bf16 ? tw__isa_pack_bf16(low, high) : tw__isa_pack_f16(low, high);
}

TW_FN uint32_t tw__bits_in(float value, int dtype)
{
    return dtype == TW_f32 ? tw__bits_of(value) : tw__pair_in(value, 0.0f, dtype) & 0xffffu;
}

#endif
