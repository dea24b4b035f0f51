/* SPDX-License-Identifier: MIT
 *
 * The emulated instructions of Hopper that work on whole waves: named barriers, setmaxnreg, stmatrix and
 * elect.
 */
#define TEST_LANES 32
#include "emulate.h"

#include "arch/emulator/isa_sm90.h"

enum { WAVES = 8, ROUNDS = 30 };

static char *shared_at(int offset) { return (char *)tw__isa_shared_base() + offset; }

static int run(void (*kernel)(const void *), const void *args, int waves)
{
    test_launch how = {.threads = (uint32_t)(waves * TW_LANES), .seed = test_random()};
    return test_run_with(kernel, args, how);
}

/* ---- named barriers ---- */

/* Waves 0-3 and waves 4-7 meet apart, as often as they like. */
static void kernel_two_groups(const void *args)
{
    int *wrong = *(int *const *)args;
    int wave = tw__isa_wave(), group = wave / 4, rounds = group ? ROUNDS : 2 * ROUNDS;
    for (int round = 0; round < rounds; round++) {
        uint32_t mine = (uint32_t)(round * 100 + wave), theirs;
        int other = group * 4 + (wave + round) % 4;
        if (tw__isa_lane() == 0)
            tw__isa_shared_store(shared_at(4 * wave), &mine, 4);
        tw__isa_named_barrier(1 + group, 4 * TW_LANES);
        tw__isa_shared_load(&theirs, shared_at(4 * other), 4);
        *wrong += theirs != (uint32_t)(round * 100 + other);
        tw__isa_named_barrier(1 + group, 4 * TW_LANES);
    }
}

static void named_barriers_meet_those_who_name_them(void **state)
{
    int wrong = 0, *args = &wrong;
    (void)state;
    for (int repeat = 0; repeat < 10; repeat++)
        assert_int_equal(run(kernel_two_groups, &args, WAVES), 0);
    assert_int_equal(wrong, 0);
}

/* Two waves in turn: each waits at its own barrier and lets the other go by arriving at the other's. */
static void kernel_ping_pong(const void *args)
{
    int *turns = *(int *const *)args;
    int wave = tw__isa_wave();
    if (wave == 1)
        tw__isa_named_arrive(1, 2 * TW_LANES); /* wave 0 begins */
    for (int round = 0; round < ROUNDS; round++) {
        tw__isa_named_barrier(1 + wave, 2 * TW_LANES);
        if (tw__isa_lane() == 0) {
            if (turns[0] % 2 != wave)
                turns[1]++;
            turns[0]++;
        }
        if (wave == 0 || round + 1 < ROUNDS)
            tw__isa_named_arrive(2 - wave, 2 * TW_LANES);
    }
}

static void an_arrival_lets_a_waiting_wave_go(void **state)
{
    (void)state;
    for (int repeat = 0; repeat < 10; repeat++) {
        int turns[2] = {0, 0}, *args = turns;
        if (run(kernel_ping_pong, &args, 2))
            fail_msg("%s", test_message);
        assert_int_equal(turns[0], 2 * ROUNDS);
        assert_int_equal(turns[1], 0);
    }
}

enum { RESERVED, PART_OF_A_WAVE, DIFFERENT_COUNTS, MORE_THAN_THERE_ARE };

static void kernel_barrier_misuse(const void *args)
{
    int misuse = *(const int *)args, threads = 3 * TW_LANES;
    if (misuse == PART_OF_A_WAVE)
        threads = 40;
    if (misuse == DIFFERENT_COUNTS && tw__isa_wave() == 1)
        threads = 2 * TW_LANES;
    tw__isa_named_barrier(misuse == RESERVED ? 0 : 7, threads);
}

static void misuse_of_named_barriers_is_reported(void **state)
{
    static const char *const messages[] = {
        "named barrier 0: 1 to 15 are there, and 0 is the block's own",
        "named barrier 7 for 40 threads: whole waves of this block must meet",
        "named barrier 7: this wave expects",
        "named barrier 7 for 96 threads: whole waves of this block must meet",
    };
    (void)state;
    for (int misuse = RESERVED; misuse <= MORE_THAN_THERE_ARE; misuse++) {
        assert_int_equal(run(kernel_barrier_misuse, &misuse, misuse == MORE_THAN_THERE_ARE ? 2 : 3), 1);
        if (!strstr(test_message, messages[misuse]))
            fail_msg("misuse %d: %s", misuse, test_message);
    }
}

