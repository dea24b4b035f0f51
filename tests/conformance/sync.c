/* SPDX-License-Identifier: MIT
 *
 * Conformance of tw_sync: data that crosses waves by shared memory, round after round, on square tiles of
 * CONFORM_ROWS rows.
 */
#include "kernel.h"
#include "sync.h"

typedef struct {
    tw_st(f32, CONFORM_ROWS, CONFORM_ROWS) tile[2];
    tw_sv(f32, CONFORM_ROWS) row, col;
} sync_shared;

TW_KERNEL(conform_sync, TW_TEAM_THREADS, (conform_args, g))
{
    const int64_t row = (int64_t)tw_block(1) * CONFORM_ROWS, col = (int64_t)tw_block(0) * CONFORM_ROWS;
    const int rounds = (int)g.number[0];
    tw_rt(f32, CONFORM_ROWS, CONFORM_ROWS, acc) t, part;
    tw_rv(f32, CONFORM_ROWS, row) down;
    tw_rv(f32, CONFORM_ROWS, col) across;
    TW_SHARED(sync_shared, shared);

    tw_load(t, g.x.f32, row, col);
    if (g.op == SYNC_ROUNDS) {
        for (int i = 0; i < rounds; i++) {
            tw_store(shared->tile[i % 2], t);
            tw_sync();
            tw_load_transposed(t, shared->tile[i % 2]);
            tw_map(t, x, x + 1.0f);
        }
    } else if (g.op == SYNC_STAGES) {
        tw_zero(t);
        tw_load(shared->tile[0], g.x.f32, row, 0);
        for (int i = 0; i < rounds; i++) {
            tw_sync();
            if (i + 1 < rounds)
                tw_load(shared->tile[(i + 1) % 2], g.x.f32, row, (int64_t)(i + 1) * CONFORM_ROWS);
            tw_load(part, shared->tile[i % 2]);
            tw_add(t, t, part);
        }
    } else {
        tw_row_sum(down, t);
        tw_col_sum(across, t);
        tw_store(shared->row, down);
        tw_store(shared->col, across);
        tw_sync();
        tw_load(across, shared->row); /* exchanged: the sum of row i now stands at column i */
        tw_load(down, shared->col);
        tw_add(t, t, across);
        tw_add(t, t, down);
    }
    tw_store(g.out.f32, t, row, col);
}

TW_EXPORT(conform_sync, conform_args, sync_shared, CONFORM_ROWS, CONFORM_ROWS)
