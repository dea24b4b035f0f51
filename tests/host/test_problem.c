/* SPDX-License-Identifier: MIT
 *
 * What follows from what in a described kernel: sizes from sizes, options from sizes, scalars from both,
 * macros from options, contents of inputs. The attention's description has all of it.
 */
#include "scratch.h"

extern const tw_kernel tw_kernel_attention;

static tw_problem *make(const char *words)
{
    tw_problem *problem;
    assert_ok(tw_problem_create(&tw_kernel_attention, &problem));
    assert_ok(tw_problem_set_words(problem, words));
    return problem;
}

static tw_problem *resolve(const char *words)
{
    tw_problem *problem = make(words);
    assert_ok(tw_problem_resolve(problem, 1));
    return problem;
}

static void require_sizes(const char *words, int heads, int d, int dv, const char *instance_d,
                          const char *instance_dv)
{
    tw_problem *problem = resolve(words);
    assert_int_equal(tw_problem_size(problem, "Hk"), heads);
    assert_int_equal(tw_problem_size(problem, "D"), d);
    assert_int_equal(tw_problem_size(problem, "DV"), dv);
    assert_string_equal(tw_problem_option(problem, "d"), instance_d);
    assert_string_equal(tw_problem_option(problem, "dv"), instance_dv);
    tw_problem_free(problem);
}

static void a_size_or_option_that_nobody_says_follows_from_the_others(void **state)
{
    (void)state;
    require_sizes("", 8, 128, 128, "128", "128");
    require_sizes("H=6 D=80", 6, 80, 80, "96", "96");
    require_sizes("Hk=1 D=192 DV=128", 1, 192, 128, "192", "128");
    require_sizes("d=64", 8, 64, 64, "64", "64");
    require_sizes("d=256 D=8", 8, 8, 8, "256", "32");
    require_sizes("DV=33", 8, 128, 33, "128", "64");
}

static void a_size_of_no_tensor_is_0(void **state)
{
    (void)state;
    tw_problem *problem = resolve("Sq=9");
    assert_int_equal(tw_problem_size(problem, "N"), 0);
    assert_int_equal(tw_problem_size(problem, "Sk"), 9);
    tw_problem_free(problem);
    problem = make("N=2");
    assert_refused(tw_problem_resolve(problem, 1), TW_INVALID, "N is given");
    tw_problem_free(problem);
}

static void a_scalar_follows_from_the_sizes_unless_it_is_said(void **state)
{
    (void)state;
    tw_problem *problem = resolve("D=64");
    assert_true(tw_problem_scalar(problem, "scale") == 0.125);
    tw_problem_free(problem);
    problem = resolve("D=64 scale=2");
    assert_true(tw_problem_scalar(problem, "scale") == 2);
    tw_problem_free(problem);
}

static const char *define_of(tw_problem *problem, const char *name)
{
    const tw_define *defines;
    size_t count;
    tw_problem_defines(problem, &defines, &count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(defines[i].name, name) == 0)
            return defines[i].value;
    }
    return NULL;
}

static void an_expression_at_its_preset_is_no_macro(void **state)
{
    static const char score[] = "ATTENTION_SCORE(x, b, h, i, j)";
    (void)state;
    tw_problem *problem = make("layout=bshd");
    assert_null(define_of(problem, score));
    assert_null(define_of(problem, "layout"));
    assert_ok(tw_problem_set(problem, "score", "2 * x"));
    assert_string_equal(define_of(problem, score), "(2 * x)");
    assert_ok(tw_problem_set(problem, "score", "x"));
    assert_null(define_of(problem, score));
    tw_problem_free(problem);
}

