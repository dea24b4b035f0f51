/* SPDX-License-Identifier: MIT
 *
 * Error measures: the numbers are the definition's, no NaN or infinity slips through, and what passes as rounding
 * alone is that.
 */
#include "scratch.h"

#include <math.h>

static tw_error measure(const float *result, const double *reference, size_t count)
{
    return tw_error_measure(TW_DTYPE_F32, result, reference, count);
}

static void measures_follow_their_definitions(void **state)
{
    (void)state;
    const tw_error error = measure((float[]){1, 2, 5, -4}, (double[]){1, 2, 3, -3}, 4);
    assert_true(fabs(error.rel - sqrt(5.0 / 23.0)) < 1e-15);
    assert_true(error.max_abs == 2);
    assert_int_equal(error.worst, 2);
    assert_true(error.mean_signed == 0.25);
    assert_true(fabs(error.rms - sqrt(23.0 / 4)) < 1e-15);
    assert_true(tw_error_passes(&error, 0.5));
    assert_false(tw_error_passes(&error, 0.4));
}

static void a_bias_shows_in_the_mean_signed_error(void **state)
{
    (void)state;
    enum { COUNT = 10000 };
    static float biased[COUNT], noisy[COUNT];
    static double reference[COUNT];
    for (int i = 0; i < COUNT; i++) {
        reference[i] = 1;
        biased[i] = 1.001f;
        noisy[i] = i % 2 ? 1.001f : 0.999f;
    }
    assert_true(fabs(measure(biased, reference, COUNT).mean_signed) > 9e-4);
    assert_true(fabs(measure(noisy, reference, COUNT).mean_signed) < 1e-6);
}

static void a_nan_never_passes_on_either_side(void **state)
{
    (void)state;
    const float nan_result[2] = {1, NAN};
    tw_error error = measure(nan_result, (double[]){1, 1}, 2);
    assert_false(tw_error_passes(&error, (double)INFINITY));
    assert_int_equal(error.first_mismatch, 1);
    error = measure((float[]){1, 1}, (double[]){1, (double)NAN}, 2);
    assert_false(tw_error_passes(&error, (double)INFINITY));
    error = measure(nan_result, (double[]){1, (double)NAN}, 2);
    assert_false(tw_error_passes(&error, (double)INFINITY));
    error.rel = (double)NAN;
    error.mismatches = 0;
    assert_false(tw_error_passes(&error, 1));
}

static void infinities_must_match_in_place_and_sign(void **state)
{
    (void)state;
    const double plus = (double)INFINITY;
    tw_error error = measure((float[]){INFINITY, 1}, (double[]){plus, 1}, 2);
    assert_true(tw_error_passes(&error, 0));
    error = measure((float[]){-INFINITY, 1}, (double[]){plus, 1}, 2);
    assert_false(tw_error_passes(&error, plus));
    error = measure((float[]){3e38f, 1}, (double[]){plus, 1}, 2);
    assert_false(tw_error_passes(&error, plus));
    error = measure((float[]){INFINITY, 1}, (double[]){1e39, 1}, 2);
    assert_false(tw_error_passes(&error, plus));
}

static void untouched_poison_never_passes(void **state)
{
    (void)state;
    const tw_dtype floats[] = {TW_DTYPE_F32, TW_DTYPE_F16, TW_DTYPE_BF16, TW_DTYPE_E4M3, TW_DTYPE_E5M2};
    unsigned char poison[4];
    memset(poison, 0xff, sizeof poison);
    for (size_t i = 0; i < sizeof floats / sizeof *floats; i++) {
        tw_error error = tw_error_measure(floats[i], poison, (double[]){0}, 1);
        assert_int_equal(error.mismatches, 1);
    }
}

static void a_zero_reference_is_met_by_zeros_alone(void **state)
{
    (void)state;
    tw_error error = measure((float[]){0, 0}, (double[]){0, 0}, 2);
    assert_true(tw_error_passes(&error, 0));
    error = measure((float[]){0, 1e-30f}, (double[]){0, 0}, 2);
    assert_false(tw_error_passes(&error, 1e9));
    error = measure(NULL, NULL, 0);
    assert_true(tw_error_passes(&error, 0));
}

static const tw_dtype narrow[] = {TW_DTYPE_F16, TW_DTYPE_BF16, TW_DTYPE_E4M3, TW_DTYPE_E5M2};

enum { NARROW = sizeof narrow / sizeof *narrow };

/* The reference rounded to `dtype`, then moved by `steps` numbers of the dtype away from 0. */
static tw_error measure_rounded(tw_dtype dtype, const double *reference, size_t count, int steps)
{
    unsigned char *elements = malloc(count * tw_dtype_bytes(dtype));
    assert_non_null(elements);
    tw_dtype_encode(dtype, reference, elements, count);
    for (size_t i = 0; i < count; i++) { /* a float's magnitude grows with its bits */
        if (tw_dtype_bytes(dtype) == 2)
            ((uint16_t *)(void *)elements)[i] = (uint16_t)(((uint16_t *)(void *)elements)[i] + steps);
        else
            elements[i] = (unsigned char)(elements[i] + steps);
    }
    tw_error error = tw_error_measure(dtype, elements, reference, count);
    free(elements);
    return error;
}

