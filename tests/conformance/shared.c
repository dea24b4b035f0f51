/* SPDX-License-Identifier: MIT
 *
 * Conformance of what works on shared tiles: gathers from them and scans in them. One block.
 */
#include "kernel.h"
#include "shared.h"

typedef union {
    tw_st(CONFORM_DTYPE, CONFORM_ROWS, CONFORM_COLS) plain;
    tw_st(CONFORM_DTYPE, CONFORM_ROWS + 16, CONFORM_COLS + 16) large;
    tw_st(f32, CONFORM_ROWS, CONFORM_COLS) wide;
} shared_tile;

TW_KERNEL(conform_shared, TW_TEAM_THREADS, (conform_args, g))
{
    const int distance = (int)g.number[0];
    tw_rt(CONFORM_DTYPE, CONFORM_ROWS, CONFORM_COLS, CONFORM_ROLE) t;
    TW_SHARED(shared_tile, shared);
    tw_view(part, CONFORM_ROWS, CONFORM_COLS, shared->large, 16, 16);

    if (g.op == SHARED_GATHER)
        tw_load(shared->plain, g.x.CONFORM_DTYPE);
    else if (g.op == SHARED_GATHER_VIEW)
        tw_load(shared->large, g.x.CONFORM_DTYPE);
    else
        tw_load(shared->wide, g.x.f32);
    tw_sync();
    switch ((int)g.op) {
    case SHARED_GATHER:
        tw_gather(t, shared->plain, r, c, (r + distance) % CONFORM_ROWS, (c + 3 * r) % CONFORM_COLS);
        break;
    case SHARED_GATHER_VIEW: tw_gather(t, part, r, c, distance, c / 2); break;
    case SHARED_SUM: tw_col_scan_shared(shared->wide, sum); break;
    case SHARED_PROD: tw_col_scan_shared(shared->wide, prod); break;
    case SHARED_MAX: tw_col_scan_shared(shared->wide, max); break;
    case SHARED_MIN: tw_col_scan_shared(shared->wide, min); break;
    }
    tw_sync();
    if (g.op < SHARED_SUM)
        tw_store(g.out.CONFORM_DTYPE, t);
    else
        tw_store(g.out.f32, shared->wide);
}

TW_EXPORT(conform_shared, conform_args, shared_tile, CONFORM_ROWS, CONFORM_COLS)
