/* SPDX-License-Identifier: MIT
 *
 * Launches of whole grids: every block once, what a failing block says, what is refused, stacks.
 */
#define _DEFAULT_SOURCE /* usleep */

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#define TEST_LANES 32
#include "emulate.h"

#include "arch/emulator/isa_common.h"

enum { GRID_X = 5, GRID_Y = 3, GRID_Z = 4, BLOCKS = GRID_X * GRID_Y * GRID_Z };

typedef struct {
    int visits[BLOCKS]; /* x fastest */
    int wrong;
    int failing[BLOCKS]; /* blocks that reach a bad address, after so many milliseconds */
} grid_log;

static void kernel_grid(const void *args)
{
    grid_log *log = *(grid_log *const *)args;
    int block = tw__isa_block_index(0) + GRID_X * (tw__isa_block_index(1) + GRID_Y * tw__isa_block_index(2));
    char *shared = (char *)tw__isa_shared_base();
    uint32_t word = 0;
    if (log->failing[block]) {
        usleep(1000u * (unsigned)log->failing[block]);
        shared += TW_SHARED_BYTES;
    }
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
        test_launch how = {.grid = {GRID_X, GRID_Y, GRID_Z}, .os_threads = os_threads, .unchecked = 1};
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
            test_launch how = {.grid = {GRID_X, GRID_Y, GRID_Z}, .os_threads = os_threads, .unchecked = 1};
            memset(&log, 0, sizeof log);
            log.failing[22] = repeat % 2 ? 1 : 5; /* the first may fail first or last */
            log.failing[23] = repeat % 2 ? 5 : 1;
            log.failing[24] = log.failing[40] = 2;
            assert_int_equal(test_run_with(kernel_grid, &args, how), 1);
            assert_string_equal(test_message,
                                "emulator: shared load: shared address 65536+4 is outside the block's "
                                "65536 bytes (block (2,1,1) wave 0 lane 0)");
            for (int i = 0; i < 22; i++)
                assert_int_equal(log.visits[i], 1);
        }
}

/* Writes one kilobyte per level; never returns to a caller whose stack would have held the rest. */
static __attribute__((noinline)) int descend(int depth)
{
    volatile char frame[1024];
    frame[depth % 1024] = (char)depth;
    return depth == 0 ? 0 : descend(depth - 1) + frame[depth % 1024];
}

static void kernel_deep(const void *args)
{
    if (tw__isa_lane() == 3)
        **(volatile int *const *)args = descend(2 * TW_EMU_STACK_BYTES / 1024);
}

static void a_lane_that_overflows_its_stack_stops_the_process(void **state)
{
    volatile int sum = 0, *args = &sum;
    test_launch how = {.os_threads = 1};
    int status;
    pid_t child = fork();
    (void)state;
    assert_true(child >= 0);
    if (child == 0) {
        int null = open("/dev/null", O_WRONLY);
        dup2(null, STDERR_FILENO); /* a sanitizer would explain at length */
        signal(SIGSEGV, SIG_DFL);
        test_run_with(kernel_deep, &args, how);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 0);
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

static void kernel_nothing(const void *args) { (void)args; }

static void a_block_the_machine_cannot_hold_is_refused(void **state)
{
    test_launch half_wave = {.threads = TW_LANES / 2}, too_many = {.threads = 1024 + TW_LANES};
    test_launch too_much = {.shared_bytes = TW_SHARED_BYTES + 1};
    (void)state;
    assert_int_equal(test_run_with(kernel_nothing, NULL, half_wave), 1);
    assert_string_equal(test_message,
                        "emulator: the kernel has 16 threads a block; the machine runs whole waves of 32 "
                        "lanes, at most 1024 threads");
    assert_int_equal(test_run_with(kernel_nothing, NULL, too_many), 1);
    assert_string_equal(test_message,
                        "emulator: the kernel has 1056 threads a block; the machine runs whole waves of 32 "
                        "lanes, at most 1024 threads");
    assert_int_equal(test_run_with(kernel_nothing, NULL, too_much), 1);
    assert_string_equal(test_message,
                        "emulator: the kernel asks for 65537 bytes of shared memory; the machine has 65536");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_block_runs_once_in_freshly_poisoned_shared_memory),
        cmocka_unit_test(the_first_failing_block_speaks_whatever_the_os_threads),
        cmocka_unit_test(a_lane_that_overflows_its_stack_stops_the_process),
        cmocka_unit_test(an_empty_grid_runs_nothing),
        cmocka_unit_test(a_block_the_machine_cannot_hold_is_refused),
    };
    return cmocka_run_group_tests_name("emulator launch", tests, NULL, NULL);
}
