/* SPDX-License-Identifier: MIT
 *
 * dot: products of a tile and vectors, and of two vectors.
 */
#include "tests/conformance/dot.h"

#include <math.h>
#include <stdlib.h>

#include "suite.h"

static const conform_instance instances[] = {
    {.kernel = "dot",
     .dtype = TW_DTYPE_F32,
     .role = CONFORM_ACC,
     .rows = 64,
     .cols = 64,
     .team_rows = 2,
     .team_cols = 2},
    {.kernel = "dot",
     .dtype = TW_DTYPE_BF16,
     .role = CONFORM_A,
     .rows = 64,
     .cols = 32,
     .team_rows = 4,
     .team_cols = 1},
    {.kernel = "dot",
     .dtype = TW_DTYPE_F16,
     .role = CONFORM_B,
     .rows = 32,
     .cols = 64,
     .team_rows = 2,
     .team_cols = 2},
};

static const char *const names[] = {"row", "col", "vectors along rows", "vectors along cols", "outer"};

/* The sum that out[r][c] is, and the sum of its terms' magnitudes. */
static double value(int op, int64_t m, int64_t n, const double *x, const double *rows, const double *cols,
                    int64_t r, int64_t col, double *size)
{
    double sum = op >= DOT_ROWS ? x[r * n + col] : 0;
    int64_t count = op == DOT_ROW || op == DOT_COLS ? n : op == DOT_OUTER ? 1 : m;
    *size = fabs(sum);
    for (int64_t i = 0; i < count; i++) {
        double term = op == DOT_ROW    ? x[col * n + i] * cols[i]
                      : op == DOT_COL  ? x[i * n + col] * rows[i]
                      : op == DOT_ROWS ? rows[i] * rows[i]
                      : op == DOT_COLS ? cols[i] * cols[i]
                                       : rows[r] * cols[col];
        sum += term;
        *size += fabs(term);
    }
    *size *= (double)(count + 2) * 0x1p-24;
    return sum;
}

static void run(conform *c, const conform_instance *instance, int op)
{
    int64_t m = instance->rows, n = instance->cols, size[] = {m, n};
    int64_t out_size[] = {op < DOT_ROWS ? 1 : m, op == DOT_ROW ? m : n};
    size_t count = (size_t)(out_size[0] * out_size[1]);
    conform_args args = {.op = op};
    double *x = conform_normal(c, "x", (size_t)(m * n)), *rows = conform_normal(c, "rows", (size_t)m),
           *cols = conform_normal(c, "cols", (size_t)n), *expected = conform_numbers(count),
           *bound = conform_numbers(count);
    conform_input(c, &args.x, instance->dtype, 2, size, &conform_layouts[0], x);
    conform_input(c, &args.rows, TW_DTYPE_F32, 1, &size[0], &conform_layouts[0], rows);
    conform_input(c, &args.cols, TW_DTYPE_F32, 1, &size[1], &conform_layouts[0], cols);
    conform_tensor *out = conform_output(c, &args.out, TW_DTYPE_F32, 2, out_size, &conform_layouts[1]);
    for (size_t i = 0; i < count; i++)
        expected[i] =
            value(op, m, n, x, rows, cols, (int64_t)i / out_size[1], (int64_t)i % out_size[1], &bound[i]);
    conform_launch(c, &args, 1, 1);
    conform_within(c, out, expected, bound);
    free(x);
    free(rows);
    free(cols);
    free(expected);
    free(bound);
}

void conform_family_dot(conform *c)
{
    for (size_t i = 0; i < sizeof instances / sizeof *instances; i++) {
        if (!conform_open(c, &instances[i]))
            continue;
        for (int op = 0; op < DOT_OPS; op++) {
            if (!conform_begin(c, "dot, %s", names[op]))
                continue;
            run(c, &instances[i], op);
            conform_end(c);
        }
    }
}
