/* SPDX-License-Identifier: MIT
 *
 * mask: every mask, with parameters from far before to far behind the tile. Exact.
 */
#include "tests/conformance/mask.h"

#include <math.h>
#include <stdlib.h>

#include "suite.h"

#define FAR ((int64_t)1 << 36)

static const struct {
    const char *name;
    int op;
    int64_t n[4];
} masks[] = {
    {"tril", MASK_TRIL, {0}},
    {"tril", MASK_TRIL, {-1}},
    {"tril", MASK_TRIL, {7}},
    {"tril", MASK_TRIL, {-FAR}},
    {"tril", MASK_TRIL, {FAR}},
    {"triu", MASK_TRIU, {0}},
    {"triu", MASK_TRIU, {1}},
    {"triu", MASK_TRIU, {-9}},
    {"triu", MASK_TRIU, {FAR}},
    {"triu", MASK_TRIU, {-FAR}},
    {"causal", MASK_CAUSAL, {0, 0}},
    {"causal", MASK_CAUSAL, {5, 20}},
    {"causal", MASK_CAUSAL, {-30, 0}},
    {"causal", MASK_CAUSAL, {FAR + 3, FAR}},
    {"causal", MASK_CAUSAL, {0, FAR}},
    {"window", MASK_WINDOW, {0, 0, 3, 0}},
    {"window", MASK_WINDOW, {0, 0, 0, 0}},
    {"window", MASK_WINDOW, {10, -4, 16, 5}},
    {"window", MASK_WINDOW, {FAR, FAR, 1, 1}},
    {"window", MASK_WINDOW, {0, 0, FAR, FAR}},
    {"window", MASK_WINDOW, {0, 0, -2, 9}},
    {"rows", MASK_ROWS, {0}},
    {"rows", MASK_ROWS, {13}},
    {"rows", MASK_ROWS, {-5}},
    {"rows", MASK_ROWS, {FAR}},
    {"cols", MASK_COLS, {0}},
    {"cols", MASK_COLS, {1}},
    {"cols", MASK_COLS, {31}},
    {"cols", MASK_COLS, {FAR}},
};
enum { MASKS = sizeof masks / sizeof *masks };

static const struct {
    int64_t rows, cols, row, col;
} places[] = {{65, 63, 0, 0}, {40, 113, -5, -16}};

/* Is the element kept? (r, col) in the tile, (row, column) in out. */
static int kept(int op, const int64_t *n, int64_t r, int64_t col, int64_t row, int64_t column)
{
    int64_t distance = n[1] + column - (n[0] + row);
    switch (op) {
    case MASK_TRIL: return col <= r + n[0];
    case MASK_TRIU: return col >= r + n[0];
    case MASK_CAUSAL: return distance <= 0;
    case MASK_WINDOW: return -n[2] <= distance && distance <= n[3];
    case MASK_ROWS: return r < n[0];
    default: return col < n[0];
    }
}

static void run(conform *c, const conform_instance *instance, int mask, int place)
{
    int64_t rows = places[place].rows, cols = places[place].cols, size[] = {rows, cols};
    const int64_t *n = masks[mask].n;
    conform_args args = {.op = masks[mask].op,
                         .row = places[place].row,
                         .col = places[place].col,
                         .number = {n[0], n[1], n[2], n[3]},
                         .value = {mask % 2 ? -INFINITY : 0.5f}};
    double *x = conform_awkward(c, "x", (size_t)(rows * cols)),
           *expected = conform_numbers((size_t)(rows * cols));
    conform_input(c, &args.x, instance->dtype, 2, size, &conform_layouts[mask % CONFORM_LAYOUTS], x);
    conform_tensor *out = conform_output(c, &args.out, instance->dtype, 2, size, &conform_layouts[0]);
    for (int64_t i = 0; i < rows * cols; i++) {
        int64_t row = i / cols, col = i % cols;
        int keep = kept(masks[mask].op, n, (row - args.row) % instance->rows,
                        (col - args.col) % instance->cols, row, col);
        expected[i] = keep ? x[i] : (double)args.value[0];
    }
    conform_launch(c, &args, conform_blocks(cols, args.col, instance->cols),
                   conform_blocks(rows, args.row, instance->rows));
    conform_equal(c, out, expected);
    free(x);
    free(expected);
}

void conform_family_mask(conform *c)
{
    for (int i = 0; i < CONFORM_TILES; i++) {
        conform_instance instance = conform_tiles[i];
        instance.kernel = "mask";
        if (!conform_open(c, &instance))
            continue;
        for (int mask = 0; mask < MASKS; mask++) {
            int place = (mask + i) % 2;
            if (!conform_begin(c, "%s (%lld, %lld, %lld, %lld), %lldx%lld from (%lld, %lld)",
                               masks[mask].name, (long long)masks[mask].n[0], (long long)masks[mask].n[1],
                               (long long)masks[mask].n[2], (long long)masks[mask].n[3],
                               (long long)places[place].rows, (long long)places[place].cols,
                               (long long)places[place].row, (long long)places[place].col))
                continue;
            run(c, &instance, mask, place);
            conform_end(c);
        }
    }
}
