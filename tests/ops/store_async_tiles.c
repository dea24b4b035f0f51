/* SPDX-License-Identifier: MIT
 *
 * The kernel of test_store_async.c: block (i, p) copies the tiles of rows i * ROWS on of plane p, one after
 * another, through one staging.
 */
#include <tilewright.h>

#ifndef STORE_DTYPE
#define STORE_DTYPE bf16
#endif
#ifndef STORE_COLS
#define STORE_COLS 96
#endif

enum { ROWS = 64 };

TW_TEAM(4, 2);

typedef struct {
    tw_gl(f32, 3) x;
    tw_gl(STORE_DTYPE, 3) out;
} store_async_args;

typedef struct {
    tw_staging(STORE_DTYPE, ROWS, STORE_COLS) out;
} store_async_shared;

TW_KERNEL(store_async_tiles, TW_TEAM_THREADS, (store_async_args, g))
{
    const int64_t row = (int64_t)tw_block(0) * ROWS, plane = tw_block(1);
    tw_rt(f32, ROWS, STORE_COLS, acc) t;
    TW_SHARED(store_async_shared, shared);
    for (int64_t col = 0; col < tw_dim(g.out, 2); col += STORE_COLS) {
        tw_load(t, g.x, plane, row, col);
        tw_store_async(g.out, t, shared->out, plane, row, col);
    }
}

TW_EXPORT(store_async_tiles, store_async_args, store_async_shared, ROWS, STORE_COLS)
TW_STREAM(store_async_tiles, store_async_args, out, store_async_shared, out)
