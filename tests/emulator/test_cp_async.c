/* SPDX-License-Identifier: MIT
 *
 * NVIDIA's asynchronous copy in the emulator: lands at the wait that covers it and no sooner, in order, once,
 * and zero-fills (PTX ISA, "cp.async", "cp.async.commit_group", "cp.async.wait_group").
 */
#define TEST_LANES 32
#include "emulate.h"

#include "arch/emulator/isa_nvidia.h"

enum { COPIES = 4 };

typedef struct {
    uint32_t global[COPIES][4] __attribute__((aligned(16)));
    uint32_t seen[8][COPIES]; /* first word of each target after step s, as lane 0 reads it */
    uint32_t words[17][4];
} copy_case;

static void look(copy_case *test, int step)
{
    for (int c = 0; c < COPIES; c++)
        tw__isa_shared_load(&test->seen[step][c], (char *)tw__isa_shared_base() + 16 * c, 4);
}

static void kernel_late_copies(const void *args)
{
    copy_case *test = *(copy_case *const *)args;
    const uint32_t old[4] = {7, 7, 7, 7};
    char *shared = (char *)tw__isa_shared_base();
    if (tw__isa_lane() != 0)
        return;
    for (int c = 0; c < COPIES; c++)
        tw__isa_shared_store(shared + 16 * c, old, 16);
    for (int c = 0; c < COPIES; c++) {
        tw__isa_cp_async_16(shared + 16 * c, test->global[c], 16);
        test->global[c][0] += 1000; /* read at issue: this must not be seen */
        if (c != COPIES - 1)
            tw__isa_cp_async_commit();
    }
    look(test, 0);
    tw__isa_cp_async_wait(3);
    look(test, 1);
    tw__isa_cp_async_wait(2);
    look(test, 2);
    tw__isa_cp_async_wait(0);
    look(test, 3);
    tw__isa_cp_async_commit();
    look(test, 4);
    tw__isa_cp_async_wait(0);
    look(test, 5);
}

static void a_copy_lands_at_the_wait_that_covers_it_and_no_sooner(void **state)
{
    static const int landed[6] = {0, 0, 1, 3, 3, 4}; /* copies that have landed after each step */
    copy_case test, *args = &test;
    (void)state;
    memset(&test, 0, sizeof test);
    for (int c = 0; c < COPIES; c++)
        test.global[c][0] = 100u + (uint32_t)c;
    assert_int_equal(test_run_unchecked(kernel_late_copies, &args), 0);
    for (int step = 0; step < 6; step++)
        for (int c = 0; c < COPIES; c++)
            assert_int_equal(test.seen[step][c], c < landed[step] ? 100 + c : 7);
}

/* Three groups to one address land in order, and none lands twice. */
static void kernel_landing_once(const void *args)
{
    copy_case *test = *(copy_case *const *)args;
    const uint32_t newer[4] = {9, 9, 9, 9};
    if (tw__isa_lane() != 0)
        return;
    for (int c = 0; c < 3; c++) {
        tw__isa_cp_async_16(tw__isa_shared_base(), test->global[c], 16);
        tw__isa_cp_async_commit();
    }
    tw__isa_cp_async_wait(1);
    look(test, 0);
    tw__isa_shared_store(tw__isa_shared_base(), newer, 16);
    tw__isa_cp_async_wait(1);
    look(test, 1);
    tw__isa_cp_async_wait(0);
    look(test, 2);
    tw__isa_shared_store(tw__isa_shared_base(), newer, 16);
    tw__isa_cp_async_wait(0);
    look(test, 3);
}

static void copies_land_in_order_and_once(void **state)
{
    copy_case test, *args = &test;
    (void)state;
    memset(&test, 0, sizeof test);
    for (int c = 0; c < COPIES; c++)
        test.global[c][0] = 100u + (uint32_t)c;
    assert_int_equal(test_run_unchecked(kernel_landing_once, &args), 0);
    assert_int_equal(test.seen[0][0], 101);
    assert_int_equal(test.seen[1][0], 9);
    assert_int_equal(test.seen[2][0], 102);
    assert_int_equal(test.seen[3][0], 9);
}

/* A block ends with a copy under way; the next block's wait does not land it. */
static void kernel_abandoned_copy(const void *args)
{
    copy_case *test = *(copy_case *const *)args;
    if (tw__isa_block_index(0) == 0) {
        tw__isa_cp_async_16((char *)tw__isa_shared_base() + 16 * tw__isa_lane(), test->global[0], 16);
        return;
    }
    tw__isa_cp_async_commit();
    tw__isa_cp_async_wait(0);
    if (tw__isa_lane() == 0)
        look(test, 0);
}

static void a_copy_ends_with_its_block(void **state)
{
    copy_case test, *args = &test;
    test_launch how = {.grid = {2}, .os_threads = 1, .unchecked = 1};
    (void)state;
    memset(&test, 0, sizeof test);
    assert_int_equal(test_run_with(kernel_abandoned_copy, &args, how), 0);
    for (int c = 0; c < COPIES; c++)
        assert_int_equal(test.seen[0][c], 0xffffffffu);
}

static void kernel_partial_copies(const void *args)
{
    copy_case *test = *(copy_case *const *)args;
    char *mine = (char *)tw__isa_shared_base() + 16 * tw__isa_lane();
    if (tw__isa_lane() > 16)
        return;
    tw__isa_cp_async_16(mine, tw__isa_lane() ? test->global[0] : NULL, tw__isa_lane());
    tw__isa_cp_async_commit();
    tw__isa_cp_async_wait(0);
    tw__isa_shared_load(test->words[tw__isa_lane()], mine, 16);
}

static void a_copy_fills_what_the_source_lacks_with_zeros(void **state)
{
    copy_case test, *args = &test;
    (void)state;
    memset(&test, 0xee, sizeof test);
    memset(test.global, 0x5a, sizeof test.global);
    assert_int_equal(test_run(kernel_partial_copies, &args), 0);
    for (int bytes = 0; bytes <= 16; bytes++)
        for (int i = 0; i < 16; i++)
            assert_int_equal(((const uint8_t *)test.words[bytes])[i], i < bytes ? 0x5a : 0);
}

static void kernel_misaligned_copy(const void *args)
{
    copy_case *test = *(copy_case *const *)args;
    tw__isa_cp_async_16(tw__isa_shared_base(), &test->global[0][1], 16);
}

static void a_misaligned_global_source_is_reported(void **state)
{
    copy_case test, *args = &test;
    (void)state;
    memset(&test, 0, sizeof test);
    assert_int_equal(test_run(kernel_misaligned_copy, &args), 1);
    assert_non_null(strstr(test_message, "emulator: cp.async: global address"));
    assert_non_null(strstr(test_message, "is no multiple of 16"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_lands_at_the_wait_that_covers_it_and_no_sooner),
        cmocka_unit_test(copies_land_in_order_and_once),
        cmocka_unit_test(a_copy_ends_with_its_block),
        cmocka_unit_test(a_copy_fills_what_the_source_lacks_with_zeros),
        cmocka_unit_test(a_misaligned_global_source_is_reported),
    };
    return cmocka_run_group_tests_name("emulator cp.async", tests, NULL, NULL);
}