static void kernel_missing_wave(const void *args)
{
    (void)args;
    if (tw__isa_wave() < 2)
        tw__isa_named_barrier(7, 3 * TW_LANES);
}

static void a_wave_that_never_comes_is_a_deadlock(void **state)
{
    (void)state;
    assert_int_equal(run(kernel_missing_wave, NULL, 3), 1);
    assert_string_equal(test_message,
                        "emulator: block (0,0,0): deadlock: waves 0-1 at named barrier 7 (64 of 96 threads "
                        "have come)");
}

/* ---- setmaxnreg ---- */

typedef struct {
    int producer, consumers; /* registers */
} roles;

/* One warpgroup gives registers back, two take more. */
static void kernel_roles(const void *args)
{
    const roles *wanted = (const roles *)args;
    if (tw__isa_wave() < 4)
        tw__isa_setmaxnreg_dec(wanted->producer);
    else
        tw__isa_setmaxnreg_inc(wanted->consumers);
}

static void registers_move_between_warpgroups_if_there_are_enough(void **state)
{
    static const roles fit = {24, 240}, too_many = {56, 240}, odd = {41, 232}, more = {176, 232},
                       less = {24, 160};
    (void)state;
    for (int repeat = 0; repeat < 5; repeat++)
        assert_int_equal(run(kernel_roles, &fit, 12), 0);
    assert_int_equal(run(kernel_roles, &too_many, 12), 1);
    assert_non_null(strstr(test_message, "at setmaxnreg.inc 240 (2304 registers more, "));
    assert_int_equal(run(kernel_roles, &odd, 12), 1);
    assert_non_null(strstr(test_message, "setmaxnreg: 41 registers, not a multiple of 8 from 24 to 256"));
    assert_int_equal(run(kernel_roles, &more, 12), 1);
    assert_non_null(strstr(test_message, "setmaxnreg.dec to 176 registers: the wave has 168"));
    assert_int_equal(run(kernel_roles, &less, 12), 1);
    assert_non_null(strstr(test_message, "setmaxnreg.inc to 160 registers: the wave has 168"));
}

/* ---- stmatrix, elect, clusters ---- */

typedef struct {
    uint16_t stored[4][8][8]; /* matrix, row, column */
    uint32_t r[TW_LANES][4];
    int transposed, elected;
} matrix_case;

static void kernel_stmatrix(const void *args)
{
    matrix_case *test = *(matrix_case *const *)args;
    int lane = tw__isa_lane(), place = (lane * 5 + 3) % TW_LANES; /* rows lie anywhere */
    char *row = shared_at(place * 16);
    uint32_t words[4];
    if (test->transposed)
        tw__isa_stmatrix_x4_trans(row, test->r[lane]);
    else
        tw__isa_stmatrix_x4(row, test->r[lane]);
    tw__isa_wave_barrier();
    tw__isa_shared_load(words, row, 16);
    memcpy(test->stored[lane / 8][lane % 8], words, 16);
    test->elected += tw__isa_elect();
    tw__isa_cluster_arrive();
    tw__isa_cluster_wait();
    test->elected += 100 * (tw__isa_cluster_size() - 1) + 100 * tw__isa_cluster_rank();
}

static void stmatrix_puts_each_lanes_pair_into_each_matrix(void **state)
{
    matrix_case test, *args = &test;
    (void)state;
    for (int transposed = 0; transposed < 2; transposed++) {
        memset(&test, 0, sizeof test);
        test.transposed = transposed;
        for (int i = 0; i < TW_LANES * 4; i++)
            test.r[i / 4][i % 4] = (uint32_t)test_random();
        assert_int_equal(run(kernel_stmatrix, &args, 1), 0);
        assert_int_equal(test.elected, 1);
        for (int m = 0; m < 4; m++)
            for (int i = 0; i < 8; i++)
                for (int j = 0; j < 8; j++)
                    assert_int_equal(transposed ? test.stored[m][j][i] : test.stored[m][i][j],
                                     test.r[4 * i + j / 2][m] >> j % 2 * 16 & 0xffffu);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(named_barriers_meet_those_who_name_them),
        cmocka_unit_test(an_arrival_lets_a_waiting_wave_go),
        cmocka_unit_test(misuse_of_named_barriers_is_reported),
        cmocka_unit_test(a_wave_that_never_comes_is_a_deadlock),
        cmocka_unit_test(registers_move_between_warpgroups_if_there_are_enough),
        cmocka_unit_test(stmatrix_puts_each_lanes_pair_into_each_matrix),
    };
    return cmocka_run_group_tests_name("emulator sm90 waves", tests, NULL, NULL);
}
