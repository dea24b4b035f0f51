/* SPDX-License-Identifier: MIT
 *
 * load_store: every way a tile takes between global memory, shared memory and registers. Exact: what arrives
 * is the element, rounded to nearest even by each dtype on its way.
 */
#include "tests/conformance/load_store.h"

#include <stdlib.h>

#include "suite.h"

static const char *const ways[] = {"global", "staged", "transposed", "view", "staged view", "store view"};

/* Sizes, and the coordinates of the first tile: inside one tile, across several, before the first element. */
static const struct {
    int64_t rows, cols, row, col;
} places[] = {
    {1, 1, 0, 0}, {63, 65, 0, 0}, {15, 17, -7, -16}, {64, 96, 0, 0}, {113, 40, -16, -3}, {17, 64, 0, -32},
};
enum { PLACES = sizeof places / sizeof *places };

typedef struct {
    int way;
    tw_dtype from, through, to; /* through: TW_DTYPES, none */
    int place, in_layout, out_layout, view;
} load_case;

static void run(conform *c, const conform_instance *instance, const load_case *k)
{
    int64_t rows = places[k->place].rows, cols = places[k->place].cols;
    int64_t size[] = {rows, cols}, turned[] = {cols, rows};
    size_t count = (size_t)(rows * cols);
    conform_args args = {
        .op = k->way,
        .row = places[k->place].row,
        .col = places[k->place].col,
        .number = {conform_code(k->from), k->through == TW_DTYPES ? 0 : conform_code(k->through),
                   conform_code(k->to), k->view ? LOAD_VIEW_ROWS : 0, k->view * 16},
    };
    double *x = conform_awkward(c, "x", count), *expected = conform_numbers(count);
    int transposed = k->way == LOAD_TRANSPOSED;
    conform_input(c, &args.x, k->from, 2, transposed ? turned : size, &conform_layouts[k->in_layout], x);
    conform_tensor *out = conform_output(c, &args.out, k->to, 2, size, &conform_layouts[k->out_layout]);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t col = 0; col < cols; col++)
            expected[r * cols + col] = transposed ? x[col * rows + r] : x[r * cols + col];
    conform_round(instance->dtype, expected, count);
    if (k->through != TW_DTYPES)
        conform_round(k->through, expected, count);
    conform_round(instance->dtype, expected, count);
    conform_launch(c, &args, conform_blocks(cols, args.col, instance->cols),
                   conform_blocks(rows, args.row, instance->rows));
    conform_equal(c, out, expected);
    free(x);
    free(expected);
}

/* The whole larger tile of each block: zeros around what was stored through the view. */
static void run_store_view(conform *c, const conform_instance *instance, const load_case *k)
{
    int64_t rows = places[k->place].rows, cols = places[k->place].cols;
    int64_t large_rows = instance->rows + LOAD_VIEW_ROWS, large_cols = instance->cols + LOAD_VIEW_COLS;
    int64_t view_row = k->view ? LOAD_VIEW_ROWS : 0, view_col = 16 + 16 * (k->view > 1);
    conform_args args = {
        .op = STORE_VIEW,
        .row = places[k->place].row,
        .col = places[k->place].col,
        .number = {conform_code(k->from), 0, 0, view_row, view_col},
    };
    int64_t blocks_x = conform_blocks(cols, args.col, instance->cols);
    int64_t blocks_y = conform_blocks(rows, args.row, instance->rows);
    int64_t size[] = {rows, cols}, large[] = {blocks_x * blocks_y, large_rows, large_cols};
    double *x = conform_awkward(c, "x", (size_t)(rows * cols));
    double *expected = conform_numbers((size_t)(large[0] * large_rows * large_cols));
    conform_input(c, &args.x, k->from, 2, size, &conform_layouts[k->in_layout], x);
    conform_tensor *out =
        conform_output(c, &args.out, instance->dtype, 3, large, &conform_layouts[k->out_layout]);
    conform_round(instance->dtype, x, (size_t)(rows * cols));
    for (int64_t block = 0; block < large[0]; block++) {
        for (int64_t r = 0; r < instance->rows; r++)
            for (int64_t col = 0; col < instance->cols; col++) {
                int64_t row_at = args.row + block / blocks_x * instance->rows + r;
                int64_t col_at = args.col + block % blocks_x * instance->cols + col;
                if (row_at >= 0 && row_at < rows && col_at >= 0 && col_at < cols)
                    expected[(block * large_rows + view_row + r) * large_cols + view_col + col] =
                        x[row_at * cols + col_at];
            }
    }
    conform_launch(c, &args, blocks_x, blocks_y);
    conform_equal(c, out, expected);
    free(x);
    free(expected);
}

static void begin(conform *c, const conform_instance *instance, const load_case *k)
{
    if (!conform_begin(
            c, "%s from %s%s%s to %s, view %d, %lldx%lld from (%lld, %lld), layouts %d %d", ways[k->way],
            tw_dtype_name(k->from), k->through == TW_DTYPES ? "" : " through shared ",
            k->through == TW_DTYPES ? "" : tw_dtype_name(k->through),
            tw_dtype_name(k->way == STORE_VIEW ? instance->dtype : k->to), k->view,
            (long long)places[k->place].rows, (long long)places[k->place].cols,
            (long long)places[k->place].row, (long long)places[k->place].col, k->in_layout, k->out_layout))
        return;
    if (k->way == STORE_VIEW)
        run_store_view(c, instance, k);
    else
        run(c, instance, k);
    conform_end(c);
}

/* Global to global: every combination of dtypes. The other ways: every dtype they start from, the rest in
 * turn. */
static int chosen(const conform_instance *instance, const load_case *k, int turn)
{
    int combination =
        (int)(k->through % TW_DTYPES) * 3 + (int)k->to; /* 0..8, and 21.. where there is no through */
    if (k->way == LOAD_GLOBAL)
        return 1;
    if (k->way == LOAD_STAGED || k->way == LOAD_TRANSPOSED)
        return (combination + turn / 36) % 3 == (int)k->from;
    if (k->from != instance->dtype)
        return 0;
    return k->way == STORE_VIEW ? k->through == TW_DTYPES : combination % 2 == 0;
}

void conform_family_load_store(conform *c)
{
    for (int i = 0; i < CONFORM_TILES; i++) {
        conform_instance instance = conform_tiles[i];
        int turn = i; /* places, layouts and views go round beside the product of ways and dtypes */
        instance.kernel = "load_store";
        if (!conform_open(c, &instance))
            continue;
        for (int n = 0; n < (STORE_VIEW + 1) * 36; n++) {
            load_case k = {.way = n / 36,
                           .from = (tw_dtype)(n / 12 % 3),
                           .through = n / 3 % 4 == 3 ? TW_DTYPES : (tw_dtype)(n / 3 % 4),
                           .to = (tw_dtype)(n % 3),
                           .place = turn % PLACES,
                           .in_layout = turn / 2 % CONFORM_LAYOUTS,
                           .out_layout = turn / 7 % CONFORM_LAYOUTS,
                           .view = turn / 3 % 3};
            if (!chosen(&instance, &k, n))
                continue;
            turn++;
            begin(c, &instance, &k);
        }
    }
}
