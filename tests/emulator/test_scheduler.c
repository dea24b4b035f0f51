/* SPDX-License-Identifier: MIT
 *
 * How lanes and waves meet: collective instructions, barriers, what is said when they cannot meet, and the
 * seeded order of waves.
 */
#define TEST_LANES 32
#include "emulate.h"

#include "arch/emulator/isa_common.h"

enum { WAVES = 4, ROUNDS = 50 };

/* ---- collective instructions ---- */

typedef struct {
    int calls[WAVES];
    int wrong; /* args out of lane order, or a lane that went on too early */
} collective_log;

typedef struct {
    collective_log *log;
    int lane, wave, round;
} collective_arg;

static void count_op(void *const args[])
{
    const collective_arg *first = (const collective_arg *)args[0];
    first->log->calls[first->wave]++;
    for (int lane = 0; lane < TW_LANES; lane++) {
        const collective_arg *arg = (const collective_arg *)args[lane];
        first->log->wrong += arg->lane != lane || arg->wave != first->wave || arg->round != first->round;
    }
}

static void kernel_collectives(const void *args)
{
    collective_log *log = *(collective_log *const *)args;
    for (int round = 0; round < ROUNDS; round++) {
        collective_arg arg;
        arg.log = log;
        arg.lane = tw__isa_lane();
        arg.wave = tw__isa_wave();
        arg.round = round;
        tw__emu_collective(count_op, &arg, "count");
        log->wrong += log->calls[arg.wave] != round + 1;
    }
}

static void a_collective_runs_once_per_wave_over_its_lanes_in_order(void **state)
{
    collective_log log, *args = &log;
    test_launch how = {.threads = WAVES * TW_LANES};
    (void)state;
    memset(&log, 0, sizeof log);
    assert_int_equal(test_run_with(kernel_collectives, &args, how), 0);
    assert_int_equal(log.wrong, 0);
    for (int w = 0; w < WAVES; w++)
        assert_int_equal(log.calls[w], ROUNDS);
}

/* ---- barriers ---- */

static void kernel_barrier(const void *args)
{
    int *wrong = *(int *const *)args;
    char *shared = (char *)tw__isa_shared_base();
    int thread = tw__isa_wave() * TW_LANES + tw__isa_lane();
    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint32_t mine = round * 1000 + (uint32_t)thread, theirs;
        int other = (thread * 5 + (int)round) % (WAVES * TW_LANES);
        tw__isa_shared_store(shared + 4 * thread, &mine, 4);
        tw__isa_barrier();
        tw__isa_shared_load(&theirs, shared + 4 * other, 4);
        *wrong += theirs != round * 1000 + (uint32_t)other;
        tw__isa_barrier();
    }
}

static void a_barrier_shows_every_wave_what_the_others_wrote(void **state)
{
    int wrong = 0, *args = &wrong;
    (void)state;
    for (uint64_t seed = 0; seed < 10; seed++) {
        test_launch how = {.threads = WAVES * TW_LANES, .seed = seed};
        assert_int_equal(test_run_with(kernel_barrier, &args, how), 0);
        assert_int_equal(wrong, 0);
    }
}

static void kernel_wave_barrier(const void *args)
{
    int *wrong = *(int *const *)args;
    char *shared = (char *)tw__isa_shared_base();
    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint32_t mine = round * 100 + (uint32_t)tw__isa_lane(), theirs;
        int other = (tw__isa_lane() + (int)round) % TW_LANES;
        tw__isa_shared_store(shared + 4 * tw__isa_lane(), &mine, 4);
        tw__isa_wave_barrier();
        tw__isa_shared_load(&theirs, shared + 4 * other, 4);
        *wrong += theirs != round * 100 + (uint32_t)other;
        tw__isa_wave_barrier();
    }
}

static void a_wave_barrier_shows_every_lane_what_the_others_wrote(void **state)
{
    int wrong = 0, *args = &wrong;
    (void)state;
    assert_int_equal(test_run(kernel_wave_barrier, &args), 0);
    assert_int_equal(wrong, 0);
}

/* ---- meetings that cannot be complete ---- */

