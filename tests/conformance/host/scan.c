/* SPDX-License-Identifier: MIT
 *
 * scan: running sums, products, maxima and minima, segments, linear recurrences, along rows, columns and
 * vectors that one wave holds or several share; and decay between positions.
 */
#include "tests/conformance/scan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

/* A wave's cores follow one another along rows and columns, or take turns with other waves'. */
static const conform_instance instances[] = {
    {.kernel = "scan", .role = CONFORM_ACC, .rows = 64, .cols = 64, .team_rows = 2, .team_cols = 2},
    {.kernel = "scan", .role = CONFORM_A, .rows = 64, .cols = 32, .team_rows = 4, .team_cols = 1},
    {.kernel = "scan", .role = CONFORM_B, .rows = 32, .cols = 64, .team_rows = 2, .team_cols = 2},
};

static const char *const directions[] = {"row", "col", "vector along rows", "vector along cols"};
static const char *const kinds[] = {"sum", "prod", "max", "min"};

static const struct {
    int64_t rows, cols, row, col;
} places[] = {{113, 70, 0, 0}, {65, 33, -5, -16}};

typedef struct {
    conform *c;
    const conform_instance *instance;
    int direction, op, stores_factors;
    int64_t m, n, row, col;
    double *x, *y, *expected, *bound;
} scan_case;

/* The state after some elements: a value and the product of factors, each with the magnitudes that errors are
 * a part of. */
typedef struct {
    double value, factor, size;
    int64_t count;
} running;

static double neutral(int kind)
{
    return kind == SCAN_max ? -INFINITY : kind == SCAN_min ? INFINITY : kind == SCAN_prod;
}

static void take(running *all, int op, double x, double y)
{
    int kind = op % SCAN_KIND_COUNT;
    all->count++;
    if (op >= SCAN_AFFINE) {
        all->value = y * all->value + x;
        all->size = fabs(y) * all->size + fabs(x);
        all->factor *= y;
        return;
    }
    if (op >= SCAN_SEGMENTED && y != 0)
        *all = (running){.value = neutral(kind), .count = 1};
    all->size += fabs(x);
    if (kind == SCAN_sum)
        all->value += x;
    else if (kind == SCAN_prod)
        all->value *= x;
    else
        all->value = (kind == SCAN_max ? x > all->value : x < all->value) ? x : all->value;
}

/* Any order of f32 operations; maxima are exact. */
static double tolerance(const running *all, const scan_case *k)
{
    int kind = k->op % SCAN_KIND_COUNT;
    double steps = 2 * (double)all->count * 0x1p-24;
    if (k->op >= SCAN_AFFINE)
        return k->stores_factors ? steps * fabs(all->factor) + 0x1p-126 : 2 * steps * all->size + 0x1p-126;
    return kind == SCAN_sum ? steps * all->size : kind == SCAN_prod ? steps * fabs(all->value) + 0x1p-126 : 0;
}

/* One line of `length` elements, those at `offset` + i `step` that lie inside; what lies outside reads as 0.
 */
static void expect_line(const scan_case *k, int64_t begin, int64_t length, int64_t dim, int64_t offset,
                        int64_t step)
{
    int exclusive = k->op == SCAN_AFFINE_EXCLUSIVE || (k->op >= SCAN_EXCLUSIVE && k->op < SCAN_SEGMENTED);
    running all = {.value = k->op >= SCAN_AFFINE ? 0 : neutral(k->op % SCAN_KIND_COUNT), .factor = 1};
    for (int64_t i = begin; i < begin + length; i++) {
        int inside = i >= 0 && i < dim;
        running before = all;
        take(&all, k->op, inside ? k->x[offset + i * step] : 0, inside ? k->y[offset + i * step] : 0);
        if (!inside)
            continue;
        const running *shown = exclusive ? &before : &all;
        k->expected[offset + i * step] = k->stores_factors ? shown->factor : shown->value;
        k->bound[offset + i * step] = tolerance(shown, k);
    }
}

static void expect(const scan_case *k)
{
    int64_t rows = k->instance->rows, cols = k->instance->cols;
    if (k->direction == SCAN_ROW) {
        for (int64_t r = 0; r < k->m; r++)
            for (int64_t begin = k->col; begin < k->n; begin += cols)
                expect_line(k, begin, cols, k->n, r * k->n, 1);
    } else if (k->direction == SCAN_COL) {
        for (int64_t col = 0; col < k->n; col++)
            for (int64_t begin = k->row; begin < k->m; begin += rows)
                expect_line(k, begin, rows, k->m, col, k->n);
    } else {
        int64_t length = k->direction == SCAN_ROW_VECTOR ? rows : cols;
        for (int64_t begin = k->col; begin < k->n; begin += length)
            expect_line(k, begin, length, k->n, k->n, 1);
    }
}

