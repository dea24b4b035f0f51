/* SPDX-License-Identifier: MIT
 *
 * Emulated wgmma against float64 products: every n, every layout that a descriptor can name, A in registers.
 */
#include "wgmma_case.h"

static void kernel_product(const void *args)
{
    wgmma_case *test = *(wgmma_case *const *)args;
    int thread = thread_of_block();
    float d[N_MAX / 2];
    uint32_t a[DEPTH / 16][4];
    fill(test, thread);
    load_d(d, test, thread);
    for (int k = 0; k < DEPTH; k += 16)
        load_a(a[k / 16], test, thread, k);
    tw__isa_barrier();
    tw__isa_wgmma_fence();
    for (int k = 0; k < DEPTH; k += 16)
        issue(test, d, a[k / 16], k);
    tw__isa_wgmma_commit();
    tw__isa_wgmma_wait(0);
    store_d(test, d, thread);
}

static wgmma_case one_case;

static void run_and_check(wgmma_case *test)
{
    if (run(kernel_product, test))
        fail_msg("n %d: %s", test->n, test_message);
    check(test);
}

static void every_n_gives_the_float64_product(void **state)
{
    (void)state;
    for (int n = 8; n <= N_MAX; n += 8) {
        random_case(&one_case, n, n % 16 ? TW_f16 : TW_bf16);
        one_case.a_in_registers = n / 8 % 3 == 0;
        run_and_check(&one_case);
    }
}

static void descriptors_read_every_swizzle_k_major_and_mn_major(void **state)
{
    static const int swizzles[] = {0, 32, 64, 128};
    (void)state;
    for (int form = 0; form < 4 * 4 * 4 * 2; form++) {
        random_case(&one_case, form % 2 ? 96 : 40, test_random() % 2 ? TW_f16 : TW_bf16);
        one_case.left.mn_major = form / 2 & 1;
        one_case.right.mn_major = form / 4 & 1;
        one_case.left.swizzle = swizzles[form / 8 % 4];
        one_case.right.swizzle = swizzles[form / 32];
        run_and_check(&one_case);
    }
}

/* A swizzle's pattern that does not begin at a 1024-byte boundary, told by the descriptor's base offset. */
static void a_base_offset_moves_the_pattern(void **state)
{
    static const int swizzles[] = {32, 64, 128};
    (void)state;
    for (int form = 0; form < 7 * 3 * 2; form++) {
        random_case(&one_case, 64, TW_bf16);
        one_case.right.base_offset = form % 7 + 1;
        one_case.right.base += 128 * one_case.right.base_offset;
        one_case.right.swizzle = swizzles[form / 7 % 3];
        one_case.right.mn_major = form / 21;
        run_and_check(&one_case);
    }
}

static void a_in_registers_is_the_fragment_of_mma_m16n8k16(void **state)
{
    (void)state;
    for (int form = 0; form < 4; form++) {
        random_case(&one_case, 80, form % 2 ? TW_f16 : TW_bf16);
        one_case.a_in_registers = 1;
        one_case.right.mn_major = form / 2;
        run_and_check(&one_case);
    }
}

static void without_accumulate_the_first_product_ignores_d(void **state)
{
    (void)state;
    random_case(&one_case, 48, TW_bf16);
    one_case.accumulate = 0;
    for (int i = 0; i < M * 48; i++)
        one_case.d[i] = NAN;
    assert_int_equal(run(kernel_product, &one_case), 0);
    memset(one_case.d, 0, sizeof one_case.d);
    check(&one_case);
}

/* The same product twice, into two accumulators that take turns; the second begins at zero. */
static void kernel_two_accumulators(const void *args)
{
    wgmma_case *test = *(wgmma_case *const *)args;
    int thread = thread_of_block();
    float first[N_MAX / 2], second[N_MAX / 2], start[N_MAX / 2];
    fill(test, thread);
    load_d(start, test, thread);
    memcpy(first, start, sizeof first);
    memset(second, 0, sizeof second);
    tw__isa_barrier();
    tw__isa_wgmma_fence();
    for (int k = 0; k < DEPTH; k += 16) {
        issue(test, first, NULL, k);
        issue(test, second, NULL, k);
    }
    tw__isa_wgmma_commit();
    tw__isa_wgmma_wait(0);
    for (int i = 0; i < test->n / 2; i++)
        if (fabsf(first[i] - start[i] - second[i]) > 1e-4f)
            first[i] = NAN;
    store_d(test, first, thread);
}

static void accumulators_may_take_turns_within_a_group(void **state)
{
    (void)state;
    random_case(&one_case, 32, TW_bf16);
    assert_int_equal(run(kernel_two_accumulators, &one_case), 0);
    check(&one_case);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_n_gives_the_float64_product),
        cmocka_unit_test(descriptors_read_every_swizzle_k_major_and_mn_major),
        cmocka_unit_test(a_base_offset_moves_the_pattern),
        cmocka_unit_test(a_in_registers_is_the_fragment_of_mma_m16n8k16),
        cmocka_unit_test(without_accumulate_the_first_product_ignores_d),
        cmocka_unit_test(accumulators_may_take_turns_within_a_group),
    };
    return cmocka_run_group_tests_name("emulator sm90 wgmma", tests, NULL, NULL);
}