static void kernel_different_instructions(const void *args)
{
    (void)args;
    if (tw__isa_lane() < 12)
        tw__isa_shuffle(1, 0);
    else
        tw__isa_wave_barrier();
}

static void lanes_at_different_instructions_are_reported(void **state)
{
    (void)state;
    assert_int_equal(test_run(kernel_different_instructions, NULL), 1);
    assert_string_equal(test_message,
                        "emulator: block (0,0,0) wave 0: lane 0 is at shuffle, lane 12 is at the wave "
                        "barrier: all lanes of a wave must reach a collective instruction together");
}

typedef struct {
    int leaver; /* lane */
    int calls;  /* of the kernel, by that lane */
} leaving_case;

static void kernel_one_lane_leaves(const void *args)
{
    leaving_case *test = *(leaving_case *const *)args;
    if (tw__isa_lane() != test->leaver)
        tw__isa_shuffle(1, 0);
    else
        test->calls++;
}

static void a_lane_that_returned_while_others_wait_is_reported(void **state)
{
    leaving_case test = {.leaver = 5}, *args = &test;
    (void)state;
    assert_int_equal(test_run(kernel_one_lane_leaves, &args), 1);
    assert_string_equal(test_message,
                        "emulator: block (0,0,0) wave 0: lane 0 is at shuffle, lane 5 returned: "
                        "all lanes of a wave must reach a collective instruction together");
    test.leaver = 0;
    assert_int_equal(test_run(kernel_one_lane_leaves, &args), 1);
    assert_string_equal(test_message,
                        "emulator: block (0,0,0) wave 0: lane 1 is at shuffle, lane 0 returned: "
                        "all lanes of a wave must reach a collective instruction together");
    test.leaver = TW_LANES - 1;
    assert_int_equal(test_run(kernel_one_lane_leaves, &args), 1);
    assert_string_equal(test_message,
                        "emulator: block (0,0,0) wave 0: lane 0 is at shuffle, lane 31 returned: "
                        "all lanes of a wave must reach a collective instruction together");
    assert_int_equal(test.calls, 3);
}

static void kernel_half_barrier(const void *args)
{
    (void)args;
    if (tw__isa_lane() % 2 == 0)
        tw__isa_barrier();
}

static void a_block_barrier_in_a_divergent_branch_is_reported(void **state)
{
    (void)state;
    assert_int_equal(test_run(kernel_half_barrier, NULL), 1);
    assert_string_equal(test_message,
                        "emulator: block (0,0,0) wave 0: lane 0 is at the block barrier, lane 1 "
                        "returned: all lanes of a wave must reach a collective instruction together");
}

static void kernel_missing_wave(const void *args)
{
    if (tw__isa_wave() != *(const int *)args)
        tw__isa_barrier();
}

static void a_barrier_that_a_returned_wave_misses_is_reported_under_every_seed(void **state)
{
    (void)state;
    for (int missing = 0; missing < WAVES; missing++)
        for (uint64_t seed = 0; seed < 20; seed++) {
            test_launch how = {.threads = WAVES * TW_LANES, .seed = seed};
            char gone[64];
            assert_int_equal(test_run_with(kernel_missing_wave, &missing, how), 1);
            snprintf(gone, sizeof gone, "is at the block barrier, wave %d returned: ", missing);
            assert_non_null(strstr(test_message, gone));
            assert_non_null(strstr(test_message, "all waves of a block must reach a barrier together"));
        }
}

static void a_failed_launch_leaves_the_next_one_unharmed(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        int wrong = 0, *args = &wrong;
        test_launch how = {.threads = WAVES * TW_LANES};
        assert_int_equal(test_run(kernel_half_barrier, NULL), 1);
        assert_int_equal(test_run_with(kernel_barrier, &args, how), 0);
        assert_int_equal(wrong, 0);
    }
}

/* ---- the order of waves ---- */

typedef struct {
    int within_block; /* the waves meet after each round, or only the lanes of each */
    int order[2][WAVES * ROUNDS];
    int count[2]; /* per block */
} order_log;

