/* SPDX-License-Identifier: MIT
 *
 * Linear attention against the recurrence in float64: lengths on both sides of a chunk's edge, every kind of
 * decay and gate, gates at 0 and at 1, the state handed over between the halves of a sequence, and the bytes
 * it moves.
 */
#include "handover_case.h"

extern const tw_kernel tw_kernel_linear_attention;
extern const tw_kernel tw_kernel_linear_attention_step;

static const char gated[] = "d=64 dv=64 decay=step state=1";
static const char stabilised[] = "d=64 dv=64 decay=step input=exp dtype=f16 state=1 layout=bshd";

static void every_length(void **state)
{
    static const int lengths[] = {1, 63, 64, 65, 150, 1000, 4096};
    (void)state;
    for (int i = 0; i < (on_cpu() ? 7 : 5); i += test_step(2)) {
        words_case test = {.kernel = &tw_kernel_linear_attention, .pad = i % 2 ? 3 : 0};
        words_check(test, "%s H=2 S=%d D=%d DV=%d", gated, lengths[i], i % 2 ? 64 : 49, i % 3 ? 64 : 37);
        words_check(test, "%s B=2 S=%d H=1 D=64 DV=%d", stabilised, lengths[i], i % 2 ? 64 : 51);
    }
}

static void each_variant(void **state)
{
    static const char *const words[] = {
        "d=128 dv=128 dtype=f16 decay=head H=2 S=100 D=128 DV=96",
        "d=32 dv=32 decay=step input=sigmoid S=130 H=1 D=32 DV=32",
        "d=256 dv=128 B=1 H=1 S=70 D=256 DV=72 layout=bshd",
    };
    (void)state;
    for (int i = 0; i < 3; i += test_step(2))
        words_check((words_case){.kernel = &tw_kernel_linear_attention}, "%s", words[i]);
}

static void feature_maps(void **state)
{
    (void)state;
    words_check((words_case){.kernel = &tw_kernel_linear_attention,
                             .option = "feature",
                             .expression = "x > 0 ? x + 1 : tw_expf(x)"},
                "d=64 dv=64 normaliser=1 state=1 H=2 S=140 D=50 DV=64");
    words_check(
        (words_case){.kernel = &tw_kernel_linear_attention, .option = "feature", .expression = "tw_reluf(x)"},
        "d=64 dv=64 causal=0 normaliser=1 H=2 S=140 D=64 DV=64");
}

static double closed_or_open(size_t i, const void *context)
{
    (void)context;
    return i * 2654435761u % 29 < 2 ? -300 : i % 5 ? 0 : -1e-6;
}
static double closed(size_t i, const void *context) { return (void)i, (void)context, -1e4; }
static double same_sign(size_t i, const void *context) { return (void)context, 0.5 + (double)(i % 3) * 0.25; }

static void fill_closed_or_open(tw_problem *problem)
{
    case_fill(problem, "gates", closed_or_open, NULL);
    case_fill(problem, "k", same_sign, NULL);
    case_fill(problem, "v", same_sign, NULL);
}
static void fill_closed(tw_problem *problem) { case_fill(problem, "gates", closed, NULL); }

static void gates_at_0_and_at_1(void **state)
{
    (void)state;
    words_check((words_case){.kernel = &tw_kernel_linear_attention, .before = fill_closed_or_open},
                "%s H=2 S=200 D=64 DV=64", gated);
    words_check((words_case){.kernel = &tw_kernel_linear_attention, .before = fill_closed},
                "%s H=1 S=70 D=64 DV=64", gated);
}

static void state_handed_over(void **state)
{
    (void)state;
    handover_check((handover_case){&tw_kernel_linear_attention, gated, {"q", "k", "v", "gates"}});
}

/* Decoding: each value column and key channel, those of a last part too. */
static void one_token(void **state)
{
    (void)state;
    words_check((words_case){.kernel = &tw_kernel_linear_attention_step, .pad = 3},
                "d=64 dv=64 decay=step state=1 B=2 H=3 D=64 DV=64");
    words_check((words_case){.kernel = &tw_kernel_linear_attention_step},
                "d=64 dv=128 decay=step input=exp dtype=f16 state=1 layout=bshd H=2 D=49 DV=101");
}

/* q, k and v are read once and o is written once. (Gates of each step are few, but every wave reads them.) */
static void moves_its_bytes_once(void **state)
{
    (void)state;
    words_move_once((words_case){.kernel = &tw_kernel_linear_attention,
                                 .words = "d=128 dv=256 dtype=f16 decay=head H=1 S=100 D=128 DV=256"});
}

static int run(const char *name)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length),         cmocka_unit_test(each_variant),
        cmocka_unit_test(feature_maps),         cmocka_unit_test(gates_at_0_and_at_1),
        cmocka_unit_test(state_handed_over),    cmocka_unit_test(one_token),
        cmocka_unit_test(moves_its_bytes_once),
    };
    target_name = name;
    return cmocka_run_group_tests_name(name, tests, open_target, close_target);
}

int main(int count, char **names) { return run_on_targets(count - 1, names + 1, run); }
