/* SPDX-License-Identifier: MIT
 *
 * The norms against their float64 reference: rows shorter than, as long as and longer than what stays in
 * registers, every part that can be left out, and hostile numbers.
 */
#include "examples/row_norm/reference.h"
#include "words_case.h"

extern const tw_kernel tw_kernel_row_norm;

/* Two instances of 256 columns serve all lengths: beyond that, rows in parts. */
static const char everything[] = "cols=256 kind=layernorm bias=1 residual=1 sum=1 dropout_on=1";
static const char plain[] = "cols=256 dtype=f16 wtype=f16";

static void every_length(void **state)
{
    static const int lengths[] = {1, 15, 17, 63, 65, 113, 256, 1023};
    (void)state;
    for (int i = 0; i < 8; i += test_step(3)) {
        words_case test = {.kernel = &tw_kernel_row_norm, .pad = i % 2 ? 3 : 0};
        words_check(test, "%s M=%d D=%d dropout=0.25 seed=%d", everything, 5 + 6 * (i % 4), lengths[i], i);
        words_check(test, "%s M=%d D=%d", plain, 1 + 16 * (i % 3), lengths[i]);
    }
}

/* A row over all waves of the team, in one pass; and one that is longer than any instance holds. */
static void rows_of_16384_and_more(void **state)
{
    (void)state;
    words_check((words_case){.kernel = &tw_kernel_row_norm}, "M=3 D=16384 kind=layernorm residual=1 sum=1");
    words_check((words_case){.kernel = &tw_kernel_row_norm, .pad = 8},
                "M=2 D=13001 kind=layernorm residual=1 sum=1");
    words_check((words_case){.kernel = &tw_kernel_row_norm}, "M=1 D=20011 kind=layernorm residual=1 sum=1");
}

static double far_from_zero(size_t i, const void *context)
{
    (void)context;
    return 1000 + (double)(i * 2654435761u % 64);
}

static double huge(size_t i, const void *context)
{
    (void)context;
    return (i % 7 == 3 ? -6e4 : 3e4) + (double)(i % 5) * 1e3;
}

static double the_same(size_t i, const void *context)
{
    (void)i, (void)context;
    return 3;
}

static void fill_far_from_zero(tw_problem *problem) { case_fill(problem, "x", far_from_zero, NULL); }
static void fill_huge(tw_problem *problem) { case_fill(problem, "x", huge, NULL); }
static void fill_the_same(tw_problem *problem) { case_fill(problem, "x", the_same, NULL); }

/* The variance is that about the mean, not a difference of large squares. */
static void values_far_from_zero_and_huge(void **state)
{
    static void (*const fills[])(tw_problem *) = {fill_far_from_zero, fill_huge, fill_the_same};
    (void)state;
    for (int i = 0; i < 3; i++) {
        words_check((words_case){.kernel = &tw_kernel_row_norm, .before = fills[i]}, "%s M=7 D=700", plain);
        words_check((words_case){.kernel = &tw_kernel_row_norm, .before = fills[i]},
                    "cols=1024 dtype=f16 kind=layernorm M=7 D=700");
    }
}

/* The generator's test vectors: Random123 1.14, kat_vectors, philox4x32 10. */
static void the_generator_is_philox(void **state)
{
    static const uint32_t vectors[3][10] = {
        {0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
        {~0u, ~0u, ~0u, ~0u, ~0u, ~0u, 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
        {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09, 0x94fdcceb,
         0x5001e420, 0x24126ea1},
    };
    (void)state;
    for (int i = 0; i < 3; i++) {
        uint32_t words[4];
        row_norm_philox(vectors[i], vectors[i] + 4, words);
        assert_memory_equal(words, vectors[i] + 6, sizeof words);
    }
}

static double one(size_t i, const void *context)
{
    (void)i, (void)context;
    return 1;
}

static double none(size_t i, const void *context)
{
    (void)i, (void)context;
    return 0;
}

static void fill_with_ones(tw_problem *problem)
{
    case_fill(problem, "x", one, NULL);
    case_fill(problem, "residual", none, NULL);
}

/* Of ones, the sum is 0 or 1 / (1 - p): so every element shows what its bits decided. The reference decides
 * by a generator of its own. */
static void the_same_elements_are_dropped_everywhere(void **state)
{
    (void)state;
    words_case test = {.kernel = &tw_kernel_row_norm, .before = fill_with_ones};
    char words[256];
    int dropped = 0, pass;
    snprintf(words, sizeof words, "%s M=37 D=300 dropout=0.5 seed=81985529216", everything);
    test.words = words;
    tw_problem *problem = words_run(&test);
    words_ok(&test, tw_problem_check(problem, &pass));
    const tw_tensor *sum = tw_problem_tensor(problem, "sum");
    for (size_t i = 0; i < sum->count; i++) {
        assert_true(words_value(sum, i) == sum->reference[i]);
        assert_true(sum->reference[i] == 0 || sum->reference[i] == 2);
        dropped += sum->reference[i] == 0;
    }
    /* 5550 +- six standard deviations of 53 */
    assert_in_range(dropped, 5232, 5868);
    tw_problem_free(problem);
}

/* All that is M x D once; weight and bias once a block, however many rows it takes. */
static void every_byte_moves_once(void **state)
{
    (void)state;
    words_move_once((words_case){.kernel = &tw_kernel_row_norm,
                                 .words = "cols=256 weight=0 residual=1 sum=1 kind=layernorm M=40 D=256"});
    words_move_once((words_case){.kernel = &tw_kernel_row_norm, .words = "wtype=bf16 M=160 D=4096"});
}

static int run(const char *name)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length),
        cmocka_unit_test(rows_of_16384_and_more),
        cmocka_unit_test(values_far_from_zero_and_huge),
        cmocka_unit_test(the_generator_is_philox),
        cmocka_unit_test(the_same_elements_are_dropped_everywhere),
        cmocka_unit_test(every_byte_moves_once),
    };
    target_name = name;
    return cmocka_run_group_tests_name(name, tests, open_target, close_target);
}

int main(int count, char **arguments) { return run_on_targets(count - 1, arguments + 1, run) != 0; }
