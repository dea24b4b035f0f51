/* SPDX-License-Identifier: MIT
 *
 * What the GEMM's tests share: one call that sets up, runs and judges a GEMM.
 */
#ifndef TESTS_EXAMPLES_GEMM_CASE_H
#define TESTS_EXAMPLES_GEMM_CASE_H

#include "kernel_case.h"

extern const tw_kernel tw_kernel_gemm;

enum { CASE_SETTINGS_MAX = 8 };

typedef struct {
    const char *set[CASE_SETTINGS_MAX][2]; /* options and scalars, as in `tw run --set` */
    int m, n, k;
    int pad;                      /* elements of poison behind each row */
    void (*before)(tw_problem *); /* changes the inputs; may be NULL */
    void (*after)(tw_problem *);  /* looks at the results before they are compared; may be NULL */
    int exact;                    /* 1: every element must equal the reference */
} gemm_case;

/* The command that repeats the case, with other numbers. */
static inline void case_describe(const gemm_case *test, char *text, size_t bytes)
{
    int used =
        snprintf(text, bytes, "tw run gemm --target %s --shape M=%d --shape N=%d --shape K=%d --pad %d",
                 tw_target_identity(test_target)->name, test->m, test->n, test->k, test->pad);
    for (int i = 0; i < CASE_SETTINGS_MAX && test->set[i][0] && (size_t)used < bytes; i++)
        used +=
            snprintf(text + used, bytes - (size_t)used, " --set '%s=%s'", test->set[i][0], test->set[i][1]);
}

static inline void case_ok(const gemm_case *test, tw_status status)
{
    char command[512];
    if (status.code == TW_OK)
        return;
    case_describe(test, command, sizeof command);
    fail_msg("%s: %s (TW_TEST_SEED=%llu)", command, status.message, (unsigned long long)test_seed());
}

static inline void case_fail(const gemm_case *test, const tw_tensor *c)
{
    char command[512];
    double got;
    size_t at = c->error.mismatches ? c->error.first_mismatch : c->error.worst, cols = (size_t)test->n;
    case_describe(test, command, sizeof command);
    tw_dtype_decode(c->dtype, (const char *)c->result + at * tw_dtype_bytes(c->dtype), &got, 1);
    fail_msg(
        "%s: relative error %.3g, largest %.3g, %zu mismatches; c[%zu][%zu] is %.9g, not %.9g (TW_TEST_SEED=%llu)",
        command, c->error.rel, c->error.max_abs, c->error.mismatches, at / cols, at % cols, got,
        c->reference[at], (unsigned long long)test_seed());
}

/* Runs the case on fresh normal numbers. Outputs are poisoned, padding, guards and inputs checked by
 * tw_problem_run; c must be within the kernel's bound of the float64 reference. */
static inline void case_check(const gemm_case *test)
{
    tw_problem *problem;
    int pass;
    case_ok(test, tw_problem_create(&tw_kernel_gemm, &problem));
    for (int i = 0; i < CASE_SETTINGS_MAX && test->set[i][0]; i++)
        case_ok(test, tw_problem_set(problem, test->set[i][0], test->set[i][1]));
    case_ok(test, tw_problem_set_size(problem, "M", test->m));
    case_ok(test, tw_problem_set_size(problem, "N", test->n));
    case_ok(test, tw_problem_set_size(problem, "K", test->k));
    case_ok(test, tw_problem_resolve(problem, test_seed() + (uint64_t)test_random(1 << 30)));
    if (test->before)
        test->before(problem);
    case_ok(test, tw_problem_open(problem, test_target, test->pad, NULL, NULL));
    case_ok(test, tw_problem_run(problem));
    if (test->after)
        test->after(problem);
    case_ok(test, tw_problem_check(problem, &pass));
    const tw_tensor *c = tw_problem_tensor(problem, "c");
    if (!pass || (test->exact && c->error.max_abs != 0))
        case_fail(test, c);
    tw_problem_free(problem);
}

static inline double small_integer(size_t index, const void *context)
{
    (void)index, (void)context;
    return test_random(7) - 3;
}

#endif
