/* SPDX-License-Identifier: MIT
 *
 * Planted faults on Hopper: what every machine can have, and mbarriers, the copy engine, wgmma and cp.async.
 */
#define TW_MACHINE sm90
#include "planted.h"

#include "planted_anywhere.inc"

enum { BOX = 8 * 32 * 4, BAR = 32768, TILE = 1024 };

static void make_barrier(int arrivals)
{
    if (planted_thread() == 0) {
        tw__isa_mbarrier_init(planted_shared(BAR), arrivals);
        tw__isa_mbarrier_init_fence();
    }
    tw__isa_barrier();
}

/* ---- the copy engine ---- */

/* Nobody waits for the mbarrier before the read. */
static void reads_before_tma(const void *args)
{
    const planted_case *test = (const planted_case *)args;
    uint32_t word;
    make_barrier(1);
    if (planted_thread() == 0) {
        THERE(), tw__isa_tma_load(planted_shared(TILE), test->map, 0, 0, 0, 0, planted_shared(BAR));
        tw__isa_mbarrier_expect(planted_shared(BAR), BOX);
    }
    if (!test->fault)
        tw__isa_mbarrier_wait(planted_shared(BAR), 0);
    tw__isa_barrier();
    HERE(), tw__isa_shared_load(&word, planted_shared(TILE + 4 * planted_thread()), 4);
    tw__isa_barrier();
    tw__isa_mbarrier_wait(planted_shared(BAR), 0);
}

/* A tensor is written where the copy engine reads it: right for those who waited for the mbarrier, in place.
 */
static void writes_before_tma(const void *args)
{
    const planted_case *test = (const planted_case *)args;
    float *mine = test->out + 64 * (planted_thread() / 8) + 4 * (planted_thread() % 8);
    uint32_t words[4] = {0};
    make_barrier(1);
    tw__isa_global_store(mine, words, 16);
    tw__isa_barrier();
    if (planted_thread() == 0) {
        THERE(), tw__isa_tma_load(planted_shared(TILE), test->out_map, 0, 0, 0, 0, planted_shared(BAR));
        tw__isa_mbarrier_expect(planted_shared(BAR), BOX);
    }
    if (!test->fault)
        tw__isa_mbarrier_wait(planted_shared(BAR), 0);
    HERE(), tw__isa_global_store(mine, words, 16);
    tw__isa_mbarrier_wait(planted_shared(BAR), 0);
}

/* A box in shared memory begins at a multiple of 128 bytes. */
static void misaligned_box(const void *args)
{
    const planted_case *test = (const planted_case *)args;
    make_barrier(1);
    if (planted_thread() == 0) {
        HERE(), tw__isa_tma_load(planted_shared(TILE + (test->fault ? 64 : 0)), test->map, 0, 0, 0, 0,
                                 planted_shared(BAR));
        tw__isa_mbarrier_expect(planted_shared(BAR), BOX);
    }
    tw__isa_mbarrier_wait(planted_shared(BAR), 0);
}

/* The wait is for the phase before, which is over. */
static void wrong_phase(const void *args)
{
    const planted_case *test = (const planted_case *)args;
    uint32_t word;
    make_barrier(1);
    if (planted_thread() == 0) {
        THERE(), tw__isa_tma_load(planted_shared(TILE), test->map, 0, 0, 0, 0, planted_shared(BAR));
        tw__isa_mbarrier_expect(planted_shared(BAR), BOX);
    }
    tw__isa_barrier();
    tw__isa_mbarrier_wait(planted_shared(BAR), test->fault);
    HERE(), tw__isa_shared_load(&word, planted_shared(TILE + 4 * planted_thread()), 4);
    tw__isa_barrier();
    tw__isa_mbarrier_wait(planted_shared(BAR), 0);
}

/* Half of the bytes are expected: the phase never ends, and every wave stands there. */
static void half_the_bytes(const void *args)
{
    const planted_case *test = (const planted_case *)args;
    make_barrier(1);
    if (planted_thread() == 0) {
        tw__isa_tma_load(planted_shared(TILE), test->map, 0, 0, 0, 0, planted_shared(BAR));
        tw__isa_mbarrier_expect(planted_shared(BAR), test->fault ? BOX / 2 : BOX);
    }
    HERE(), tw__isa_mbarrier_wait(planted_shared(BAR), 0);
}

static void too_few_arrivals(const void *args)
{
    const planted_case *test = (const planted_case *)args;
    make_barrier(2);
    if (tw__isa_lane() == 0 && (tw__isa_wave() == 0 || !test->fault))
        tw__isa_mbarrier_arrive(planted_shared(BAR));
    HERE(), tw__isa_mbarrier_wait(planted_shared(BAR), 0);
}

static void too_many_arrivals(const void *args)
{
    const planted_case *test = (const planted_case *)args;
    make_barrier(1);
    if (planted_thread() == 0) {
        tw__isa_tma_load(planted_shared(TILE), test->map, 0, 0, 0, 0, planted_shared(BAR));
        tw__isa_mbarrier_expect(planted_shared(BAR), BOX);
        if (test->fault)
            HERE(), tw__isa_mbarrier_arrive(planted_shared(BAR));
    }
    tw__isa_mbarrier_wait(planted_shared(BAR), 0);
}

/* What waves wrote is stored by the copy engine without a fence for its proxy. */
static void store_without_fence(const void *args)
{
    const planted_case *test = (const planted_case *)args;
    uint32_t words[4] = {0};
    THERE(), tw__isa_shared_store(planted_shared(TILE + 16 * planted_thread()), words, 16);
    if (!test->fault)
        tw__isa_fence_async_proxy();
    tw__isa_barrier();
    if (planted_thread() == 0) {
        HERE(), tw__isa_tma_store(test->out_map, planted_shared(TILE), 0, 0, 0, 0);
        tw__isa_tma_commit();
        tw__isa_tma_wait(0);
    }
}

