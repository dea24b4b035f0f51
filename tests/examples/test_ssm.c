/* SPDX-License-Identifier: MIT
 *
 * The state-space model against its recurrence in float64: lengths on both sides of a chunk's edge, decays
 * near 0 and 1, states handed from run to run and from run to step, packed sequences, bytes moved.
 */
#include "words_case.h"

extern const tw_kernel tw_kernel_ssm, tw_kernel_ssm_step;

/* Few instances serve all: what is smaller than an instance's state dim is padded. */
static const char everything[] = "n=64 gate=1 initial_state=1";
static const char plain[] = "n=64 dtype=f16 skip=0 dt_bias=0 softplus=0";
static const char packed[] = "n=64 gate=1 initial_state=1 varlen=1 heads=2";

static void every_length(void **state)
{
    static const int sizes[][6] = {/* B, S, H, G, P, N */
                                   {1, 1, 2, 1, 64, 64},  {2, 63, 2, 2, 32, 16},  {1, 64, 3, 1, 16, 50},
                                   {1, 65, 2, 1, 72, 33}, {1, 17, 4, 2, 128, 64}, {1, 200, 1, 1, 48, 64}};
    (void)state;
    for (int i = 0; i < 6; i += test_step(2)) {
        words_case test = {.kernel = &tw_kernel_ssm, .pad = i % 3};
        const int *n = sizes[i];
        words_check(test, "%s B=%d S=%d H=%d G=%d P=%d N=%d", everything, n[0], n[1], n[2], n[3], n[4], n[5]);
        words_check(test, "%s B=%d S=%d H=%d G=%d P=%d N=%d", plain, n[0], n[1], n[2], n[3], n[4], n[5]);
    }
}

static void long_and_wide(void **state)
{
    (void)state;
    words_case test = {.kernel = &tw_kernel_ssm};
    words_check(test, "%s S=1000 H=1", plain);
    if (tw_target_identity(test_target)->kind != TW_TARGET_CPU)
        return;
    words_check(test, "%s S=4096 H=2", everything);
    words_check(test, "S=1000 H=2 N=128 dtype=f16 gate=1");
    words_check(test, "S=300 H=2 G=2 P=128 N=256 gate=1");
    words_check(test, "S=100 H=2 N=16");
}

/* dt A from -1e-8, which forgets nothing, to -1e9; dt from 2e-9 to 20, and a few tokens that forget all. */
static double far_apart(size_t i, const void *context)
{
    return *(const int *)context ? -pow(10, (double)(i % 8) * 2 - 6) : (double)((i * 2654435761u) % 41) - 20;
}

static double hardly_any(size_t i, const void *context)
{
    (void)context;
    return i % 5 == 0 ? 0 : (double)(i % 7) * 1e-5;
}

static double nearly_one(size_t i, const void *context)
{
    (void)context;
    return -1e-4 * (double)(1 + i % 3);
}

static void fill_far_apart(tw_problem *problem)
{
    case_fill(problem, "dt", far_apart, &(int){0});
    case_fill(problem, "a", far_apart, &(int){1});
}

static void fill_nearly_one(tw_problem *problem)
{
    case_fill(problem, "dt", hardly_any, NULL);
    case_fill(problem, "a", nearly_one, NULL);
}

static void decays_near_0_and_1(void **state)
{
    (void)state;
    words_check((words_case){.kernel = &tw_kernel_ssm, .before = fill_far_apart}, "%s S=130 H=4 P=32",
                everything);
    words_check((words_case){.kernel = &tw_kernel_ssm, .before = fill_nearly_one}, "%s S=140 H=2 P=64",
                plain);
    words_check((words_case){.kernel = &tw_kernel_ssm_step, .before = fill_far_apart},
                "n=64 gate=1 B=3 H=8 G=2");
}

