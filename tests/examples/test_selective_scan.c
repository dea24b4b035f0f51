/* SPDX-License-Identifier: MIT
 *
 * The selective scan against its float64 recurrence: sizes around the tiles' edges, every part that can be
 * left out, packed sequences, states handed over, gates near 0 and 1 over thousands of steps.
 */
#include "words_case.h"

extern const tw_kernel tw_kernel_selective_scan, tw_kernel_selective_scan_step;

static const char plain[] = "dtype=bf16";
static const char packed[] = "dtype=f16 varlen=1 state=1";

static void every_size(void **state)
{
    static const int sizes[][3] = {
        /* L, E, N */ {1, 1, 1}, {15, 17, 16}, {17, 63, 5}, {63, 65, 16}, {65, 64, 15},
        {113, 130, 16}};
    (void)state;
    for (int i = 0; i < 6; i += test_step(2)) {
        const int *n = sizes[i];
        words_case test = {.kernel = &tw_kernel_selective_scan, .pad = i % 3};
        words_check(test, "%s B=%d L=%d E=%d N=%d bias=%d skip=%d", plain, 1 + i % 3, n[0], n[1], n[2],
                    i % 4 != 3, i % 4 != 2);
        words_check(test, "%s S=%d L=%d E=%d N=%d", packed, 1 + 2 * i, n[0], n[1], n[2]);
    }
}

/* Rates from 1e-4, where states last for ever, to 2e4, where nothing lasts a step. */
static double rate(size_t i, const void *context)
{
    (void)context;
    return -pow(10, (double)(i % 9) - 4) * 2;
}

static double positive(size_t i, const void *context)
{
    (void)context;
    return 0.25 + (double)(i * 2654435761u % 64) / 64;
}

static void fill_extremes(tw_problem *problem)
{
    case_fill(problem, "a", rate, NULL);
    case_fill(problem, "x", positive, NULL);
    case_fill(problem, "b", positive, NULL);
}

static void fill_steps(tw_problem *problem) { case_fill(problem, "delta", positive, NULL); }

static void without_softplus_and_gate(void **state)
{
    (void)state;
    words_check((words_case){.kernel = &tw_kernel_selective_scan, .before = fill_steps},
                "softplus=0 gate=0 bias=0 skip=0 N=30 L=33 E=20");
}

static void gates_near_0_and_1_over_thousands_of_steps(void **state)
{
    (void)state;
    words_check((words_case){.kernel = &tw_kernel_selective_scan, .before = fill_extremes},
                "%s L=2048 E=9 N=16", plain);
}

static double far_steps(size_t i, const void *context)
{
    static const double values[] = {300, -60000, 30, -30, 19.9, 20.1, 0};
    (void)context;
    return values[i % 7];
}

static void fill_far_steps(tw_problem *problem) { case_fill(problem, "delta", far_steps, NULL); }

static void steps_far_from_0(void **state)
{
    (void)state;
    words_check((words_case){.kernel = &tw_kernel_selective_scan, .before = fill_far_steps},
                "%s S=3 L=40 E=10", packed);
    words_check((words_case){.kernel = &tw_kernel_selective_scan_step, .before = fill_far_steps},
                "dtype=f16 B=3 E=10");
}

/* Sequences that come out even for the blocks, and that do not. */
static void single_steps(void **state)
{
    static const int sizes[][4] = {/* B, E, N, groups */
                                   {1, 1, 1, 0},
                                   {5, 17, 16, 2},
                                   {7, 130, 5, 3},
                                   {3, 64, 15, 5}};
    (void)state;
    for (int i = 0; i < 4; i++) {
        const int *n = sizes[i];
        words_check((words_case){.kernel = &tw_kernel_selective_scan_step, .pad = i % 3},
                    "dtype=f16 B=%d E=%d N=%d groups=%d bias=%d skip=%d", n[0], n[1], n[2], n[3], i % 4 != 3,
                    i % 4 != 2);
    }
}

/* One run of 100 tokens, and the same as a run of 37 whose states the rest goes on from, then of single
 * steps. */
enum { TOKENS = 100, CHANNELS = 20, STATES = 16 };
static tw_problem *whole, *before;
static int begin;

