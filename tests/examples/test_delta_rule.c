/* SPDX-License-Identifier: MIT
 *
 * The delta rule against the recurrence in float64: lengths on both sides of a chunk's edge, gates and step
 * sizes at 0 and at 1, one key for all tokens, the state handed over between the halves of a sequence, and
 * the bytes it moves.
 */
#include "handover_case.h"

extern const tw_kernel tw_kernel_delta_rule;
extern const tw_kernel tw_kernel_delta_rule_step;

static const char gated[] = "d=64 dv=64 decay=step state=1";
static const char plain[] = "d=128 dv=128 dtype=f16 state=1 layout=bshd";

static void every_length(void **state)
{
    static const int lengths[] = {1, 63, 64, 65, 1000, 4096};
    (void)state;
    for (int i = 0; i < (on_cpu() ? 6 : 5); i += test_step(2)) {
        int heads = i < 4 ? 2 : 1;
        words_case test = {.kernel = &tw_kernel_delta_rule, .pad = i % 2 ? 3 : 0};
        words_check(test, "%s H=%d S=%d D=%d DV=%d", gated, heads, lengths[i], i % 2 ? 64 : 49,
                    i % 3 ? 64 : 37);
        if (i % 3 == 0 || on_cpu())
            words_check(test, "%s B=%d S=%d H=1 D=%d DV=%d", plain, heads, lengths[i], i % 2 ? 128 : 100,
                        i % 2 ? 128 : 51);
    }
}

static double closed_or_open(size_t i, const void *context)
{
    (void)context;
    return i * 2654435761u % 29 < 2 ? -300 : i % 5 ? 0 : -1e-6;
}
static double closed(size_t i, const void *context) { return (void)i, (void)context, -1e4; }
static double always(size_t i, const void *context) { return (void)i, (void)context, 1; }
static double nearly_never(size_t i, const void *context) { return (void)context, i % 3 ? 0 : 1e-3; }
static double nearly_open(size_t i, const void *context) { return (void)context, -0.01 * (double)(i % 7); }
static double one_key(size_t i, const void *context) { return (void)context, i % 4 < 2 ? -0.125 : 0.125; }

static void fill_closed_or_open(tw_problem *problem)
{
    case_fill(problem, "gates", closed_or_open, NULL);
    case_fill(problem, "betas", always, NULL);
}
/* With a step of 0 in the end the state would be 0, and of the kernel's 2^-126 all would be an error. */
static void fill_closed(tw_problem *problem)
{
    case_fill(problem, "gates", closed, NULL);
    case_fill(problem, "betas", always, NULL);
}
static void fill_nearly_never(tw_problem *problem) { case_fill(problem, "betas", nearly_never, NULL); }

/* Each token replaces what the one before it has written: L is all ones below its diagonal, or nearly. The
 * final state's errors have the key's signs, so it has as many of one as of the other. */
static void fill_one_key(tw_problem *problem)
{
    case_fill(problem, "betas", always, NULL);
    case_fill(problem, "k", one_key, NULL);
}
static void fill_one_key_fading(tw_problem *problem)
{
    fill_one_key(problem);
    case_fill(problem, "gates", nearly_open, NULL);
}

static void gates_and_steps_at_0_and_at_1(void **state)
{
    (void)state;
    words_check((words_case){.kernel = &tw_kernel_delta_rule, .before = fill_closed_or_open},
                "%s H=2 S=150 D=64 DV=64", gated);
    words_check((words_case){.kernel = &tw_kernel_delta_rule, .before = fill_closed},
                "%s H=1 S=70 D=64 DV=64", gated);
    words_check((words_case){.kernel = &tw_kernel_delta_rule, .before = fill_nearly_never},
                "%s H=1 S=70 D=64 DV=64", plain);
}

static void one_key_for_all(void **state)
{
    (void)state;
    words_check((words_case){.kernel = &tw_kernel_delta_rule, .before = fill_one_key_fading},
                "%s H=1 S=130 D=64 DV=64", gated);
    words_check((words_case){.kernel = &tw_kernel_delta_rule, .before = fill_one_key},
                "%s H=1 S=130 D=64 DV=64", plain);
}

/* Blocks share their keys and queries, or take them in one stage. */
static void wide_keys(void **state)
{
    (void)state;
    words_check((words_case){.kernel = &tw_kernel_delta_rule},
                "d=256 dv=128 decay=step state=1 H=1 S=70 D=250 DV=72");
}

static void state_handed_over(void **state)
{
    (void)state;
    handover_check((handover_case){&tw_kernel_delta_rule, gated, {"q", "k", "v", "gates", "betas"}});
}

/* Decoding: each value column and key channel, those of a last part too. */
static void one_token(void **state)
{
    (void)state;
    words_check((words_case){.kernel = &tw_kernel_delta_rule_step, .pad = 3},
                "d=64 dv=64 decay=step state=1 B=2 H=3 D=64 DV=64");
    words_check((words_case){.kernel = &tw_kernel_delta_rule_step},
                "d=64 dv=128 dtype=f16 state=1 layout=bshd H=2 D=49 DV=101");
}

/* q, k and v are read once and o is written once. (Gates and step sizes are few, but every wave reads them.)
 */
static void moves_its_bytes_once(void **state)
{
    (void)state;
    words_move_once(
        (words_case){.kernel = &tw_kernel_delta_rule,
                     .words = "d=128 dv=128 dtype=f16 state=1 layout=bshd H=1 S=128 D=128 DV=128"});
}

static int run(const char *name)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length),
        cmocka_unit_test(one_key_for_all),
        cmocka_unit_test(gates_and_steps_at_0_and_at_1),
        cmocka_unit_test(wide_keys),
        cmocka_unit_test(state_handed_over),
        cmocka_unit_test(one_token),
        cmocka_unit_test(moves_its_bytes_once),
    };
    target_name = name;
    return cmocka_run_group_tests_name(name, tests, open_target, close_target);
}

int main(int count, char **names) { return run_on_targets(count - 1, names + 1, run); }
