/* SPDX-License-Identifier: MIT
 *
 * reduce: rows, columns and whole tiles. What lies outside the tensor reads as zero and takes part.
 */
#include "tests/conformance/reduce.h"

#include <math.h>
#include <stdlib.h>

#include "suite.h"

enum { KINDS = 4, MAX = 0, MIN, SUM, PROD };
enum { REPEATS = 2 };

#define REDUCE_NAME_ROW(name)      "row_" #name,
#define REDUCE_NAME_COL(name)      "col_" #name,
#define REDUCE_NAME_ROW_ONTO(name) "row_" #name "_onto",
#define REDUCE_NAME_COL_ONTO(name) "col_" #name "_onto",
#define REDUCE_NAME_TILE(name)     "tile_" #name,
static const char *const names[] = {REDUCE_KINDS(REDUCE_NAME_ROW) REDUCE_KINDS(REDUCE_NAME_ROW_ONTO)
                                        REDUCE_KINDS(REDUCE_NAME_COL) REDUCE_KINDS(REDUCE_NAME_COL_ONTO)
                                            REDUCE_KINDS(REDUCE_NAME_TILE)};

static const struct {
    int64_t rows, cols, row, col;
} places[] = {{128, 96, 0, 0}, {65, 63, 0, 0}, {17, 113, -5, -16}, {1, 1, 0, 0}};
enum { PLACES = sizeof places / sizeof *places };

typedef struct {
    double value, size; /* size: the sum of magnitudes, of which the error of a sum is a part */
    int64_t count;
} running;

static running neutral(int kind)
{
    running all = {.value = kind == MAX ? -INFINITY : kind == MIN ? INFINITY : kind == PROD};
    return all;
}

static void take(running *all, int kind, double x)
{
    double y = all->value;
    all->count++;
    all->size += fabs(x);
    if (kind == SUM)
        all->value += x;
    else if (kind == PROD)
        all->value *= x;
    else
        all->value = isnan(x) || isnan(y) ? (double)NAN : (kind == MAX ? x > y : x < y) ? x : y;
}

/* Any order of f32 additions or multiplications; maxima are exact. */
static double tolerance(const running *all, int kind)
{
    double steps = (double)all->count * 0x1p-24;
    return kind == SUM ? steps * all->size : kind == PROD ? 1.1 * steps * fabs(all->value) + 0x1p-126 : 0;
}

/* Adds the part [row, row + rows) x [col, col + cols) of x, negated where `negated`. */
static void take_part(running *all, int kind, const double *x, int64_t m, int64_t n, int64_t row, int64_t col,
                      int rows, int cols, int negated)
{
    for (int64_t r = row; r < row + rows; r++)
        for (int64_t at = col; at < col + cols; at++) {
            double value = r >= 0 && r < m && at >= 0 && at < n ? x[r * n + at] : 0;
            take(all, kind, negated ? -value : value);
        }
}

typedef struct {
    conform *c;
    const conform_instance *instance;
    int op, place, awkward;
    int64_t m, n, row, col, blocks_x, blocks_y;
    double *x, *prior;
} reduce_case;

/* One line per block along the reduced axis. */
static void expect_lines(const reduce_case *k, double *expected, double *bound)
{
    int by_row = k->op < REDUCE_col_max, kind = k->op % KINDS, onto = k->op / KINDS % 2;
    int rows = by_row ? 1 : k->instance->rows, cols = by_row ? k->instance->cols : 1;
    int64_t lines = by_row ? k->blocks_x : k->blocks_y, length = by_row ? k->m : k->n;
    for (int64_t i = 0; i < lines * length; i++) {
        int64_t row = by_row ? i % length : k->row + i / length * rows;
        int64_t col = by_row ? k->col + i / length * cols : i % length;
        running all = neutral(kind);
        if (onto)
            take(&all, kind, k->prior[i % length]);
        for (int again = onto ? 0 : REPEATS; again <= REPEATS; again++)
            take_part(&all, kind, k->x, k->m, k->n, row, col, rows, cols, again % 2);
        expected[i] = all.value;
        bound[i] = tolerance(&all, kind);
    }
}

