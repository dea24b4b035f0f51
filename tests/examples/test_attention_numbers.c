/* SPDX-License-Identifier: MIT
 *
 * Attention on hostile numbers, and that a result depends on its own row's inputs alone: not on the run, the
 * order of waves, the batch, or the other queries.
 */
#include "attention_case.h"

static const char *const dtypes[] = {"bf16", "f16"};
static tw_problem *original; /* what a `before` takes its inputs from */

/* Logits of up to +-4e4: a softmax that subtracts the wrong maximum overflows or gives 0 / 0. */
static void logits_of_1e4(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        attention_check_words((attention_case){0}, "Sq=203 Sk=333 H=2 D=64 dtype=%s scale=1250", dtypes[i]);
        attention_check_words((attention_case){0}, "Sq=203 Sk=203 H=2 D=64 dtype=%s scale=1250 causal=1",
                              dtypes[i]);
    }
}

/* Small integers, so that scores are exact, and only three different keys, so that every maximum is a tie. */
static double one_of_three(double value, int64_t row, int64_t place)
{
    (void)value;
    return (double)((row % 3 * 5 + place * 7 + row % 3 * place) % 7 - 3);
}

static double integer(double value, int64_t row, int64_t place)
{
    (void)row, (void)place;
    return rint(value);
}

static double the_same(double value, int64_t row, int64_t place)
{
    (void)value, (void)row;
    return (double)(place % 5) - 2;
}

static void fill_with_ties(tw_problem *problem)
{
    attention_change(problem, "q", integer);
    attention_change(problem, "k", one_of_three);
}

static void fill_with_one_key(tw_problem *problem) { attention_change(problem, "k", the_same); }

static void ties_at_the_maximum(void **state)
{
    static const char *scales[] = {"0.125", "100"};
    (void)state;
    for (int i = 0; i < 4; i++) {
        attention_check_words((attention_case){.before = fill_with_ties},
                              "Sq=130 Sk=333 H=2 D=64 dtype=%s scale=%s", dtypes[i % 2], scales[i / 2]);
        attention_check_words((attention_case){.before = fill_with_one_key},
                              "Sq=130 Sk=333 H=2 D=64 dtype=%s scale=%s", dtypes[i % 2], scales[i / 2]);
    }
}

/* All errors of one sign add up: the mean signed error is what tw_error_passes bounds. */
static double positive(double value, int64_t row, int64_t place)
{
    (void)row, (void)place;
    return fabs(value) + 0.5;
}

static void fill_with_positive_values(tw_problem *problem) { attention_change(problem, "v", positive); }

static void values_of_one_sign_are_not_biased(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++)
        attention_check_words((attention_case){.before = fill_with_positive_values},
                              "Sq=256 Sk=333 H=2 D=64 dtype=%s causal=1", dtypes[i]);
}

static double loud_channel(double value, int64_t row, int64_t place)
{
    (void)row;
    return place == 3 ? 40 * value : value;
}

static void fill_with_loud_channels(tw_problem *problem)
{
    attention_change(problem, "q", loud_channel);
    attention_change(problem, "k", loud_channel);
    attention_change(problem, "v", loud_channel);
}

static void outlier_channels(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++)
        attention_check_words((attention_case){.before = fill_with_loud_channels},
                              "Sq=203 Sk=256 H=2 D=64 dtype=%s", dtypes[i]);
}

/* NaN in some queries, infinity in others: their rows are NaN, all other rows are as without them. */
static int is_spoilt(int64_t row) { return row % 29 == 4; }

static double spoil_queries(double value, int64_t row, int64_t place)
{
    if (!is_spoilt(row) || place % 17 != 2)
        return value;
    return row % 2 ? (double)NAN : (double)INFINITY;
}

static void take_inputs_and_spoil_queries(tw_problem *problem)
{
    attention_take_inputs(problem, original);
    attention_change(problem, "q", spoil_queries);
}

