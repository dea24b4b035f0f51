/* SPDX-License-Identifier: MIT
 *
 * Angles in turns, against long double.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <tilewright.h>

/* 2^64 / (2 pi) has no error worth a bit here: x87 numbers carry 64 bits. */
static long double turns_of(float frequency)
{
    return (long double)frequency / (2 * 3.14159265358979323846264338327950288L) * 18446744073709551616.0L;
}

static void a_frequency_in_turns_is_right_to_the_last_bits(void **state)
{
    (void)state;
    for (int exponent = -40; exponent < -3; exponent++)
        for (int i = 0; i < 100; i++) {
            float frequency = ldexpf(1 + (float)rand() / (float)RAND_MAX, exponent);
            long double exact = turns_of(frequency);
            assert_true(fabsl((long double)tw_turns(frequency) - exact) <= 4 + exact * 0x1p-60L);
            assert_true(tw_turns(-frequency) == 0 - tw_turns(frequency));
        }
    assert_true(tw_turns(0.0f) == 0 && tw_turns(1e-42f) == 0);
}

/* More than a turn a step: whole turns are gone. */
static void whole_turns_do_not_count(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; i++) {
        float frequency = ldexpf(1 + (float)rand() / (float)RAND_MAX, rand() % 18 - 2);
        double angle = (double)frequency;
        assert_true(fabs((double)tw_cos_turns(tw_turns(frequency)) - cos(angle)) < 3e-7);
        assert_true(fabs((double)tw_sin_turns(tw_turns(frequency)) - sin(angle)) < 3e-7);
    }
}

static void every_place_on_the_circle(void **state)
{
    (void)state;
    for (int i = -100000; i < 100000; i++) {
        uint64_t turns = (uint64_t)i * 184467440737095u + 12345;
        double angle = (double)turns * 0x1p-64 * 6.283185307179586;
        assert_true(fabs((double)tw_cos_turns(turns) - cos(angle)) < 3e-7);
        assert_true(fabs((double)tw_sin_turns(turns) - sin(angle)) < 3e-7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frequency_in_turns_is_right_to_the_last_bits),
        cmocka_unit_test(whole_turns_do_not_count),
        cmocka_unit_test(every_place_on_the_circle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