/* One problem on given inputs: `fill` copies them in. */
static tw_problem *run_filled(const tw_kernel *kernel, void (*fill)(tw_problem *), const char *format, ...)
{
    char words[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    words_case test = {.kernel = kernel, .before = fill, .words = words};
    return words_run(&test);
}

/* What `taken` copies: tokens [begin, begin + count) of `whole`, and the state that `before` left. */
static tw_problem *whole, *before;
static int64_t begin, count;

/* Bytes of one token: of x, dt, b, c, z. */
static size_t token_bytes(const tw_tensor *tensor, int64_t tokens)
{
    return tensor->count / (size_t)tokens * tw_dtype_bytes(tensor->dtype);
}

/* NULL when the problem's kernel has no such tensor. */
static tw_tensor *find(tw_problem *problem, const char *name)
{
    for (size_t i = 0; tw_problem_tensor_at(problem, i); i++) {
        if (strcmp(tw_problem_tensor_at(problem, i)->row->name, name) == 0)
            return tw_problem_tensor_at(problem, i);
    }
    return NULL;
}

static void taken(tw_problem *problem)
{
    for (size_t i = 0; tw_problem_tensor_at(problem, i); i++) {
        tw_tensor *tensor = tw_problem_tensor_at(problem, i);
        const tw_tensor *source = find(whole, tensor->row->name);
        if (tensor->is_input && source && strchr("xdbcz", tensor->row->name[0]) && tensor->rank > 1) {
            size_t bytes = token_bytes(source, tw_problem_size(whole, "S"));
            memcpy(tensor->input, (const char *)source->input + (size_t)begin * bytes, (size_t)count * bytes);
        } else if (tensor->is_input && source && tensor->rank == 1) {
            memcpy(tensor->input, source->input, source->count * tw_dtype_bytes(source->dtype));
        }
    }
    tw_tensor *state = find(problem, "state") ? find(problem, "state") : find(problem, "initial");
    const tw_tensor *last = find(before, "final") ? find(before, "final") : find(before, "state");
    if (before == whole)
        memcpy(state->input, tw_problem_tensor(whole, "initial")->input, state->count * sizeof(float));
    else
        memcpy(state->input, last->result, state->count * sizeof(float));
}

/* Relative error of a part's y, and of its state, against the whole's float64 reference. */
static double y_error(tw_problem *part)
{
    const tw_tensor *y = tw_problem_tensor(part, "y"), *all = tw_problem_tensor(whole, "y");
    size_t first = (size_t)begin * (all->count / (size_t)tw_problem_size(whole, "S"));
    return tw_error_measure(y->dtype, y->result, all->reference + first, y->count).rel;
}

static double state_error(const tw_tensor *state)
{
    return tw_error_measure(state->dtype, state->result, tw_problem_tensor(whole, "final")->reference,
                            state->count)
        .rel;
}

static tw_problem *run_whole(int tokens)
{
    int pass;
    whole = run_filled(&tw_kernel_ssm, NULL, "%s S=%d H=2 P=64 N=64", everything, tokens);
    test_ok(tw_problem_check(whole, &pass));
    assert_true(pass);
    return whole;
}

/* Cut at a chunk's edge, the halves are the whole bit by bit; elsewhere within its error. */
static void two_halves_are_one_run(void **state)
{
    static const int cuts[] = {128, 77};
    (void)state;
    run_whole(140);
    const tw_tensor *y = tw_problem_tensor(whole, "y");
    for (int i = 0; i < 2; i++) {
        before = whole, begin = 0, count = cuts[i];
        tw_problem *first = run_filled(&tw_kernel_ssm, taken, "%s S=%d H=2 P=64 N=64", everything, cuts[i]);
        assert_true(y_error(first) < 5e-3);
        before = first, begin = cuts[i], count = 140 - cuts[i];
        tw_problem *second =
            run_filled(&tw_kernel_ssm, taken, "%s S=%d H=2 P=64 N=64", everything, (int)count);
        assert_true(y_error(second) < 5e-3);
        assert_true(state_error(tw_problem_tensor(second, "final")) < 5e-3);
        if (cuts[i] % 64 == 0) {
            size_t bytes = token_bytes(y, 140);
            assert_memory_equal(tw_problem_tensor(first, "y")->result, y->result, 128 * bytes);
            assert_memory_equal(tw_problem_tensor(second, "y")->result, (const char *)y->result + 128 * bytes,
                                12 * bytes);
        }
        tw_problem_free(first);
        tw_problem_free(second);
    }
    tw_problem_free(whole);
}

static void steps_go_on_from_a_prefill(void **state)
{
    (void)state;
    run_whole(70);
    before = whole, begin = 0, count = 67;
    tw_problem *first = run_filled(&tw_kernel_ssm, taken, "%s S=67 H=2 P=64 N=64", everything);
    before = first;
    for (begin = 67, count = 1; begin < 70; begin++) {
        tw_problem *step = run_filled(&tw_kernel_ssm_step, taken, "n=64 gate=1 H=2 P=64 N=64");
        assert_true(y_error(step) < 5e-3);
        if (begin == 69)
            assert_true(state_error(tw_problem_tensor(step, "state")) < 5e-3);
        tw_problem_free(before);
        before = step;
    }
    tw_problem_free(before);
    tw_problem_free(whole);
}

/* Three sequences of 70, 0 and 65 tokens, then the same with NaN everywhere but in the last. */
static const int32_t cuts[] = {0, 70, 70, 135};

static double cut(size_t i, const void *context)
{
    (void)context;
    return cuts[i];
}

static void fill_cuts(tw_problem *problem) { case_fill(problem, "cu", cut, NULL); }

static void spoil_neighbours(tw_problem *problem)
{
    fill_cuts(problem);
    for (size_t i = 0; tw_problem_tensor_at(problem, i); i++) {
        tw_tensor *tensor = tw_problem_tensor_at(problem, i);
        const tw_tensor *source = tw_problem_tensor(whole, tensor->row->name);
        if (!tensor->is_input || tensor->dtype == TW_DTYPE_I32)
            continue;
        memcpy(tensor->input, source->input, source->count * tw_dtype_bytes(source->dtype));
        if (strchr("xdbcz", tensor->row->name[0]) && tensor->rank > 1)
            memset(tensor->input, 0xff, 70 * token_bytes(tensor, 135));
    }
}

static void packed_sequences_do_not_see_each_other(void **state)
{
    (void)state;
    words_check((words_case){.kernel = &tw_kernel_ssm, .before = fill_cuts}, "%s S=135 H=2 P=32 Ns=3",
                packed);
    words_check((words_case){.kernel = &tw_kernel_ssm}, "%s S=100 H=1 Ns=5", packed);
    whole = run_filled(&tw_kernel_ssm, fill_cuts, "%s S=135 H=2 P=32 N=64 Ns=3", packed);
    tw_problem *spoilt = run_filled(&tw_kernel_ssm, spoil_neighbours, "%s S=135 H=2 P=32 N=64 Ns=3", packed);
    const tw_tensor *y = tw_problem_tensor(whole, "y"), *final = tw_problem_tensor(whole, "final");
    size_t bytes = token_bytes(y, 135), third = final->count / 3;
    assert_memory_equal((const char *)tw_problem_tensor(spoilt, "y")->result + 70 * bytes,
                        (const char *)y->result + 70 * bytes, 65 * bytes);
    assert_memory_equal((const float *)tw_problem_tensor(spoilt, "final")->result + third,
                        (const float *) final->result + third, 2 * third * sizeof(float));
    tw_problem_free(spoilt);
    tw_problem_free(whole);
}

/* Hopper's clusters of blocks of two heads, elsewhere blocks of eight teams: of two groups of five heads, two
 * stretches of channels. Then all bytes move once where eight heads share b and c. */
static void heads_that_share(void **state)
{
    (void)state;
    if (tw_target_identity(test_target)->kind == TW_TARGET_CPU)
        return;
    words_check((words_case){.kernel = &tw_kernel_ssm, .pad = 3}, "%s heads=16 S=70 H=10 G=2 P=%d N=50",
                everything, 65 + test_random(16));
    tw_problem *problem = run_filled(&tw_kernel_ssm, NULL, "%s heads=16 S=256 H=8 P=64 N=64", everything);
    const tw_traffic *traffic = tw_problem_traffic(problem);
    double moved = (double)traffic->global_read_bytes + (double)traffic->global_written_bytes;
    if (moved > 1.15 * tw_problem_bytes(problem))
        fail_msg("%.0f bytes moved for %.0f", moved, tw_problem_bytes(problem));
    tw_problem_free(problem);
}

/* Where a head has its b and c for itself, every byte moves once. */
static void every_byte_moves_once(void **state)
{
    (void)state;
    if (tw_target_identity(test_target)->kind == TW_TARGET_CPU)
        return;
    for (int step = 0; step < 2; step++) {
        tw_problem *problem = step ? run_filled(&tw_kernel_ssm_step, NULL, "n=64 gate=1 B=2 H=1 P=64 N=64")
                                   : run_filled(&tw_kernel_ssm, NULL, "%s S=256 H=1 P=64 N=64", everything);
        const tw_traffic *traffic = tw_problem_traffic(problem);
        double moved = (double)traffic->global_read_bytes + (double)traffic->global_written_bytes;
        assert_true(moved >= tw_problem_bytes(problem));
        if (moved > 1.15 * tw_problem_bytes(problem))
            fail_msg("%.0f bytes moved for %.0f", moved, tw_problem_bytes(problem));
        tw_problem_free(problem);
    }
}

static void refuses_what_does_not_fit(void **state)
{
    static const char *const wrong[] = {"H=3 G=2", "varlen=1 B=2"};
    (void)state;
    for (int i = 0; i < 2; i++) {
        tw_problem *problem;
        test_ok(tw_problem_create(&tw_kernel_ssm, &problem));
        test_ok(tw_problem_set_words(problem, wrong[i]));
        assert_int_equal(tw_problem_resolve(problem, 1).code, TW_INVALID);
        tw_problem_free(problem);
    }
}

static int run(const char *name)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length),
        cmocka_unit_test(long_and_wide),
        cmocka_unit_test(heads_that_share),
        cmocka_unit_test(decays_near_0_and_1),
        cmocka_unit_test(two_halves_are_one_run),
        cmocka_unit_test(steps_go_on_from_a_prefill),
        cmocka_unit_test(packed_sequences_do_not_see_each_other),
        cmocka_unit_test(every_byte_moves_once),
        cmocka_unit_test(refuses_what_does_not_fit),
    };
    target_name = name;
    return cmocka_run_group_tests_name(name, tests, open_target, close_target);
}

int main(int count_, char **arguments) { return run_on_targets(count_ - 1, arguments + 1, run) != 0; }
