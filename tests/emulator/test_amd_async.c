/* SPDX-License-Identifier: MIT
 *
 * CDNA's copies from global to shared memory in the emulator: they land in order and as late as vmcnt allows,
 * where the lane's number says, zeros for words outside the buffer; and a stage that is overwritten while
 * another wave may still read it is reported.
 */
#define TEST_LANES 64
#include "emulate.h"

#include "arch/emulator/isa_amd_async.h"
#include "arch/emulator/isa_common.h"

enum { COPIES = 6, STEPS = 8, WORDS = 4 * TW_LANES, OLD = 7 };

typedef struct {
    uint32_t global[COPIES][WORDS];
    uint32_t seen[STEPS]
                 [COPIES]; /* word `lane` of each copy's target after a step, as lane `lane` reads it */
    uint32_t shared[WORDS];
    uint32_t bytes, offset;
    int lane, size, count, variant;
} copy_case;

static copy_case test;
static copy_case *test_args = &test;

static void clear(void)
{
    memset(&test, 0, sizeof test);
    for (int c = 0; c < COPIES; c++)
        for (int w = 0; w < WORDS; w++)
            test.global[c][w] = (uint32_t)test_random() | 0x100u; /* never OLD or 0 */
}

static char *target(int copy) { return (char *)tw__isa_shared_base() + 1024 * copy; }

static void look(copy_case *t, int step)
{
    if (tw__isa_lane() != t->lane)
        return;
    for (int c = 0; c < COPIES; c++)
        tw__isa_shared_load(&t->seen[step][c], target(c) + 4 * tw__isa_lane(), 4);
}

static void fill(int copy)
{
    const uint32_t old[4] = {OLD, OLD, OLD, OLD};
    tw__isa_shared_store(target(copy) + 16 * tw__isa_lane(), old, 16);
}

static void kernel_late_copies(const void *args)
{
    copy_case *t = *(copy_case *const *)args;
    for (int c = 0; c < COPIES; c++)
        fill(c);
    tw__isa_barrier();
    for (int c = 0; c < COPIES; c++) {
        tw__isa_copy(tw__isa_make_buffer(t->global[c], 4 * TW_LANES), target(c),
                     4u * (unsigned)tw__isa_lane(), 4);
        t->global[c][tw__isa_lane()] += 1000; /* read at issue: this must not be seen */
    }
    look(t, 0);
    tw__isa_wait_copies(6);
    look(t, 1);
    tw__isa_wait_copies(5);
    look(t, 2);
    tw__isa_wait_copies(2);
    look(t, 3);
    tw__isa_wait_copies(63);
    tw__isa_bare_barrier(); /* waits for nothing */
    look(t, 4);
    tw__isa_wait_copies(0);
    look(t, 5);
}

static void copies_land_in_order_at_the_wait_that_covers_them_and_no_sooner(void **state)
{
    static const int landed[] = {0, 0, 1, 4, 4, 6};
    (void)state;
    clear();
    test.lane = (int)(test_random() % TW_LANES);
    assert_int_equal(test_run_unchecked(kernel_late_copies, &test_args), 0);
    for (int step = 0; step < 6; step++)
        for (int c = 0; c < COPIES; c++)
            assert_int_equal(test.seen[step][c], c < landed[step] ? test.global[c][test.lane] - 1000 : OLD);
}

/* The counter has 6 bits: a 64th copy is issued when the first has landed. */
static void kernel_full_counter(const void *args)
{
    copy_case *t = *(copy_case *const *)args;
    tw__buffer buffer = tw__isa_make_buffer(t->global[0], sizeof t->global[0]);
    fill(0);
    fill(1);
    tw__isa_barrier();
    tw__isa_copy(buffer, target(0), 4u * (unsigned)tw__isa_lane(), 4);
    for (int c = 1; c < 63; c++)
        tw__isa_copy(buffer, target(1), 4u * (unsigned)tw__isa_lane(), 4);
    look(t, 0);
    tw__isa_copy(buffer, target(1), 4u * (unsigned)tw__isa_lane(), 4);
    look(t, 1);
    tw__isa_wait_copies(0);
}

