/* SPDX-License-Identifier: MIT
 *
 * Runs a whole grid of an emulated kernel: clusters of blocks (mostly of one) over OS threads (OpenMP where
 * the compiler has it on), the lanes of a cluster as fibers. Clusters lie along the grid's first axis.
 *
 *   tw__emu_launch(request, info, kernel)   0, or 1 with request->message filled
 *
 * Results, and the message of a failed launch, depend on the request alone and not on os_threads: every
 * cluster draws its wave order from the seed and its own number, and the first failing one in grid order
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

/* What one OS thread needs to run clusters: the blocks' shared memory and a stack per lane in one mapping, a
 * guard page below each. */
typedef struct {
    tw__emu_cluster cluster;
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

/* Lanes are numbered through the blocks. */
static inline tw__emu_lane *tw__emu_lane_of(tw__emu_cluster *cluster, size_t thread)
{
    return &cluster->wave[thread / TW_LANES].lane[thread % TW_LANES];
}

/* The guard page below a lane's stack. Stacks lie at the mapping's end. */
static inline char *tw__emu_stack_of(tw__emu_workspace *space, size_t thread)
{
    size_t threads = (size_t)space->cluster.waves * TW_LANES;
    return space->mapping + space->mapping_bytes - (threads - thread) * space->stack_stride;
}

TW__EMU_FUNCTION void tw__emu_start_lanes(tw__emu_workspace *space)
{
    for (size_t thread = 0; thread < (size_t)space->cluster.waves * TW_LANES; thread++) {
        size_t unused = thread % TW__EMU_STACK_COLORS * TW__EMU_COLOR_BYTES;
        tw__emu_fiber_start(&tw__emu_lane_of(&space->cluster, thread)->fiber,
                            tw__emu_stack_of(space, thread) + space->page,
                            space->stack_stride - space->page - unused, tw__emu_lane_main);
    }
}

TW__EMU_FUNCTION void tw__emu_free_workspace(tw__emu_workspace *space)
{
    if (space->mapping)
        munmap(space->mapping, space->mapping_bytes);
    for (int rank = 0; space->cluster.block && rank < space->cluster.blocks; rank++) {
        free(space->cluster.block[rank].async.state);
        free(space->cluster.block[rank].finding);
        tw__emu_profile_close(&space->cluster.block[rank]);
        tw__emu_shadow_free(space->cluster.block[rank].shadow);
    }
    free(space->cluster.block);
    free(space->cluster.wave);
}

TW__EMU_FUNCTION void tw__emu_close_workspace(tw__emu_workspace *space)
{
    tw__emu_cluster *cluster = &space->cluster;
    for (int rank = 0; rank < cluster->blocks; rank++)
        cluster->block[rank].kernel = NULL;
    for (size_t thread = 0; thread < (size_t)cluster->waves * TW_LANES; thread++) {
        tw__emu_lane *lane = tw__emu_lane_of(cluster, thread);
        if (TW__EMU_ASAN) { /* its copies of frames are freed by the fiber's own last switch */
            tw__emu_lane_state = lane;
            tw__emu_fiber_switch(&cluster->launcher, &lane->fiber);
        }
        tw__emu_fiber_end(&lane->fiber);
        free(lane->copies.copy);
    }
    tw__emu_lane_state = NULL; /* this thread is no lane any more */
    for (int rank = 0; rank < cluster->blocks; rank++)
        if (cluster->block[rank].async.state)
            cluster->block[rank].async.reset(&cluster->block[rank]);
    tw__emu_free_workspace(space);
}

/* The block's share of the workspace: its waves and its shared memory, a guard page below that. 0, or nonzero
 * where the system refuses. */
TW__EMU_FUNCTION int tw__emu_place_block(tw__emu_workspace *space, int rank, int waves, size_t shared_bytes,
                                         size_t shared_area, const tw_report *asked)
{
    tw__emu_block *block = &space->cluster.block[rank];
    char *guard = space->mapping + (size_t)rank * (space->page + shared_area);
    block->cluster = &space->cluster;
    block->rank = rank;
    block->wave = space->cluster.wave + rank * waves;
    block->waves = waves;
    block->shared = guard + space->page;
    block->shared_bytes = shared_bytes;
    block->shadow = tw__emu_shadow_make(shared_bytes, waves);
    block->asked = asked;
    if (asked)
        block->finding = (tw_finding *)calloc(asked->capacity + 1, sizeof *block->finding);
    for (int w = 0; w < waves; w++) {
        block->wave[w].index = w;
        for (int l = 0; l < TW_LANES; l++) {
            block->wave[w].lane[l].block = block;
            block->wave[w].lane[l].wave = &block->wave[w];
            block->wave[w].lane[l].index = l;
        }
    }
    if (asked && asked->row_capacity && tw__emu_profile_open(block))
        return 1;
    return tw__emu_guard(guard, space->page) || !block->shadow || (asked && !block->finding);
}

/* Room for clusters of `blocks` blocks of `waves` waves. 0, or 1 where the system refuses the memory. */
TW__EMU_FUNCTION int tw__emu_open_workspace(tw__emu_workspace *space, int blocks, int waves,
                                            size_t shared_bytes, const tw_report *asked)
{
    tw__emu_cluster *cluster = &space->cluster;
    size_t threads = (size_t)blocks * (size_t)waves * TW_LANES, page = (size_t)sysconf(_SC_PAGESIZE);
    size_t shared_area = (shared_bytes + page - 1) / page * page;
    void *mapping;
    int refused = 0;
    memset(space, 0, sizeof *space);
    space->page = page;
    space->stack_stride = page + (TW_EMU_STACK_BYTES + page - 1) / page * page;
    space->mapping_bytes = (size_t)blocks * (page + shared_area) + threads * space->stack_stride;
    mapping = mmap(NULL, space->mapping_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    space->mapping = mapping == MAP_FAILED ? NULL : (char *)mapping;
    cluster->block = (tw__emu_block *)calloc((size_t)blocks, sizeof *cluster->block);
    cluster->blocks = blocks;
    cluster->wave = (tw__emu_wave *)calloc((size_t)(blocks * waves), sizeof *cluster->wave);
    cluster->waves = blocks * waves;
    if (!space->mapping || !cluster->block || !cluster->wave) {
        tw__emu_free_workspace(space);
        return 1;
    }
    for (int rank = 0; rank < blocks; rank++)
        refused |= tw__emu_place_block(space, rank, waves, shared_bytes, shared_area, asked);
    for (size_t thread = 0; thread < threads; thread++)
        refused |= tw__emu_guard(tw__emu_stack_of(space, thread), page);
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
    tw__emu_memory *memory; /* NULL: the launch names none */
    uint64_t clusters;
    uint64_t failed_cluster; /* the first in grid order so far; `clusters` where none failed */
    char message[TW__EMU_MESSAGE_BYTES];
} tw__emu_grid;

TW__EMU_FUNCTION void tw__emu_grid_failed(tw__emu_grid *grid, uint64_t number, const char *message)
{
#ifdef _OPENMP
#pragma omp critical(tw__emu_grid_failed)
#endif
    if (number < grid->failed_cluster) {
        __atomic_store_n(&grid->failed_cluster, number, __ATOMIC_RELAXED);
        snprintf(grid->message, sizeof grid->message, "%s", message);
    }
}

/* Block `number` of the grid, x fastest, is about to run. */
TW__EMU_FUNCTION void tw__emu_set_block(const tw__emu_grid *grid, tw__emu_block *block, uint64_t number)
{
    const uint32_t *extent = grid->request->grid;
    block->kernel = grid->kernel;
    block->args = grid->request->args;
    for (int axis = 0; axis < 3; axis++)
        block->grid[axis] = extent[axis];
    block->index[0] = (uint32_t)(number % extent[0]);
    block->index[1] = (uint32_t)(number / extent[0] % extent[1]);
    block->index[2] = (uint32_t)(number / extent[0] / extent[1]);
    block->asked = grid->request->report;
    block->memory = grid->request->unchecked ? NULL : grid->memory;
    block->unchecked = grid->request->unchecked != 0;
    memset(block->shared, TW__EMU_POISON, block->shared_bytes);
}

TW__EMU_FUNCTION void tw__emu_run_grid_cluster(tw__emu_grid *grid, tw__emu_workspace *space, uint64_t number)
{
    tw__emu_cluster *cluster = &space->cluster;
    if (number >= __atomic_load_n(&grid->failed_cluster, __ATOMIC_RELAXED))
        return;
    for (int rank = 0; rank < cluster->blocks; rank++)
        tw__emu_set_block(grid, &cluster->block[rank], number * (uint64_t)cluster->blocks + (uint64_t)rank);
    cluster->random = number;
    cluster->random = grid->request->seed ^ tw__emu_random(&cluster->random);
    if (tw__emu_run_cluster(cluster)) {
        tw__emu_grid_failed(grid, number, cluster->message);
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
        report->traffic.copied_bytes += block->traffic.copied_bytes;
        report->traffic.matrix_instructions += block->traffic.matrix_instructions;
        report->traffic.matrix_flops += block->traffic.matrix_flops;
        report->traffic.exponentials += block->traffic.exponentials;
        tw__emu_profile_hand_in(report, block);
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
TW__EMU_FUNCTION int tw__emu_refuse(const tw_launch_request *request, uint32_t blocks, uint32_t threads,
                                    uint32_t shared_bytes)
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
    else if (blocks > TW__EMU_CLUSTER_BLOCKS_MAX || request->grid[0] % blocks != 0)
        snprintf(
            reason, sizeof reason,
            "emulator: the kernel runs in clusters of %u blocks, of at most %d, along x; the grid has %u",
            blocks, TW__EMU_CLUSTER_BLOCKS_MAX, request->grid[0]);
    if (reason[0] && request->message && request->message_bytes > 0)
        snprintf(request->message, request->message_bytes, "%s", reason);
    return reason[0] != '\0';
}

TW__EMU_FUNCTION int tw__emu_launch(const tw_launch_request *request, const tw_kernel_info *info,
                                    void (*kernel)(const void *args))
{
    tw__emu_grid grid;
    uint32_t shared_bytes = info->shared_bytes ? info->shared_bytes : (uint32_t)TW_SHARED_BYTES;
    uint32_t blocks = info->cluster ? info->cluster : 1;
    int waves = (int)(info->threads / TW_LANES);
    if (tw__emu_refuse(request, blocks, info->threads, shared_bytes))
        return 1;
    memset(&grid, 0, sizeof grid);
    grid.request = request;
    grid.info = info;
    grid.kernel = kernel;
    grid.clusters = (uint64_t)request->grid[0] / blocks * request->grid[1] * request->grid[2];
    grid.failed_cluster = grid.clusters;
    grid.memory = tw__emu_memory_open(request->report);
#ifdef _OPENMP
    int os_threads = request->os_threads ? (int)request->os_threads : omp_get_max_threads();
    if ((uint64_t)os_threads > grid.clusters)
        os_threads = grid.clusters ? (int)grid.clusters : 1;
#pragma omp parallel num_threads(os_threads)
#endif
    {
        tw__emu_workspace space;
        int refused = grid.clusters &&
                      tw__emu_open_workspace(&space, (int)blocks, waves, shared_bytes, request->report);
        if (refused)
            tw__emu_grid_failed(&grid, 0, "emulator: the system refuses memory for the lanes' stacks");
#ifdef _OPENMP
#pragma omp for schedule(dynamic)
#endif
        for (uint64_t number = 0; number < grid.clusters; number++)
            tw__emu_run_grid_cluster(&grid, &space, number);
        if (grid.clusters && !refused) {
            for (int rank = 0; rank < space.cluster.blocks; rank++)
                tw__emu_hand_in(&grid, &space.cluster.block[rank]);
            tw__emu_close_workspace(&space);
        }
    }
    tw__emu_memory_close(grid.memory, grid.memory ? request->report->memories : 0);
    if (grid.failed_cluster == grid.clusters)
        return 0;
    if (request->message && request->message_bytes > 0)
        snprintf(request->message, request->message_bytes, "%s", grid.message);
    return 1;
}

#endif
