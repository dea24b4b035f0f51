/* SPDX-License-Identifier: MIT
 *
 * How lanes and waves meet: collective instructions, barriers, what is said when they cannot meet, the seeded
 * order of waves, and launches of whole grids.
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
    assert_string_equal(test_message, "emulator: block (0,0,0) wave 0: lane 0 is at shuffle, lane 12 is at the wave "
                                      "barrier: all lanes of a wave must reach a collective instruction together");
}

static void kernel_one_lane_leaves(const void *args)
{
    if (tw__isa_lane() != *(const int *)args)
        tw__isa_shuffle(1, 0);
}

static void a_lane_that_returned_while_others_wait_is_reported(void **state)
{
    int leaver = 5;
    (void)state;
    assert_int_equal(test_run(kernel_one_lane_leaves, &leaver), 1);
    assert_string_equal(test_message, "emulator: block (0,0,0) wave 0: lane 0 is at shuffle, lane 5 returned: "
                                      "all lanes of a wave must reach a collective instruction together");
    leaver = 0;
    assert_int_equal(test_run(kernel_one_lane_leaves, &leaver), 1);
    assert_string_equal(test_message, "emulator: block (0,0,0) wave 0: lane 1 is at shuffle, lane 0 returned: "
                                      "all lanes of a wave must reach a collective instruction together");
    leaver = TW_LANES - 1;
    assert_int_equal(test_run(kernel_one_lane_leaves, &leaver), 1);
    assert_string_equal(test_message, "emulator: block (0,0,0) wave 0: lane 0 is at shuffle, lane 31 returned: "
                                      "all lanes of a wave must reach a collective instruction together");
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
    assert_string_equal(test_message, "emulator: block (0,0,0) wave 0: lane 0 is at the block barrier, lane 1 "
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
    int order[WAVES * ROUNDS];
    int count;
} order_log;

static void kernel_order(const void *args)
{
    order_log *log = *(order_log *const *)args;
    for (int round = 0; round < ROUNDS; round++) {
        if (tw__isa_lane() == 0)
            log->order[log->count++] = tw__isa_wave();
        tw__isa_barrier();
    }
}

static order_log order_of(uint64_t seed)
{
    order_log log, *args = &log;
    test_launch how = {.threads = WAVES * TW_LANES, .seed = seed};
    memset(&log, 0, sizeof log);
    assert_int_equal(test_run_with(kernel_order, &args, how), 0);
    assert_int_equal(log.count, WAVES * ROUNDS);
    return log;
}

static void a_seed_decides_the_order_of_waves(void **state)
{
    order_log one = order_of(1), again = order_of(1), two = order_of(2);
    int first[WAVES] = {0};
    (void)state;
    assert_memory_equal(&one, &again, sizeof one);
    assert_memory_not_equal(&one, &two, sizeof one);
    for (uint64_t seed = 0; seed < 100; seed++)
        first[order_of(seed).order[0]]++;
    for (int w = 0; w < WAVES; w++)
        assert_in_range(first[w], 5, 60); /* 25 of 100 expected */
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
        test_launch how = {.threads = 2 * TW_LANES, .seed = seed};
        assert_int_equal(test_run_with(kernel_missing_barrier, &args, how), 0);
        assert_true(seen == 5 || seen == 0xffffffffu);
        right += seen == 5;
    }
    assert_in_range(right, 1, 39);
}

/* ---- grids ---- */

enum { GRID_X = 5, GRID_Y = 3, GRID_Z = 4, BLOCKS = GRID_X * GRID_Y * GRID_Z };

typedef struct {
    int visits[BLOCKS]; /* x fastest */
    int wrong;
    int failing[BLOCKS]; /* blocks that reach a bad address */
} grid_log;

