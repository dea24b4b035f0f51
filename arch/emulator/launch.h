/* SPDX-License-Identifier: MIT
 *
 * Runs a whole grid of an emulated kernel: blocks over OS threads (OpenMP where the compiler has it on),
 * the lanes of a block as fibers.
 *
 *   tw__emu_launch(request, info, kernel)   0, or 1 with request->message filled
 *
 * Results, and the message of a failed launch, depend on the request alone and not on os_threads: every
 * block draws its wave order from the seed and its own number, and the first failing block in grid order
 * speaks. Blocks behind a failing one may or may not have run.
 */
#ifndef TW_ARCH_EMULATOR_LAUNCH_H
#define TW_ARCH_EMULATOR_LAUNCH_H

#ifdef _OPENMP
#include <omp.h>
#endif
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../abi.h"
#include "scheduler.h"

/* <sys/mman.h> hides both under -std=c17. The value holds on every Linux but alpha, mips, parisc, xtensa. */
#ifndef MAP_ANONYMOUS
#define MAP_ANONYMOUS 0x20
#endif
#if !defined(MADV_NORMAL) && !defined(__cplusplus)
int madvise(void *address, size_t bytes, int advice);
#endif

#ifndef TW_EMU_STACK_BYTES
#define TW_EMU_STACK_BYTES (256 * 1024) /* of one lane; the system backs only the pages that were used */
#endif

enum {
    TW__EMU_POISON = 0xff,     /* fills shared memory before a block: a NaN in every float format */
    TW__EMU_STACK_COLORS = 16, /* stacks start at this many different places of a page, */
    TW__EMU_COLOR_BYTES = 256, /* so that the lanes' innermost frames share no cache set */
    TW__EMU_THREADS_MAX = 1024 /* of a block, on every machine emulated here */
};

/* What one OS thread needs to run blocks: the shared memory and a stack per lane in one mapping, a guard
 * page below each. */
typedef struct {
    tw__emu_block block;
    char *mapping;
    size_t mapping_bytes, stack_stride, page;
} tw__emu_workspace;

enum { TW__EMU_MADV_GUARD_INSTALL = 102 }; /* Linux 6.13, <asm-generic/mman-common.h> */

/* Any access to the page kills the process. A guard installed by madvise costs a quarter of mprotect's and
 * leaves the mapping whole; older systems do not know it. 0, or nonzero where the system refuses. */
TW__EMU_FUNCTION int tw__emu_guard(char *page, size_t bytes)
{
    return madvise(page, bytes, TW__EMU_MADV_GUARD_INSTALL) != 0 && mprotect(page, bytes, PROT_NONE) != 0;
}

static inline tw__emu_lane *tw__emu_lane_of(tw__emu_block *block, size_t thread)
{
    return &block->wave[thread / TW_LANES].lane[thread % TW_LANES];
}

/* The guard page below a lane's stack. Stacks lie at the mapping's end. */
static inline char *tw__emu_stack_of(tw__emu_workspace *space, size_t thread)
{
    size_t threads = (size_t)space->block.waves * TW_LANES;
    return space->mapping + space->mapping_bytes - (threads - thread) * space->stack_stride;
}

TW__EMU_FUNCTION void tw__emu_start_lanes(tw__emu_workspace *space)
{
    for (size_t thread = 0; thread < (size_t)space->block.waves * TW_LANES; thread++) {
        size_t unused = thread % TW__EMU_STACK_COLORS * TW__EMU_COLOR_BYTES;
        tw__emu_fiber_start(&tw__emu_lane_of(&space->block, thread)->fiber,
                            tw__emu_stack_of(space, thread) + space->page,
                            space->stack_stride - space->page - unused, tw__emu_lane_main);
    }
}

TW__EMU_FUNCTION void tw__emu_free_workspace(tw__emu_workspace *space)
{
    if (space->mapping)
        munmap(space->mapping, space->mapping_bytes);
    free(space->block.async.state);
    free(space->block.wave);
    free(space->block.finding);
}

TW__EMU_FUNCTION void tw__emu_close_workspace(tw__emu_workspace *space)
{
    tw__emu_block *block = &space->block;
    block->kernel = NULL;
    for (size_t thread = 0; thread < (size_t)block->waves * TW_LANES; thread++) {
        tw__emu_lane *lane = tw__emu_lane_of(block, thread);
        if (TW__EMU_ASAN) { /* its copies of frames are freed by the fiber's own last switch */
            tw__emu_lane_state = lane;
            tw__emu_fiber_switch(&block->launcher, &lane->fiber);
        }
        tw__emu_fiber_end(&lane->fiber);
        free(lane->copies.copy);
    }
    if (block->async.state)
        block->async.reset(block);
    tw__emu_free_workspace(space);
}

