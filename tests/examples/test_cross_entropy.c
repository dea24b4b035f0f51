/* SPDX-License-Identifier: MIT
 *
 * The fused cross-entropy against its float64 reference: sizes around the tiles' edges, ignored labels,
 * smoothing and soft-cap, hostile logits, bytes moved.
 */
#include "words_case.h"

extern const tw_kernel tw_kernel_cross_entropy;

static const char plain[] = "dtype=bf16";
static const char capped[] = "dtype=f16 smoothing_on=1 softcap=1";

static void every_size(void **state)
{
    static const int sizes[][3] = {
        /* T, V, D */ {1, 1, 1}, {15, 17, 63}, {63, 113, 65}, {113, 1023, 17}, {17, 257, 130}};
    (void)state;
    for (int i = 0; i < 5; i += test_step(2)) {
        words_case test = {.kernel = &tw_kernel_cross_entropy, .pad = i % 2 ? 3 : 0};
        words_check(test, "%s T=%d V=%d D=%d", plain, sizes[i][0], sizes[i][1], sizes[i][2]);
        words_check(test, "%s cap=%d T=%d V=%d D=%d ignore=2", capped, 3 + 20 * (i % 2), sizes[i][0],
                    sizes[i][1], sizes[i][2]);
    }
}

/* Logits of +-1e4 in steps of 8: with two labels ahead of the rest, some losses are 0, some 2e4. */
static double loud(size_t i, const void *context)
{
    (void)context;
    return (double)(int)(i * 2654435761u % 33 - 16) * 8;
}

static void fill_loud(tw_problem *problem)
{
    case_fill(problem, "hidden", loud, NULL);
    case_fill(problem, "weight", loud, NULL);
}

static double the_same(size_t i, const void *context)
{
    (void)i, (void)context;
    return 2;
}

static void fill_the_same(tw_problem *problem)
{
    case_fill(problem, "hidden", the_same, NULL);
    case_fill(problem, "weight", the_same, NULL);
}

static double outside(size_t i, const void *context)
{
    static const double labels[] = {-1, 70, 69, 0, 16777216, -2147483648.0};
    (void)context;
    return labels[i % 6];
}

static void fill_outside(tw_problem *problem) { case_fill(problem, "labels", outside, NULL); }

static void hostile_logits_and_labels(void **state)
{
    static void (*const fills[])(tw_problem *) = {fill_loud, fill_the_same, fill_outside};
    (void)state;
    for (int i = 0; i < 3; i++) {
        words_check((words_case){.kernel = &tw_kernel_cross_entropy, .before = fills[i]}, "%s T=20 V=70 D=16",
                    plain);
        words_check((words_case){.kernel = &tw_kernel_cross_entropy, .before = fills[i]}, "%s T=20 V=70 D=16",
                    capped);
    }
}

/* What is written is the results, so no logits are. The weight is read once by a block of tokens, hidden once
 * for every tile of logits, 128 of the vocabulary and more. */
static void logits_stay_on_chip(void **state)
{
    enum { T = 32, V = 512, D = 128, BYTES = 2 };
    (void)state;
    tw_problem *problem =
        words_run(&(words_case){.kernel = &tw_kernel_cross_entropy, .words = "dtype=bf16 T=32 V=512 D=128"});
    const tw_traffic *traffic = tw_problem_traffic(problem);
    if (tw_target_identity(test_target)->kind == TW_TARGET_EMULATED) {
        assert_int_equal(traffic->global_written_bytes, 2 * T * sizeof(float));
        assert_true(traffic->global_read_bytes >= (V + T) * D * BYTES);
        assert_true((double)traffic->global_read_bytes <= 1.15 * (V + T * (V / 128)) * D * BYTES);
    }
    tw_problem_free(problem);
}

static int run(const char *name)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_size),
        cmocka_unit_test(hostile_logits_and_labels),
        cmocka_unit_test(logits_stay_on_chip),
    };
    target_name = name;
    return cmocka_run_group_tests_name(name, tests, open_target, close_target);
}

int main(int count, char **arguments) { return run_on_targets(count - 1, arguments + 1, run) != 0; }
