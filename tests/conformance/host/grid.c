/* SPDX-License-Identifier: MIT
 *
 * grid: each block's place, all different.
 */
#include <math.h>
#include <stdlib.h>

#include "suite.h"
#include "suite_state.h"

static const conform_instance instance = {
    .kernel = "grid", .rows = 16, .cols = 16, .team_rows = 1, .team_cols = 1};

/* Every place of rows x cols is some block's. */
static void check_places(conform *c, const double *place, int rows, int cols)
{
    char *seen = calloc((size_t)(rows * cols), 1);
    for (int block = 0; block < rows * cols; block++) {
        double row = place[2 * block], col = place[2 * block + 1];
        int inside = row >= 0 && row < rows && col >= 0 && col < cols;
        if (!inside || seen[(int)row * cols + (int)col]++)
            conform_problem(c, "block %d got (%g, %g), %s", block, row, col,
                            inside ? "which another has" : "outside");
    }
    free(seen);
}

static void run_order(conform *c, int rows, int cols)
{
    int64_t size[] = {rows * cols, 1, 2};
    conform_args args = {.number = {rows, cols}};
    conform_tensor *out = conform_output(c, &args.out, TW_DTYPE_F32, 3, size, &conform_layouts[0]);
    conform_launch(c, &args, rows * cols, 1);
    double *place = conform_values(c, out);
    if (place)
        check_places(c, place, rows, cols);
    free(place);
}

static void run_index(conform *c, int x, int y)
{
    int64_t size[] = {x * y, 1, 4};
    conform_args args = {.op = 1};
    double *expected = conform_numbers((size_t)(4 * x * y));
    conform_tensor *out = conform_output(c, &args.out, TW_DTYPE_F32, 3, size, &conform_layouts[0]);
    for (int block = 0; block < x * y; block++) {
        const double all[] = {block % x, block / x, x, y};
        for (int i = 0; i < 4; i++)
            expected[4 * block + i] = all[i];
    }
    conform_launch(c, &args, x, y);
    conform_equal(c, out, expected);
    free(expected);
}

void conform_family_grid(conform *c)
{
    static const int sizes[][2] = {{1, 1},   {1, 9},  {9, 1},   {7, 8}, {8, 3},
                                   {16, 16}, {17, 5}, {23, 11}, {31, 2}};
    if (!conform_open(c, &instance))
        return;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        if (conform_begin(c, "order %dx%d", sizes[i][0], sizes[i][1])) {
            run_order(c, sizes[i][0], sizes[i][1]);
            conform_end(c);
        }
        if (conform_begin(c, "index %dx%d", sizes[i][0], sizes[i][1])) {
            run_index(c, sizes[i][0], sizes[i][1]);
            conform_end(c);
        }
    }
}
