/* SPDX-License-Identifier: MIT
 *
 * copy: bytes of every dtype through shared memory. ranks: global tensors of every rank, far coordinates,
 * extents known at compile time. All exact.
 */
#include <math.h>
#include <stdlib.h>

#include "suite.h"
#include "tests/conformance/ranks.h"

static const conform_instance copies[] = {
    {.kernel = "copy", .rows = 16, .cols = 16, .team_rows = 1, .team_cols = 1},
    {.kernel = "copy", .rows = 32, .cols = 48, .team_rows = 2, .team_cols = 1},
    {.kernel = "copy", .rows = 40, .cols = 64, .team_rows = 2, .team_cols = 4},
};

static const struct {
    int64_t rows, cols, row, col;
} places[] = {{65, 63, 0, 0}, {17, 113, -5, -16}, {1, 1, 0, 0}, {64, 96, 0, 0}, {33, 15, 0, -1}};
enum { PLACES = sizeof places / sizeof *places };

static void run_copy(conform *c, const conform_instance *instance, tw_dtype dtype, int place, int layout)
{
    int64_t rows = places[place].rows, cols = places[place].cols, size[] = {rows, cols};
    conform_args args = {.row = places[place].row, .col = places[place].col, .number = {conform_code(dtype)}};
    double *x = conform_awkward(c, "x", (size_t)(rows * cols));
    for (int64_t i = 0; i < rows * cols; i++)
        x[i] *= tw_dtype_is_float(dtype) ? 1 : 50;
    conform_input(c, &args.x, dtype, 2, size, &conform_layouts[layout], x);
    conform_tensor *out =
        conform_output(c, &args.out, dtype, 2, size, &conform_layouts[(layout + place) % CONFORM_LAYOUTS]);
    conform_launch(c, &args, conform_blocks(cols, args.col, instance->cols),
                   conform_blocks(rows, args.row, instance->rows));
    conform_equal(c, out, x);
    free(x);
}

void conform_family_copy(conform *c)
{
    for (size_t i = 0; i < sizeof copies / sizeof *copies; i++) {
        if (!conform_open(c, &copies[i]))
            continue;
        for (int n = 0; n < TW_DTYPES * PLACES; n++) {
            tw_dtype dtype = (tw_dtype)(n / PLACES);
            int place = n % PLACES, layout = (n + (int)i) / 2 % CONFORM_LAYOUTS;
            if (!conform_begin(c, "%s, %lldx%lld from (%lld, %lld), layout %d", tw_dtype_name(dtype),
                               (long long)places[place].rows, (long long)places[place].cols,
                               (long long)places[place].row, (long long)places[place].col, layout))
                continue;
            run_copy(c, &copies[i], dtype, place, layout);
            conform_end(c);
        }
    }
}

static const conform_instance instances[] = {
    {.kernel = "ranks",
     .dtype = TW_DTYPE_BF16,
     .role = CONFORM_ACC,
     .rows = 16,
     .cols = 32,
     .team_rows = 1,
     .team_cols = 1},
    {.kernel = "ranks",
     .dtype = TW_DTYPE_F32,
     .role = CONFORM_B,
     .rows = 32,
     .cols = 32,
     .team_rows = 2,
     .team_cols = 2},
};

#define FAR ((int64_t)1 << 33)

/* `low`: what both tensors' row coordinates begin at, their elements 0 being so many rows before their
 * memory. */
typedef struct {
    const char *name;
    int op, rank;
    int64_t dim[TW_RANK_MAX], number[4];
    int64_t low;
} rank_case;

static const rank_case cases[] = {
    {"rank 1", RANKS_1, 1, {77}, {0}, 0},
    {"rank 2, loaded elsewhere", RANKS_2, 2, {24, 40}, {-9, 8, 0, 0}, 0},
    {"rank 2, stored elsewhere", RANKS_2, 2, {24, 40}, {0, 0, 3, -7}, 0},
    {"rank 2, loaded from far below", RANKS_2, 2, {24, 40}, {-FAR * 100, 0, 0, 0}, 0},
    {"rank 2, loaded from far right", RANKS_2, 2, {24, 40}, {0, FAR * 100, 0, 0}, 0},
    {"rank 2, stored far above", RANKS_2, 2, {24, 40}, {0, 0, FAR, 0}, 0},
    {"rank 2, stored far left", RANKS_2, 2, {24, 40}, {0, 0, 0, -FAR}, 0},
    {"rank 2 with offsets beyond 32 bits", RANKS_2, 2, {24, 40}, {0}, FAR},
    {"rank 3", RANKS_3, 3, {3, 24, 40}, {1, 0, 2, 0}, 0},
    {"rank 3, loaded outside", RANKS_3, 3, {3, 24, 40}, {3, 0, 0, 0}, 0},
    {"rank 3, stored outside", RANKS_3, 3, {3, 24, 40}, {1, 0, -1, 0}, 0},
    {"rank 4", RANKS_4, 4, {2, 3, 24, 40}, {1, 2, 0, 1}, 0},
    {"rank 4, loaded outside", RANKS_4, 4, {2, 3, 24, 40}, {0, -1, 1, 2}, 0},
    {"rank 4, stored outside", RANKS_4, 4, {2, 3, 24, 40}, {0, 0, 2, 0}, 0},
    {"known dims and strides", RANKS_KNOWN, 2, {RANKS_ROWS, RANKS_COLS}, {0}, 0},
    {"known width", RANKS_WIDTH_KNOWN, 2, {37, RANKS_COLS}, {0}, 0},
};
enum { CASES = sizeof cases / sizeof *cases };

