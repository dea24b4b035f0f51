/* SPDX-License-Identifier: MIT
 *
 * tril_inverse: (I + L)^-1 against forward substitution in float64. Bounded element by element: what rounds
 * L by a part in 2^21, a term of each sum at a time, moves X = (I + L)^-1 by |X| |I + L| |X|.
 */
#include <math.h>
#include <stdlib.h>

#include "suite.h"

/* clang-format off */
static const conform_instance instances[] = {
    {.kernel = "tril_inverse", .dtype = TW_DTYPE_F32, .role = CONFORM_ACC, .rows = 16, .cols = 16,
     .team_rows = 1, .team_cols = 1},
    {.kernel = "tril_inverse", .dtype = TW_DTYPE_F32, .role = CONFORM_ACC, .rows = 64, .cols = 64,
     .team_rows = 4, .team_cols = 2},
    {.kernel = "tril_inverse", .dtype = TW_DTYPE_F32, .role = CONFORM_ACC, .rows = 32, .cols = 32,
     .team_rows = 1, .team_cols = 1},
    {.kernel = "tril_inverse", .dtype = TW_DTYPE_F32, .role = CONFORM_ACC, .rows = 64, .cols = 64,
     .team_rows = 1, .team_cols = 1},
};
/* clang-format on */

enum { NORMAL, ONES, KINDS };
static const char *const names[] = {"normal numbers", "all ones"};

static void invert(int64_t n, const double *x, double *inverse)
{
    for (int64_t c = 0; c < n; c++) {
        for (int64_t r = 0; r < n; r++) {
            double value = r == c;
            for (int64_t k = c; k < r; k++)
                value -= x[r * n + k] * inverse[k * n + c];
            inverse[r * n + c] = r < c ? 0 : value;
        }
    }
}

/* The bound of element (r, c): 0 above the diagonal. */
static double bound_at(int64_t n, const double *x, const double *inverse, int64_t r, int64_t c)
{
    double sum = 0;
    for (int64_t i = c; i <= r; i++) {
        for (int64_t k = c; k <= i; k++)
            sum += fabs(inverse[r * n + i]) * (i == k ? 1 : fabs(x[i * n + k])) * fabs(inverse[k * n + c]);
    }
    return r <= c ? 0 : 0x1p-21 * 8 * sum;
}

static void run(conform *c, const conform_instance *instance, int kind)
{
    int64_t n = instance->rows, size[] = {n, n};
    size_t count = (size_t)(n * n);
    conform_args args = {.op = 0};
    double *x = conform_normal(c, "x", count), *inverse = conform_numbers(count),
           *bound = conform_numbers(count);
    for (size_t i = 0; i < count; i++)
        x[i] = kind == ONES ? 1 : (double)(float)(0.3 * x[i]);
    conform_input(c, &args.x, TW_DTYPE_F32, 2, size, &conform_layouts[0], x);
    conform_tensor *out = conform_output(c, &args.out, TW_DTYPE_F32, 2, size, &conform_layouts[1]);
    invert(n, x, inverse);
    for (int64_t i = 0; i < n * n; i++)
        bound[i] = bound_at(n, x, inverse, i / n, i % n);
    conform_launch(c, &args, 1, 1);
    conform_within(c, out, inverse, bound);
    free(x);
    free(inverse);
    free(bound);
}

void conform_family_tril_inverse(conform *c)
{
    for (size_t i = 0; i < sizeof instances / sizeof *instances; i++) {
        if (!conform_open(c, &instances[i]))
            continue;
        for (int kind = 0; kind < KINDS; kind++) {
            if (!conform_begin(c, "tril_inverse, %s", names[kind]))
                continue;
            run(c, &instances[i], kind);
            conform_end(c);
        }
    }
}
