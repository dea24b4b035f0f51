/* SPDX-License-Identifier: MIT
 *
 * What the emulator's tests share: a machine of TEST_LANES lanes (defined by the test, 32 or 64), a launch in
 * one call, random numbers that differ from run to run, and the comparison of a matrix with its float64
 * product.
 *
 *   TW_TEST_SEED=<n> in the environment repeats a run; a failing comparison prints its n.
 */
#ifndef TESTS_EMULATOR_EMULATE_H
#define TESTS_EMULATOR_EMULATE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { TW_LANES = TEST_LANES, TW_SHARED_BYTES = 65536, TW_BANKS = 32 };

#include "arch/emulator/launch.h"
#include "tests/seed.h"

typedef struct {
    uint32_t threads; /* 0: one wave */
    uint32_t grid[3]; /* 0 along an axis: 1 */
    uint32_t shared_bytes;
    uint32_t cluster; /* blocks; 0: one */
    uint32_t os_threads;
    uint64_t seed;
    uint32_t unchecked; /* 1: the test looks at what a kernel should not see: old bytes, poison, races */
} test_launch;

static char test_message[TW__EMU_MESSAGE_BYTES]; /* of the last launch; empty where it succeeded */

static inline int test_run_with(void (*kernel)(const void *), const void *args, test_launch how)
{
    tw_kernel_info info;
    tw_launch_request request;
    memset(&info, 0, sizeof info);
    memset(&request, 0, sizeof request);
    info.abi = TW_ABI;
    info.threads = how.threads ? how.threads : (uint32_t)TW_LANES;
    info.shared_bytes = how.shared_bytes;
    info.cluster = how.cluster;
    request.args = args;
    for (int axis = 0; axis < 3; axis++)
        request.grid[axis] = how.grid[axis] ? how.grid[axis] : 1;
    request.os_threads = how.os_threads;
    request.seed = how.seed;
    request.unchecked = how.unchecked;
    request.message = test_message;
    request.message_bytes = sizeof test_message;
    test_message[0] = '\0';
    return tw__emu_launch(&request, &info, kernel);
}

static inline int test_run(void (*kernel)(const void *), const void *args)
{
    test_launch one_wave;
    memset(&one_wave, 0, sizeof one_wave);
    return test_run_with(kernel, args, one_wave);
}

/* A kernel that looks at what it should not see yet, or never: old bytes, poison. */
static inline int test_run_unchecked(void (*kernel)(const void *), const void *args)
{
    test_launch one_wave;
    memset(&one_wave, 0, sizeof one_wave);
    one_wave.unchecked = 1;
    return test_run_with(kernel, args, one_wave);
}

static inline uint64_t test_random(void)
{
    static uint64_t state;
    if (state == 0)
        state = test_seed();
    return tw__emu_random(&state);
}

/* Uniform in [-1, 1). */
static inline float test_value(void) { return (float)((double)(test_random() >> 11) * 0x1p-52 - 1.0); }

/* Requires |got - want| <= bound * (sum of the magnitudes that were added) in every element; NaN fails. */
static inline void test_matrix(const float *got, const double *want, const double *magnitude, int count,
                               double bound)
{
    for (int i = 0; i < count; i++)
        if (!(fabs((double)got[i] - want[i]) <= bound * magnitude[i]))
            fail_msg("element %d is %.9g, not %.9g (TW_TEST_SEED=%llu)", i, (double)got[i], want[i],
                     (unsigned long long)test_seed());
}

/* want (rows x cols) = d + a b in float64; magnitude the same of absolute values. */
static inline void test_product(double *want, double *magnitude, const float *d, const float *a,
                                const float *b, int rows, int cols, int depth)
{
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < cols; j++) {
            double sum = d[i * cols + j], size = fabs(sum);
            for (int k = 0; k < depth; k++) {
                double term = (double)a[i * depth + k] * b[k * cols + j];
                sum += term;
                size += fabs(term);
            }
            want[i * cols + j] = sum;
            magnitude[i * cols + j] = size;
        }
}

#endif