static void expect_tiles(const reduce_case *k, double *expected, double *bound)
{
    int rows = k->instance->rows, cols = k->instance->cols, kind = k->op % KINDS;
    for (int64_t block = 0; block < k->blocks_x * k->blocks_y; block++) {
        int64_t row = k->row + block / k->blocks_x * rows, col = k->col + block % k->blocks_x * cols;
        double total = 0, error = 0;
        for (int again = 0; again <= REPEATS; again++) {
            running all = neutral(kind);
            take_part(&all, kind, k->x, k->m, k->n, row, col, rows, cols, again % 2);
            total += all.value;
            error += tolerance(&all, kind) + 0x1p-22 * fabs(all.value);
        }
        for (int64_t r = row; r < row + rows; r++)
            for (int64_t at = col; at < col + cols; at++)
                if (r >= 0 && r < k->m && at >= 0 && at < k->n) {
                    expected[r * k->n + at] = total;
                    bound[r * k->n + at] = isfinite(total) ? error : 0;
                }
    }
}

static void run(reduce_case *k)
{
    conform *c = k->c;
    int by_row = k->op < REDUCE_col_max, lines = k->op < REDUCE_tile_max;
    int64_t size[] = {k->m, k->n};
    int64_t line_size[] = {by_row ? k->blocks_x : k->blocks_y, by_row ? k->m : k->n};
    const int64_t *out_size = lines ? line_size : size;
    size_t count = (size_t)(out_size[0] * out_size[1]);
    conform_args args = {.op = k->op, .row = k->row, .col = k->col, .number = {REPEATS}};
    k->x = (k->awkward ? conform_awkward : conform_normal)(c, "x", (size_t)(k->m * k->n));
    k->prior = conform_normal(c, "prior", (size_t)(k->m + k->n));
    double *expected = conform_numbers(count), *bound = conform_numbers(count);
    conform_input(c, &args.x, k->instance->dtype, 2, size, &conform_layouts[k->op % CONFORM_LAYOUTS], k->x);
    conform_input(c, &args.rows, TW_DTYPE_F32, 1, &size[0], &conform_layouts[0], k->prior);
    conform_input(c, &args.cols, TW_DTYPE_F32, 1, &size[1], &conform_layouts[0], k->prior);
    conform_tensor *out = conform_output(c, &args.out, TW_DTYPE_F32, 2, out_size, &conform_layouts[1]);
    if (lines)
        expect_lines(k, expected, bound);
    else
        expect_tiles(k, expected, bound);
    conform_launch(c, &args, k->blocks_x, k->blocks_y);
    conform_within(c, out, expected, bound);
    free(k->x);
    free(k->prior);
    free(expected);
    free(bound);
}

void conform_family_reduce(conform *c)
{
    for (int i = 0; i < CONFORM_TILES; i++) {
        conform_instance instance = conform_tiles[i];
        instance.kernel = "reduce";
        if (!conform_open(c, &instance))
            continue;
        for (int op = 0; op < REDUCE_OPS; op++)
            for (int turn = 0; turn < 3 + (op % KINDS < SUM); turn++) {
                int place = turn == 0 ? 0 : 1 + (op + turn) % (PLACES - 1);
                reduce_case k = {.c = c,
                                 .instance = &instance,
                                 .op = op,
                                 .place = place,
                                 .awkward = turn == 3,
                                 .m = places[place].rows,
                                 .n = places[place].cols,
                                 .row = places[place].row,
                                 .col = places[place].col};
                k.blocks_x = conform_blocks(k.n, k.col, instance.cols);
                k.blocks_y = conform_blocks(k.m, k.row, instance.rows);
                if (!conform_begin(c, "%s of %s numbers, %lldx%lld from (%lld, %lld), turn %d", names[op],
                                   k.awkward ? "awkward" : "normal", (long long)k.m, (long long)k.n,
                                   (long long)k.row, (long long)k.col, turn))
                    continue;
                run(&k);
                conform_end(c);
            }
    }
}
