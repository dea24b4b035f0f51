/* SPDX-License-Identifier: MIT
 *
 * Emulated mbarriers: phases, counts, waiting lanes and waves, cp.async that a barrier counts, and what is
 * said where a wait can never end.
 */
#define TEST_LANES 32
#include "emulate.h"

#include "arch/emulator/isa_sm90.h"

enum { WAVES = 4, ROUNDS = 40, STAGES = 3 };

static char *shared_at(int offset) { return (char *)tw__isa_shared_base() + offset; }

static void init_barriers(int first, int count, int arrivals)
{
    if (tw__isa_wave() == 0 && tw__isa_lane() == 0) {
        for (int i = 0; i < count; i++)
            tw__isa_mbarrier_init(shared_at(first + 8 * i), arrivals);
        tw__isa_mbarrier_init_fence();
    }
    tw__isa_barrier();
}

static int run(void (*kernel)(const void *), const void *args, uint64_t seed)
{
    test_launch how = {.threads = WAVES * TW_LANES, .seed = seed};
    return test_run_with(kernel, args, how);
}

static void must_run(void (*kernel)(const void *), const void *args, uint64_t seed)
{
    if (run(kernel, args, seed))
        fail_msg("seed %llu: %s", (unsigned long long)seed, test_message);
}

/* ---- phases ---- */

typedef struct {
    uint64_t word[8];
    int wrong;
} phase_log;

/* One lane, one barrier of two arrivals. */
static void kernel_phases(const void *args)
{
    phase_log *log = *(phase_log *const *)args;
    char *bar = shared_at(64);
    if (tw__isa_wave() != 0 || tw__isa_lane() != 0)
        return;
    tw__isa_mbarrier_init(bar, 2);
    tw__isa_mbarrier_wait(bar, 1); /* the phase before the first is over */
    for (int phase = 0; phase < 4; phase++) {
        for (int arrival = 0; arrival < 2; arrival++) {
            tw__emu_mbarrier barrier =
                tw__emu_mbarrier_read(tw__emu_lane_state, tw__emu_lane_state, bar, "test");
            log->wrong +=
                barrier.phase != phase % 2 || barrier.pending != 2 - arrival || barrier.expected != 2;
            tw__isa_mbarrier_arrive(bar);
        }
        tw__isa_mbarrier_wait(bar, phase % 2);
    }
}

static void a_phase_ends_with_its_last_arrival_and_parity_alternates(void **state)
{
    phase_log log, *args = &log;
    (void)state;
    memset(&log, 0, sizeof log);
    must_run(kernel_phases, &args, 0);
    assert_int_equal(log.wrong, 0);
}

/* ---- rings ---- */

typedef struct {
    int wrong, lanes_wait; /* do all lanes wait, or one for its wave */
} ring_case;

static void wait_for(const ring_case *test, char *bar, int parity)
{
    if (test->lanes_wait || tw__isa_lane() == 0)
        tw__isa_mbarrier_wait(bar, parity);
    tw__isa_wave_barrier();
}

/* Wave 0 writes a stage, the others read it: full and empty barriers, STAGES stages. */
static void kernel_ring(const void *args)
{
    ring_case *test = *(ring_case *const *)args;
    int lane = tw__isa_lane();
    init_barriers(0, STAGES, 1);
    init_barriers(64, STAGES, WAVES - 1);
    for (int round = 0; round < ROUNDS; round++) {
        int stage = round % STAGES, parity = round / STAGES % 2;
        char *full = shared_at(8 * stage), *empty = shared_at(64 + 8 * stage),
             *data = shared_at(1024 * (1 + stage));
        uint32_t word;
        if (tw__isa_wave() == 0) {
            wait_for(test, empty, parity ^ 1);
            word = (uint32_t)(1000 * round + lane);
            tw__isa_shared_store(data + 4 * lane, &word, 4);
            tw__isa_wave_barrier();
            if (lane == 0)
                tw__isa_mbarrier_arrive(full);
        } else {
            wait_for(test, full, parity);
            tw__isa_shared_load(&word, data + 4 * ((lane + round) % TW_LANES), 4);
            test->wrong += word != (uint32_t)(1000 * round + (lane + round) % TW_LANES);
            tw__isa_wave_barrier();
            if (lane == 31)
                tw__isa_mbarrier_arrive(empty);
        }
    }
}

