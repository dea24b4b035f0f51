/* SPDX-License-Identifier: MIT
 *
 * Element types. One row per type; a dtype is a token (bf16) in the macros, a code (TW_bf16) in the
 * functions, and a storage type (tw_bf16) in memory. 16- and 8-bit floats are one-field structs with our
 * own conversions, so that no compiler's native type is needed.
 *
 *   TW_DTYPES(ROW)   ROW(token, code, storage type, bytes)
 */
#ifndef TW_ARCH_DTYPES_H
#define TW_ARCH_DTYPES_H

#include "dialect.h"

typedef float tw_f32;
typedef int32_t tw_i32;
typedef int8_t tw_i8;
typedef struct { uint16_t bits; } tw_f16;
typedef struct { uint16_t bits; } tw_bf16;
typedef struct { uint8_t bits; } tw_e4m3;
typedef struct { uint8_t bits; } tw_e5m2;

/*                  token  code  storage  bytes */
#define TW_DTYPES(ROW)                            \
    ROW(f32,  1, tw_f32,  4)                      \
    ROW(f16,  2, tw_f16,  2)                      \
    ROW(bf16, 3, tw_bf16, 2)                      \
    ROW(e4m3, 4, tw_e4m3, 1)                      \
    ROW(e5m2, 5, tw_e5m2, 1)                      \
    ROW(i8,   6, tw_i8,   1)                      \
    ROW(i32,  7, tw_i32,  4)

#define TW__DTYPE_ENUMS(token, code, storage, bytes) TW_##token = code, TW_BYTES_##token = bytes,
enum { TW_DTYPES(TW__DTYPE_ENUMS) TW_DTYPE_CODES = 8 };

TW_FN int tw__bytes(int dtype)
{
    return dtype == TW_f32 || dtype == TW_i32 ? 4 : dtype == TW_f16 || dtype == TW_bf16 ? 2 : 1;
}

/* float -> bfloat16 bits, round to nearest even; a NaN stays a (quiet) NaN. */
TW_FN uint32_t tw__bf16_of(float value)
{
    uint32_t bits = tw__bits_of(value);
    uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
    return (bits & 0x7fffffffu) > 0x7f800000u ? (bits >> 16) | 0x40u : rounded;
}

/* float -> binary16 bits, round to nearest even; overflow gives infinity, a NaN stays a (quiet) NaN. */
TW_FN uint32_t tw__f16_of(float value)
{
    uint32_t bits = tw__bits_of(value), sign = (bits >> 16) & 0x8000u, magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u)
        return sign | 0x7e00u | ((magnitude >> 13) & 0x3ffu);
    if (magnitude >= 0x477ff000u) /* 65520, the first value that rounds past 65504 */
        return sign | 0x7c00u;
    if (magnitude < 0x38800000u) { /* below 2^-14: adding 0.5 leaves the subnormal's 10 bits at the bottom */
        float aligned = tw__float_of(magnitude) + 0.5f;
        return sign | (tw__bits_of(aligned) - 0x3f000000u);
    }
    return sign | ((magnitude - 0x38000000u + 0xfffu + ((magnitude >> 13) & 1u)) >> 13);
}

/* binary16 bits -> float, exact. */
TW_FN float tw__f16_to_f32(uint32_t bits)
{
    uint32_t sign = (bits & 0x8000u) << 16, magnitude = (bits & 0x7fffu) << 13;
    float scaled = tw__float_of(magnitude) * 0x1p112f; /* subnormals come out right: 2^112 moves the bias */
    if (magnitude >= 0x0f800000u)                      /* infinity and NaN keep an all-ones exponent */
        scaled = tw__float_of(magnitude | 0x7f800000u);
    return tw__float_of(tw__bits_of(scaled) | sign);
}

#endif
