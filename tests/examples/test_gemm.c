/* SPDX-License-Identifier: MIT
 *
 * The GEMM against its float64 reference: every size and layout that has an edge to get wrong, every dtype,
 * every part of the epilogue. Strides are test_gemm_strides.c's.
 */
#include "gemm_case.h"

static const int sizes[] = {1, 15, 16, 17, 63, 64, 127, 200};

enum { SIZES = sizeof sizes / sizeof *sizes };

/* Fewer shapes, for what multiplies with something else: {M, N, K}. */
static const int shapes[][3] = {{1, 1, 1}, {17, 63, 127}, {64, 64, 64}, {200, 127, 15}, {15, 200, 200}};

enum { SHAPES = sizeof shapes / sizeof *shapes };

static void check_shapes(gemm_case test)
{
    for (int i = 0; i < SHAPES; i++) {
        test.m = shapes[i][0];
        test.n = shapes[i][1];
        test.k = shapes[i][2];
        case_check(&test);
    }
}

static void check_every_size(const char *trans_b)
{
    for (int i = 0; i < SIZES * SIZES * SIZES; i += test_step(7)) {
        gemm_case test = {.set = {{"trans_b", trans_b}},
                          .m = sizes[i / SIZES / SIZES],
                          .n = sizes[i / SIZES % SIZES],
                          .k = sizes[i % SIZES]};
        case_check(&test);
    }
}

static void every_size_of_a_b_transposed(void **state)
{
    (void)state;
    check_every_size("1");
}

static void every_size_of_a_b(void **state)
{
    (void)state;
    check_every_size("0");
}

static void every_dtype_and_layout(void **state)
{
    static const char *ins[] = {"bf16", "f16"}, *outs[] = {"bf16", "f16", "f32"}, *layouts[] = {"1", "0"};
    (void)state;
    for (int i = 0; i < 2 * 3 * 2; i += test_step(5))
        check_shapes(
            (gemm_case){.set = {{"in", ins[i / 6]}, {"out", outs[i / 2 % 3]}, {"trans_b", layouts[i % 2]}}});
}

/* Rows then start at every alignment; the poison behind them is a NaN in every dtype and would show. */
static void padded_rows(void **state)
{
    static const int pads[] = {1, 2, 7, 8, 40};
    static const char *layouts[] = {"1", "0"};
    (void)state;
    for (int i = 0; i < 5 * 2; i += test_step(3))
        check_shapes((gemm_case){.set = {{"trans_b", layouts[i % 2]}}, .pad = pads[i / 2]});
}

/* Sums of products of small integers are exact in f32, in any order: one lost, doubled or misplaced product
 * shows, which a norm over 40,000 elements might not. */
static void fill_with_integers(tw_problem *problem)
{
    case_fill(problem, "a", small_integer, NULL);
    case_fill(problem, "b", small_integer, NULL);
    case_fill(problem, "c", small_integer, NULL);
    case_fill(problem, "residual", small_integer, NULL);
    case_fill(problem, "bias", small_integer, NULL);
}

static void integers_are_exact(void **state)
{
    static const char *ins[] = {"bf16", "f16"}, *layouts[] = {"1", "0"};
    (void)state;
    for (int i = 0; i < 2 * 2; i += test_step(3))
        check_shapes((gemm_case){.set = {{"in", ins[i / 2]}, {"out", "f32"}, {"trans_b", layouts[i % 2]}},
                                 .before = fill_with_integers,
                                 .pad = 1,
                                 .exact = 1});
    check_shapes(
        (gemm_case){.set = {{"out", "f32"}, {"bias", "1"}, {"residual", "1"}, {"alpha", "-2"}, {"beta", "3"}},
                    .before = fill_with_integers,
                    .exact = 1});
}

/* More tiles than blocks; in clusters, which bring each other tiles of b, an odd number of tile rows too, and
 * one row alone. Rows are multiples of 16 bytes, as copy engines want them; {M, N, K}. */
static void tiles_of_many_rows_and_columns(void **state)
{
    static const int tiles[][3] = {{520, 1000, 72}, {300, 540, 264}, {100, 1300, 136}, {270, 80, 64}};
    (void)state;
    for (int i = 0; i < 4; i++)
        case_check(&(gemm_case){.set = {{"in", "bf16"}, {"out", "f32"}, {"trans_b", i % 2 ? "1" : "0"}},
                                .before = fill_with_integers,
                                .exact = 1,
                                .m = tiles[i][0],
                                .n = tiles[i][1],
                                .k = tiles[i][2]});
}

static void alpha_and_beta(void **state)
{
    static const char *factors[][2] = {{"0.5", "0"}, {"-1.25", "1"}, {"1", "-0.75"}, {"0", "2"}, {"0", "0"}};
    (void)state;
    for (int i = 0; i < 5; i++)
        check_shapes((gemm_case){.set = {{"alpha", factors[i][0]}, {"beta", factors[i][1]}}, .pad = i});
}