static void the_sixty_fourth_copy_waits_for_the_first(void **state)
{
    (void)state;
    clear();
    assert_int_equal(test_run_unchecked(kernel_full_counter, &test_args), 0);
    assert_int_equal(test.seen[0][0], OLD);
    assert_int_equal(test.seen[1][0], test.global[0][0]);
    assert_int_equal(test.seen[1][1], OLD);
}

/* Lane l's bytes go to l * size behind the base, wherever they come from; the buffer's end counts word by
 * word. */
static void kernel_placed_copy(const void *args)
{
    copy_case *t = *(copy_case *const *)args;
    int lane = tw__isa_lane(), from = (lane * 7 + 5) % TW_LANES;
    fill(0);
    tw__isa_barrier();
    tw__isa_copy(tw__isa_make_buffer(t->global[0], t->bytes), target(0),
                 t->offset + (unsigned)(from * t->size), t->size);
    tw__isa_wait_copies(0);
    tw__isa_barrier();
    tw__isa_shared_load(&t->shared[4 * lane], target(0) + 16 * lane, 16);
}

static void lane_l_fills_the_l_th_place_with_zeros_for_what_is_outside(void **state)
{
    (void)state;
    for (int round = 0; round < 64; round++) {
        clear();
        test.size = round % 2 ? 16 : 4;
        test.offset = round % 4 < 2 ? 4 * (uint32_t)(test_random() % 9) : 0x80000000u;
        test.bytes = 4 * (uint32_t)(test_random() % ((unsigned)(TW_LANES * test.size) / 4));
        assert_int_equal(test_run(kernel_placed_copy, &test_args), 0);
        for (int lane = 0; lane < TW_LANES; lane++)
            for (int w = 0; w < test.size / 4; w++) {
                uint64_t at =
                    (uint64_t)test.offset + (uint64_t)((lane * 7 + 5) % TW_LANES * test.size + 4 * w);
                assert_int_equal(test.shared[lane * test.size / 4 + w],
                                 at < test.bytes ? test.global[0][at / 4] : 0);
            }
        for (int w = TW_LANES * test.size / 4; w < WORDS; w++)
            assert_int_equal(test.shared[w], OLD);
    }
}

static void kernel_scattered_target(const void *args)
{
    copy_case *t = *(copy_case *const *)args;
    tw__isa_copy(tw__isa_make_buffer(t->global[0], 1024), target(0) + 4 * (tw__isa_lane() == 9), 0, 4);
    tw__isa_wait_copies(0);
}

static void kernel_straddled_end(const void *args)
{
    copy_case *t = *(copy_case *const *)args;
    tw__isa_copy(tw__isa_make_buffer(t->global[0], 126), target(0), 0, 4);
    tw__isa_wait_copies(0);
}

static void kernel_no_wait(const void *args)
{
    copy_case *t = *(copy_case *const *)args;
    tw__isa_copy(tw__isa_make_buffer(t->global[0], 1024), target(0), 0, 4);
}

static void kernel_outside(const void *args)
{
    copy_case *t = *(copy_case *const *)args;
    tw__isa_copy(tw__isa_make_buffer(t->global[0], 1024), target(0) + 65536 - 128, 0, 4);
    tw__isa_wait_copies(0);
}

static void expect_failure(void (*kernel)(const void *), const char *text)
{
    clear();
    assert_int_equal(test_run(kernel, &test_args), 1);
    if (!strstr(test_message, text))
        fail_msg("'%s' does not say '%s'", test_message, text);
}

