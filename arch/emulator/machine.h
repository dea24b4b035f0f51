/* SPDX-License-Identifier: MIT
 *
 * What an emulated machine consists of while it runs one block: lanes, waves, the block, its shared
 * memory; how a lane finds itself, how it reports an error, and the one door through which every
 * instruction reaches shared memory.
 *
 * Needs, defined before: TW_LANES (lanes of a wave) and TW_SHARED_BYTES (of the machine), as constants.
 */
#ifndef TW_ARCH_EMULATOR_MACHINE_H
#define TW_ARCH_EMULATOR_MACHINE_H

#include <stdarg.h>
#include <stdio.h>

#include "fiber.h"

enum { TW__EMU_MESSAGE_BYTES = 512, TW__EMU_MATRIX_ELEMENTS = 32 * 32 };

/* A collective instruction: `args[lane]`, for TW_LANES lanes, is that lane's record of operands and results.
 * Runs once per wave, on the stack of the lane that came last. */
typedef void tw__emu_op(void *const args[]);

/* The operands of the matrix instruction being executed, dense, row by row. Kept here and not on the stack of
 * whichever lane came last, so that they stay in the cache. */
typedef struct {
    float a[TW__EMU_MATRIX_ELEMENTS], b[TW__EMU_MATRIX_ELEMENTS], d[TW__EMU_MATRIX_ELEMENTS];
} __attribute__((aligned(64))) tw__emu_matrices;

/* What a lane, or a whole wave, waits for. `ready` says whether it may go on, and changes nothing; `describe`
 * puts what is waited for into words, for the report of a deadlock. */
typedef struct {
    int (*ready)(const void *arg);
    void (*describe)(const void *arg, char *text, size_t bytes);
    const void *arg;
} tw__emu_wait;

/* A copy to shared memory that has been issued and has not landed. */
typedef struct {
    void *shared;
    uint32_t words[4];
    uint32_t group; /* number of the commit group it belongs to */
} tw__emu_copy;

/* One lane's copies under way, oldest first. */
typedef struct {
    tw__emu_copy *copy;
    int count, capacity;
    uint32_t open_group; /* the group that the next commit closes */
    uint64_t issued;     /* copies since the block began */
} tw__emu_copies;

typedef struct tw__emu_lane {
    tw__emu_fiber fiber;
    struct tw__emu_block *block;
    struct tw__emu_wave *wave;
    int index;                /* in its wave */
    int returned;             /* its kernel call is over */
    uint64_t met;             /* the latest collective instruction it came to */
    const tw__emu_wait *wait; /* what it waits for alone; NULL while it does not */
    tw__emu_copies copies;
} tw__emu_lane;

typedef enum { TW__EMU_READY, TW__EMU_AT_BARRIER, TW__EMU_WAITING, TW__EMU_RETURNED } tw__emu_wave_state;

typedef struct tw__emu_wave {
    int index; /* in its block */
    tw__emu_wave_state state;
    int current;           /* the lane that continues when the wave is chosen */
    int arrived, returned; /* lanes that are at the collective instruction below; lanes that are done */
    int first;             /* the lane that reached it first */
    uint64_t meeting;      /* its number */
    tw__emu_op *op;
    const char *what;  /* its name */
    int waiting;       /* lanes that wait alone */
    uint32_t barriers; /* of the block, that the wave has come to */
    const tw__emu_wait *wait; /* what all lanes wait for together; NULL while they do not */
    void *args[TW_LANES];
    tw__emu_lane lane[TW_LANES];
} tw__emu_wave;

/* What a machine runs beside its lanes (copy engines, asynchronous matrix units): the machine's own instructions
 * allocate `state` when they first need it. */
typedef struct {
    void *state;
    void (*finish)(struct tw__emu_block *block); /* on the last lane, when every kernel call is over */
    void (*reset)(struct tw__emu_block *block);  /* before a block, and before `state` is freed */
    /* sees every access to shared memory; NULL: the machine need not */
    void (*accessed)(struct tw__emu_lane *lane, const char *shared, int bytes, int writes);
} tw__emu_async;

