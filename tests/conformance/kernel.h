/* SPDX-License-Identifier: MIT
 *
 * What the kernels of the conformance suite share. A family is one kernel source here and one file of cases and
 * float64 references in host/. An instance fixes what must be constant, by macros with defaults; which op runs
 * on which dtypes is a number in the arguments, so that one instance serves a whole family.
 *
 *   CONFORM_DTYPE        of the register tiles: f32, f16 or bf16
 *   CONFORM_ROLE         of the register tiles: acc, a, b or line
 *   CONFORM_ROWS, CONFORM_COLS             of the tile
 *   CONFORM_TEAM_ROWS, CONFORM_TEAM_COLS   of the team
 *
 * Block (x, y) works on the tile whose first element is (row + y * CONFORM_ROWS, col + x * CONFORM_COLS).
 */
#ifndef TW_TESTS_CONFORMANCE_KERNEL_H
#define TW_TESTS_CONFORMANCE_KERNEL_H

#include <tilewright.h>

#ifndef CONFORM_DTYPE
#define CONFORM_DTYPE f32
#endif
#ifndef CONFORM_ROLE
#define CONFORM_ROLE acc
#endif
#ifndef CONFORM_ROWS
#define CONFORM_ROWS 16
#endif
#ifndef CONFORM_COLS
#define CONFORM_COLS 16
#endif
#ifndef CONFORM_TEAM_ROWS
#define CONFORM_TEAM_ROWS 1
#endif
#ifndef CONFORM_TEAM_COLS
#define CONFORM_TEAM_COLS 1
#endif

TW_TEAM(CONFORM_TEAM_ROWS, CONFORM_TEAM_COLS);

/* One tensor under the type that the op at hand needs: all have the layout of tw_tensor_arg. */
typedef union {
    tw_gl(f32, 2) f32;
    tw_gl(f16, 2) f16;
    tw_gl(bf16, 2) bf16;
    tw_gl(e4m3, 2) e4m3;
    tw_gl(e5m2, 2) e5m2;
    tw_gl(i8, 2) i8;
    tw_gl(i32, 2) i32;
    tw_gl(CONFORM_DTYPE, 3) rank3;
    tw_gl(f32, 3) planes;
} conform_tensor;

/* host/suite.h holds the same struct. */
typedef struct {
    conform_tensor out, x, y, z;
    tw_gl(f32, 1) rows, cols;
    int64_t op, row, col, number[5];
    float value[4];
} conform_args;

/* DO(dtype) for the one of the three register dtypes that `code` names. */
#define CONFORM_BY_DTYPE(code, DO)            \
    do {                                      \
        if ((code) == TW_f32) {               \
            DO(f32);                          \
        } else if ((code) == TW_f16) {        \
            DO(f16);                          \
        } else {                              \
            DO(bf16);                         \
        }                                     \
    } while (0)

/* Of a vector along the rows of a tile of CONFORM_ROLE, and along its columns. */
#define CONFORM_ROW_AXIS TW__JOIN(CONFORM_ROW_AXIS_, CONFORM_ROLE)
#define CONFORM_ROW_AXIS_acc row
#define CONFORM_ROW_AXIS_a row
#define CONFORM_ROW_AXIS_b b_row
#define CONFORM_ROW_AXIS_line line_row
#define CONFORM_COL_AXIS TW__JOIN(CONFORM_COL_AXIS_, CONFORM_ROLE)
#define CONFORM_COL_AXIS_acc col
#define CONFORM_COL_AXIS_a a_col
#define CONFORM_COL_AXIS_b b_col
#define CONFORM_COL_AXIS_line line_col

#define CONFORM_ROW_AT(g) ((g).row + (int64_t)tw_block(1) * CONFORM_ROWS)
#define CONFORM_COL_AT(g) ((g).col + (int64_t)tw_block(0) * CONFORM_COLS)

#endif
