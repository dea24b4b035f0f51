/* SPDX-License-Identifier: MIT
 *
 * What the GEMM's tests share: the target they run on, one random seed, and one call that sets up, runs and
 * judges a GEMM.
 *
 *   test_gemm [TARGET...]    no target: the CPU and every emulated machine
 *   TW_TEST_SEED=<n>         repeats a run; a failure prints its n
 */
#ifndef TESTS_EXAMPLES_GEMM_CASE_H
#define TESTS_EXAMPLES_GEMM_CASE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/tilewright_host.h"

extern const tw_kernel tw_kernel_gemm;

static tw_target *test_target; /* open while a group of tests runs */

enum { CASE_SETTINGS_MAX = 8 };

typedef struct {
    const char *set[CASE_SETTINGS_MAX][2]; /* options and scalars, as in `tw run --set` */
    int m, n, k;
    int pad;                      /* elements of poison behind each row */
    void (*before)(tw_problem *); /* changes the inputs; may be NULL */
    void (*after)(tw_problem *);  /* looks at the results before they are compared; may be NULL */
    int exact;                    /* 1: every element must equal the reference */
} gemm_case;

static inline uint64_t test_seed(void)
{
    static uint64_t seed;
    const char *given = getenv("TW_TEST_SEED");
    if (seed == 0)
        seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL) * 1000003u + (uint64_t)getpid();
    return seed;
}

/* Uniform in 0 .. below - 1. */
static inline int test_random(int below)
{
    static uint64_t state;
    if (state == 0)
        state = test_seed() | 1u;
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (int)((state >> 33) % (uint64_t)below);
}

static inline void test_ok(tw_status status)
{
    if (status.code != TW_OK)
        fail_msg("%s (TW_TEST_SEED=%llu)", status.message, (unsigned long long)test_seed());
}

/* The case as one would repeat it by hand. */
static inline void case_describe(const gemm_case *test, char *text, size_t bytes)
{
    int used =
        snprintf(text, bytes, "tw run gemm --target %s --shape M=%d --shape N=%d --shape K=%d --pad %d",
                 tw_target_identity(test_target)->name, test->m, test->n, test->k, test->pad);
    for (int i = 0; i < CASE_SETTINGS_MAX && test->set[i][0] && (size_t)used < bytes; i++)
        used +=
            snprintf(text + used, bytes - (size_t)used, " --set '%s=%s'", test->set[i][0], test->set[i][1]);
}

/* Half the distance between neighbouring values of `dtype` around `value`. */
static inline double half_step(tw_dtype dtype, double value)
{
    int digits = dtype == TW_DTYPE_BF16 ? 8 : dtype == TW_DTYPE_F16 ? 11 : 24, exponent;
    int lowest = dtype == TW_DTYPE_F16 ? -13 : -125; /* of frexp for the smallest normal number */
    frexp(value, &exponent);
    return ldexp(0.5, (exponent > lowest ? exponent : lowest) - digits);
}

/* Is every element the rounding of a number within 1e-5 of the reference? The kernel's bound is for the mean
 * over many elements; a few, or one, may all lie near the middle between two numbers of the dtype. */
static inline int case_is_rounding_alone(const tw_tensor *c)
{
    if (c->error.mismatches)
        return 0;
    for (size_t i = 0; i < c->count; i++) {
        double got, want = c->reference[i], step = half_step(c->dtype, want);
        tw_dtype_decode(c->dtype, (const char *)c->result + i * tw_dtype_bytes(c->dtype), &got, 1);
        if (!(fabs(got - want) <= step + 1e-5 * (fabs(want) + c->error.rms)))
            return 0;
    }
    return 1;
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
    test_ok(tw_problem_create(&tw_kernel_gemm, &problem));
    for (int i = 0; i < CASE_SETTINGS_MAX && test->set[i][0]; i++)
        test_ok(tw_problem_set(problem, test->set[i][0], test->set[i][1]));
    test_ok(tw_problem_set_size(problem, "M", test->m));
    test_ok(tw_problem_set_size(problem, "N", test->n));
    test_ok(tw_problem_set_size(problem, "K", test->k));
    test_ok(tw_problem_resolve(problem, test_seed() + (uint64_t)test_random(1 << 30)));
    if (test->before)
        test->before(problem);
    test_ok(tw_problem_open(problem, test_target, test->pad, NULL, NULL));
    test_ok(tw_problem_run(problem));
    if (test->after)
        test->after(problem);
    test_ok(tw_problem_check(problem, &pass));
    const tw_tensor *c = tw_problem_tensor(problem, "c");
    if ((!pass && !case_is_rounding_alone(c)) || (test->exact && c->error.max_abs != 0))
        case_fail(test, c);
    tw_problem_free(problem);
}

/* Replaces an input by `value(i, context)` for each element i, rounded to its dtype. */
static inline void case_fill(tw_problem *problem, const char *name, double (*value)(size_t, const void *),
                             const void *context)
{
    tw_tensor *tensor = tw_problem_tensor(problem, name);
    if (!tensor || !tensor->is_input)
        return;
    for (size_t i = 0; i < tensor->count; i++) {
        double element = value(i, context);
        tw_dtype_encode(tensor->dtype, &element, (char *)tensor->input + i * tw_dtype_bytes(tensor->dtype),
                        1);
    }
}

static inline double small_integer(size_t index, const void *context)
{
    (void)index, (void)context;
    return test_random(7) - 3;
}

/* Runs the tests on each target named, or on every one that needs no device. */
static inline int run_on_targets(int count, char **names, int (*run)(const char *name))
{
    int failed = 0;
    for (int i = 0; i < count; i++)
        failed += run(names[i]);
    for (size_t i = 0; count == 0 && i < tw_target_count(); i++) {
        tw_target_report report;
        tw_target_describe(i, &report);
        if (report.runnable && (report.id.kind == TW_TARGET_CPU || report.id.kind == TW_TARGET_EMULATED))
            failed += run(report.id.name);
    }
    return failed;
}

static const char *target_name;

static inline int open_target(void **state)
{
    tw_status status = tw_target_open(target_name, &test_target);
    (void)state;
    if (status.code != TW_OK)
        fprintf(stderr, "%s\n", status.message);
    return status.code != TW_OK;
}

static inline int close_target(void **state)
{
    (void)state;
    tw_target_close(test_target);
    return 0;
}

#endif
