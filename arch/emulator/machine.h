/* SPDX-License-Identifier: MIT
 *
 * What an emulated machine consists of while it runs one cluster of blocks, mostly a single block: lanes,
 * waves, the blocks, their shared memory; how a lane finds itself.
 *
 * Needs, defined before: TW_LANES (lanes of a wave), TW_SHARED_BYTES (of the machine) and TW_BANKS (of that),
 * as constants.
 */
#ifndef TW_ARCH_EMULATOR_MACHINE_H
#define TW_ARCH_EMULATOR_MACHINE_H

#include <stdlib.h>

#include "../abi.h"
#include "clock.h"
#include "fiber.h"
#include "site.h"

enum {
    TW__EMU_MESSAGE_BYTES = TW_FINDING_TEXT + 80,
    TW__EMU_MATRIX_ELEMENTS = 32 * 32,
};

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
    const void *site;         /* the instruction it executes */
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
    const char *what;          /* its name */
    int waiting;               /* lanes that wait alone */
    uint32_t cluster_barriers; /* of the cluster, that the wave has arrived at */
    int at_cluster_barrier;    /* it arrived there and has not waited */
    const tw__emu_wait *wait;  /* what all lanes wait for together; NULL while they do not */
    tw__emu_times times;
    void *args[TW_LANES];
    struct tw__emu_access_log *log; /* of shared memory (profile.h); NULL where nobody asks */
    tw__emu_lane lane[TW_LANES];
} tw__emu_wave;

/* What a machine runs beside its lanes (copy engines, asynchronous matrix units): the machine's own
 * instructions allocate `state` when they first need it. */
typedef struct {
    void *state;
    void (*finish)(struct tw__emu_block *block); /* on the last lane, when every kernel call is over */
    void (*reset)(struct tw__emu_block *block);  /* before a block, and before `state` is freed */
    /* sees what `lane` writes, or begins to copy, into the block's shared memory; NULL: nothing reads by
     * itself */
    void (*written)(struct tw__emu_lane *lane, struct tw__emu_block *block, const char *shared, int bytes);
} tw__emu_async;

/* Blocks that run together: they reach each other's shared memory. */
typedef struct {
    tw__emu_fiber launcher;
    struct tw__emu_block *block; /* by rank */
    int blocks;
    tw__emu_wave *wave; /* of all blocks, one block's behind the other's */
    int waves;
    int returned;      /* blocks */
    int arrived;       /* waves, at the cluster's barrier */
    int waves_gone;    /* waves that returned */
    uint32_t barriers; /* of the cluster, complete so far */
    tw__emu_clock met; /* of those who arrived there */
    uint32_t newest;   /* no agent's time was larger when the cluster began */
    uint64_t random;   /* state of the generator that orders the waves */
    int failed;
    char message[TW__EMU_MESSAGE_BYTES];
} tw__emu_cluster;

typedef struct tw__emu_block {
    tw__emu_cluster *cluster;
    int rank; /* in the cluster */
    void (*kernel)(const void *args);
    const void *args;
    uint32_t index[3], grid[3];
    char *shared;
    size_t shared_bytes; /* what the kernel asked for; the machine may have more */
    int waves;
    tw__emu_wave *wave;
    int at_barrier, returned; /* waves */
    tw__emu_clock met;        /* of those who came to the block's barrier */
    tw__emu_async async;
    tw__emu_matrices matrices;
    struct tw__emu_shadow *shadow;
    struct tw__emu_memory *memory; /* the launch's tensors; NULL: not known */
    uint32_t last_memory;          /* the one used last */
    int unchecked;                 /* what the machine could go on after is no finding */
    const tw_report *asked;        /* what the launch wants to be told; NULL: nothing */
    tw_finding *finding;           /* of the blocks that ran here so far, room for asked->capacity */
    uint32_t findings, findings_lost;
    tw_traffic traffic;     /* likewise */
    tw_shared_row *profile; /* likewise, by place; NULL where nobody asks */
} tw__emu_block;

/* A function that reports an error and does not return. */
#define TW__EMU_FAILURE TW__EMU_FUNCTION __attribute__((noreturn, cold))

/* The lane that runs on this OS thread. Written at every switch. */
static __thread __attribute__((unused)) tw__emu_lane *tw__emu_lane_state;

/* An instruction begins: the running lane, which now stands at its place. */
static inline __attribute__((always_inline, unused)) tw__emu_lane *tw__emu_enter(void)
{
    tw__emu_lane *lane = tw__emu_lane_state;
    lane->site = tw__emu_here();
    return lane;
}

#endif