/* The tile is written again before the store has read it. */
static void overwrites_a_store(const void *args)
{
    const planted_case *test = (const planted_case *)args;
    uint32_t words[4] = {0};
    tw__isa_shared_store(planted_shared(TILE + 16 * planted_thread()), words, 16);
    tw__isa_fence_async_proxy();
    tw__isa_barrier();
    if (planted_thread() == 0) {
        THERE(), tw__isa_tma_store(test->out_map, planted_shared(TILE), 0, 0, 0, 0);
        tw__isa_tma_commit();
        if (!test->fault)
            tw__isa_tma_wait_read(0);
    }
    tw__isa_barrier();
    HERE(), tw__isa_shared_store(planted_shared(TILE + 16 * planted_thread()), words, 16);
    tw__isa_barrier();
    if (planted_thread() == 0)
        tw__isa_tma_wait(0);
}

static void ends_before_store(const void *args)
{
    const planted_case *test = (const planted_case *)args;
    uint32_t words[4] = {0};
    tw__isa_shared_store(planted_shared(TILE + 16 * planted_thread()), words, 16);
    tw__isa_fence_async_proxy();
    tw__isa_barrier();
    if (planted_thread() == 0) {
        HERE(), tw__isa_tma_store(test->out_map, planted_shared(TILE), 0, 0, 0, 0);
        tw__isa_tma_commit();
        if (!test->fault)
            tw__isa_tma_wait(0);
    }
}

/* ---- cp.async ---- */

static void no_wait_for_cp_async(const void *args)
{
    const planted_case *test = (const planted_case *)args;
    uint32_t word;
    THERE(), tw__isa_cp_async_16(planted_shared(16 * planted_thread()), test->in + 4 * planted_thread(), 16);
    tw__isa_cp_async_commit();
    tw__isa_cp_async_wait(test->fault ? 1 : 0);
    tw__isa_barrier();
    HERE(), tw__isa_shared_load(&word, planted_shared(16 * (planted_thread() ^ TW_LANES)), 4);
    tw__isa_barrier();
    tw__isa_cp_async_wait(0);
}

/* ---- wgmma: 64 x 8 x 16, both operands in shared memory, no swizzle ---- */

enum { LEFT = 4096, RIGHT = 8192 };

static void fill_operands(void)
{
    uint32_t zero[4] = {0};
    tw__isa_shared_store(planted_shared(LEFT + 16 * planted_thread()), zero, 16);
    if (planted_thread() < 16)
        tw__isa_shared_store(planted_shared(RIGHT + 16 * planted_thread()), zero, 16);
}

static int multiplied; /* line */

static void multiply(float d[4])
{
    uint64_t left = tw__isa_wgmma_descriptor(planted_shared(LEFT), 1024, 128, 0);
    uint64_t right = tw__isa_wgmma_descriptor(planted_shared(RIGHT), 128, 128, 0);
    tw__isa_wgmma_fence();
    HERE(), multiplied = __LINE__, tw__isa_wgmma_ss(d, left, right, 8, TW_bf16, 0, 0, 0);
    tw__isa_wgmma_commit();
}

/* An operand is overwritten before the wait. */
static void overwrites_an_operand(const void *args)
{
    const planted_case *test = (const planted_case *)args;
    uint32_t ones[4] = {1, 1, 1, 1};
    float d[4];
    fill_operands();
    tw__isa_fence_async_proxy();
    tw__isa_barrier();
    multiply(d);
    if (!test->fault)
        tw__isa_wgmma_wait(0);
    tw__isa_barrier();
    planted_there = multiplied;
    HERE(), tw__isa_shared_store(planted_shared(LEFT + 16 * planted_thread()), ones, 16);
    tw__isa_barrier();
    tw__isa_wgmma_wait(0);
}

static void misaligned_descriptor(const void *args)
{
    const planted_case *test = (const planted_case *)args;
    HERE(), (void)tw__isa_wgmma_descriptor(planted_shared(LEFT + (test->fault ? 8 : 0)), 1024, 128, 0);
}

static void wgmma_without_fence(const void *args)
{
    const planted_case *test = (const planted_case *)args;
    float d[4];
    fill_operands();
    if (!test->fault)
        tw__isa_fence_async_proxy();
    tw__isa_barrier();
    multiply(d);
    tw__isa_wgmma_wait(0);
}

static void faults_of_hopper(void **state)
{
    (void)state;
    PLANTED(reads_before_tma, 2, 1, in_flight);
    PLANTED(writes_before_tma, 2, 1, global_race);
    PLANTED(misaligned_box, 2, 1, misaligned);
    PLANTED(misaligned_descriptor, 1, 1, misaligned);
    PLANTED(wrong_phase, 2, 1, in_flight);
    PLANTED(half_the_bytes, 2, 1, deadlock);
    PLANTED(too_few_arrivals, 2, 1, deadlock);
    PLANTED(too_many_arrivals, 2, 1, mbarrier);
    PLANTED(store_without_fence, 2, 1, proxy);
    PLANTED(overwrites_a_store, 2, 1, still_read);
    PLANTED(ends_before_store, 2, 1, left_behind);
    PLANTED(no_wait_for_cp_async, 2, 1, in_flight);
    PLANTED(overwrites_an_operand, 4, 1, still_read);
    PLANTED(wgmma_without_fence, 4, 1, proxy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults_of_every_machine),
        cmocka_unit_test(faults_of_hopper),
    };
    return cmocka_run_group_tests_name("checker, Hopper", tests, NULL, NULL);
}
