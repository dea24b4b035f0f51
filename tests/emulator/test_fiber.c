/* SPDX-License-Identifier: MIT
 *
 * Fibers by themselves, without a machine: stacks stay apart, registers survive, a fiber that was abandoned
 * half-way starts again. Worth running under AddressSanitizer and valgrind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "arch/emulator/fiber.h"

enum { FIBERS = 1000, ROUNDS = 20, STACK_BYTES = 64 * 1024, FRAME_WORDS = 200 };

typedef struct {
    tw__emu_fiber fiber;
    char *stack;
    int number;
    int rounds;    /* completed */
    int corrupted; /* words of its frame that changed while it was parked */
    double expected, computed;
} test_fiber;

static tw__emu_fiber launcher;
static test_fiber *fibers, *running;

static void switch_to(test_fiber *next)
{
    running = next;
    tw__emu_fiber_switch(&launcher, &next->fiber);
}

static __attribute__((noinline)) void park(test_fiber *self)
{
    tw__emu_fiber_switch(&self->fiber, &launcher);
}

/* More live values than there are registers a call preserves, integers and floats; all depend on the fiber.
 */
static void entry(void)
{
    test_fiber *self = running;
    uint32_t frame[FRAME_WORDS];
    tw__emu_fiber_entered(&self->fiber);
    while (self->number >= 0) {
        int n = self->number, a = n + 1, b = n + 2, c = n + 3, d = n + 4, e = n + 5, f = n + 6, g = n + 7;
        double p = n * 0.5, q = n * 0.25, r = n * 0.125, s = n + 0.5, t = n + 0.25, u = n + 0.125;
        for (int i = 0; i < FRAME_WORDS; i++)
            frame[i] = (uint32_t)(n * 7919 + i);
        park(self);
        self->expected = 7.0 * n + 28 + 3 * n + n * 0.875 + 0.875;
        self->computed = a + b + c + d + e + f + g + p + q + r + s + t + u;
        for (int i = 0; i < FRAME_WORDS; i++)
            self->corrupted += frame[i] != (uint32_t)(n * 7919 + i);
        self->rounds++;
    }
    tw__emu_fiber_leave(&self->fiber, &launcher);
}

static int open_fibers(void **state)
{
    (void)state;
    fibers = (test_fiber *)calloc(FIBERS, sizeof *fibers);
    if (!fibers)
        return 1;
    for (int i = 0; i < FIBERS; i++) {
        fibers[i].number = i;
        fibers[i].stack = (char *)malloc(STACK_BYTES);
        if (!fibers[i].stack)
            return 1;
        tw__emu_fiber_start(&fibers[i].fiber, fibers[i].stack, STACK_BYTES, entry);
    }
    return 0;
}

static int close_fibers(void **state)
{
    (void)state;
    for (int i = 0; i < FIBERS; i++) {
        fibers[i].number = -1;
        switch_to(&fibers[i]);
        tw__emu_fiber_end(&fibers[i].fiber);
        free(fibers[i].stack);
    }
    free(fibers);
    return 0;
}

static void many_fibers_keep_their_frames_and_registers(void **state)
{
    (void)state;
    for (int round = 0; round <= ROUNDS; round++)
        for (int i = 0; i < FIBERS; i++)
            switch_to(&fibers[(i * 7 + round) % FIBERS]);
    for (int i = 0; i < FIBERS; i++) {
        assert_int_equal(fibers[i].rounds, ROUNDS);
        assert_int_equal(fibers[i].corrupted, 0);
        assert_true(fibers[i].computed == fibers[i].expected);
    }
}

/* Parks below a deep frame, and is never resumed there. */
static __attribute__((noinline)) int abandon(test_fiber *self, int depth)
{
    volatile char deep[1024];
    deep[depth] = (char)depth;
    if (depth == 0)
        park(self);
    else
        abandon(self, depth - 1);
    return deep[depth];
}

static void abandoned_entry(void)
{
    test_fiber *self = running;
    tw__emu_fiber_entered(&self->fiber);
    abandon(self, 20);
}

static void an_abandoned_fiber_starts_again(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        tw__emu_fiber_start(&fibers[i].fiber, fibers[i].stack, STACK_BYTES, abandoned_entry);
        switch_to(&fibers[i]);
        tw__emu_fiber_start(&fibers[i].fiber, fibers[i].stack, STACK_BYTES, entry);
        fibers[i].rounds = 0;
        for (int round = 0; round <= ROUNDS; round++)
            switch_to(&fibers[i]);
        assert_int_equal(fibers[i].rounds, ROUNDS);
        assert_int_equal(fibers[i].corrupted, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(many_fibers_keep_their_frames_and_registers, open_fibers,
                                        close_fibers),
        cmocka_unit_test_setup_teardown(an_abandoned_fiber_starts_again, open_fibers, close_fibers),
    };
    return cmocka_run_group_tests_name("emulator fibers", tests, NULL, NULL);
}
