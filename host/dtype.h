/* SPDX-License-Identifier: MIT
 *
 * Element types of tensors, as the host sees them: a name, a width, and conversions to and from double.
 *
 * Every narrowing rounds to nearest even. Beyond the largest finite value f16 and bf16 become infinite and
 * the 8-bit floats (OCP encodings) stay at it, as the machines' own conversions do. A NaN becomes the type's
 * quiet NaN. Subnormals are kept. Integers round to nearest even, saturate, and take a NaN as 0. Source: IEEE
 * 754-2019 section 4.3; OCP 8-bit Floating Point Specification 1.0, sections 5 and 6.
 */
#ifndef TW_HOST_DTYPE_H
#define TW_HOST_DTYPE_H

#include <stddef.h>
#include <stdint.h>

#include "status.h"

typedef enum {
    TW_DTYPE_F32,
    TW_DTYPE_F16,
    TW_DTYPE_BF16,
    TW_DTYPE_E4M3,
    TW_DTYPE_E5M2,
    TW_DTYPE_I8,
    TW_DTYPE_I32,
    TW_DTYPES
} tw_dtype;

const char *tw_dtype_name(tw_dtype dtype);
size_t tw_dtype_bytes(tw_dtype dtype);
int tw_dtype_is_float(tw_dtype dtype);
double tw_dtype_largest(tw_dtype dtype); /* finite value */

/* `name` is one of f32 f16 bf16 e4m3 e5m2 i8 i32. */
TW_CHECKED tw_status tw_dtype_parse(const char *name, tw_dtype *dtype);

/* `count` elements, packed; source and destination may not overlap. */
void tw_dtype_encode(tw_dtype dtype, const double *values, void *elements, size_t count);
void tw_dtype_decode(tw_dtype dtype, const void *elements, double *values, size_t count);

#endif
