/* SPDX-License-Identifier: MIT
 *
 * Random numbers: normal, and a function of seed, name and index alone.
 */
#include "scratch.h"

#include <math.h>

enum { COUNT = 1 << 20 };

static double values[COUNT], others[COUNT];

static double correlation(const double *a, const double *b, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += a[i] * b[i];
    return sum / (double)count;
}

static void moments_and_tails_are_normal(void **state)
{
    (void)state;
    double moment[5] = {0};
    int beyond_two = 0;
    tw_random_normal(7, "a", 0, values, COUNT);
    for (int i = 0; i < COUNT; i++) {
        double power = 1;
        for (int m = 0; m < 5; m++, power *= values[i])
            moment[m] += power / COUNT;
        beyond_two += fabs(values[i]) > 2;
    }
    /* Five standard errors of each moment of 2^20 normal numbers. */
    assert_true(fabs(moment[1]) < 5 * sqrt(1.0 / COUNT));
    assert_true(fabs(moment[2] - 1) < 5 * sqrt(2.0 / COUNT));
    assert_true(fabs(moment[3]) < 5 * sqrt(15.0 / COUNT));
    assert_true(fabs(moment[4] - 3) < 5 * sqrt(96.0 / COUNT));
    assert_true(fabs(beyond_two / (double)COUNT - 0.0455003) < 5 * sqrt(0.0455 / COUNT));
}

static void any_part_is_the_same_in_any_order(void **state)
{
    (void)state;
    enum { SOME = 10000 };
    tw_random_normal(7, "a", 0, values, SOME);
    for (size_t first = 0, n = 1; first < SOME; first += n, n = n * 7 % 501 + 1)
        tw_random_normal(7, "a", first, others + first, n < SOME - first ? n : SOME - first);
    assert_memory_equal(values, others, SOME * sizeof *values);
}

static void neighbours_names_and_seeds_are_independent(void **state)
{
    (void)state;
    const double bound = 5 / sqrt(COUNT);
    tw_random_normal(7, "a", 0, values, COUNT);
    assert_true(fabs(correlation(values, values + 1, COUNT - 1)) < bound);
    assert_true(fabs(correlation(values, values + 2, COUNT - 2)) < bound);
    tw_random_normal(7, "b", 0, others, COUNT);
    assert_true(fabs(correlation(values, others, COUNT)) < bound);
    tw_random_normal(8, "a", 0, others, COUNT);
    assert_true(fabs(correlation(values, others, COUNT)) < bound);
    assert_true(fabs(correlation(values, others + 2, COUNT - 2)) < bound);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_and_tails_are_normal),
        cmocka_unit_test(any_part_is_the_same_in_any_order),
        cmocka_unit_test(neighbours_names_and_seeds_are_independent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
