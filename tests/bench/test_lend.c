/* SPDX-License-Identifier: MIT
 *
 * Problems on tensors that the caller owns: right numbers in the caller's memory, whatever the strides, and every
 * misuse refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/tilewright_host.h"

extern const tw_kernel tw_kernel_gemm, tw_kernel_attention;

enum { M = 37, N = 21, K = 19, PAD = 5, ROOM = 64 * 64 };

typedef struct {
    tw_target *target;
    tw_problem *problem;
} fixture;

static void ok(tw_status status)
{
    if (status.code != TW_OK)
        fail_msg("%s", status.message);
}

static void refused(tw_status status, const char *words)
{
    assert_int_equal(status.code, TW_INVALID);
    if (!strstr(status.message, words))
        fail_msg("'%s' does not say '%s'", status.message, words);
}

static int open_cpu(void **state)
{
    fixture *here = calloc(1, sizeof *here);
    *state = here;
    return tw_target_open("cpu", &here->target).code != TW_OK ||
           tw_problem_create(&tw_kernel_gemm, &here->problem).code != TW_OK;
}

static int close_cpu(void **state)
{
    fixture *here = *state;
    tw_problem_free(here->problem);
    tw_target_close(here->target);
    free(here);
    return 0;
}

static tw_tensor_arg matrix(void *data, int rows, int cols, int row_stride, int col_stride)
{
    return (tw_tensor_arg){.data = data, .dim = {rows, cols}, .stride = {row_stride, col_stride}};
}

static float a[ROOM], b[ROOM], c[ROOM];
static uint16_t a_bits[ROOM], b_bits[ROOM];

/* Small integers: bf16 and f32 hold every one and every sum exactly. */
static void fill(float *value, uint16_t *bits, uint64_t seed, const char *name)
{
    static double drawn[ROOM];
    tw_random_normal(seed, name, 0, drawn, ROOM);
    for (int i = 0; i < ROOM; i++) {
        drawn[i] = (double)(int)(drawn[i] * 3);
        value[i] = (float)drawn[i];
    }
    tw_dtype_encode(TW_DTYPE_BF16, drawn, bits, ROOM);
}

static void results_are_right_and_nothing_else_is_written(void **state)
{
    fixture *here = *state;
    tw_problem *problem = here->problem;
    const int a_stride = K + PAD, b_stride = N, c_stride = N + PAD;
    fill(a, a_bits, 1, "a");
    fill(b, b_bits, 2, "b");
    memset(c, 0xff, sizeof c);
    /* b lies transposed: the N x K matrix has its rows along the memory's columns. */
    tw_tensor_arg arg_a = matrix(a_bits, M, K, a_stride, 1), arg_b = matrix(b_bits, N, K, 1, b_stride);
    tw_tensor_arg arg_c = matrix(c, M, N, c_stride, 1);
    ok(tw_problem_set(problem, "out", "f32"));
    ok(tw_problem_lend(problem, "a", 2, &arg_a));
    ok(tw_problem_lend(problem, "b", 2, &arg_b));
    ok(tw_problem_lend(problem, "c", 2, &arg_c));
    ok(tw_problem_resolve(problem, 1));
    assert_int_equal(tw_problem_size(problem, "M"), M);
    assert_int_equal(tw_problem_size(problem, "K"), K);
    ok(tw_problem_open(problem, here->target, 0, NULL, NULL));
    tw_target_use_stream(here->target, NULL); /* a processor has none; nothing changes */
    ok(tw_problem_launch(problem));
    ok(tw_target_synchronize(here->target));
    for (int row = 0; row < M; row++) {
        for (int col = 0; col < c_stride; col++) {
            uint32_t poison;
            float expected = 0;
            memcpy(&poison, &c[row * c_stride + col], sizeof poison);
            for (int k = 0; k < K && col < N; k++)
                expected += a[row * a_stride + k] * b[k * b_stride + col];
            if (col < N)
                assert_true(c[row * c_stride + col] == expected);
            else
                assert_int_equal(poison, UINT32_MAX);
        }
    }
    refused(tw_problem_run(problem), "tw_problem_run: a of gemm is lent");
    int pass;
    refused(tw_problem_check(problem, &pass), "tw_problem_check: a of gemm is lent");
    assert_int_equal(pass, 0);
    refused(tw_problem_lend(problem, "bias", 1, &arg_a), "after tw_problem_resolve");
}

static void what_cannot_be_lent_is_refused(void **state)
{
    fixture *here = *state;
    tw_problem *problem = here->problem, *attention;
    tw_tensor_arg arg = matrix(a_bits, M, K, K, 1), nowhere = matrix(NULL, M, K, K, 1);
    refused(tw_problem_lend(problem, "q", 2, &arg), "q");
    refused(tw_problem_lend(problem, "a", 2, &nowhere), "lent at address 0");
    refused(tw_problem_lend(problem, "a", TW_RANK_MAX + 1, &arg), "rank 5");
    ok(tw_problem_lend(problem, "a", 2, &arg));
    refused(tw_problem_lend(problem, "a", 2, &arg), "given twice");
    ok(tw_problem_create(&tw_kernel_attention, &attention));
    refused(tw_problem_lend(attention, "cu_q", 1, &arg), "the host must know what it holds");
    tw_problem_free(attention);
}

static void sizes_that_disagree_are_refused(void **state)
{
    fixture *here = *state;
    tw_tensor_arg arg_a = matrix(a_bits, M, K, K, 1), arg_b = matrix(b_bits, N, K + 1, K + 1, 1);
    ok(tw_problem_lend(here->problem, "a", 2, &arg_a));
    ok(tw_problem_lend(here->problem, "b", 2, &arg_b));
    refused(tw_problem_resolve(here->problem, 1), "with K = 19 from lent memory, the tensor's shape is (21, 20)");
}

static void a_tensor_that_the_options_leave_out_is_refused(void **state)
{
    fixture *here = *state;
    tw_tensor_arg arg = {.data = a, .dim = {N}, .stride = {1}};
    ok(tw_problem_lend(here->problem, "bias", 1, &arg));
    refused(tw_problem_resolve(here->problem, 1), "no tensor bias under these options");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(results_are_right_and_nothing_else_is_written, open_cpu, close_cpu),
        cmocka_unit_test_setup_teardown(what_cannot_be_lent_is_refused, open_cpu, close_cpu),
        cmocka_unit_test_setup_teardown(sizes_that_disagree_are_refused, open_cpu, close_cpu),
        cmocka_unit_test_setup_teardown(a_tensor_that_the_options_leave_out_is_refused, open_cpu, close_cpu),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
