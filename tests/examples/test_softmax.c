/* SPDX-License-Identifier: MIT
 *
 * Softmax against its float64 reference: rows shorter than, as long as and longer than what stays in
 * registers, masks, and hostile numbers.
 */
#include "words_case.h"

extern const tw_kernel tw_kernel_softmax;

/* Two instances of 256 columns serve all lengths: beyond that, rows in parts. */
static const char plain[] = "cols=256";
static const char masked_log[] = "cols=256 in=f16 out=f32 log=1 lengths=1";

static void every_length(void **state)
{
    static const int lengths[] = {1, 15, 17, 63, 65, 113, 256, 1023};
    (void)state;
    for (int i = 0; i < 8; i += test_step(3)) {
        words_case test = {.kernel = &tw_kernel_softmax, .pad = i % 2 ? 3 : 0};
        words_check(test, "%s M=%d D=%d scale=2.5", plain, 5 + 6 * (i % 4), lengths[i]);
        words_check(test, "%s M=%d D=%d", masked_log, 1 + 16 * (i % 3), lengths[i]);
    }
}

static double long_and_empty(size_t i, const void *context)
{
    (void)context;
    return i % 3 == 0 ? 0 : i % 3 == 1 ? 16001 : 4097;
}

static void mask_rows(tw_problem *problem) { case_fill(problem, "lengths", long_and_empty, NULL); }

/* One pass over all waves of the team; a row of nothing between others; and one longer than any instance
 * holds. */
static void long_rows_and_rows_of_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++)
        words_check((words_case){.kernel = &tw_kernel_softmax, .before = mask_rows},
                    "M=4 D=%d in=f16 out=f16 lengths=1", i ? 16001 : 20011);
}

static double of_1e4(size_t i, const void *context)
{
    (void)context;
    return (i * 2654435761u % 17 < 3 ? 1e4 : -1e4) + (double)(i % 4) * 8;
}

static double ties(size_t i, const void *context)
{
    (void)context;
    return (double)(i * 2654435761u % 3) * 100;
}

static double huge(size_t i, const void *context)
{
    (void)context;
    return i % 9 == 4 ? 3e38 : -3e38;
}

static void fill_with_1e4(tw_problem *problem) { case_fill(problem, "x", of_1e4, NULL); }
static void fill_with_ties(tw_problem *problem) { case_fill(problem, "x", ties, NULL); }
static void fill_with_huge(tw_problem *problem) { case_fill(problem, "x", huge, NULL); }

static void hostile_logits(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        void (*fill)(tw_problem *) = i ? fill_with_1e4 : fill_with_ties;
        words_check((words_case){.kernel = &tw_kernel_softmax, .before = fill}, "%s M=7 D=700", plain);
        words_check((words_case){.kernel = &tw_kernel_softmax, .before = fill}, "%s M=7 D=700", masked_log);
    }
    words_check((words_case){.kernel = &tw_kernel_softmax, .before = fill_with_huge}, "%s M=7 D=113", plain);
}

static void every_byte_moves_once(void **state)
{
    (void)state;
    words_move_once((words_case){.kernel = &tw_kernel_softmax, .words = "cols=256 M=40 D=256"});
}

static int run(const char *name)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length),
        cmocka_unit_test(long_rows_and_rows_of_nothing),
        cmocka_unit_test(hostile_logits),
        cmocka_unit_test(every_byte_moves_once),
    };
    target_name = name;
    return cmocka_run_group_tests_name(name, tests, open_target, close_target);
}

int main(int count, char **arguments) { return run_on_targets(count - 1, arguments + 1, run) != 0; }
