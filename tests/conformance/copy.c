/* SPDX-License-Identifier: MIT
 *
 * Conformance of byte copies: global -> shared -> global for every dtype. number 0: the dtype.
 */
#include "kernel.h"

typedef union {
    tw_st(f32, CONFORM_ROWS, CONFORM_COLS) f32;
    tw_st(f16, CONFORM_ROWS, CONFORM_COLS) f16;
    tw_st(bf16, CONFORM_ROWS, CONFORM_COLS) bf16;
    tw_st(e4m3, CONFORM_ROWS, CONFORM_COLS) e4m3;
    tw_st(e5m2, CONFORM_ROWS, CONFORM_COLS) e5m2;
    tw_st(i8, CONFORM_ROWS, CONFORM_COLS) i8;
    tw_st(i32, CONFORM_ROWS, CONFORM_COLS) i32;
} copy_shared;

#define COPY_CASE(dtype)                              \
    case TW_##dtype:                                  \
        tw_load(shared->dtype, g.x.dtype, row, col);  \
        tw_sync();                                    \
        tw_store(g.out.dtype, shared->dtype, row, col); \
        break;

TW_KERNEL(conform_copy, TW_TEAM_THREADS, (conform_args, g))
{
    const int64_t row = CONFORM_ROW_AT(g), col = CONFORM_COL_AT(g);
    TW_SHARED(copy_shared, shared);
    switch ((int)g.number[0]) {
        COPY_CASE(f32)
        COPY_CASE(f16)
        COPY_CASE(bf16)
        COPY_CASE(e4m3)
        COPY_CASE(e5m2)
        COPY_CASE(i8)
        COPY_CASE(i32)
    }
}

TW_EXPORT(conform_copy, conform_args, copy_shared, CONFORM_ROWS, CONFORM_COLS)