/* x at (row, col) of the plane that the leading numbers choose, zero outside. */
static double loaded(const rank_case *k, const double *x, int64_t row, int64_t col)
{
    int64_t m = k->rank > 1 ? k->dim[k->rank - 2] : 1, n = k->dim[k->rank - 1], plane = 0;
    for (int axis = 0; axis < k->rank - 2; axis++) {
        if (k->number[axis] < 0 || k->number[axis] >= k->dim[axis])
            return 0;
        plane = plane * k->dim[axis] + k->number[axis];
    }
    if (k->op == RANKS_2) {
        row += k->number[0];
        col += k->number[1];
    }
    return row < 0 || row >= m || col < 0 || col >= n ? 0 : x[(plane * m + row) * n + col];
}

/* Fills `expected`, all poison so far, with what a grid of tiles over rows x cols from (0, 0) on stores. */
static void expect(const rank_case *k, const double *x, double *expected, int64_t rows, int64_t cols)
{
    int64_t m = k->rank > 1 ? k->dim[k->rank - 2] : 1, n = k->dim[k->rank - 1], plane = 0;
    for (int axis = 0; axis < k->rank - 2; axis++) {
        if (k->number[2 + axis] < 0 || k->number[2 + axis] >= k->dim[axis])
            return;
        plane = plane * k->dim[axis] + k->number[2 + axis];
    }
    for (int64_t r = 0; r < rows; r++)
        for (int64_t col = 0; col < cols; col++) {
            int64_t row_at = r + (k->op == RANKS_2 ? k->number[2] : 0),
                    col_at = col + (k->op == RANKS_2 ? k->number[3] : 0);
            if (row_at >= 0 && row_at < m && col_at >= 0 && col_at < n)
                expected[(plane * m + row_at) * n + col_at] = loaded(k, x, r, col);
        }
}

/* As if the tensor began `low` rows before its memory: the offsets of its real rows then need 64 bits. */
static void begin_before(tw_tensor_arg *arg, int64_t low, tw_dtype dtype)
{
    if (!low)
        return;
    arg->data =
        (void *)((uintptr_t)arg->data - (uintptr_t)(low * arg->stride[0] * (int64_t)tw_dtype_bytes(dtype)));
    arg->dim[0] += low;
}

static void forget(tw_tensor_arg *arg, int op)
{
    for (int axis = 0; axis < 2; axis++) {
        if (op == RANKS_KNOWN || (op == RANKS_WIDTH_KNOWN && axis == 1))
            arg->dim[axis] = arg->stride[axis] = -12345;
    }
}

static void run_rank(conform *c, const conform_instance *instance, const rank_case *k, int shared)
{
    const conform_layout pitched = {.pad = RANKS_PITCH - RANKS_COLS, .shift = shared ? 0 : 1, .step = 1};
    const conform_layout *layout = k->op >= RANKS_KNOWN ? &pitched : &conform_layouts[shared + k->rank % 2];
    int64_t rows = k->rank > 1 ? k->dim[k->rank - 2] : 1, cols = k->dim[k->rank - 1];
    size_t count = (size_t)(rows * cols);
    for (int axis = 0; axis < k->rank - 2; axis++)
        count *= (size_t)k->dim[axis];
    conform_args args = {.op = k->op,
                         .row = k->low,
                         .number = {k->number[0], k->number[1], k->number[2], k->number[3], shared}};
    double *x = conform_normal(c, "x", count), *expected = conform_numbers(count);
    conform_input(c, &args.x, instance->dtype, k->rank, k->dim, layout, x);
    conform_tensor *out = conform_output(c, &args.out, instance->dtype, k->rank, k->dim, layout);
    begin_before(&args.x, k->low, instance->dtype);
    begin_before(&args.out, k->low, instance->dtype);
    forget(&args.x, k->op);
    forget(&args.out, k->op);
    for (size_t i = 0; i < count; i++)
        expected[i] = NAN;
    int64_t blocks_x = conform_blocks(cols, 0, instance->cols),
            blocks_y = conform_blocks(rows, 0, instance->rows);
    expect(k, x, expected, blocks_y * instance->rows, blocks_x * instance->cols);
    conform_launch(c, &args, blocks_x, blocks_y);
    conform_equal(c, out, expected);
    free(x);
    free(expected);
}

void conform_family_ranks(conform *c)
{
    for (size_t i = 0; i < sizeof instances / sizeof *instances; i++) {
        if (!conform_open(c, &instances[i]))
            continue;
        for (int n = 0; n < 2 * CASES; n++) {
            if (!conform_begin(c, "%s%s", cases[n / 2].name, n % 2 ? " through shared" : ""))
                continue;
            run_rank(c, &instances[i], &cases[n / 2], n % 2);
            conform_end(c);
        }
    }
}