static void require_poisoned_c(tw_problem *problem)
{
    assert_false(tw_problem_tensor(problem, "c")->is_input);
}

/* c holds NaN before the launch, and NaN times 0 would be NaN. */
static void beta_of_zero_does_not_read_c(void **state)
{
    (void)state;
    check_shapes((gemm_case){.set = {{"beta", "0"}}, .before = require_poisoned_c});
}

static void every_activation_with_bias_and_residual(void **state)
{
    static const char *activations[] = {"none", "relu", "gelu", "silu"};
    (void)state;
    for (int i = 0; i < 4; i += test_step(2))
        check_shapes((gemm_case){.set = {{"activation", activations[i]},
                                         {"bias", "1"},
                                         {"residual", "1"},
                                         {"out", "f32"},
                                         {"alpha", "0.3"},
                                         {"beta", i == 2 ? "0.5" : "0"}},
                                 .pad = 3});
    if (test_few)
        return;
    check_shapes((gemm_case){.set = {{"bias", "1"}, {"activation", "relu"}}});
    check_shapes((gemm_case){.set = {{"residual", "1"}, {"out", "f16"}}});
}

static void a_users_epilogue_sees_the_element_and_its_place(void **state)
{
    (void)state;
    check_shapes((gemm_case){.set = {{"epilogue", "(r + 2 * c) % 3 == 0 ? -x : x + 0.125f * (float)(c - r)"},
                                     {"activation", "silu"},
                                     {"bias", "1"},
                                     {"out", "f32"}},
                             .pad = 1});
}

/* NaN in one row of a, infinity in one row of b (n): only that row and that column of c may show them. */
enum { NAN_ROW = 5, INFINITE_COL = 9 };

static double *decode(const tw_tensor *tensor, const void *elements)
{
    double *values = malloc(tensor->count * sizeof *values);
    assert_non_null(values);
    tw_dtype_decode(tensor->dtype, elements, values, tensor->count);
    return values;
}

static void set_row(const tw_tensor *tensor, void *elements, int row, double value)
{
    double *values = decode(tensor, elements);
    for (int64_t i = 0; i < tensor->dim[1]; i++)
        values[row * tensor->dim[1] + i] = value;
    tw_dtype_encode(tensor->dtype, values, elements, tensor->count);
    free(values);
}

static void spoil_a_row_and_a_column(tw_problem *problem)
{
    tw_tensor *a = tw_problem_tensor(problem, "a"), *b = tw_problem_tensor(problem, "b");
    set_row(a, a->input, NAN_ROW, NAN);
    set_row(b, b->input, INFINITE_COL, INFINITY);
}

/* Checks the spoilt elements, then makes them and their inputs 0, so that the comparison is about the rest.
 */
static void find_the_spoilt_and_no_other(tw_problem *problem)
{
    tw_tensor *a = tw_problem_tensor(problem, "a"), *b = tw_problem_tensor(problem, "b"),
              *c = tw_problem_tensor(problem, "c");
    double *values = decode(c, c->result);
    for (size_t i = 0; i < c->count; i++) {
        int64_t row = (int64_t)i / c->dim[1], col = (int64_t)i % c->dim[1];
        if (row == NAN_ROW)
            assert_true(isnan(values[i]));
        else if (col == INFINITE_COL)
            assert_false(isfinite(values[i]));
        if (row == NAN_ROW || col == INFINITE_COL)
            values[i] = 0;
    }
    tw_dtype_encode(c->dtype, values, c->result, c->count);
    free(values);
    set_row(a, a->input, NAN_ROW, 0);
    set_row(b, b->input, INFINITE_COL, 0);
}

static void nan_and_infinity_stay_in_their_row_and_column(void **state)
{
    (void)state;
    for (int k = 1; k < 80; k += 26)
        case_check(&(gemm_case){.set = {{"out", "f32"}},
                                .m = 50,
                                .n = 37,
                                .k = k,
                                .before = spoil_a_row_and_a_column,
                                .after = find_the_spoilt_and_no_other});
}

static int run(const char *name)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_size_of_a_b_transposed),
        cmocka_unit_test(every_size_of_a_b),
        cmocka_unit_test(every_dtype_and_layout),
        cmocka_unit_test(padded_rows),
        cmocka_unit_test(integers_are_exact),
        cmocka_unit_test(tiles_of_many_rows_and_columns),
        cmocka_unit_test(alpha_and_beta),
        cmocka_unit_test(beta_of_zero_does_not_read_c),
        cmocka_unit_test(every_activation_with_bias_and_residual),
        cmocka_unit_test(a_users_epilogue_sees_the_element_and_its_place),
        cmocka_unit_test(nan_and_infinity_stay_in_their_row_and_column),
    };
    target_name = name;
    return cmocka_run_group_tests_name(name, tests, open_target, close_target);
}

int main(int count, char **arguments) { return run_on_targets(count - 1, arguments + 1, run) != 0; }
