/* SPDX-License-Identifier: MIT
 *
 * Sequences that go in parts, in several launches, against the recurrence in float64: parts that come out
 * even and not, more parts than chunks, initial and final states, the choice of their number, and what is
 * refused.
 */
#include "words_case.h"

extern const tw_kernel tw_kernel_linear_attention, tw_kernel_ssm;

static const char gated[] = "d=64 dv=64 decay=step state=1";
static const char stabilised[] = "d=64 dv=64 decay=step input=exp dtype=f16 state=1 layout=bshd";

/* 1000 tokens: 16 chunks of 64, more where they are smaller, in 3, 5 or 7 parts. */
static void every_length(void **state)
{
    static const int lengths[] = {1, 63, 64, 65, 1000};
    (void)state;
    for (int i = 0; i < 5; i++) {
        const int parts = lengths[i] < 1000 ? 2 + i : 3 + 2 * test_random(3);
        words_check((words_case){.kernel = &tw_kernel_linear_attention, .pad = i % 2 ? 3 : 0},
                    "%s H=%d S=%d D=%d DV=%d split=%d", gated, on_cpu() ? 3 : 1, lengths[i], i % 2 ? 64 : 49,
                    i % 3 ? 64 : 37, parts);
    }
}

/* Normaliser and stabiliser go along; B and H both. */
static void stabilised_states(void **state)
{
    (void)state;
    if (test_few)
        return;
    words_check((words_case){.kernel = &tw_kernel_linear_attention, .pad = 3},
                "%s B=2 H=2 S=150 D=64 DV=51 split=2", stabilised);
    words_check((words_case){.kernel = &tw_kernel_linear_attention}, "%s H=2 S=131 D=49 DV=64 split=7",
                stabilised);
}

/* Every part's queries see the keys of all. Which part starts where is the same on every machine. */
static void without_causality(void **state)
{
    (void)state;
    if (!on_cpu())
        return;
    words_check((words_case){.kernel = &tw_kernel_linear_attention,
                             .option = "feature",
                             .expression = "x > 0 ? x + 1 : tw_expf(x)"},
                "d=64 dv=64 normaliser=1 causal=0 state=1 H=2 S=%d D=50 DV=64 split=%d",
                100 + test_random(200), 2 + test_random(5));
}

static double closed_or_open(size_t i, const void *context)
{
    (void)context;
    return i * 2654435761u % 29 < 2 ? -300 : i % 5 ? 0 : -1e-6;
}
static void fill_closed_or_open(tw_problem *problem) { case_fill(problem, "gates", closed_or_open, NULL); }

static void gates_at_0_and_at_1(void **state)
{
    (void)state;
    words_check((words_case){.kernel = &tw_kernel_linear_attention, .before = fill_closed_or_open},
                "%s H=1 S=300 D=64 DV=64 split=4", gated);
}

static double sequence_begins(size_t i, const void *context)
{
    static const int begins[] = {0, 1, 1, 66, 130, 330};
    (void)context;
    return begins[i];
}
static void fill_cuts(tw_problem *problem) { case_fill(problem, "cu", sequence_begins, NULL); }

/* Packed sequences of 1, 0, 65, 64 and 200 tokens, each in as many parts; and one from a state of its own. */
static void states_of_mamba_2(void **state)
{
    (void)state;
    words_check((words_case){.kernel = &tw_kernel_ssm, .before = fill_cuts},
                "n=64 gate=1 varlen=1 initial_state=1 heads=2 S=330 Ns=5 H=2 P=64 N=50 split=3");
    if (on_cpu())
        words_check((words_case){.kernel = &tw_kernel_ssm, .pad = 3},
                    "n=64 dtype=f16 skip=0 initial_state=1 B=2 S=1000 H=4 G=2 P=72 N=64 split=%d",
                    2 + test_random(16));
}

