/* SPDX-License-Identifier: MIT
 *
 * Gated linear attention against the recurrence in float64: lengths on both sides of a chunk's edge, gates at
 * 0, at 1 and both side by side, the state handed over between the halves of a sequence, and the bytes it
 * moves.
 */
#include "words_case.h"

extern const tw_kernel tw_kernel_gated_linear_attention;
extern const tw_kernel tw_kernel_gated_linear_attention_step;

static int on_cpu(void) { return tw_target_identity(test_target)->kind == TW_TARGET_CPU; }

static const char gated[] = "d=64 dv=64 state=1";

static void every_length(void **state)
{
    static const int lengths[] = {1, 63, 64, 65, 1000, 4096};
    (void)state;
    for (int i = 0; i < (on_cpu() ? 6 : 5); i += test_step(2)) {
        words_case test = {.kernel = &tw_kernel_gated_linear_attention, .pad = i % 2 ? 3 : 0};
        words_check(test, "%s H=1 S=%d D=%d DV=%d", gated, lengths[i], i % 2 ? 64 : 49, i % 3 ? 64 : 37);
    }
}

static void each_variant(void **state)
{
    static const char *const words[] = {
        "d=64 dv=64 dtype=f16 state=1 layout=bshd B=2 H=1 S=70 D=64 DV=51",
        "d=256 dv=32 H=1 S=70 D=256 DV=32",
        "d=32 dv=32 H=2 S=70 D=32 DV=32",
    };
    (void)state;
    for (int i = 0; i < 3; i += test_step(2))
        words_check((words_case){.kernel = &tw_kernel_gated_linear_attention}, "%s", words[i]);
}

/* A channel that is closed every so often beside others that forget nothing, or 50 of a logarithm each step.
 */
static double mixed(size_t i, const void *context)
{
    size_t channel = i % 64, token = i / 64;
    (void)context;
    return channel % 4 == 0 ? (token * 2654435761u % 29 < 2 ? -1e4 : 0) : channel % 4 == 1 ? -50 : -1e-6;
}
static double closed(size_t i, const void *context) { return (void)i, (void)context, -1e4; }
static double same_sign(size_t i, const void *context) { return (void)context, 0.5 + (double)(i % 3) * 0.25; }

static void fill_mixed(tw_problem *problem)
{
    case_fill(problem, "gates", mixed, NULL);
    case_fill(problem, "k", same_sign, NULL);
    case_fill(problem, "v", same_sign, NULL);
}
static void fill_closed(tw_problem *problem) { case_fill(problem, "gates", closed, NULL); }

static void gates_at_0_and_at_1(void **state)
{
    static const char *const dtypes[] = {"bf16", "f16"};
    (void)state;
    for (int i = 0; i < 2; i++)
        words_check((words_case){.kernel = &tw_kernel_gated_linear_attention, .before = fill_mixed},
                    "d=64 dv=64 dtype=%s state=1 H=1 S=150 D=64 DV=64", dtypes[i]);
    words_check((words_case){.kernel = &tw_kernel_gated_linear_attention, .before = fill_closed},
                "%s H=1 S=70 D=64 DV=64", gated);
}

/* Rows [first, first + S) of the whole's inputs, one head's. */
static void take_rows(tw_problem *problem, tw_problem *whole, int64_t first)
{
    static const char *const names[] = {"q", "k", "v", "gates"};
    for (int i = 0; i < 4; i++) {
        tw_tensor *to = tw_problem_tensor(problem, names[i]), *from = tw_problem_tensor(whole, names[i]);
        size_t row = tw_dtype_bytes(to->dtype) * (size_t)to->dim[3];
        memcpy(to->input, (const char *)from->input + (size_t)first * row,
               to->count * tw_dtype_bytes(to->dtype));
    }
}

static tw_problem *make_part(int64_t length, tw_problem *whole, int64_t first, const void *initial)
{
    char words[256];
    tw_problem *problem;
    snprintf(words, sizeof words, "%s H=1 S=%d D=64 DV=64", gated, (int)length);
    test_ok(tw_problem_create(&tw_kernel_gated_linear_attention, &problem));
    test_ok(tw_problem_set_words(problem, words));
    test_ok(tw_problem_resolve(problem, test_seed()));
    tw_tensor *state = tw_problem_tensor(problem, "initial");
    if (whole)
        take_rows(problem, whole, first);
    if (initial)
        memcpy(state->input, initial, state->count * sizeof(float));
    test_ok(tw_problem_open(problem, test_target, 0, NULL, NULL));
    test_ok(tw_problem_run(problem));
    return problem;
}

/* Squared error of `part` against the reference of `whole` from element `first` on, over its square. */
static double off(const tw_tensor *part, const tw_tensor *whole, size_t first)
{
    double size = 0, error = 0;
    for (size_t i = 0; i < part->count; i++) {
        double x = words_value(part, i), y = whole->reference[first + i];
        error += (x - y) * (x - y);
        size += y * y;
    }
    return error / size;
}

/* 70 tokens, then 60 from the state they left, against one run of 130: within what either may be off. */
static void state_handed_over(void **state)
{
    int pass;
    tw_problem *whole = make_part(130, NULL, 0, NULL);
    tw_problem *first = make_part(70, whole, 0, tw_problem_tensor(whole, "initial")->input);
    tw_problem *second = make_part(60, whole, 70, tw_problem_tensor(first, "final")->result);
    (void)state;
    test_ok(tw_problem_check(whole, &pass));
    assert_true(pass);
    assert_true(off(tw_problem_tensor(second, "o"), tw_problem_tensor(whole, "o"), 70 * 64) < 1e-4);
    assert_true(off(tw_problem_tensor(second, "final"), tw_problem_tensor(whole, "final"), 0) < 16e-6);
    tw_problem_free(whole);
    tw_problem_free(first);
    tw_problem_free(second);
}

/* Decoding: each value column and key channel, those of a last part too. */
static void one_token(void **state)
{
    (void)state;
    words_check((words_case){.kernel = &tw_kernel_gated_linear_attention_step, .pad = 3},
                "d=64 dv=64 state=1 B=2 H=3 D=64 DV=64");
    if (!test_few)
        words_check((words_case){.kernel = &tw_kernel_gated_linear_attention_step},
                    "d=64 dv=128 dtype=f16 state=1 layout=bshd H=2 D=49 DV=101");
}

/* q, k, v and the gates are read once and o is written once. */
static void moves_its_bytes_once(void **state)
{
    words_case test = {.kernel = &tw_kernel_gated_linear_attention,
                       .words = "d=128 dv=128 state=1 H=1 S=100 D=128 DV=128"};
    (void)state;
    if (on_cpu())
        return;
    tw_problem *problem = words_run(&test);
    const tw_traffic *traffic = tw_problem_traffic(problem);
    double moved = (double)(traffic->global_read_bytes + traffic->global_written_bytes);
    if (moved > 1.15 * tw_problem_bytes(problem) || moved < tw_problem_bytes(problem))
        fail_msg("moved %.0f bytes; the tensors have %.0f", moved, tw_problem_bytes(problem));
    tw_problem_free(problem);
}

static int run(const char *name)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length),        cmocka_unit_test(each_variant),
        cmocka_unit_test(gates_at_0_and_at_1), cmocka_unit_test(state_handed_over),
        cmocka_unit_test(one_token),           cmocka_unit_test(moves_its_bytes_once),
    };
    target_name = name;
    return cmocka_run_group_tests_name(name, tests, open_target, close_target);
}

int main(int count, char **names) { return run_on_targets(count - 1, names + 1, run); }
