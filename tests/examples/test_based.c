/* SPDX-License-Identifier: MIT
 *
 * Based against its recurrence in float64: lengths on both sides of a chunk's edge, channels that all weigh
 * the same, with and without the normaliser, and the bytes it moves.
 */
#include "words_case.h"

extern const tw_kernel tw_kernel_based;

static void every_length(void **state)
{
    static const int lengths[] = {1, 63, 64, 65, 1000, 4096};
    (void)state;
    for (int i = 0; i < (on_cpu() ? 6 : 5); i += test_step(2))
        words_check((words_case){.kernel = &tw_kernel_based, .pad = i % 2 ? 3 : 0},
                    "dv=64 B=1 H=1 S=%d D=%d DV=%d", lengths[i], i % 2 ? 16 : 11, i % 3 ? 64 : 37);
}

static void without_normaliser(void **state)
{
    (void)state;
    words_check((words_case){.kernel = &tw_kernel_based},
                "dv=128 normaliser=0 dtype=f16 B=2 H=1 S=70 D=16 DV=101");
}

static double same_sign(size_t i, const void *context) { return (void)context, 0.5 + (double)(i % 3) * 0.25; }

static void fill_same_sign(tw_problem *problem)
{
    case_fill(problem, "k", same_sign, NULL);
    case_fill(problem, "v", same_sign, NULL);
}

/* Keys that hardly differ: where x is below 0 the terms of every weight cancel. */
static void terms_that_cancel(void **state)
{
    (void)state;
    words_check((words_case){.kernel = &tw_kernel_based, .before = fill_same_sign},
                "dv=64 H=1 S=150 D=16 DV=64");
}

/* q, k and v are read once and o is written once. */
static void moves_its_bytes_once(void **state)
{
    (void)state;
    words_move_once((words_case){.kernel = &tw_kernel_based, .words = "dv=64 H=1 S=256 D=16 DV=64"});
}

static int run(const char *name)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length),
        cmocka_unit_test(without_normaliser),
        cmocka_unit_test(terms_that_cancel),
        cmocka_unit_test(moves_its_bytes_once),
    };
    target_name = name;
    return cmocka_run_group_tests_name(name, tests, open_target, close_target);
}

int main(int count, char **names) { return run_on_targets(count - 1, names + 1, run); }
