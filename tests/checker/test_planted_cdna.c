/* SPDX-License-Identifier: MIT
 *
 * Planted faults on CDNA3: what every machine can have, and copies to shared memory that are counted.
 */
#define TW_MACHINE gfx942
#include "planted.h"

#include "planted_anywhere.inc"

/* A wave's copy, 4 bytes a lane. A macro: the findings' line is the caller's. */
#define copy(test, to)                                                                                       \
    tw__isa_copy(tw__isa_make_buffer((test)->in, 4 * ELEMENTS), planted_shared(to),                          \
                 4u * (unsigned)tw__isa_lane(), 4)

/* Wave 0 copies 256 bytes; everyone reads them. */
static void copy_once(const planted_case *test)
{
    if (tw__isa_wave() == 0)
        THERE(), copy(test, 0);
}

/* vmcnt is not waited for before the barrier. */
static void no_wait_for_copies(const void *args)
{
    const planted_case *test = (const planted_case *)args;
    uint32_t word;
    copy_once(test);
    if (!test->fault)
        tw__isa_wait_copies(0);
    tw__isa_bare_barrier();
    HERE(), tw__isa_shared_load(&word, planted_shared(4 * tw__isa_lane()), 4);
    tw__isa_bare_barrier();
    tw__isa_wait_copies(0);
}

/* The wait leaves one copy too many under way. */
static void waits_for_too_few(const void *args)
{
    const planted_case *test = (const planted_case *)args;
    uint32_t word;
    for (int c = 0; c < 3; c++)
        THERE(), copy(test, 1024 * tw__isa_wave() + 256 * c);
    tw__isa_wait_copies(test->fault ? 2 : 1);
    HERE(), tw__isa_shared_load(&word, planted_shared(1024 * tw__isa_wave() + 256 + 4 * tw__isa_lane()), 4);
    tw__isa_wait_copies(0);
}

/* Reads are handed back before they are served: lgkmcnt behind the barrier. */
static void wait_behind_barrier(const void *args)
{
    const planted_case *test = (const planted_case *)args;
    uint32_t word = 1;
    if (tw__isa_wave() == 0)
        tw__isa_shared_store(planted_shared(4 * tw__isa_lane()), &word, 4);
    tw__isa_barrier();
    if (tw__isa_wave() == 1)
        THERE(), tw__isa_shared_load(&word, planted_shared(4 * tw__isa_lane()), 4);
    if (!test->fault)
        tw__isa_wait_shared();
    tw__isa_bare_barrier();
    if (test->fault)
        tw__isa_wait_shared();
    if (tw__isa_wave() == 0)
        HERE(), tw__isa_shared_store(planted_shared(4 * tw__isa_lane()), &word, 4);
}

static void misaligned_copy(const void *args)
{
    const planted_case *test = (const planted_case *)args;
    HERE(), tw__isa_copy(tw__isa_make_buffer((test)->in, 4 * ELEMENTS), planted_shared(256 * tw__isa_wave()),
                         4u * (unsigned)tw__isa_lane() + (test->fault ? 2u : 0u), 4);
    tw__isa_wait_copies(0);
}

/* The kernel ends with a copy under way. */
static void ends_too_early(const void *args)
{
    const planted_case *test = (const planted_case *)args;
    HERE(), copy(test, 256 * tw__isa_wave());
    if (!test->fault)
        tw__isa_wait_copies(0);
}

static void faults_of_cdna(void **state)
{
    (void)state;
    PLANTED(no_wait_for_copies, 2, 1, in_flight);
    PLANTED(waits_for_too_few, 2, 1, in_flight);
    PLANTED(wait_behind_barrier, 2, 1, shared_race);
    PLANTED(misaligned_copy, 2, 1, misaligned);
    PLANTED(ends_too_early, 2, 1, left_behind);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults_of_every_machine),
        cmocka_unit_test(faults_of_cdna),
    };
    return cmocka_run_group_tests_name("checker, CDNA", tests, NULL, NULL);
}
