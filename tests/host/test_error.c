/* SPDX-License-Identifier: MIT
 *
 * Error measures: the numbers are the definition's, and no NaN or infinity slips through.
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measures_follow_their_definitions),
        cmocka_unit_test(a_bias_shows_in_the_mean_signed_error),
        cmocka_unit_test(a_nan_never_passes_on_either_side),
        cmocka_unit_test(infinities_must_match_in_place_and_sign),
        cmocka_unit_test(untouched_poison_never_passes),
        cmocka_unit_test(a_zero_reference_is_met_by_zeros_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