typedef struct tw__emu_block {
    tw__emu_fiber launcher;
    void (*kernel)(const void *args);
    const void *args;
    uint32_t index[3], grid[3];
    char *shared;
    size_t shared_bytes; /* what the kernel asked for; the machine may have more */
    int waves;
    tw__emu_wave *wave;
    int at_barrier, returned; /* waves */
    tw__emu_async async;
    uint64_t random;          /* state of the generator that orders the waves */
    tw__emu_matrices matrices;
    int failed;
    char message[TW__EMU_MESSAGE_BYTES];
} tw__emu_block;

/* A function that reports an error and does not return. */
#define TW__EMU_FAILURE TW__EMU_FUNCTION __attribute__((noreturn, cold))

/* The lane that runs on this OS thread. Written at every switch. */
static __thread __attribute__((unused)) tw__emu_lane *tw__emu_lane_state;

/* Ends the launch with one line. Control goes back to the launcher and never returns to the lane. */
TW__EMU_FAILURE __attribute__((format(printf, 1, 2))) void tw__emu_fail(const char *format, ...)
{
    tw__emu_lane *lane = tw__emu_lane_state;
    tw__emu_block *block = lane->block;
    va_list values;
    va_start(values, format);
    vsnprintf(block->message, sizeof block->message, format, values);
    va_end(values);
    block->failed = 1;
    tw__emu_fiber_switch(&lane->fiber, &block->launcher);
    __builtin_unreachable();
}

/* The same where one lane is at fault: "emulator: <format> (block (x,y,z) wave W lane L)". */
TW__EMU_FAILURE __attribute__((format(printf, 2, 3))) void tw__emu_fail_at(const tw__emu_lane *lane,
                                                                           const char *format, ...)
{
    char text[TW__EMU_MESSAGE_BYTES];
    const uint32_t *at = lane->block->index;
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    tw__emu_fail("emulator: %s (block (%u,%u,%u) wave %d lane %d)", text, at[0], at[1], at[2],
                 lane->wave->index, lane->index);
}

TW__EMU_FAILURE void tw__emu_fail_shared(const tw__emu_lane *lane, const char *what, intptr_t offset,
                                         int bytes)
{
    if (offset < 0 || (size_t)offset + (size_t)bytes > lane->block->shared_bytes)
        tw__emu_fail_at(lane, "%s: shared address %ld+%d is outside the block's %zu bytes", what,
                        (long)offset, bytes, lane->block->shared_bytes);
    tw__emu_fail_at(lane, "%s: shared address %ld is no multiple of %d", what, (long)offset, bytes);
}

/* The door to shared memory: `bytes` at `address`, naturally aligned, of which `lane` speaks in the instruction
 * `what`. */
static inline char *tw__emu_shared(tw__emu_lane *lane, const void *address, int bytes, const char *what)
{
    tw__emu_block *block = lane->block;
    uintptr_t offset = (uintptr_t)address - (uintptr_t)block->shared;
    int inside = offset <= block->shared_bytes && block->shared_bytes - offset >= (uintptr_t)bytes;
    if (__builtin_expect(!inside || offset % (uintptr_t)bytes != 0, 0))
        tw__emu_fail_shared(lane, what, (intptr_t)offset, bytes);
    return block->shared + offset;
}

static inline char *tw__emu_shared_access(tw__emu_lane *lane, const void *address, int bytes, int writes,
                                          const char *what)
{
    char *shared = tw__emu_shared(lane, address, bytes, what);
    if (lane->block->async.accessed)
        lane->block->async.accessed(lane, shared, bytes, writes);
    return shared;
}

/* Every access passes here, so checks and counters belong here. */
static inline void tw__emu_shared_read(tw__emu_lane *lane, void *to, const void *shared, int bytes,
                                       const char *what)
{
    memcpy(to, tw__emu_shared_access(lane, shared, bytes, 0, what), (size_t)bytes);
}

static inline void tw__emu_shared_write(tw__emu_lane *lane, void *shared, const void *from, int bytes,
                                        const char *what)
{
    memcpy(tw__emu_shared_access(lane, shared, bytes, 1, what), from, (size_t)bytes);
}

#endif
