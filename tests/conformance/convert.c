/* SPDX-License-Identifier: MIT
 *
 * Conformance of tw_convert: every pair of dtypes, from CONFORM_ROLE to CONFORM_TO. numbers: 0 dtype from, 1 dtype to.
 *
 *   CONFORM_TO   role of the result
 */
#include "kernel.h"

#ifndef CONFORM_TO
#define CONFORM_TO acc
#endif

typedef struct {
    int unused;
} convert_shared;

#define CONVERT(source, to)                                          \
    do {                                                             \
        tw_rt(to, CONFORM_ROWS, CONFORM_COLS, CONFORM_TO) result;    \
        tw_convert(result, source);                                  \
        tw_store(g.out.to, result, row, col);                        \
    } while (0)
#define FROM_f32(to) CONVERT(from_f32, to)
#define FROM_f16(to) CONVERT(from_f16, to)
#define FROM_bf16(to) CONVERT(from_bf16, to)

TW_KERNEL(conform_convert, TW_TEAM_THREADS, (conform_args, g))
{
    const int64_t row = CONFORM_ROW_AT(g), col = CONFORM_COL_AT(g);
    tw_rt(f32, CONFORM_ROWS, CONFORM_COLS, CONFORM_ROLE) from_f32;
    tw_rt(f16, CONFORM_ROWS, CONFORM_COLS, CONFORM_ROLE) from_f16;
    tw_rt(bf16, CONFORM_ROWS, CONFORM_COLS, CONFORM_ROLE) from_bf16;
    if (g.number[0] == TW_f32) {
        tw_load(from_f32, g.x.f32, row, col);
        CONFORM_BY_DTYPE(g.number[1], FROM_f32);
    } else if (g.number[0] == TW_f16) {
        tw_load(from_f16, g.x.f16, row, col);
        CONFORM_BY_DTYPE(g.number[1], FROM_f16);
    } else {
        tw_load(from_bf16, g.x.bf16, row, col);
        CONFORM_BY_DTYPE(g.number[1], FROM_bf16);
    }
}

TW_EXPORT(conform_convert, conform_args, convert_shared, CONFORM_ROWS, CONFORM_COLS)
