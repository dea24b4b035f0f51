/* SPDX-License-Identifier: MIT
 *
 * mma: every place and orientation of the operands, one to three cores deep, whole and partial contractions.
 */
#include "tests/conformance/mma.h"

#include <math.h>
#include <stdlib.h>

#include "suite.h"

#define INSTANCE(element, m, n, k, wave_rows, wave_cols)                                                     \
    {                                                                                                        \
        .kernel = "mma", .dtype = TW_DTYPE_##element, .rows = m, .cols = n, .team_rows = wave_rows,          \
        .team_cols = wave_cols, .option = "CONFORM_DEPTH", .value = #k                                       \
    }
/* clang-format off */
static const conform_instance instances[] = {
    /*       dtype  M   N   K  team */
    INSTANCE(BF16, 16, 16, 16, 1, 1),
    INSTANCE(BF16, 32, 64, 32, 2, 2),
    INSTANCE(BF16, 64, 32, 48, 4, 1),
    INSTANCE(F16,  32, 32, 16, 2, 1),
    INSTANCE(F16,  16, 64, 32, 1, 4),
    INSTANCE(F16,  48, 32, 48, 1, 2),
    INSTANCE(F32,  32, 32, 16, 1, 2),
    INSTANCE(F32,  32, 64, 32, 2, 4),
    INSTANCE(F32,  16, 48, 48, 1, 1),
};
/* clang-format on */

#define MMA_NAME(name, transposed_a, transposed_b) {#name, transposed_a, transposed_b},
static const struct {
    const char *name;
    int transposed_a, transposed_b;
} ops[] = {MMA_SOURCES(MMA_NAME)};

static const struct {
    int64_t m, n, k, row, col;
} places[] = {{65, 63, 33, 0, 0}, {1, 17, 1, 0, 0}, {40, 15, 113, -5, 0}, {64, 64, 96, 0, -16}};
enum { PLACES = sizeof places / sizeof *places };

/* Products of 16-bit operands are exact and f32 sums lose at most a unit in the last place each, truncated or
 * not; f32 operands keep 21 bits or more. */
static double tolerance(tw_dtype dtype, int64_t terms, double magnitudes)
{
    return magnitudes * ((double)(terms + 1) * 0x1p-23 + (dtype == TW_DTYPE_F32 ? 0x1p-20 : 0));
}

static void run(conform *c, const conform_instance *instance, int op, int place, const conform_layout *layout)
{
    int64_t m = places[place].m, n = places[place].n, depth = places[place].k;
    int ta = ops[op].transposed_a, tb = ops[op].transposed_b;
    int64_t size_a[] = {ta ? depth : m, ta ? m : depth}, size_b[] = {tb ? n : depth, tb ? depth : n},
            size[] = {m, n};
    conform_args args = {
        .op = op, .row = places[place].row, .col = places[place].col, .number = {depth, ta, tb}};
    double *a = conform_normal(c, "a", (size_t)(m * depth)), *b = conform_normal(c, "b", (size_t)(depth * n));
    double *z = conform_normal(c, "z", (size_t)(m * n));
    double *expected = conform_numbers((size_t)(m * n)), *bound = conform_numbers((size_t)(m * n));
    conform_input(c, &args.x, instance->dtype, 2, size_a, layout, a);
    conform_input(c, &args.y, instance->dtype, 2, size_b, layout, b);
    conform_input(c, &args.z, TW_DTYPE_F32, 2, size, &conform_layouts[0], z);
    conform_tensor *out = conform_output(c, &args.out, TW_DTYPE_F32, 2, size, &conform_layouts[1]);
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            double sum = z[i * n + j], magnitudes = fabs(sum);
            for (int64_t k = 0; k < depth; k++) {
                double product = a[ta ? k * m + i : i * depth + k] * b[tb ? j * depth + k : k * n + j];
                sum += product;
                magnitudes += fabs(product);
            }
            expected[i * n + j] = sum;
            bound[i * n + j] = tolerance(instance->dtype, depth, magnitudes);
        }
    conform_launch(c, &args, conform_blocks(n, args.col, instance->cols),
                   conform_blocks(m, args.row, instance->rows));
    conform_within(c, out, expected, bound);
    double *const all[] = {a, b, z, expected, bound};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

void conform_family_mma(conform *c)
{
    for (size_t i = 0; i < sizeof instances / sizeof *instances; i++) {
        if (!conform_open(c, &instances[i]))
            continue;
        for (int op = 0; op < MMA_OPS; op++)
            for (int place = 0; place < PLACES; place++) {
                if (op >= MMA_passed_A && !MMA_PASSES(instances[i].cols, atoi(instances[i].value),
                                                      instances[i].team_rows, instances[i].team_cols))
                    continue;
                int layout = (op + place) % CONFORM_LAYOUTS;
                if (!conform_begin(c, "%s, M %lld N %lld K %lld from (%lld, %lld), layout %d", ops[op].name,
                                   (long long)places[place].m, (long long)places[place].n,
                                   (long long)places[place].k, (long long)places[place].row,
                                   (long long)places[place].col, layout))
                    continue;
                run(c, &instances[i], op, place, &conform_layouts[layout]);
                conform_end(c);
            }
    }
}