static void kernel_order(const void *args)
{
    order_log *log = *(order_log *const *)args;
    int block = tw__isa_block_index(0);
    for (int round = 0; round < ROUNDS; round++) {
        if (tw__isa_lane() == 0)
            log->order[block][log->count[block]++] = tw__isa_wave();
        if (log->within_block)
            tw__isa_barrier();
        else
            tw__isa_wave_barrier();
    }
}

static order_log order_of(uint64_t seed, int within_block)
{
    order_log log, *args = &log;
    test_launch how = {
        .threads = WAVES * TW_LANES, .grid = {2}, .seed = seed, .os_threads = 1 + (uint32_t)seed % 2};
    memset(&log, 0, sizeof log);
    log.within_block = within_block;
    assert_int_equal(test_run_with(kernel_order, &args, how), 0);
    assert_int_equal(log.count[0], WAVES * ROUNDS);
    assert_int_equal(log.count[1], WAVES * ROUNDS);
    return log;
}

static void a_seed_decides_the_order_of_waves(void **state)
{
    order_log one = order_of(1, 1), again = order_of(1, 1), two = order_of(2, 1);
    int first[WAVES] = {0};
    (void)state;
    assert_memory_equal(&one, &again, sizeof one);
    assert_memory_not_equal(one.order, two.order, sizeof one.order);
    assert_memory_not_equal(one.order[0], one.order[1], sizeof one.order[0]); /* blocks differ too */
    for (uint64_t seed = 0; seed < 100; seed++)
        first[order_of(seed, 1).order[0][0]]++;
    for (int w = 0; w < WAVES; w++)
        assert_in_range(first[w], 5, 60); /* 25 of 100 expected */
}

static void waves_interleave_between_block_barriers(void **state)
{
    order_log log = order_of(3, 0);
    int switches = 0;
    (void)state;
    for (int i = 1; i < WAVES * ROUNDS; i++)
        switches += log.order[0][i] != log.order[0][i - 1];
    assert_in_range(switches, WAVES + 3, WAVES * ROUNDS / 2); /* WAVES - 1 if each ran to its end */
}

/* Wave 1 reads what wave 0 writes, with no barrier between. */
static void kernel_missing_barrier(const void *args)
{
    uint32_t word = 5;
    if (tw__isa_wave() == 0)
        tw__isa_shared_store(tw__isa_shared_base(), &word, 4);
    tw__isa_wave_barrier();
    if (tw__isa_wave() == 1)
        tw__isa_shared_load(*(uint32_t *const *)args, tw__isa_shared_base(), 4);
}

static void a_missing_barrier_shows_under_some_seed(void **state)
{
    int right = 0;
    (void)state;
    for (uint64_t seed = 0; seed < 40; seed++) {
        uint32_t seen = 0, *args = &seen;
        test_launch how = {.threads = 2 * TW_LANES, .seed = seed, .unchecked = 1};
        assert_int_equal(test_run_with(kernel_missing_barrier, &args, how), 0);
        assert_true(seen == 5 || seen == 0xffffffffu);
        right += seen == 5;
    }
    assert_in_range(right, 1, 39);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_collective_runs_once_per_wave_over_its_lanes_in_order),
        cmocka_unit_test(a_barrier_shows_every_wave_what_the_others_wrote),
        cmocka_unit_test(a_wave_barrier_shows_every_lane_what_the_others_wrote),
        cmocka_unit_test(lanes_at_different_instructions_are_reported),
        cmocka_unit_test(a_lane_that_returned_while_others_wait_is_reported),
        cmocka_unit_test(a_block_barrier_in_a_divergent_branch_is_reported),
        cmocka_unit_test(a_barrier_that_a_returned_wave_misses_is_reported_under_every_seed),
        cmocka_unit_test(a_failed_launch_leaves_the_next_one_unharmed),
        cmocka_unit_test(a_seed_decides_the_order_of_waves),
        cmocka_unit_test(waves_interleave_between_block_barriers),
        cmocka_unit_test(a_missing_barrier_shows_under_some_seed),
    };
    return cmocka_run_group_tests_name("emulator scheduler", tests, NULL, NULL);
}