static void a_ring_of_full_and_empty_barriers_keeps_every_round_apart(void **state)
{
    ring_case test, *args = &test;
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        memset(&test, 0, sizeof test);
        test.lanes_wait = (int)(seed % 2);
        must_run(kernel_ring, &args, seed);
        assert_int_equal(test.wrong, 0);
    }
}

/* ---- lanes that wait alone ---- */

typedef struct {
    int order[TW_LANES], count;
} order_log;

/* Lane l waits until lane l + 1 has been; the last is let go by another wave. */
static void kernel_chain(const void *args)
{
    order_log *log = *(order_log *const *)args;
    int lane = tw__isa_lane();
    init_barriers(0, TW_LANES, 1);
    if (tw__isa_wave() == 0) {
        tw__isa_mbarrier_wait(shared_at(8 * lane), 0);
        log->order[log->count++] = lane;
        if (lane > 0)
            tw__isa_mbarrier_arrive(shared_at(8 * (lane - 1)));
        tw__isa_wave_barrier();
    } else if (tw__isa_wave() == 2 && lane == 5) {
        tw__isa_mbarrier_arrive(shared_at(8 * (TW_LANES - 1)));
    }
}

static void lanes_wait_each_for_its_own_barrier(void **state)
{
    order_log log, *args = &log;
    (void)state;
    for (uint64_t seed = 0; seed < 5; seed++) {
        memset(&log, 0, sizeof log);
        must_run(kernel_chain, &args, seed);
        assert_int_equal(log.count, TW_LANES);
        for (int i = 0; i < TW_LANES; i++)
            assert_int_equal(log.order[i], TW_LANES - 1 - i);
    }
}

/* ---- cp.async that a barrier counts ---- */

typedef struct {
    uint32_t global[WAVES * TW_LANES][4] TW_ALIGN(16);
    uint32_t before, after, later;
} copy_case;

static void kernel_counted_copies(const void *args)
{
    copy_case *test = *(copy_case *const *)args;
    int thread = tw__isa_wave() * TW_LANES + tw__isa_lane();
    const uint32_t old[4] = {7, 7, 7, 7};
    char *mine = shared_at(1024 + 32 * thread);
    init_barriers(0, 1, WAVES * TW_LANES);
    tw__isa_shared_store(mine, old, 16);
    tw__isa_shared_store(mine + 16, old, 16);
    tw__isa_barrier();
    tw__isa_cp_async_16(mine, test->global[thread], 16);
    tw__isa_cp_async_arrive(shared_at(0));
    tw__isa_cp_async_16(mine + 16, test->global[thread], 16); /* after the arrival: not covered by it */
    tw__isa_barrier();
    if (thread == 40) {
        char *theirs = shared_at(1024 + 32 * 99);
        tw__isa_shared_load(&test->before, theirs, 4);
        tw__isa_mbarrier_wait(shared_at(0), 0);
        tw__isa_shared_load(&test->after, theirs, 4);
        tw__isa_shared_load(&test->later, theirs + 16, 4);
    }
}

static void copies_land_when_a_wait_needs_their_arrivals(void **state)
{
    copy_case test, *args = &test;
    (void)state;
    memset(&test, 0, sizeof test);
    for (int thread = 0; thread < WAVES * TW_LANES; thread++)
        test.global[thread][0] = 100u + (uint32_t)thread;
    test_launch how = {.threads = WAVES * TW_LANES, .seed = 3, .unchecked = 1}; /* it looks at old bytes */
    assert_int_equal(test_run_with(kernel_counted_copies, &args, how), 0);
    assert_int_equal(test.before, 7);
    assert_int_equal(test.after, 199);
    assert_int_equal(test.later, 7);
}

/* ---- reports ---- */

