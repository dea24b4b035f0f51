/* SPDX-License-Identifier: MIT
 *
 * vector: register vectors of each axis, element-wise and between memory and registers.
 */
#include <math.h>
#include <stdlib.h>

#include "elementwise.h"
#include "suite.h"
#include "tests/conformance/map.h"

static const conform_instance instances[] = {
    {.kernel = "vector",
     .cols = 64,
     .team_rows = 2,
     .team_cols = 2,
     .option = "CONFORM_AXIS",
     .value = "row"},
    {.kernel = "vector",
     .cols = 32,
     .team_rows = 1,
     .team_cols = 2,
     .option = "CONFORM_AXIS",
     .value = "col"},
    {.kernel = "vector",
     .cols = 48,
     .team_rows = 4,
     .team_cols = 1,
     .option = "CONFORM_AXIS",
     .value = "a_col"},
    {.kernel = "vector",
     .cols = 16,
     .team_rows = 1,
     .team_cols = 1,
     .option = "CONFORM_AXIS",
     .value = "b_row"},
    {.kernel = "vector",
     .cols = 64,
     .team_rows = 2,
     .team_cols = 4,
     .option = "CONFORM_AXIS",
     .value = "b_col"},
    {.kernel = "vector",
     .cols = 24,
     .team_rows = 2,
     .team_cols = 2,
     .option = "CONFORM_AXIS",
     .value = "line_row"},
    {.kernel = "vector",
     .cols = 256,
     .team_rows = 2,
     .team_cols = 1,
     .option = "CONFORM_AXIS",
     .value = "line_col"},
};

static const struct {
    int64_t length, col;
} places[] = {{113, 0}, {1, 0}, {65, -17}, {15, -3}};
enum { PLACES = sizeof places / sizeof *places };

typedef struct {
    int op, awkward, place, layout;
    tw_dtype from, through, to; /* through: TW_DTYPES, none */
} vector_case;

static void run(conform *c, const conform_instance *instance, const vector_case *k)
{
    int64_t length = places[k->place].length, size[] = {3, length};
    size_t count = (size_t)(3 * length);
    conform_args args = {
        .op = k->op,
        .row = 1,
        .col = places[k->place].col,
        .number = {conform_code(k->from), k->through == TW_DTYPES ? 0 : conform_code(k->through),
                   conform_code(k->to)},
        .value = {-0.75f, 1.25f},
    };
    double *x = (k->awkward ? conform_awkward : conform_normal)(c, "x", count),
           *y = conform_normal(c, "y", count);
    double *z = conform_normal(c, "z", count), *expected = conform_numbers(count),
           *tolerance = conform_numbers(count);
    conform_round(k->from, x, count);
    for (size_t i = 0; i < count; i++) {
        x[i] = conform_map_domain(k->op, x[i]);
        z[i] = k->op == MAP_select && z[i] < 0 ? 0 : z[i];
        expected[i] = NAN; /* rows 0 and 2 stay poison */
    }
    conform_input(c, &args.x, k->from, 2, size, &conform_layouts[k->layout], x);
    conform_input(c, &args.y, TW_DTYPE_F32, 2, size, &conform_layouts[k->layout], y);
    conform_input(c, &args.z, TW_DTYPE_F32, 2, size, &conform_layouts[k->layout], z);
    conform_tensor *out = conform_output(c, &args.out, k->to, 2, size, &conform_layouts[k->layout]);
    for (int64_t i = length; i < 2 * length; i++) {
        conform_element e = {.x = x[i],
                             .y = y[i],
                             .z = z[i],
                             .scalar = {args.value[0], args.value[1]},
                             .tile_col = (i - length - args.col) % instance->cols};
        expected[i] = conform_map_value(k->op, &e);
        tolerance[i] = conform_map_tolerance(k->op, &e, expected[i]);
    }
    if (k->through != TW_DTYPES)
        conform_round(k->through, expected, count);
    conform_launch(c, &args, conform_blocks(length, args.col, instance->cols), 1);
    conform_within(c, out, expected, tolerance);
    double *const all[] = {x, y, z, expected, tolerance};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

static void begin(conform *c, const conform_instance *instance, const vector_case *k)
{
    if (!conform_begin(c, "%s on %s numbers, from %s%s%s to %s, %lld from %lld, layout %d",
                       conform_map_name(k->op), k->awkward ? "awkward" : "normal", tw_dtype_name(k->from),
                       k->through == TW_DTYPES ? "" : " through shared ",
                       k->through == TW_DTYPES ? "" : tw_dtype_name(k->through), tw_dtype_name(k->to),
                       (long long)places[k->place].length, (long long)places[k->place].col, k->layout))
        return;
    run(c, instance, k);
    conform_end(c);
}

void conform_family_vector(conform *c)
{
    for (size_t i = 0; i < sizeof instances / sizeof *instances; i++) {
        conform_instance instance = instances[i];
        instance.rows = 16;
        if (!conform_open(c, &instance))
            continue;
        for (int op = 0; op < MAP_broadcast_row; op++) {
            vector_case k = {.op = op,
                             .place = (int)(i + (size_t)op) % PLACES,
                             .layout = op % CONFORM_LAYOUTS,
                             .through = TW_DTYPES};
            begin(c, &instance, &k);
            k.awkward = conform_map_is_unary(op) || conform_map_is_binary(op);
            k.place = 0;
            if (k.awkward)
                begin(c, &instance, &k);
        }
        for (int n = 0; n < 36; n++) { /* copies between every pair of dtypes */
            vector_case k = {.op = MAP_copy,
                             .awkward = 1,
                             .place = n % PLACES,
                             .layout = n % CONFORM_LAYOUTS,
                             .from = (tw_dtype)(n / 12),
                             .through = n / 3 % 4 == 3 ? TW_DTYPES : (tw_dtype)(n / 3 % 4),
                             .to = (tw_dtype)(n % 3)};
            begin(c, &instance, &k);
        }
    }
}