/* Or an instance that the build ships would not be found again. */
static void macros_are_the_same_before_and_after_sizes_are_known(void **state)
{
    (void)state;
    tw_problem *before = make("d=64 causal=1"), *after = resolve("D=64 Sq=3 causal=1");
    const tw_define *one, *other;
    size_t one_count, other_count;
    tw_problem_defines(before, &one, &one_count);
    tw_problem_defines(after, &other, &other_count);
    assert_int_equal(one_count, other_count);
    for (size_t i = 0; i < one_count; i++) {
        assert_string_equal(one[i].name, other[i].name);
        assert_string_equal(one[i].value, other[i].value);
    }
    tw_problem_free(before);
    tw_problem_free(after);
}

static void words_must_be_pairs_of_known_names(void **state)
{
    (void)state;
    tw_problem *problem = make("");
    assert_refused(tw_problem_set_words(problem, "Sq=3 causal"), TW_INVALID,
                   "'causal' must have the form NAME=VALUE");
    assert_refused(tw_problem_set_words(problem, "Sk=3x"), TW_INVALID, "'3x'");
    assert_refused(tw_problem_set_words(problem, "Sk="), TW_INVALID, "whole number");
    assert_refused(tw_problem_set_words(problem, "casual=1"), TW_INVALID, "causal");
    tw_problem_free(problem);
}

static const char *write_cuts(const char *name, const int32_t *cuts, int64_t count)
{
    tw_output output;
    const char *path = scratch(name);
    assert_ok(tw_output_open(&output, path));
    assert_ok(tw_npy_write(&output, TW_DTYPE_I32, 1, &count, cuts));
    assert_ok(tw_output_close(&output));
    assert_ok(tw_output_commit(&output));
    return path;
}

static void require_cuts_refused(const int32_t *cuts, int64_t count, const char *words)
{
    tw_problem *problem = make("varlen=1 Sq=10 Sk=10");
    assert_ok(tw_problem_set_input(problem, "cu_q", write_cuts("cuts.npy", cuts, count)));
    assert_refused(tw_problem_resolve(problem, 1), TW_INVALID, words);
    tw_problem_free(problem);
}

static void a_file_gives_a_size_one_less_than_its_own(void **state)
{
    (void)state;
    tw_problem *problem = make("varlen=1 Sq=10 Sk=7");
    assert_ok(
        tw_problem_set_input(problem, "cu_q", write_cuts("cuts.npy", (const int32_t[]){0, 4, 4, 10}, 4)));
    assert_ok(tw_problem_resolve(problem, 1));
    assert_int_equal(tw_problem_size(problem, "N"), 3);
    assert_int_equal(tw_problem_tensor(problem, "cu_k")->count, 4);
    tw_problem_free(problem);
    require_cuts_refused((const int32_t[]){0}, 1, "every size must be at least 1");
    require_cuts_refused((const int32_t[]){0, 6, 5, 10}, 4, "cu_q falls from 6 to 5 at element 2");
    require_cuts_refused((const int32_t[]){1, 10}, 2, "it must go from 0 to Sq = 10");
    require_cuts_refused((const int32_t[]){0, 11}, 2, "it must go from 0 to Sq = 10");
}

static void cuts_without_a_file_cover_all_positions(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        tw_problem *problem = make("varlen=1 N=7 Sq=20 Sk=3");
        assert_ok(tw_problem_resolve(problem, seed)); /* which checks their order and ends */
        assert_int_equal(((const int32_t *)tw_problem_tensor(problem, "cu_k")->input)[7], 3);
        tw_problem_free(problem);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_size_or_option_that_nobody_says_follows_from_the_others),
        cmocka_unit_test(a_size_of_no_tensor_is_0),
        cmocka_unit_test(a_scalar_follows_from_the_sizes_unless_it_is_said),
        cmocka_unit_test(an_expression_at_its_preset_is_no_macro),
        cmocka_unit_test(macros_are_the_same_before_and_after_sizes_are_known),
        cmocka_unit_test(words_must_be_pairs_of_known_names),
        cmocka_unit_test(a_file_gives_a_size_one_less_than_its_own),
        cmocka_unit_test(cuts_without_a_file_cover_all_positions),
    };
    return cmocka_run_group_tests(tests, scratch_create, scratch_remove);
}