static void kernel_deadlock(const void *args)
{
    (void)args;
    init_barriers(1024, 2, 3);
    if (tw__isa_wave() == 0) {
        if (tw__isa_lane() == 4)
            tw__isa_mbarrier_expect(shared_at(1024), 4096);
        if (tw__isa_lane() < 20)
            tw__isa_mbarrier_wait(shared_at(1024), 0);
        tw__isa_wave_barrier();
    } else if (tw__isa_wave() < 3) {
        tw__isa_mbarrier_wait(shared_at(1032), 0);
    } else {
        tw__isa_barrier();
    }
}

static void a_deadlock_names_who_waits_for_what(void **state)
{
    (void)state;
    assert_int_equal(run(kernel_deadlock, NULL, 1), 1);
    assert_string_equal(
        test_message,
        "emulator: block (0,0,0): deadlock: wave 0 lanes 0-19 at phase 0 of the mbarrier at 1024 (missing 2 of "
        "3 arrivals, 4096 bytes); wave 0 lanes 20-31 at the wave barrier; waves 1-2 at phase 0 of the "
        "mbarrier at 1032 (missing 3 of 3 arrivals, 0 bytes); wave 3 at the block barrier");
}

enum { NOT_INITIALISED, OVERWRITTEN, OVERWRITTEN_WHILE_WAITING, ONE_TOO_MANY, ZERO_ARRIVALS, MISALIGNED };

static void kernel_misuse(const void *args)
{
    int misuse = *(const int *)args, thread = tw__isa_wave() * TW_LANES + tw__isa_lane();
    const uint32_t zero[2] = {0};
    if (misuse != NOT_INITIALISED)
        init_barriers(misuse == MISALIGNED ? 260 : 256, 1, misuse == ZERO_ARRIVALS ? 0 : 1);
    if (thread == 2 && misuse == OVERWRITTEN_WHILE_WAITING)
        tw__isa_mbarrier_wait(shared_at(256), 0);
    tw__isa_wave_barrier();
    if (thread == 70 && misuse == OVERWRITTEN_WHILE_WAITING)
        tw__isa_shared_store(shared_at(256), zero, 8);
    if (thread == 1 && misuse == OVERWRITTEN)
        tw__isa_shared_store(shared_at(256), zero, 8);
    if (thread == 1 && misuse == ONE_TOO_MANY)
        tw__isa_mbarrier_expect(shared_at(256), 64);
    if (thread == 1 && misuse != OVERWRITTEN_WHILE_WAITING)
        tw__isa_mbarrier_arrive(shared_at(256));
}

static void misuse_is_reported(void **state)
{
    static const char *const messages[] = {
        "emulator: mbarrier.arrive: there is no mbarrier at shared address 256: it was not initialised, or "
        "overwritten (block (0,0,0) wave 0 lane 1)",
        "emulator: mbarrier.arrive: there is no mbarrier at shared address 256: it was not initialised, or "
        "overwritten (block (0,0,0) wave 0 lane 1)",
        "emulator: mbarrier.try_wait: there is no mbarrier at shared address 256: it was not initialised, or "
        "overwritten (block (0,0,0) wave 0 lane 2)",
        "emulator: mbarrier.arrive: the mbarrier at 256 has all 1 arrivals of this phase and waits for 64 bytes "
        "(block (0,0,0) wave 0 lane 1)",
        "emulator: mbarrier.init: 0 arrivals, not 1 to 1048575 (block (0,0,0) wave 0 lane 0)",
        "emulator: mbarrier.init: shared address 260 is no multiple of 8 (block (0,0,0) wave 0 lane 0)",
    };
    (void)state;
    for (int misuse = NOT_INITIALISED; misuse <= MISALIGNED; misuse++) {
        assert_int_equal(run(kernel_misuse, &misuse, 0), 1);
        assert_string_equal(test_message, messages[misuse]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_phase_ends_with_its_last_arrival_and_parity_alternates),
        cmocka_unit_test(a_ring_of_full_and_empty_barriers_keeps_every_round_apart),
        cmocka_unit_test(lanes_wait_each_for_its_own_barrier),
        cmocka_unit_test(copies_land_when_a_wait_needs_their_arrivals),
        cmocka_unit_test(a_deadlock_names_who_waits_for_what),
        cmocka_unit_test(misuse_is_reported),
    };
    return cmocka_run_group_tests_name("emulator sm90 mbarrier", tests, NULL, NULL);
}
