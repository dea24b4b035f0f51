/* SPDX-License-Identifier: MIT
 *
 * sync: exchanges between waves. Small whole numbers, so that every sum is exact.
 */
#include "tests/conformance/sync.h"

#include <math.h>
#include <stdlib.h>

#include "suite.h"

static const conform_instance instances[] = {
    {.kernel = "sync", .rows = 16, .cols = 16, .team_rows = 1, .team_cols = 1},
    {.kernel = "sync", .rows = 32, .cols = 32, .team_rows = 2, .team_cols = 2},
    {.kernel = "sync", .rows = 64, .cols = 64, .team_rows = 4, .team_cols = 1},
    {.kernel = "sync", .rows = 64, .cols = 64, .team_rows = 2, .team_cols = 4},
};

static const char *const names[] = {"rounds", "stages", "messages"};

/* out[r][col] of one square tile of x, n wide and stages long. */
static double value(const double *x, int op, int n, int width, int stages, int r, int col)
{
    double sum = 0;
    if (op == SYNC_ROUNDS)
        return (stages % 2 ? x[col * width + r] : x[r * width + col]) + stages;
    if (op == SYNC_STAGES) {
        for (int stage = 0; stage < stages; stage++)
            sum += x[r * width + stage * n + col];
        return sum;
    }
    for (int i = 0; i < n; i++)
        sum += x[col * width + i] + x[i * width + r];
    return sum + x[r * width + col];
}

static void run(conform *c, int op, int n, int stages)
{
    int width = op == SYNC_STAGES ? n * stages : n;
    int64_t in_size[] = {n, width}, size[] = {n, n};
    conform_args args = {.op = op, .number = {stages}};
    double *x = conform_normal(c, "x", (size_t)(n * width)), *expected = conform_numbers((size_t)(n * n));
    for (int i = 0; i < n * width; i++)
        x[i] = round(x[i] * 100);
    conform_input(c, &args.x, TW_DTYPE_F32, 2, in_size, &conform_layouts[0], x);
    conform_tensor *out = conform_output(c, &args.out, TW_DTYPE_F32, 2, size, &conform_layouts[1]);
    for (int i = 0; i < n * n; i++)
        expected[i] = value(x, op, n, width, stages, i / n, i % n);
    conform_launch(c, &args, 1, 1);
    conform_equal(c, out, expected);
    free(x);
    free(expected);
}

void conform_family_sync(conform *c)
{
    static const int stages[] = {1, 2, 5, 12};
    for (size_t i = 0; i < sizeof instances / sizeof *instances; i++) {
        if (!conform_open(c, &instances[i]))
            continue;
        for (int op = 0; op < SYNC_OPS; op++)
            for (size_t s = 0; s < sizeof stages / sizeof *stages; s++) {
                if (!conform_begin(c, "%s %d", names[op], stages[s]))
                    continue;
                run(c, op, instances[i].rows, stages[s]);
                conform_end(c);
            }
    }
}
