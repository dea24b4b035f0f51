/* SPDX-License-Identifier: MIT
 *
 * Conversions between double and the element types. All floats narrower than f32 are rows of one table and go
 * through the same two functions, in integers: no rounding mode, flush-to-zero setting or libm can change
 * them.
 */
#include "dtype.h"

#include <float.h>
#include <math.h>
#include <string.h>

typedef struct {
    int mantissa_bits;
    int bias;
    uint32_t sign;     /* the sign bit */
    uint32_t largest;  /* code of the largest finite value */
    uint32_t overflow; /* code of what lies beyond it: infinity, or the largest again */
    uint32_t nan;
    int has_infinity; /* its code is largest + 1; codes above it are NaN */
} small_float;

typedef struct {
    const char *name;
    size_t bytes;
    small_float format; /* all 0 for f32 and integers */
} dtype_row;

/* clang-format off */
static const dtype_row rows[TW_DTYPES] = {
    /*                name    bytes  mantissa bias  sign    largest overflow nan     infinity */
    [TW_DTYPE_F32]  = { "f32",  4, { 0,       0,    0,      0,      0,       0,      0 } },
    [TW_DTYPE_F16]  = { "f16",  2, { 10,      15,   0x8000, 0x7bff, 0x7c00,  0x7e00, 1 } },
    [TW_DTYPE_BF16] = { "bf16", 2, { 7,       127,  0x8000, 0x7f7f, 0x7f80,  0x7fc0, 1 } },
    [TW_DTYPE_E4M3] = { "e4m3", 1, { 3,       7,    0x80,   0x7e,   0x7e,    0x7f,   0 } },
    [TW_DTYPE_E5M2] = { "e5m2", 1, { 2,       15,   0x80,   0x7b,   0x7b,    0x7f,   1 } },
    [TW_DTYPE_I8]   = { "i8",   1, { 0,       0,    0,      0,      0,       0,      0 } },
    [TW_DTYPE_I32]  = { "i32",  4, { 0,       0,    0,      0,      0,       0,      0 } },
};
/* clang-format on */

const char *tw_dtype_name(tw_dtype dtype) { return rows[dtype].name; }

size_t tw_dtype_bytes(tw_dtype dtype) { return rows[dtype].bytes; }

int tw_dtype_is_float(tw_dtype dtype) { return dtype != TW_DTYPE_I8 && dtype != TW_DTYPE_I32; }

tw_status tw_dtype_parse(const char *name, tw_dtype *dtype)
{
    for (int i = 0; i < TW_DTYPES; i++) {
        if (strcmp(name, rows[i].name) == 0) {
            *dtype = (tw_dtype)i;
            return tw_ok();
        }
    }
    return tw_fail(TW_INVALID, "'%s' is no dtype; there are f32 f16 bf16 e4m3 e5m2 i8 i32", name);
}

enum { DOUBLE_MANTISSA = 52, DOUBLE_BIAS = 1023 };

static uint32_t narrow(const small_float *format, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint32_t sign = bits >> 63 ? format->sign : 0;
    uint64_t magnitude = bits & ~(UINT64_C(1) << 63);
    uint64_t infinity = UINT64_C(0x7ff) << DOUBLE_MANTISSA;
    if (magnitude > infinity)
        return format->nan;
    if (magnitude == infinity)
        return sign | format->overflow;

    int exponent = (int)(magnitude >> DOUBLE_MANTISSA) - DOUBLE_BIAS;
    int lowest = 1 - format->bias; /* exponent of the smallest normal number, and of all subnormals */
    if (exponent < lowest - format->mantissa_bits - 1)
        return sign; /* under half the smallest subnormal */

    uint64_t significand = (magnitude & ((UINT64_C(1) << DOUBLE_MANTISSA) - 1)) | UINT64_C(1)
                                                                                      << DOUBLE_MANTISSA;
    int drop = DOUBLE_MANTISSA - format->mantissa_bits + (exponent < lowest ? lowest - exponent : 0);
    uint64_t kept = significand >> drop;
    uint64_t rest = significand & ((UINT64_C(1) << drop) - 1);
    uint64_t half = UINT64_C(1) << (drop - 1);
    if (rest > half || (rest == half && (kept & 1)))
        kept++;

    /* `kept` includes the implicit bit, so it counts as one step of the exponent field; a carry is the next.
     */
    uint64_t code = kept;
    if (exponent > lowest)
        code += (uint64_t)(exponent - lowest) << format->mantissa_bits;
    return sign | (code > format->largest ? format->overflow : (uint32_t)code);
}

