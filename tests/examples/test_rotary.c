/* SPDX-License-Identifier: MIT
 *
 * The rotary embedding against its float64 reference: both pairings, partial dims, tables and frequencies,
 * far positions.
 */
#include "words_case.h"

extern const tw_kernel tw_kernel_rotary;

/* Two instances serve all sizes: more pairs than fit at a time are turned in parts. */
static const char computed[] = "cols=32";
static const char from_tables[] = "cols=32 interleaved=1 table=1 ids=1 dtype=f16 P=200";

static void every_size(void **state)
{
    static const int sizes[][5] = {/* S, H, Hk, D, R2 */
                                   {1, 1, 1, 2, 1},     {15, 3, 1, 63, 17},  {17, 4, 2, 64, 32},
                                   {65, 2, 2, 128, 64}, {113, 2, 1, 80, 16}, {64, 1, 1, 96, 33},
                                   {63, 5, 3, 40, 15},  {1023, 1, 1, 64, 32}};
    static const char *layouts[] = {"bshd", "bhsd"};
    (void)state;
    for (int i = 0; i < 8; i += test_step(3)) {
        words_case test = {.kernel = &tw_kernel_rotary, .pad = i % 3};
        const int *n = sizes[i];
        words_check(test, "%s B=%d S=%d H=%d Hk=%d D=%d R2=%d layout=%s", computed, 1 + i % 2, n[0], n[1],
                    n[2], n[3], n[4], layouts[i % 2]);
        words_check(test, "%s B=%d S=%d H=%d Hk=%d D=%d R2=%d layout=%s", from_tables, 1 + i % 2, n[0], n[1],
                    n[2], n[3], n[4], layouts[i / 2 % 2]);
    }
}

/* Angles of up to 2^30 radians, and below 0: the product of position and frequency has to be exact. */
static void far_positions(void **state)
{
    static const char *offsets[] = {"1000000", "1073741000", "-3000000", "-7"};
    (void)state;
    for (int i = 0; i < 4; i++)
        words_check((words_case){.kernel = &tw_kernel_rotary}, "%s S=33 H=2 offset=%s base=500000", computed,
                    offsets[i]);
}

/* Frequencies above 1, below 0, 0 and subnormal. */
static double odd_frequency(size_t i, const void *context)
{
    static const double values[] = {3000.25, -0.7, 0, 1e-40, 1, 1e-9, -65000, 6.2831853};
    (void)context;
    return values[i % 8];
}

static void fill_frequencies(tw_problem *problem) { case_fill(problem, "frequency", odd_frequency, NULL); }

static void odd_frequencies(void **state)
{
    (void)state;
    words_check((words_case){.kernel = &tw_kernel_rotary, .before = fill_frequencies},
                "%s S=50 H=1 D=64 R2=32 offset=123456", computed);
}

static void every_byte_moves_once(void **state)
{
    (void)state;
    words_move_once((words_case){.kernel = &tw_kernel_rotary, .words = "cols=32 S=128 H=3 D=80 R2=33"});
    words_move_once((words_case){.kernel = &tw_kernel_rotary,
                                 .words = "cols=32 interleaved=1 ids=1 S=128 H=3 D=64 R2=32"});
}

static int run(const char *name)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_size),
        cmocka_unit_test(far_positions),
        cmocka_unit_test(odd_frequencies),
        cmocka_unit_test(every_byte_moves_once),
    };
    target_name = name;
    return cmocka_run_group_tests_name(name, tests, open_target, close_target);
}

int main(int count, char **arguments) { return run_on_targets(count - 1, arguments + 1, run) != 0; }