/* Whatever the launches before left between them: timing starts a problem again and again. */
static void again_the_same_bits(void **state)
{
    words_case test = {.kernel = &tw_kernel_linear_attention,
                       .words = "d=64 dv=64 decay=step state=1 H=2 S=300 D=64 DV=64 split=3"};
    tw_problem *problem = words_run(&test);
    const tw_tensor *o = tw_problem_tensor(problem, "o");
    const size_t bytes = o->count * tw_dtype_bytes(o->dtype);
    void *again = malloc(bytes);
    double milliseconds;
    (void)state;
    test_ok(tw_problem_launch(problem));
    test_ok(tw_problem_time(problem, 1, &milliseconds));
    test_ok(tw_target_read(test_target, again, o->argument.data, bytes));
    assert_memory_equal(again, o->result, bytes);
    free(again);
    tw_problem_free(problem);
}

static int parts_of(const char *words)
{
    words_case test = {.kernel = &tw_kernel_linear_attention, .words = words};
    tw_problem *problem = words_run(&test);
    int pass, parts = (int)tw_problem_scalar(problem, "split");
    words_ok(&test, tw_problem_check(problem, &pass));
    assert_true(pass);
    tw_problem_free(problem);
    return parts;
}

/* An emulated machine has three units: one block leaves two idle, but only a long sequence is worth parts. */
static void chosen_where_blocks_are_few(void **state)
{
    (void)state;
    if (on_cpu())
        return; /* as many as this processor's threads */
    assert_int_equal(parts_of("d=64 dv=64 decay=step state=1 H=1 S=900 D=8 DV=64"), 3);
    assert_int_equal(parts_of("d=64 dv=64 decay=step state=1 H=2 S=900 D=8 DV=64"), 1);
    assert_int_equal(parts_of("d=64 dv=64 decay=step state=1 H=1 S=200 D=64 DV=64"), 1);
}

/* On gfx942 eight heads of 16 channels are one block where they share b and c (N = 256: 8 teams of 16
 * channels): too few for three units. Who asks for it gets it. */
static void not_shared_where_blocks_are_few(void **state)
{
    static const char *const said[] = {"", "heads=2"};
    (void)state;
    if (strcmp(tw_target_identity(test_target)->name, "emu:gfx942") != 0)
        return;
    for (int i = 0; i < 2; i++) {
        char words[64];
        snprintf(words, sizeof words, "n=256 N=256 H=8 P=16 S=20 %s", said[i]);
        words_case test = {.kernel = &tw_kernel_ssm, .words = words};
        tw_problem *problem = words_run(&test);
        assert_string_equal(tw_problem_option(problem, "heads"), i ? "2" : "1");
        tw_problem_free(problem);
    }
}

static void refused(const char *words, const char *because)
{
    tw_problem *problem;
    test_ok(tw_problem_create(&tw_kernel_linear_attention, &problem));
    test_ok(tw_problem_set_words(problem, words));
    tw_status status = tw_problem_resolve(problem, 1);
    if (status.code == TW_OK)
        status = tw_problem_open(problem, test_target, 0, NULL, NULL);
    assert_int_equal(status.code, TW_INVALID);
    assert_non_null(strstr(status.message, because));
    tw_problem_free(problem);
}

static void what_cannot_go_in_parts(void **state)
{
    (void)state;
    refused("split=2.5", "1 to 65535");
    refused("split=-1", "1 to 65535");
    refused("split=70000", "1 to 65535");
}

static int run(const char *name)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length),
        cmocka_unit_test(stabilised_states),
        cmocka_unit_test(without_causality),
        cmocka_unit_test(gates_at_0_and_at_1),
        cmocka_unit_test(states_of_mamba_2),
        cmocka_unit_test(again_the_same_bits),
        cmocka_unit_test(chosen_where_blocks_are_few),
        cmocka_unit_test(not_shared_where_blocks_are_few),
        cmocka_unit_test(what_cannot_go_in_parts),
    };
    target_name = name;
    return cmocka_run_group_tests_name(name, tests, open_target, close_target);
}

int main(int count, char **names) { return run_on_targets(count - 1, names + 1, run); }