static void kernel_grid(const void *args)
{
    grid_log *log = *(grid_log *const *)args;
    int block = tw__isa_block_index(0) + GRID_X * (tw__isa_block_index(1) + GRID_Y * tw__isa_block_index(2));
    char *shared = (char *)tw__isa_shared_base();
    uint32_t word = 0;
    if (log->failing[block])
        shared += TW_SHARED_BYTES;
    tw__isa_shared_load(&word, shared + 4 * tw__isa_lane(), 4);
    if (word != 0xffffffffu || (uintptr_t)shared % 1024 != 0 || tw__isa_grid_size(0) != GRID_X ||
        tw__isa_grid_size(1) != GRID_Y || tw__isa_grid_size(2) != GRID_Z)
        __atomic_add_fetch(&log->wrong, 1, __ATOMIC_RELAXED);
    word = 0;
    tw__isa_shared_store(shared + 4 * tw__isa_lane(), &word, 4);
    if (tw__isa_lane() == 0)
        __atomic_add_fetch(&log->visits[block], 1, __ATOMIC_RELAXED);
}

static void every_block_runs_once_in_freshly_poisoned_shared_memory(void **state)
{
    static grid_log log;
    grid_log *args = &log;
    (void)state;
    for (uint32_t os_threads = 0; os_threads < 4; os_threads++) {
        test_launch how = {.grid = {GRID_X, GRID_Y, GRID_Z}, .os_threads = os_threads};
        memset(&log, 0, sizeof log);
        assert_int_equal(test_run_with(kernel_grid, &args, how), 0);
        assert_int_equal(log.wrong, 0);
        for (int i = 0; i < BLOCKS; i++)
            assert_int_equal(log.visits[i], 1);
    }
}

static void the_first_failing_block_speaks_whatever_the_os_threads(void **state)
{
    static grid_log log;
    grid_log *args = &log;
    (void)state;
    for (uint32_t os_threads = 1; os_threads < 5; os_threads++)
        for (int repeat = 0; repeat < 10; repeat++) {
            test_launch how = {.grid = {GRID_X, GRID_Y, GRID_Z}, .os_threads = os_threads};
            memset(&log, 0, sizeof log);
            log.failing[22] = log.failing[23] = log.failing[24] = log.failing[40] = 1;
            assert_int_equal(test_run_with(kernel_grid, &args, how), 1);
            assert_string_equal(test_message, "emulator: shared load: shared address 65536+4 is outside the block's "
                                              "65536 bytes (block (2,1,1) wave 0 lane 0)");
            for (int i = 0; i < 22; i++)
                assert_int_equal(log.visits[i], 1);
        }
}

static void an_empty_grid_runs_nothing(void **state)
{
    tw_kernel_info info;
    tw_launch_request request;
    (void)state;
    memset(&info, 0, sizeof info);
    memset(&request, 0, sizeof request);
    info.threads = TW_LANES;
    request.grid[0] = 7;
    request.grid[2] = 1;
    assert_int_equal(tw__emu_launch(&request, &info, NULL), 0);
}

static void a_block_the_machine_cannot_hold_is_refused(void **state)
{
    test_launch half_wave = {.threads = TW_LANES / 2}, too_many = {.threads = 1024 + TW_LANES};
    test_launch too_much = {.shared_bytes = TW_SHARED_BYTES + 1};
    (void)state;
    assert_int_equal(test_run_with(kernel_half_barrier, NULL, half_wave), 1);
    assert_string_equal(test_message, "emulator: threads of a block must be whole waves and at most 1024 (16)");
    assert_int_equal(test_run_with(kernel_half_barrier, NULL, too_many), 1);
    assert_string_equal(test_message, "emulator: threads of a block must be whole waves and at most 1024 (1056)");
    assert_int_equal(test_run_with(kernel_half_barrier, NULL, too_much), 1);
    assert_string_equal(test_message, "emulator: the kernel asks for more shared memory than the machine has (65537)");
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
        cmocka_unit_test(a_missing_barrier_shows_under_some_seed),
        cmocka_unit_test(every_block_runs_once_in_freshly_poisoned_shared_memory),
        cmocka_unit_test(the_first_failing_block_speaks_whatever_the_os_threads),
        cmocka_unit_test(an_empty_grid_runs_nothing),
        cmocka_unit_test(a_block_the_machine_cannot_hold_is_refused),
    };
    return cmocka_run_group_tests_name("emulator scheduler", tests, NULL, NULL);
}
