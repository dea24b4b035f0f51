/* SPDX-License-Identifier: MIT
 *
 * Conformance of the scans, and of decay between positions. x holds the values, y the factors of a recurrence or the
 * starts of segments; number 0: 1 stores what became of y. Vectors lie in row 1 of x and y from column `col` on; those
 * of decay are rows and cols, number 0 the diagonal.
 */
#include "scan.h"
#include "kernel.h"

#define ROW_CASE(name) case SCAN_INCLUSIVE + SCAN_##name: tw_row_scan(t, name); break;
#define ROW_EXCLUSIVE(name) case SCAN_EXCLUSIVE + SCAN_##name: tw_row_scan_exclusive(t, name); break;
#define ROW_SEGMENTED(name) case SCAN_SEGMENTED + SCAN_##name: tw_row_scan_segmented(t, u, name); break;
#define COL_CASE(name) case SCAN_INCLUSIVE + SCAN_##name: tw_col_scan(t, name); break;
#define COL_EXCLUSIVE(name) case SCAN_EXCLUSIVE + SCAN_##name: tw_col_scan_exclusive(t, name); break;
#define COL_SEGMENTED(name) case SCAN_SEGMENTED + SCAN_##name: tw_col_scan_segmented(t, u, name); break;

typedef struct {
    int unused;
} scan_shared;

TW_KERNEL(conform_scan, TW_TEAM_THREADS, (conform_args, g))
{
    const int64_t row = CONFORM_ROW_AT(g), col = CONFORM_COL_AT(g);
    const int direction = (int)g.op / SCAN_OPS, op = (int)g.op % SCAN_OPS;
    tw_rt(f32, CONFORM_ROWS, CONFORM_COLS, CONFORM_ROLE) t, u;
    tw_rv(f32, CONFORM_ROWS, CONFORM_ROW_AXIS) rows;
    tw_rv(f32, CONFORM_COLS, CONFORM_COL_AXIS) cols;

    if (direction == SCAN_ROW_VECTOR) {
#define SCAN_AXIS CONFORM_ROW_AXIS
#define SCAN_LENGTH CONFORM_ROWS
#include "scan_vector.inc"
        return;
    }
    if (direction == SCAN_COL_VECTOR) {
#define SCAN_AXIS CONFORM_COL_AXIS
#define SCAN_LENGTH CONFORM_COLS
#include "scan_vector.inc"
        return;
    }
    tw_load(t, g.x.f32, row, col);
    tw_load(u, g.y.f32, row, col);
    if (g.op == SCAN_DECAY) {
        tw_load(rows, g.rows, row);
        tw_load(cols, g.cols, col);
        tw_tril_decay(t, (int)g.number[0], rows, cols);
    } else if (direction == SCAN_ROW) {
        switch (op) {
            SCAN_KINDS(ROW_CASE)
            SCAN_KINDS(ROW_EXCLUSIVE)
            SCAN_KINDS(ROW_SEGMENTED)
        case SCAN_AFFINE: tw_row_scan_affine(u, t); break;
        case SCAN_AFFINE_EXCLUSIVE: tw_row_scan_affine_exclusive(u, t); break;
        }
    } else {
        switch (op) {
            SCAN_KINDS(COL_CASE)
            SCAN_KINDS(COL_EXCLUSIVE)
            SCAN_KINDS(COL_SEGMENTED)
        case SCAN_AFFINE: tw_col_scan_affine(u, t); break;
        case SCAN_AFFINE_EXCLUSIVE: tw_col_scan_affine_exclusive(u, t); break;
        }
    }
    if (g.op != SCAN_DECAY && g.number[0])
        tw_copy(t, u);
    tw_store(g.out.f32, t, row, col);
}

TW_EXPORT(conform_scan, conform_args, scan_shared, CONFORM_ROWS, CONFORM_COLS)
