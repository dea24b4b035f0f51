/* SPDX-License-Identifier: MIT
 *
 * tw_mma_async and tw_mm on every target that needs no device: a stage is not filled again while a sum still
 * needs it, whatever the steps add to; a product does not see what its tile held. Small whole numbers: every
 * sum is exact.
 */
#include "tests/examples/kernel_case.h"

enum { SIDE_MAX = 192, DEPTH = 32, STEPS_MAX = 9, COLS = STEPS_MAX * DEPTH, MODES = 5 };

/* mma_async_args of mma_async_steps.c. */
typedef struct {
    tw_tensor_arg a, b, sum, other;
    int32_t mode;
} arguments;

static uint16_t a[SIDE_MAX][COLS], b[SIDE_MAX][COLS];
static double a_values[SIDE_MAX][COLS], b_values[SIDE_MAX][COLS];
static float sum[SIDE_MAX][SIDE_MAX], other[SIDE_MAX][SIDE_MAX];

static void *on_target(const void *values, size_t bytes)
{
    void *address;
    test_ok(tw_target_allocate(test_target, bytes, &address));
    test_ok(tw_target_write(test_target, address, values, bytes));
    return address;
}

static tw_tensor_arg tensor(const void *values, size_t bytes, int64_t rows, int64_t cols, int64_t stride)
{
    return (tw_tensor_arg){.data = on_target(values, bytes), .dim = {rows, cols}, .stride = {stride, 1}};
}

/* Does step i of `steps` go into sum, into other? */
static int counts(int mode, int i, int steps, int into_other)
{
    switch (mode) {
    case 1: return into_other ? i % 2 == 1 : i % 3 != 1;
    case 2:
    case 4: return !into_other || i == steps - 1;
    case 3: return into_other && i == steps - 1;
    default: return !into_other;
    }
}

/* The element over k = 0 .. depth - 1; in modes 1 and 3 other is B A^T. */
static double define(int mode, int into_other, int depth, int row, int col)
{
    double total = 0;
    int turned = into_other && mode % 2 == 1, steps = (depth + DEPTH - 1) / DEPTH;
    for (int k = 0; k < depth; k++)
        if (counts(mode, k / DEPTH, steps, into_other))
            total += turned ? b_values[row][k] * a_values[col][k] : a_values[row][k] * b_values[col][k];
    return mode == 4 && !into_other ? 2 * total : total;
}

static void check(tw_instance *instance, int side, int mode, int depth)
{
    arguments g = {
        .a = tensor(a, sizeof a, side, depth, COLS),
        .b = tensor(b, sizeof b, side, depth, COLS),
        .sum = tensor(sum, sizeof sum, side, side, SIDE_MAX),
        .other = tensor(other, sizeof other, side, side, SIDE_MAX),
        .mode = mode,
    };
    test_ok(tw_instance_stream(instance, "a", TW_DTYPE_BF16, 2, &g));
    test_ok(tw_instance_stream(instance, "b", TW_DTYPE_BF16, 2, &g));
    test_ok(tw_instance_launch(instance, &g, sizeof g, (const uint32_t[3]){1, 1, 1},
                               test_seed() + (uint64_t)depth));
    test_ok(tw_target_synchronize(test_target));
    test_ok(tw_target_read(test_target, sum, g.sum.data, sizeof sum));
    test_ok(tw_target_read(test_target, other, g.other.data, sizeof other));
    for (int i = 0; i < 2 * side * side; i++) {
        int row = i / 2 / side, col = i / 2 % side, into_other = i % 2;
        double found = (double)(into_other ? other : sum)[row][col];
        double expected = define(mode, into_other, depth, row, col);
        if (found != expected)
            fail_msg("%s: mode %d, depth %d: element (%d, %d) of %s is %g, not %g (TW_TEST_SEED=%llu)",
                     tw_target_identity(test_target)->name, mode, depth, row, col,
                     into_other ? "other" : "sum", found, expected, (unsigned long long)test_seed());
    }
    tw_target_free(test_target, g.a.data);
    tw_target_free(test_target, g.b.data);
    tw_target_free(test_target, g.sum.data);
    tw_target_free(test_target, g.other.data);
}

static void sums_over_the_steps_are_exact(void **state)
{
    static const int depths[] = {1, 2 * DEPTH, 3 * DEPTH + 8, COLS};
    (void)state;
    for (int i = 0; i < SIDE_MAX * COLS; i++) {
        a_values[i / COLS][i % COLS] = test_random(17) - 8;
        b_values[i / COLS][i % COLS] = test_random(17) - 8;
    }
    tw_dtype_encode(TW_DTYPE_BF16, a_values[0], a, sizeof a / sizeof **a);
    tw_dtype_encode(TW_DTYPE_BF16, b_values[0], b, sizeof b / sizeof **b);
    memset(sum, 0xff, sizeof sum);
    memset(other, 0xff, sizeof other);
    for (int waves = 4; waves <= (strstr(tw_target_identity(test_target)->name, "sm90") ? 12 : 4);
         waves += 4) {
        tw_instance *instance;
        const tw_define define = {"STEPS_WAVES", waves == 4 ? "4" : waves == 8 ? "8" : "12"};
        tw_instance_request request = {.kernel = "mma_async_steps",
                                       .source = "tests/ops/mma_async_steps.c",
                                       .defines = &define,
                                       .define_count = 1};
        test_ok(tw_instance_open(test_target, &request, &instance));
        for (int mode = waves == 4 ? 0 : MODES - 1; mode < MODES; mode++)
            for (size_t i = 0; i < sizeof depths / sizeof *depths; i++)
                check(instance, 16 * waves, mode, depths[i]);
        tw_instance_close(instance);
    }
}

static int run(const char *name)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(sums_over_the_steps_are_exact)};
    target_name = name;
    return cmocka_run_group_tests_name(name, tests, open_target, close_target);
}

int main(int count, char **names) { return run_on_targets(count - 1, names + 1, run) != 0; }
