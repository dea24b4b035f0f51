/* SPDX-License-Identifier: MIT
 *
 * shared: gathers from shared tiles, exact, and running sums, products and extrema down their columns.
 */
#include "tests/conformance/shared.h"

#include <math.h>
#include <stdlib.h>

#include "suite.h"

static const conform_instance instances[] = {
    {.kernel = "shared",
     .dtype = TW_DTYPE_BF16,
     .role = CONFORM_ACC,
     .rows = 64,
     .cols = 32,
     .team_rows = 2,
     .team_cols = 2},
    {.kernel = "shared",
     .dtype = TW_DTYPE_F32,
     .role = CONFORM_A,
     .rows = 32,
     .cols = 80,
     .team_rows = 2,
     .team_cols = 1},
    {.kernel = "shared",
     .dtype = TW_DTYPE_F16,
     .role = CONFORM_B,
     .rows = 16,
     .cols = 160,
     .team_rows = 1,
     .team_cols = 1},
};

static const char *const names[] = {"gather", "gather from a view", "sum", "prod", "max", "min"};

static double gathered(int op, const double *x, int64_t rows, int64_t cols, int64_t distance, int64_t r,
                       int64_t c)
{
    return op == SHARED_GATHER ? x[(r + distance) % rows * cols + (c + 3 * r) % cols]
                               : x[(16 + distance) * (cols + 16) + 16 + c / 2];
}

/* Column c down to row r, and the error that f32 may add. */
static double scanned(int op, const double *x, int64_t cols, int64_t r, int64_t c, double *bound)
{
    double value = x[c], size = fabs(x[c]);
    for (int64_t i = 1; i <= r; i++) {
        double next = x[i * cols + c];
        value = op == SHARED_SUM    ? value + next
                : op == SHARED_PROD ? value * next
                : op == SHARED_MAX  ? fmax(value, next)
                                    : fmin(value, next);
        size += fabs(next);
    }
    *bound = op == SHARED_SUM    ? size * (double)r * 0x1p-24
             : op == SHARED_PROD ? fabs(value) * (double)r * 0x1p-23 + 0x1p-126
                                 : 0;
    return value;
}

static void run(conform *c, const conform_instance *instance, int op)
{
    int64_t rows = instance->rows, cols = instance->cols, size[] = {rows, cols},
            more = op == SHARED_GATHER_VIEW ? 16 : 0, from[] = {rows + more, cols + more};
    tw_dtype dtype = op < SHARED_SUM ? instance->dtype : TW_DTYPE_F32;
    conform_args args = {.op = op, .number = {7}};
    double *x = conform_normal(c, "x", (size_t)(from[0] * from[1])),
           *expected = conform_numbers((size_t)(rows * cols)),
           *bound = conform_numbers((size_t)(rows * cols));
    conform_input(c, &args.x, dtype, 2, from, &conform_layouts[0], x);
    conform_tensor *out = conform_output(c, &args.out, dtype, 2, size, &conform_layouts[1]);
    for (int64_t i = 0; i < rows * cols; i++)
        expected[i] = op < SHARED_SUM ? gathered(op, x, rows, cols, args.number[0], i / cols, i % cols)
                                      : scanned(op, x, cols, i / cols, i % cols, &bound[i]);
    conform_launch(c, &args, 1, 1);
    conform_within(c, out, expected, bound);
    free(x);
    free(expected);
    free(bound);
}

void conform_family_shared(conform *c)
{
    for (size_t i = 0; i < sizeof instances / sizeof *instances; i++) {
        if (!conform_open(c, &instances[i]))
            continue;
        for (int op = 0; op < SHARED_OPS; op++) {
            if (!conform_begin(c, "%s, %dx%d", names[op], instances[i].rows, instances[i].cols))
                continue;
            run(c, &instances[i], op);
            conform_end(c);
        }
    }
}