static void run(scan_case *k)
{
    conform *c = k->c;
    int vector = k->direction >= SCAN_ROW_VECTOR;
    int64_t size[] = {k->m, k->n},
            length = k->direction == SCAN_ROW_VECTOR ? k->instance->rows : k->instance->cols;
    size_t count = (size_t)(k->m * k->n);
    conform_args args = {
        .op = k->direction * SCAN_OPS + k->op, .row = k->row, .col = k->col, .number = {k->stores_factors}};
    k->x = conform_normal(c, "x", count);
    k->y = conform_normal(c, "y", count);
    k->expected = conform_numbers(count);
    k->bound = conform_numbers(count);
    for (size_t i = 0; i < count; i++) {
        if (k->op < SCAN_AFFINE && fabs(k->y[i]) < 1.5)
            k->y[i] = 0;
        if (vector)
            k->expected[i] = NAN; /* rows beside the vector stay poison */
    }
    conform_input(c, &args.x, TW_DTYPE_F32, 2, size, &conform_layouts[k->op % CONFORM_LAYOUTS], k->x);
    conform_input(c, &args.y, TW_DTYPE_F32, 2, size, &conform_layouts[0], k->y);
    conform_tensor *out = conform_output(c, &args.out, TW_DTYPE_F32, 2, size, &conform_layouts[1]);
    expect(k);
    conform_launch(c, &args, conform_blocks(k->n, k->col, vector ? (int)length : k->instance->cols),
                   vector ? 1 : conform_blocks(k->m, k->row, k->instance->rows));
    conform_within(c, out, k->expected, k->bound);
    free(k->x);
    free(k->y);
    free(k->expected);
    free(k->bound);
}

/* Falling sums of logarithms, some so steep that the powers vanish, and would overflow where they are cut
 * away. */
static void run_decay(conform *c, const conform_instance *instance, int diagonal)
{
    int64_t m = instance->rows, n = instance->cols, size[] = {m, n};
    size_t count = (size_t)(m * n);
    conform_args args = {.op = SCAN_DECAY, .number = {diagonal}};
    double *x = conform_normal(c, "x", count), *gate = conform_normal(c, "gate", (size_t)(m + n));
    double *sums = conform_numbers((size_t)(m + n)), *expected = conform_numbers(count),
           *bound = conform_numbers(count), sum = 0;
    for (int64_t i = 0; i < m + n; i++) {
        sum -= gate[i] > 1.5 ? 126 : fabs(gate[i]) * 0.1;
        sums[i] = sum;
    }
    conform_input(c, &args.x, TW_DTYPE_F32, 2, size, &conform_layouts[0], x);
    conform_input(c, &args.rows, TW_DTYPE_F32, 1, &size[0], &conform_layouts[0], sums);
    conform_input(c, &args.cols, TW_DTYPE_F32, 1, &size[1], &conform_layouts[0], sums);
    conform_tensor *out = conform_output(c, &args.out, TW_DTYPE_F32, 2, size, &conform_layouts[1]);
    for (int64_t i = 0; i < m * n; i++) {
        int64_t r = i / n, col = i % n;
        expected[i] = col <= r + diagonal ? x[i] * exp2(sums[r] - sums[col]) : 0;
        bound[i] = fabs(expected[i]) * 0x1p-9 * (1 + fabs(sums[r]) * 0x1p-9) + 0x1p-126;
    }
    conform_launch(c, &args, 1, 1);
    conform_within(c, out, expected, bound);
    free(x);
    free(gate);
    free(sums);
    free(expected);
    free(bound);
}

static void each_op(conform *c, const conform_instance *instance, int direction, int op)
{
    for (int factors = 0; factors <= (op >= SCAN_AFFINE); factors++) {
        int place = (op + factors) % 2, affine = op >= SCAN_AFFINE, kind = op % SCAN_KIND_COUNT;
        const char *form = op == SCAN_AFFINE_EXCLUSIVE || (op >= SCAN_EXCLUSIVE && op < SCAN_SEGMENTED)
                               ? " exclusive"
                           : op >= SCAN_SEGMENTED && !affine ? " segmented"
                                                             : "";
        scan_case k = {.c = c,
                       .instance = instance,
                       .direction = direction,
                       .op = op,
                       .stores_factors = factors,
                       .m = places[place].rows,
                       .n = places[place].cols,
                       .row = places[place].row,
                       .col = places[place].col};
        if (!conform_begin(c, "%s, %s%s%s", directions[direction], affine ? "affine" : kinds[kind], form,
                           factors ? ", the factors" : ""))
            continue;
        run(&k);
        conform_end(c);
    }
}

void conform_family_scan(conform *c)
{
    for (size_t i = 0; i < sizeof instances / sizeof *instances; i++) {
        if (!conform_open(c, &instances[i]))
            continue;
        for (int direction = 0; direction < SCAN_DIRECTIONS; direction++)
            for (int op = 0; op < SCAN_OPS; op++)
                each_op(c, &instances[i], direction, op);
        for (int diagonal = -1; diagonal < 2; diagonal++) {
            if (!conform_begin(c, "decay, diagonal %d", diagonal))
                continue;
            run_decay(c, &instances[i], diagonal);
            conform_end(c);
        }
    }
}
