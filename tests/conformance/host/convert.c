/* SPDX-License-Identifier: MIT
 *
 * convert and transpose: exact, on awkward numbers.
 */
#include <stdlib.h>

#include "suite.h"

static const struct {
    int64_t rows, cols, row, col;
} places[] = {{65, 63, 0, 0}, {17, 113, -5, -16}, {1, 1, 0, 0}, {64, 96, 0, 0}};
enum { PLACES = sizeof places / sizeof *places };

#define CONVERSION(from, to, m, n, wave_rows, wave_cols)                                                     \
    {                                                                                                        \
        .kernel = "convert", .role = CONFORM_##from, .rows = m, .cols = n, .team_rows = wave_rows,           \
        .team_cols = wave_cols, .option = "CONFORM_TO", .value = #to                                         \
    }
#define TRANSPOSITION(element, name, m, n, wave_rows, wave_cols)                                             \
    {                                                                                                        \
        .kernel = "transpose", .dtype = TW_DTYPE_##element, .role = CONFORM_##name, .rows = m, .cols = n,    \
        .team_rows = wave_rows, .team_cols = wave_cols                                                       \
    }
/* clang-format off */
static const conform_instance conversions[] = {
    /*         from to  rows cols team; between acc and a of one column (ops/convert.h) */
    CONVERSION(ACC, a,   32, 48, 2, 1),
    CONVERSION(A,   acc, 16, 16, 1, 1),
    CONVERSION(ACC, acc, 32, 32, 2, 2),
    CONVERSION(A,   a,   32, 48, 2, 2),
    CONVERSION(B,   b,   48, 64, 1, 4),
};

static const conform_instance transpositions[] = {
    /*            dtype role rows cols team */
    TRANSPOSITION(BF16, A,   32, 64, 2, 2),
    TRANSPOSITION(F32,  B,   32, 32, 1, 2),
    TRANSPOSITION(F16,  ACC, 16, 48, 1, 1),
};
/* clang-format on */

static void run(conform *c, const conform_instance *instance, conform_args *args, int place, tw_dtype from,
                tw_dtype to, int transposed)
{
    int64_t rows = places[place].rows, cols = places[place].cols, size[] = {rows, cols},
            turned[] = {cols, rows};
    size_t count = (size_t)(rows * cols);
    args->row = places[place].row;
    args->col = places[place].col;
    double *x = conform_awkward(c, "x", count), *expected = conform_numbers(count);
    conform_input(c, &args->x, from, 2, transposed ? turned : size, &conform_layouts[place], x);
    conform_tensor *out =
        conform_output(c, &args->out, to, 2, size, &conform_layouts[(place + 1) % CONFORM_LAYOUTS]);
    for (int64_t i = 0; i < rows * cols; i++)
        expected[i] = transposed ? x[i % cols * rows + i / cols] : x[i];
    conform_launch(c, args, conform_blocks(cols, args->col, instance->cols),
                   conform_blocks(rows, args->row, instance->rows));
    conform_equal(c, out, expected);
    free(x);
    free(expected);
}

void conform_family_convert(conform *c)
{
    for (size_t i = 0; i < sizeof conversions / sizeof *conversions; i++) {
        if (!conform_open(c, &conversions[i]))
            continue;
        for (int n = 0; n < 9 * PLACES; n++) {
            tw_dtype from = (tw_dtype)(n / 3 % 3), to = (tw_dtype)(n % 3);
            conform_args args = {.number = {conform_code(from), conform_code(to)}};
            if (!conform_begin(c, "%s to %s, %lldx%lld", tw_dtype_name(from), tw_dtype_name(to),
                               (long long)places[n / 9].rows, (long long)places[n / 9].cols))
                continue;
            run(c, &conversions[i], &args, n / 9, from, to, 0);
            conform_end(c);
        }
    }
    for (size_t i = 0; i < sizeof transpositions / sizeof *transpositions; i++) {
        const conform_instance *instance = &transpositions[i];
        if (!conform_open(c, instance))
            continue;
        for (int n = 0; n < 4 * PLACES; n++) {
            conform_args args = {.number = {n % 2, n / 2 % 2}};
            if (!conform_begin(c, "%s%s through %s, %lldx%lld", n % 2 ? "acc to " : "",
                               n % 2 ? conform_role_name(instance->role) : "to acc",
                               n / 2 % 2 ? "f32" : "its own dtype", (long long)places[n / 4].rows,
                               (long long)places[n / 4].cols))
                continue;
            run(c, instance, &args, n / 4, instance->dtype, instance->dtype, 1);
            conform_end(c);
        }
    }
}
