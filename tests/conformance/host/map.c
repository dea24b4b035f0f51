/* SPDX-License-Identifier: MIT
 *
 * map: every element-wise op on tiles, on normal numbers and on awkward ones.
 */
#include "tests/conformance/map.h"

#include <stdlib.h>

#include "elementwise.h"
#include "suite.h"

static const struct {
    int64_t rows, cols, row, col;
} places[] = {{65, 63, 0, 0}, {17, 40, -5, -16}, {1, 1, 0, 0}, {64, 96, -16, 0}, {33, 15, 0, -1}};
enum { PLACES = sizeof places / sizeof *places };

/* Where the tile of `size` elements that holds element `at` begins. */
static int64_t inside(int64_t at, int64_t origin, int size) { return (at - origin) % size; }

static void run(conform *c, const conform_instance *instance, int op, int awkward, int place,
                const conform_layout *layout)
{
    int64_t rows = places[place].rows, cols = places[place].cols, size[] = {rows, cols};
    size_t count = (size_t)(rows * cols);
    conform_args args = {
        .op = op, .row = places[place].row, .col = places[place].col, .value = {-0.75f, 1.25f}};
    double *x = (awkward ? conform_awkward : conform_normal)(c, "x", count);
    double *y = (awkward ? conform_awkward : conform_normal)(c, "y", count),
           *z = conform_normal(c, "z", count);
    double *down = conform_normal(c, "rows", (size_t)rows), *across = conform_normal(c, "cols", (size_t)cols);
    double *expected = conform_numbers(count), *tolerance = conform_numbers(count);
    conform_round(instance->dtype, x, count);
    for (size_t i = 0; i < count; i++) {
        x[i] = conform_map_domain(op, x[i]);
        z[i] = op == MAP_select && z[i] < 0 ? 0 : z[i];
    }
    conform_input(c, &args.x, instance->dtype, 2, size, layout, x);
    conform_input(c, &args.y, instance->dtype, 2, size, layout, y);
    conform_input(c, &args.z, instance->dtype, 2, size, layout, z);
    conform_input(c, &args.rows, TW_DTYPE_F32, 1, &size[0], &conform_layouts[0], down);
    conform_input(c, &args.cols, TW_DTYPE_F32, 1, &size[1], &conform_layouts[1], across);
    conform_tensor *out = conform_output(c, &args.out, instance->dtype, 2, size, layout);
    for (size_t i = 0; i < count; i++) {
        int64_t r = (int64_t)i / cols, col = (int64_t)i % cols;
        conform_element e = {.x = x[i],
                             .y = y[i],
                             .z = z[i],
                             .row = down[r],
                             .col = across[col],
                             .scalar = {args.value[0], args.value[1]},
                             .tile_row = inside(r, args.row, instance->rows),
                             .tile_col = inside(col, args.col, instance->cols)};
        expected[i] = conform_map_value(op, &e);
        tolerance[i] = conform_map_tolerance(op, &e, expected[i]);
    }
    conform_launch(c, &args, conform_blocks(cols, args.col, instance->cols),
                   conform_blocks(rows, args.row, instance->rows));
    conform_within(c, out, expected, tolerance);
    double *const all[] = {x, y, z, down, across, expected, tolerance};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

void conform_family_map(conform *c)
{
    for (int i = 0; i < CONFORM_TILES; i++) {
        conform_instance instance = conform_tiles[i];
        instance.kernel = "map";
        if (!conform_open(c, &instance))
            continue;
        for (int op = 0; op < MAP_OPS; op++) {
            int edges = conform_map_is_unary(op) || conform_map_is_binary(op) || op == MAP_clamp;
            for (int turn = 0; turn < 2 + edges; turn++) {
                int place = turn == 1 ? 1 + (op + i) % (PLACES - 1) : 0;
                if (!conform_begin(c, "%s on %s numbers, %lldx%lld from (%lld, %lld)", conform_map_name(op),
                                   turn == 2 ? "awkward" : "normal", (long long)places[place].rows,
                                   (long long)places[place].cols, (long long)places[place].row,
                                   (long long)places[place].col))
                    continue;
                run(c, &instance, op, turn == 2, place, &conform_layouts[(op + turn) % CONFORM_LAYOUTS]);
                conform_end(c);
            }
        }
    }
}