/* A run's or step's inputs, from token `begin` on; its states are those that `before` left. */
static void take_tokens(tw_problem *problem)
{
    static const char *names[] = {"x", "delta", "z", "b", "c"};
    const int is_step = tw_problem_tensor(problem, "x")->rank == 2;
    for (int i = 0; i < 5; i++) {
        tw_tensor *to = tw_problem_tensor(problem, names[i]), *from = tw_problem_tensor(whole, names[i]);
        memcpy(to->input, (char *)from->input + (size_t)(begin * to->dim[to->rank - 1]) * 2, to->count * 2);
    }
    for (int i = 0; i < 2; i++) {
        const char *name = i ? "bias" : "skip";
        memcpy(tw_problem_tensor(problem, name)->input, tw_problem_tensor(whole, name)->input, CHANNELS * 4);
    }
    memcpy(tw_problem_tensor(problem, is_step ? "state" : "first")->input,
           before ? tw_problem_tensor(before, "last")->result : tw_problem_tensor(whole, "first")->input,
           CHANNELS * STATES * 4);
}

/* To a rounding of the dtype; another kernel's products may be contracted otherwise. */
static void assert_near(const tw_tensor *found, const tw_tensor *expected)
{
    const double share = expected->dtype == TW_DTYPE_F32 ? 1e-6 : 1e-3;
    assert_int_equal(found->count, expected->count);
    for (size_t i = 0; i < expected->count; i++)
        assert_true(fabs(words_value(found, i) - words_value(expected, i)) <=
                    share * (fabs(words_value(expected, i)) + 1e-3));
}

static void a_run_goes_on_from_the_states_of_another(void **state)
{
    static const int cuts[] = {0, 37, 98, 99, 100};
    (void)state;
    words_case test = {.kernel = &tw_kernel_selective_scan,
                       .words = "dtype=f16 varlen=1 state=1 S=1 L=100 E=20"};
    whole = words_run(&test);
    const tw_tensor *y = tw_problem_tensor(whole, "y"), *last = tw_problem_tensor(whole, "last");
    for (int i = 0; i < 4; i++) {
        char words[128];
        snprintf(words, sizeof words, "dtype=f16 varlen=1 state=1 S=1 L=%d E=20", cuts[i + 1] - cuts[i]);
        begin = cuts[i];
        tw_problem *part = words_run(
            &(words_case){.kernel = &tw_kernel_selective_scan, .words = words, .before = take_tokens});
        const tw_tensor *there = tw_problem_tensor(part, "y");
        assert_memory_equal(there->result, (char *)y->result + (size_t)begin * CHANNELS * 2,
                            there->count * 2);
        if (i == 2) { /* the last but one as a step: before are the states behind 98 tokens */
            tw_problem *step = words_run(&(words_case){.kernel = &tw_kernel_selective_scan_step,
                                                       .words = "dtype=f16 B=1 E=20",
                                                       .before = take_tokens});
            assert_near(tw_problem_tensor(step, "y"), there);
            assert_near(tw_problem_tensor(step, "state"), tw_problem_tensor(part, "last"));
            tw_problem_free(step);
        }
        tw_problem_free(before);
        before = part;
    }
    assert_memory_equal(tw_problem_tensor(before, "last")->result, last->result, CHANNELS * STATES * 4);
    tw_problem_free(before);
    tw_problem_free(whole);
    before = NULL;
}

/* b and c again for every 64 channels; a step's rates, bias and skip once a block. */
static void every_byte_moves_once(void **state)
{
    (void)state;
    words_move_once((words_case){.kernel = &tw_kernel_selective_scan, .words = "dtype=bf16 B=2 L=128 E=128"});
    words_move_once(
        (words_case){.kernel = &tw_kernel_selective_scan_step, .words = "dtype=f16 B=16 E=128 groups=1"});
}

static int run(const char *name)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_size),
        cmocka_unit_test(without_softplus_and_gate),
        cmocka_unit_test(gates_near_0_and_1_over_thousands_of_steps),
        cmocka_unit_test(steps_far_from_0),
        cmocka_unit_test(single_steps),
        cmocka_unit_test(a_run_goes_on_from_the_states_of_another),
        cmocka_unit_test(every_byte_moves_once),
    };
    target_name = name;
    return cmocka_run_group_tests_name(name, tests, open_target, close_target);
}

int main(int count, char **arguments) { return run_on_targets(count - 1, arguments + 1, run) != 0; }