static double widen(const small_float *format, uint32_t element)
{
    uint32_t code = element & (format->sign - 1);
    double magnitude;
    if (code > format->largest) {
        magnitude = format->has_infinity && code == format->largest + 1 ? INFINITY : NAN;
    } else {
        uint32_t field = code >> format->mantissa_bits;
        uint32_t fraction = code & ((1u << format->mantissa_bits) - 1);
        uint32_t significand = field ? fraction | 1u << format->mantissa_bits : fraction;
        int exponent = (field ? (int)field : 1) - format->bias - format->mantissa_bits;
        /* A power of two built from its bits: every exponent here is normal in a double. */
        uint64_t bits = (uint64_t)(exponent + DOUBLE_BIAS) << DOUBLE_MANTISSA;
        double scale;
        memcpy(&scale, &bits, sizeof scale);
        magnitude = significand * scale;
    }
    return element & format->sign ? -magnitude : magnitude;
}

double tw_dtype_largest(tw_dtype dtype)
{
    if (dtype == TW_DTYPE_F32)
        return (double)FLT_MAX;
    if (dtype == TW_DTYPE_I8)
        return INT8_MAX;
    if (dtype == TW_DTYPE_I32)
        return INT32_MAX;
    return widen(&rows[dtype].format, rows[dtype].format.largest);
}

/* Nearest even in [low, high]. */
static double to_integer(double value, double low, double high)
{
    if (isnan(value))
        return 0;
    if (value <= low)
        return low;
    if (value >= high)
        return high;
    return nearbyint(value);
}

void tw_dtype_encode(tw_dtype dtype, const double *values, void *elements, size_t count)
{
    const small_float *format = &rows[dtype].format;
    switch (dtype) {
    case TW_DTYPE_F32:
        for (size_t i = 0; i < count; i++)
            ((float *)elements)[i] = (float)values[i];
        break;
    case TW_DTYPE_F16:
    case TW_DTYPE_BF16:
        for (size_t i = 0; i < count; i++)
            ((uint16_t *)elements)[i] = (uint16_t)narrow(format, values[i]);
        break;
    case TW_DTYPE_E4M3:
    case TW_DTYPE_E5M2:
        for (size_t i = 0; i < count; i++)
            ((uint8_t *)elements)[i] = (uint8_t)narrow(format, values[i]);
        break;
    case TW_DTYPE_I8:
        for (size_t i = 0; i < count; i++) {
            ((int8_t *)elements)[i] = (int8_t)to_integer(values[i], INT8_MIN, INT8_MAX);
        }
        break;
    case TW_DTYPE_I32:
        for (size_t i = 0; i < count; i++) {
            ((int32_t *)elements)[i] = (int32_t)to_integer(values[i], INT32_MIN, INT32_MAX);
        }
        break;
    case TW_DTYPES: break;
    }
}

void tw_dtype_decode(tw_dtype dtype, const void *elements, double *values, size_t count)
{
    const small_float *format = &rows[dtype].format;
    switch (dtype) {
    case TW_DTYPE_F32:
        for (size_t i = 0; i < count; i++)
            values[i] = (double)((const float *)elements)[i];
        break;
    case TW_DTYPE_F16:
    case TW_DTYPE_BF16:
        for (size_t i = 0; i < count; i++)
            values[i] = widen(format, ((const uint16_t *)elements)[i]);
        break;
    case TW_DTYPE_E4M3:
    case TW_DTYPE_E5M2:
        for (size_t i = 0; i < count; i++)
            values[i] = widen(format, ((const uint8_t *)elements)[i]);
        break;
    case TW_DTYPE_I8:
        for (size_t i = 0; i < count; i++)
            values[i] = ((const int8_t *)elements)[i];
        break;
    case TW_DTYPE_I32:
        for (size_t i = 0; i < count; i++)
            values[i] = ((const int32_t *)elements)[i];
        break;
    case TW_DTYPES: break;
    }
}
