/* SPDX-License-Identifier: MIT
 *
 * What the tests of every kernel share: the target they run on, one random seed, filled inputs.
 *
 *   test_gemm [--few] [TARGET...]    no target: the CPU and every emulated machine
 *       --few                        fewer sizes and instances, to try a compiler or sanitizer
 *   TW_TEST_SEED=<n>                 repeats a run; a failure prints its n
 */
#ifndef TESTS_EXAMPLES_KERNEL_CASE_H
#define TESTS_EXAMPLES_KERNEL_CASE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/tilewright_host.h"
#include "tests/seed.h"

static tw_target *test_target; /* open while a group of tests runs */
static int test_few;           /* --few */

static inline int on_cpu(void) { return tw_target_identity(test_target)->kind == TW_TARGET_CPU; }

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

/* The step with which a loop over many cases goes on: `every`th with --few. */
static inline int test_step(int every) { return test_few ? every : 1; }

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

/* Runs the tests as the program's arguments say. */
static inline int run_on_targets(int count, char **names, int (*run)(const char *name))
{
    int failed = 0;
    test_few = count > 0 && strcmp(names[0], "--few") == 0;
    names += test_few;
    count -= test_few;
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