static void nan_and_infinity_in_a_query_stay_in_its_row(void **state)
{
    (void)state;
    const char *words = "Sq=203 Sk=150 H=2 D=64";
    original = attention_run(&(attention_case){.words = words});
    tw_problem *problem =
        attention_run(&(attention_case){.words = words, .before = take_inputs_and_spoil_queries});
    const tw_tensor *o = tw_problem_tensor(problem, "o"), *lse = tw_problem_tensor(problem, "lse");
    for (int64_t row = 0; row < 2 * 203; row++) {
        if (!is_spoilt(row)) {
            attention_require_same_row(words, problem, 0, row / 203, row % 203, original, 0, row % 203);
            continue;
        }
        assert_false(isfinite(words_value(lse, (size_t)row)));
        for (int64_t place = 0; place < 64; place++)
            assert_true(isnan(words_value(o, (size_t)(row * 64 + place))));
    }
    tw_problem_free(problem);
    tw_problem_free(original);
}

static void take_inputs(tw_problem *problem) { attention_take_inputs(problem, original); }

/* Each run is seeded afresh: an emulated machine runs its waves in another order. */
static void every_run_gives_the_same_bits(void **state)
{
    (void)state;
    const char *words = "Sq=333 Sk=256 H=3 Hk=1 D=64 causal=1";
    original = attention_run(&(attention_case){.words = words});
    for (int i = 0; i < 3; i++) {
        tw_problem *again =
            attention_run(&(attention_case){.words = words, .before = take_inputs, .pad = 8 * i});
        for (int row = 0; row < 3 * 333; row++)
            attention_require_same_row(words, again, 0, row / 333, row % 333, original, 0, row % 333);
        tw_problem_free(again);
    }
    tw_problem_free(original);
}

enum { BATCH = 2, FIRST = 70, COUNT = 33 };

static void take_one_batch(tw_problem *problem)
{
    attention_take_rows(problem, "q", original, BATCH, 0, 203);
    attention_take_rows(problem, "k", original, BATCH, 0, 150);
    attention_take_rows(problem, "v", original, BATCH, 0, 150);
}

static void take_some_queries(tw_problem *problem)
{
    attention_take_rows(problem, "q", original, BATCH, FIRST, COUNT);
    attention_take_rows(problem, "k", original, BATCH, 0, 150);
    attention_take_rows(problem, "v", original, BATCH, 0, 150);
}

static void a_row_does_not_depend_on_the_rest_of_the_batch(void **state)
{
    (void)state;
    original = attention_run(&(attention_case){.words = "B=4 H=4 Hk=2 Sq=203 Sk=150 D=64"});
    tw_problem *batch = attention_run(
        &(attention_case){.words = "B=1 H=4 Hk=2 Sq=203 Sk=150 D=64", .before = take_one_batch});
    tw_problem *queries = attention_run(
        &(attention_case){.words = "B=1 H=4 Hk=2 Sq=33 Sk=150 D=64", .before = take_some_queries});
    for (int64_t head = 0; head < 4; head++) {
        for (int64_t row = 0; row < 203; row++)
            attention_require_same_row("one batch alone", batch, 0, head, row, original, BATCH, row);
        for (int64_t row = 0; row < COUNT; row++)
            attention_require_same_row("some queries alone", queries, 0, head, row, original, BATCH,
                                       FIRST + row);
    }
    tw_problem_free(queries);
    tw_problem_free(batch);
    tw_problem_free(original);
}

static int run(const char *name)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logits_of_1e4),
        cmocka_unit_test(ties_at_the_maximum),
        cmocka_unit_test(values_of_one_sign_are_not_biased),
        cmocka_unit_test(outlier_channels),
        cmocka_unit_test(nan_and_infinity_in_a_query_stay_in_its_row),
        cmocka_unit_test(every_run_gives_the_same_bits),
        cmocka_unit_test(a_row_does_not_depend_on_the_rest_of_the_batch),
    };
    target_name = name;
    return cmocka_run_group_tests_name(name, tests, open_target, close_target);
}

int main(int count, char **arguments) { return run_on_targets(count - 1, arguments + 1, run) != 0; }