/* 1 + the share of the step above it: near the middle between two numbers, where a rounding costs the most. */
static double above_one(tw_dtype dtype, double share)
{
    unsigned char element[2][4];
    double value[2];
    tw_dtype_encode(dtype, (double[]){1}, element[0], 1);
    memcpy(element[1], element[0], sizeof *element);
    element[1][0]++;
    for (int i = 0; i < 2; i++)
        tw_dtype_decode(dtype, element[i], &value[i], 1);
    return value[0] + share * (value[1] - value[0]);
}

static void a_single_correctly_rounded_element_passes_any_bound(void **state)
{
    (void)state;
    for (int i = 0; i < NARROW; i++) {
        for (double share = 0; share < 1; share += 0.0625) {
            const double reference = above_one(narrow[i], share);
            tw_error error = measure_rounded(narrow[i], &reference, 1, 0);
            assert_int_equal(error.rounding_alone, 1);
            assert_true(tw_error_passes(&error, 1e-9));
        }
    }
    double copies[64]; /* of one element: its rounding is no bias */
    for (int i = 0; i < 64; i++)
        copies[i] = 1.0037;
    tw_error error = measure_rounded(TW_DTYPE_BF16, copies, 64, 0);
    assert_true(error.rel > 2.5e-3);
    assert_true(tw_error_passes(&error, 2.5e-3));
}

static void the_next_number_is_not_rounding_alone(void **state)
{
    (void)state;
    for (int i = 0; i < NARROW; i++) {
        for (double share = 0; share < 1; share += 0.0625) {
            const double reference[2] = {above_one(narrow[i], share), -above_one(narrow[i], share)};
            for (int steps = -1; steps <= 1; steps += 2) {
                tw_error error = measure_rounded(narrow[i], reference, 2, steps);
                if (share == 0.5 && error.max_abs < 0.75 * (above_one(narrow[i], 1) - 1))
                    continue; /* the other neighbour of a number in the middle */
                assert_int_equal(error.rounding_alone, 0);
                assert_false(tw_error_passes(&error, error.rel / 2));
            }
        }
    }
}

/* One wrong element among many right ones, and one not written. */
static void one_wrong_element_undoes_rounding_alone(void **state)
{
    enum { COUNT = 9000, WRONG = 8191 };
    static double reference[COUNT];
    static uint16_t element[COUNT];
    (void)state;
    for (int i = 0; i < COUNT; i++)
        reference[i] = sin(i);
    tw_dtype_encode(TW_DTYPE_BF16, reference, element, COUNT);
    tw_error error = tw_error_measure(TW_DTYPE_BF16, element, reference, COUNT);
    assert_int_equal(error.rounding_alone, 1);
    assert_true(tw_error_passes(&error, 1e-4));
    element[WRONG] = (uint16_t)(element[WRONG] + 2);
    error = tw_error_measure(TW_DTYPE_BF16, element, reference, COUNT);
    assert_int_equal(error.rounding_alone, 0);
    assert_false(tw_error_passes(&error, 1e-4));
    element[WRONG] = 0xffff;
    error = tw_error_measure(TW_DTYPE_BF16, element, reference, COUNT);
    assert_int_equal(error.rounding_alone, 0);
    assert_false(tw_error_passes(&error, (double)INFINITY));
}

/* Up at every tie: each element is a rounding, all of them together are a bias. */
static void ties_rounded_one_way_do_not_pass(void **state)
{
    enum { COUNT = 1000 };
    static double reference[COUNT];
    static uint16_t element[COUNT];
    (void)state;
    for (int i = 0; i < COUNT; i++) {
        reference[i] = 128.5 + i % 64;
        tw_dtype_encode(TW_DTYPE_BF16, (double[]){129 + i % 64}, &element[i], 1);
    }
    tw_error error = tw_error_measure(TW_DTYPE_BF16, element, reference, COUNT);
    assert_int_equal(error.rounding_alone, 1);
    assert_false(tw_error_passes(&error, 2.5e-3));
    tw_dtype_encode(TW_DTYPE_BF16, reference, element, COUNT);
    error = tw_error_measure(TW_DTYPE_BF16, element, reference, COUNT);
    assert_true(tw_error_passes(&error, 2.5e-3));
}

/* f32 is as wide as the arithmetic: there the slack excuses no offset. */
static void an_offset_within_the_slack_is_a_bias(void **state)
{
    enum { COUNT = 10000 };
    static double reference[COUNT];
    static float element[COUNT];
    (void)state;
    for (int i = 0; i < COUNT; i++) {
        reference[i] = 1 + i % 7;
        element[i] = (float)(reference[i] + 8e-6);
    }
    tw_error error = measure(element, reference, COUNT);
    assert_int_equal(error.rounding_alone, 1);
    assert_false(tw_error_passes(&error, 1e-6));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measures_follow_their_definitions),
        cmocka_unit_test(a_bias_shows_in_the_mean_signed_error),
        cmocka_unit_test(a_nan_never_passes_on_either_side),
        cmocka_unit_test(infinities_must_match_in_place_and_sign),
        cmocka_unit_test(untouched_poison_never_passes),
        cmocka_unit_test(a_zero_reference_is_met_by_zeros_alone),
        cmocka_unit_test(a_single_correctly_rounded_element_passes_any_bound),
        cmocka_unit_test(the_next_number_is_not_rounding_alone),
        cmocka_unit_test(one_wrong_element_undoes_rounding_alone),
        cmocka_unit_test(ties_rounded_one_way_do_not_pass),
        cmocka_unit_test(an_offset_within_the_slack_is_a_bias),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