static void a_copy_that_the_hardware_cannot_make_is_reported(void **state)
{
    (void)state;
    expect_failure(kernel_scattered_target, "the destination must be the same in all lanes");
    expect_failure(kernel_straddled_end, "each must be a multiple of 4");
    expect_failure(kernel_no_wait, "1 copies to shared memory under way: wait for vmcnt");
    expect_failure(kernel_outside, "is outside the block's 65536 bytes");
}

/* Two waves; wave 1 reads a stage that wave 0 then fills again. */
enum { ALL_IS_WELL, NO_WAIT, WAIT_BEHIND_BARRIER, NO_BARRIER, STORE_NO_WAIT };

static void kernel_handed_back(const void *args)
{
    copy_case *t = *(copy_case *const *)args;
    tw__buffer buffer = tw__isa_make_buffer(t->global[0], 4 * TW_LANES);
    uint32_t words[4] = {0};
    if (tw__isa_wave() == 0)
        tw__isa_copy(buffer, target(0), 4u * (unsigned)tw__isa_lane(), 4);
    tw__isa_wait_copies(0);
    tw__isa_bare_barrier();
    if (tw__isa_wave() == 1)
        tw__isa_shared_load(words, target(0) + 4 * tw__isa_lane(), 4);
    if (t->variant == ALL_IS_WELL || t->variant == NO_BARRIER)
        tw__isa_wait_shared();
    if (t->variant == NO_BARRIER && tw__isa_wave() == 1)
        tw__isa_bare_barrier(); /* wave 0 comes to it only below */
    if (t->variant != NO_BARRIER)
        tw__isa_bare_barrier();
    if (t->variant == WAIT_BEHIND_BARRIER)
        tw__isa_wait_shared();
    if (tw__isa_wave() == 0 && t->variant == STORE_NO_WAIT)
        tw__isa_shared_store(target(0) + 4 * tw__isa_lane(), words, 4);
    else if (tw__isa_wave() == 0)
        tw__isa_copy(buffer, target(0), 4u * (unsigned)tw__isa_lane(), 4);
    if (t->variant == NO_BARRIER && tw__isa_wave() == 0)
        tw__isa_bare_barrier();
    tw__isa_wait_copies(0);
}

static void run_handed_back(int variant, const char *text)
{
    int found = 0;
    for (uint64_t seed = 1; seed <= 16; seed++) { /* a race shows in most orders of the waves */
        test_launch how = {.threads = 2 * TW_LANES, .seed = seed};
        clear();
        test.variant = variant;
        int failed = test_run_with(kernel_handed_back, &test_args, how);
        if (failed && (!text || !strstr(test_message, text)))
            fail_msg("variant %d, seed %llu: %s", variant, (unsigned long long)seed, test_message);
        found += failed;
    }
    if ((text != NULL) != (found > 0))
        fail_msg("variant %d: %d of 16 orders failed", variant, found);
}

static void a_stage_is_overwritten_only_behind_a_wait_and_a_barrier(void **state)
{
    (void)state;
    run_handed_back(ALL_IS_WELL, NULL);
    run_handed_back(NO_WAIT, "which wave 1 read: that wave has not waited for lgkmcnt");
    run_handed_back(STORE_NO_WAIT, "that wave has not waited for lgkmcnt");
    run_handed_back(WAIT_BEHIND_BARRIER, "which wave 1 read: ");
    run_handed_back(NO_BARRIER, "wave 1 read"); /* or reads, while the copy is under way */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_land_in_order_at_the_wait_that_covers_them_and_no_sooner),
        cmocka_unit_test(the_sixty_fourth_copy_waits_for_the_first),
        cmocka_unit_test(lane_l_fills_the_l_th_place_with_zeros_for_what_is_outside),
        cmocka_unit_test(a_copy_that_the_hardware_cannot_make_is_reported),
        cmocka_unit_test(a_stage_is_overwritten_only_behind_a_wait_and_a_barrier),
    };
    return cmocka_run_group_tests_name("emulator amd copies", tests, NULL, NULL);
}