/* 0, or 1 where the system refuses the memory. */
TW__EMU_FUNCTION int tw__emu_open_workspace(tw__emu_workspace *space, int waves, size_t shared_bytes,
                                            const tw_report *asked)
{
    tw__emu_block *block = &space->block;
    size_t threads = (size_t)waves * TW_LANES, page = (size_t)sysconf(_SC_PAGESIZE);
    size_t shared_area = (shared_bytes + page - 1) / page * page;
    void *mapping;
    int refused = 0;
    memset(space, 0, sizeof *space);
    space->page = page;
    space->stack_stride = page + (TW_EMU_STACK_BYTES + page - 1) / page * page;
    space->mapping_bytes = page + shared_area + threads * space->stack_stride;
    mapping = mmap(NULL, space->mapping_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    space->mapping = mapping == MAP_FAILED ? NULL : (char *)mapping;
    block->wave = (tw__emu_wave *)calloc((size_t)waves, sizeof *block->wave);
    block->waves = waves;
    block->asked = asked;
    if (asked)
        block->finding = (tw_finding *)calloc(asked->capacity + 1, sizeof *block->finding);
    if (!space->mapping || !block->wave || (asked && !block->finding)) {
        tw__emu_free_workspace(space);
        return 1;
    }
    block->shared = space->mapping + page;
    block->shared_bytes = shared_bytes;
    refused |= tw__emu_guard(space->mapping, page);
    for (size_t thread = 0; thread < threads; thread++) {
        tw__emu_lane *lane = tw__emu_lane_of(block, thread);
        lane->block = block;
        lane->wave = &block->wave[thread / TW_LANES];
        lane->wave->index = (int)(thread / TW_LANES);
        lane->index = (int)(thread % TW_LANES);
        refused |= tw__emu_guard(tw__emu_stack_of(space, thread), page);
    }
    if (refused) {
        tw__emu_free_workspace(space);
        return 1;
    }
    tw__emu_start_lanes(space);
    return 0;
}

/* A launch as its OS threads share it. */
typedef struct {
    const tw_launch_request *request;
    const tw_kernel_info *info;
    void (*kernel)(const void *args);
    uint64_t blocks;
    uint64_t failed_block; /* the first in grid order so far; `blocks` where none failed */
    char message[TW__EMU_MESSAGE_BYTES];
} tw__emu_grid;

TW__EMU_FUNCTION void tw__emu_grid_failed(tw__emu_grid *grid, uint64_t number, const char *message)
{
#ifdef _OPENMP
#pragma omp critical(tw__emu_grid_failed)
#endif
    if (number < grid->failed_block) {
        __atomic_store_n(&grid->failed_block, number, __ATOMIC_RELAXED);
        snprintf(grid->message, sizeof grid->message, "%s", message);
    }
}

/* Block `number` of the grid, x fastest. */
TW__EMU_FUNCTION void tw__emu_run_grid_block(tw__emu_grid *grid, tw__emu_workspace *space, uint64_t number)
{
    tw__emu_block *block = &space->block;
    const uint32_t *extent = grid->request->grid;
    if (number >= __atomic_load_n(&grid->failed_block, __ATOMIC_RELAXED))
        return;
    block->kernel = grid->kernel;
    block->args = grid->request->args;
    for (int axis = 0; axis < 3; axis++)
        block->grid[axis] = extent[axis];
    block->index[0] = (uint32_t)(number % extent[0]);
    block->index[1] = (uint32_t)(number / extent[0] % extent[1]);
    block->index[2] = (uint32_t)(number / extent[0] / extent[1]);
    block->random = number;
    block->random = grid->request->seed ^ tw__emu_random(&block->random);
    block->asked = grid->request->report;
    memset(block->shared, TW__EMU_POISON, block->shared_bytes);
    if (tw__emu_run_block(block)) {
        tw__emu_grid_failed(grid, number, block->message);
        tw__emu_start_lanes(space);
    }
}

/* Is `a` of an earlier block in the order of the grid, x fastest, or noticed earlier in the code? */
TW__EMU_FUNCTION int tw__emu_finding_before(const tw_finding *a, const tw_finding *b)
{
    for (int axis = 2; axis >= 0; axis--)
        if (a->block[axis] != b->block[axis])
            return a->block[axis] < b->block[axis];
    return a->code != b->code ? a->code < b->code : (uintptr_t)a->place[0] < (uintptr_t)b->place[0];
}

/* What one OS thread's blocks found and counted joins the launch's report; of equal findings the first in the
 * order of the grid stays. */
TW__EMU_FUNCTION void tw__emu_hand_in(tw__emu_grid *grid, const tw__emu_block *block)
{
    tw_report *report = grid->request->report;
    if (!report)
        return;
#ifdef _OPENMP
#pragma omp critical(tw__emu_hand_in)
#endif
    {
        report->lost += block->findings_lost;
        report->traffic.global_read_bytes += block->traffic.global_read_bytes;
        report->traffic.global_written_bytes += block->traffic.global_written_bytes;
        for (uint32_t i = 0; i < block->findings; i++) {
            tw_finding finding = block->finding[i];
            for (uint32_t j = 0; j < report->findings; j++)
                if (tw__emu_same_finding(&report->finding[j], &finding) &&
                    tw__emu_finding_before(&finding, &report->finding[j])) {
                    uint32_t count = report->finding[j].count;
                    report->finding[j] = finding;
                    report->finding[j].count = count;
                }
            report->lost +=
                tw__emu_add_finding(report->finding, &report->findings, report->capacity, &finding);
        }
        /* insertion sort */
        for (uint32_t i = 1; i < report->findings; i++)
            for (uint32_t j = i;
                 j > 0 && tw__emu_finding_before(&report->finding[j], &report->finding[j - 1]); j--) {
                tw_finding swapped = report->finding[j];
                report->finding[j] = report->finding[j - 1];
                report->finding[j - 1] = swapped;
            }
    }
}

/* 0 where the machine can hold such a block, else 1 with the request's message filled. */
TW__EMU_FUNCTION int tw__emu_refuse(const tw_launch_request *request, uint32_t threads, uint32_t shared_bytes)
{
    char reason[TW__EMU_MESSAGE_BYTES] = "";
    if (threads == 0 || threads % TW_LANES != 0 || threads > TW__EMU_THREADS_MAX)
        snprintf(reason, sizeof reason,
                 "emulator: the kernel has %u threads a block; the machine runs whole waves "
                 "of %d lanes, at most %d threads",
                 threads, TW_LANES, TW__EMU_THREADS_MAX);
    else if (shared_bytes > (uint32_t)TW_SHARED_BYTES)
        snprintf(reason, sizeof reason,
                 "emulator: the kernel asks for %u bytes of shared memory; the machine has %d", shared_bytes,
                 TW_SHARED_BYTES);
    if (reason[0] && request->message && request->message_bytes > 0)
        snprintf(request->message, request->message_bytes, "%s", reason);
    return reason[0] != '\0';
}

TW__EMU_FUNCTION int tw__emu_launch(const tw_launch_request *request, const tw_kernel_info *info,
                                    void (*kernel)(const void *args))
{
    tw__emu_grid grid;
    uint32_t shared_bytes = info->shared_bytes ? info->shared_bytes : (uint32_t)TW_SHARED_BYTES;
    int waves = (int)(info->threads / TW_LANES);
    if (tw__emu_refuse(request, info->threads, shared_bytes))
        return 1;
    memset(&grid, 0, sizeof grid);
    grid.request = request;
    grid.info = info;
    grid.kernel = kernel;
    grid.blocks = (uint64_t)request->grid[0] * request->grid[1] * request->grid[2];
    grid.failed_block = grid.blocks;
#ifdef _OPENMP
    int os_threads = request->os_threads ? (int)request->os_threads : omp_get_max_threads();
    if ((uint64_t)os_threads > grid.blocks)
        os_threads = grid.blocks ? (int)grid.blocks : 1;
#pragma omp parallel num_threads(os_threads)
#endif
    {
        tw__emu_workspace space;
        int refused = grid.blocks && tw__emu_open_workspace(&space, waves, shared_bytes, request->report);
        if (refused)
            tw__emu_grid_failed(&grid, 0, "emulator: the system refuses memory for the lanes' stacks");
#ifdef _OPENMP
#pragma omp for schedule(dynamic)
#endif
        for (uint64_t number = 0; number < grid.blocks; number++)
            tw__emu_run_grid_block(&grid, &space, number);
        if (grid.blocks && !refused) {
            tw__emu_hand_in(&grid, &space.block);
            tw__emu_close_workspace(&space);
        }
    }
    if (grid.failed_block == grid.blocks)
        return 0;
    if (request->message && request->message_bytes > 0)
        snprintf(request->message, request->message_bytes, "%s", grid.message);
    return 1;
}

#endif
