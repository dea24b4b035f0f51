/* SPDX-License-Identifier: MIT
 *
 * When emulated wgmma reads its operands and writes its results, and what is said of misuse.
 */
#include "wgmma_case.h"

static wgmma_case one_case;

/* Reads accumulators as the compiler is not to see. */
static float seen(const float *d) { return *(const volatile float *)d; }

static int
    first_changes[4]; /* after issue, wait(2), wait(1), wait(0): how many of three accumulators changed */

static void kernel_three_groups(const void *args)
{
    const wgmma_case *test = *(wgmma_case *const *)args;
    float d[3][N_MAX / 2];
    fill(test, thread_of_block());
    for (int i = 0; i < test->n / 2; i++)
        d[0][i] = d[1][i] = d[2][i] = 1000.0f;
    tw__isa_barrier();
    tw__isa_wgmma_fence();
    for (int g = 0; g < 3; g++) {
        issue(test, d[g], NULL, 0);
        tw__isa_wgmma_commit();
    }
    for (int step = 0; step < 4; step++) {
        int changed = 0;
        if (step > 0)
            tw__isa_wgmma_wait(3 - step);
        for (int g = 0; g < 3; g++)
            changed += seen(&d[g][0]) != 1000.0f;
        if (thread_of_block() == 77)
            first_changes[step] = changed;
    }
}

static void results_land_at_the_wait_that_covers_their_group(void **state)
{
    (void)state;
    random_case(&one_case, 16, TW_bf16);
    assert_int_equal(run(kernel_three_groups, &one_case), 0);
    for (int step = 0; step < 4; step++)
        assert_int_equal(first_changes[step], step);
}

/* Operands that are overwritten between the issue and the wait: shared memory, or A's registers, become zero.
 */
static void kernel_overwrites(const void *args)
{
    wgmma_case *test = *(wgmma_case *const *)args;
    int thread = thread_of_block();
    float d[N_MAX / 2];
    uint32_t a[4], zero[4] = {0};
    fill(test, thread);
    load_d(d, test, thread);
    load_a(a, test, thread, 0);
    tw__isa_barrier();
    tw__isa_wgmma_fence();
    issue(test, d, a, 0);
    tw__isa_wgmma_commit();
    tw__isa_barrier();
    if (test->a_in_registers)
        memset(a, 0, sizeof a);
    else
        for (int i = thread; i < M * DEPTH * 2 / 16; i += WARPGROUP)
            tw__isa_shared_store((char *)tw__isa_shared_base() + test->left.base + 16 * i, zero, 16);
    tw__isa_barrier();
    tw__isa_wgmma_wait(0);
    store_d(test, d, thread);
}

static void an_operand_overwritten_before_the_wait_shows(void **state)
{
    (void)state;
    for (int registers = 0; registers < 2; registers++) {
        random_case(&one_case, 32, TW_bf16);
        one_case.a_in_registers = registers;
        assert_int_equal(run_unchecked(kernel_overwrites, &one_case), 0);
        for (int i = 0; i < M * 32; i++)
            assert_true(one_case.result[i] == one_case.d[i]);
    }
}

/* One wave waits, and overwrites; the others wait later. */
static void kernel_one_wave_waits_first(const void *args)
{
    wgmma_case *test = *(wgmma_case *const *)args;
    int thread = thread_of_block();
    float d[N_MAX / 2];
    uint32_t ones[4] = {0x3f803f80u, 0x3f803f80u, 0x3f803f80u, 0x3f803f80u};
    fill(test, thread);
    load_d(d, test, thread);
    tw__isa_barrier();
    tw__isa_wgmma_fence();
    for (int k = 0; k < DEPTH; k += 16)
        issue(test, d, NULL, k);
    tw__isa_wgmma_commit();
    if (tw__isa_wave() == 2) {
        tw__isa_wgmma_wait(0);
        for (int i = tw__isa_lane(); i < DEPTH * test->n * 2 / 16; i += TW_LANES)
            tw__isa_shared_store((char *)tw__isa_shared_base() + test->right.base + 16 * i, ones, 16);
    }
    tw__isa_barrier();
    if (thread == 0 && seen(&d[0]) != test->d[0])
        test->n = 0; /* landed before its own wait */
    tw__isa_wgmma_wait(0);
    store_d(test, d, thread);
}

static void one_waves_wait_means_that_all_operands_have_been_read(void **state)
{
    (void)state;
    for (int repeat = 0; repeat < 5; repeat++) {
        random_case(&one_case, 64, TW_bf16);
        assert_int_equal(run(kernel_one_wave_waits_first, &one_case), 0);
        assert_int_equal(one_case.n, 64);
        check(&one_case);
    }
}

/* ---- misuse ---- */

static void kernel_misuse(const void *args)
{
    const wgmma_case *test = *(wgmma_case *const *)args;
    float d[N_MAX / 2] = {0};
    fill(test, thread_of_block());
    tw__isa_barrier();
    if (test->misuse != NO_FENCE)
        tw__isa_wgmma_fence();
    if (test->misuse == ONE_WAVE_MISSING && tw__isa_wave() == 1)
        return;
    if (test->misuse == OTHER_DESCRIPTOR && tw__isa_wave() == 3)
        issue(test, d, NULL, 16);
    else
        issue(test, d, NULL, 0);
    tw__isa_wgmma_commit();
    if (test->misuse != NO_WAIT)
        tw__isa_wgmma_wait(0);
}

static const char *misused(int misuse)
{
    random_case(&one_case, 16, TW_bf16);
    one_case.accumulate = 1;
    one_case.misuse = misuse;
    assert_int_equal(run_unchecked(kernel_misuse, &one_case), 1);
    return test_message;
}

static void misuse_is_reported(void **state)
{
    (void)state;
    assert_non_null(strstr(misused(NO_FENCE), "wgmma: wgmma.fence must come between"));
    assert_non_null(strstr(misused(OTHER_DESCRIPTOR), "wgmma: the waves of a warpgroup must issue the same"));
    assert_string_equal(misused(NO_WAIT),
                        "emulator: block (0,0,0): the block ended before waves 0-3 had waited for "
                        "their wgmma");
    assert_non_null(strstr(misused(ONE_WAVE_MISSING), "emulator: block (0,0,0): deadlock: wave"));
    assert_non_null(strstr(
        test_message, "at the wait for wgmma number 1, which not every wave of its warpgroup has issued"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_land_at_the_wait_that_covers_their_group),
        cmocka_unit_test(an_operand_overwritten_before_the_wait_shows),
        cmocka_unit_test(one_waves_wait_means_that_all_operands_have_been_read),
        cmocka_unit_test(misuse_is_reported),
    };
    return cmocka_run_group_tests_name("emulator sm90 wgmma async", tests, NULL, NULL);
}
