/* SPDX-License-Identifier: MIT
 *
 * Whether a kernel's copies into shared memory run ahead, are waited for, and overwrite nothing that is still
 * being read. CDNA (in brackets: Ampere's cp.async, where only the first rule applies: what else could go
 * wrong there, its scoreboard prevents):
 *
 *   - TW201: the loop round the matrix instructions waits for all copies (vmcnt(0) [DEPBAR.LE SB0, 0x0]) on
 *     every way round. With a ring of three stages or more, the copies of later stages should stay under way;
 *     with two, at least a matrix instruction should stand between copy and wait; with one, as much as shared
 *     memory then holds, there is nothing else to do. Ways by registers, for tiles that cannot be copied so,
 *     may wait as they like.
 *   - TW202: a read of shared memory may be under way (no lgkmcnt that covers it) at a barrier behind which
 * its bytes are overwritten: the compiler moves its own wait across a bare s_barrier.
 *   - TW203: likewise a write, and a barrier behind which it is read.
 *   - TW204: the loop reads a stage before its copies are sure to have landed: no wait, no barrier behind it,
 *     or a count that leaves some of the stage's own copies under way.
 *   - TW205: there is no such loop, in a kernel that has a ring.
 *
 * What a count may leave: in a ring of S stages the copies of a stage begin behind the barrier that frees it,
 * that is S - 1 turns before its reads; copies issued later may be under way, that is S - 2 turns' worth
 * where they are issued before the turn's wait. S is --stages; else at most as many as shared memory holds of
 * what one turn copies (so that nothing right is called wrong), and for TW201 at least one more than
 * turns' worth of copies before the loop.
 */
#include <stdlib.h>
#include <string.h>

#include "asm.h"

enum { COUNTS_MAX = 64 }; /* of accesses behind one; no wait names more */

typedef struct {
    const asm_listing *listing;
    const asm_flow *flow;
    asm_findings *findings;
    char *copies_over, *barriers; /* per instruction: ways end there. A wave that is alone in its block meets
                                   * the others, who are none, where it waits for its copies */
    char *reached;
} waits;

static const asm_instruction *instruction(const waits *w, int i) { return &w->flow->kernel->instruction[i]; }

static void report(const waits *w, asm_code code, int at, int also, char *what, char *fix)
{
    asm_find(w->findings, code, w->flow->kernel, at, also, what, fix);
}

/* ---- reads and writes of shared memory at barriers ---- */

/* Does an instruction of one of the kinds follow the barrier before another barrier? */
static int follows(const waits *w, int barrier, asm_kind kind, asm_kind other_kind)
{
    asm_walk(w->flow, barrier, 0, NULL, w->barriers, w->reached);
    for (int i = 0; i < w->flow->kernel->count; i++)
        if (w->reached[i] && (instruction(w, i)->kind == kind || instruction(w, i)->kind == other_kind))
            return 1;
    return 0;
}

/* The barriers, -1 at the list's end, to which a way leads from access `i` without a wait that covers it. A
 * wait that leaves n accesses under way covers those with n or more behind them. */
static void unguarded(const waits *w, int i, int *barriers)
{
    const asm_kernel *kernel = w->flow->kernel;
    int depth = 0, found = 0, n = kernel->count;
    int *stack = malloc(sizeof *stack * (size_t)n * 4);
    unsigned char *least = malloc((size_t)n); /* accesses behind it so far, on the way with the fewest */
    memset(least, 255, (size_t)n);
    stack[depth++] = i;
    least[i] = 0;
    while (depth > 0) {
        int here = stack[--depth], behind = least[here];
        const asm_instruction *at = &kernel->instruction[here];
        if (here != i &&
            (at->kind == ASM_SHARED_READ || at->kind == ASM_SHARED_WRITE || at->kind == ASM_SHARED_OTHER))
            behind += behind < COUNTS_MAX;
        if (at->kind == ASM_WAIT && at->shared_left != ASM_NO_WAIT && at->shared_left <= behind)
            continue;
        if (at->kind == ASM_BARRIER) {
            barriers[found++] = here;
            continue;
        }
        int next[2] = {here + 1, at->target};
        for (int k = 0; k < 2; k++) {
            int to = next[k];
            if (k == 0 && (at->kind == ASM_JUMP || at->kind == ASM_END || to >= n))
                continue;
            if (k == 1 && ((at->kind != ASM_JUMP && at->kind != ASM_BRANCH) || to < 0))
                continue;
            if (least[to] > behind && depth < 4 * n) {
                least[to] = (unsigned char)behind;
                stack[depth++] = to;
            }
        }
    }
    barriers[found] = -1;
    free(stack);
    free(least);
}

static void check_barriers(const waits *w)
{
    const asm_kernel *kernel = w->flow->kernel;
    int *barriers = malloc(sizeof *barriers * (size_t)(kernel->count + 1) * 4);
    char *told = calloc((size_t)kernel->count + 1, 1); /* one finding a barrier and kind */
    for (int i = 0; i < kernel->count; i++) {
        int reads = kernel->instruction[i].kind == ASM_SHARED_READ;
        if (!reads && kernel->instruction[i].kind != ASM_SHARED_WRITE)
            continue;
        unguarded(w, i, barriers);
        for (int b = 0; barriers[b] >= 0; b++) {
            int barrier = barriers[b];
            if (told[barrier] & (1 << reads))
                continue;
            if (reads && follows(w, barrier, ASM_COPY, ASM_SHARED_WRITE)) {
                report(w, ASM_FOUND_read_not_waited, i, barrier,
                       tw_text_format(
                           "this read of shared memory may be under way at a barrier behind which its bytes "
                           "are overwritten"),
                       tw_text_format(
                           "wait for lgkmcnt(0) before the barrier, and keep the compiler from moving the "
                           "read across it"));
                told[barrier] |= (char)(1 << reads);
            } else if (!reads && follows(w, barrier, ASM_SHARED_READ, ASM_SHARED_READ)) {
                report(w, ASM_FOUND_write_not_waited, i, barrier,
                       tw_text_format(
                           "this write of shared memory may be under way at a barrier behind which it is "
                           "read"),
                       tw_text_format("wait for lgkmcnt(0) before the barrier"));
                told[barrier] |= (char)(1 << reads);
            }
        }
    }
    free(told);
    free(barriers);
}

/* ---- the loop that copies and multiplies ---- */

typedef struct {
    int loop, *turn,
        length;         /* the longest turn, from the instruction behind the barrier that follows the wait */
    int copies, memory; /* of a turn: copies; those and all else that vmcnt counts */
    int wait;           /* the one wait of the turn that leaves copies under way; -1: none, -2: several */
    int stages_at_least, stages_at_most;
} copying_loop;

/* Copies on the way to the loop with the most of them. */
static int copies_before(const waits *w, const copying_loop *l)
{
    const asm_kernel *kernel = w->flow->kernel;
    int *most = calloc((size_t)kernel->count + 1, sizeof *most), best = 0;
    /* Forward edges alone, in the listing's order: a filling loop counts once. */
    for (int i = 0; i < w->flow->loop[l->loop].header; i++) {
        int mine = most[i] + (kernel->instruction[i].kind == ASM_COPY), to = kernel->instruction[i].target;
        asm_kind kind = kernel->instruction[i].kind;
        if (kind != ASM_JUMP && kind != ASM_END && most[i + 1] < mine)
            most[i + 1] = mine;
        if ((kind == ASM_JUMP || kind == ASM_BRANCH) && to > i && most[to] < mine)
            most[to] = mine;
        best = best > mine ? best : mine;
    }
    free(most);
    return best;
}

static void rotate(int *turn, int length, int first)
{
    int *copy = malloc(sizeof *copy * (size_t)length);
    for (int i = 0; i < length; i++)
        copy[i] = turn[(first + i) % length];
    memcpy(turn, copy, sizeof *copy * (size_t)length);
    free(copy);
}

/* Does a wait for all follow the turn's k-th instruction before shared memory is read? Then nothing that is
 * read relies on a count there: rows that came element by element to registers are waited for so. */
static int all_follows(const waits *w, const copying_loop *l, int k)
{
    for (int next = k + 1; next < l->length; next++) {
        if (w->copies_over[l->turn[next]])
            return 1;
        if (instruction(w, l->turn[next])->kind == ASM_SHARED_READ)
            return 0;
    }
    return 0;
}

static copying_loop measure(const waits *w, int loop, int stages)
{
    const asm_figures *figures = &w->flow->kernel->figures;
    copying_loop l = {.loop = loop, .wait = -1};
    int64_t bytes = 0;
    l.turn = malloc(sizeof *l.turn * (size_t)w->flow->loop[loop].size);
    l.length = asm_loop_turn(w->flow, loop, l.turn);
    int wait_at = 0, waves = figures->threads > 0 ? figures->threads / w->listing->lanes : 0;
    for (int k = 0; k < l.length; k++) {
        const asm_instruction *at = instruction(w, l.turn[k]);
        l.copies += at->kind == ASM_COPY;
        l.memory += at->kind == ASM_COPY || at->kind == ASM_MEMORY;
        bytes += (int64_t)at->bytes * w->listing->lanes * waves;
        if (at->kind == ASM_WAIT && at->copies_left > 0 && !all_follows(w, &l, k)) {
            wait_at = k;
            l.wait = l.wait == -1 ? l.turn[k] : -2;
        }
    }
    for (int k = 0; l.wait >= 0 && k < l.length; k++)
        if (w->barriers[l.turn[(wait_at + k) % l.length]]) {
            rotate(l.turn, l.length, (wait_at + k + 1) % l.length);
            break;
        }
    if (stages) {
        l.stages_at_least = l.stages_at_most = stages;
    } else {
        l.stages_at_least = l.copies ? 1 + copies_before(w, &l) / l.copies : 1;
        l.stages_at_most = bytes > 0 && figures->shared_bytes > 0 ? (int)(figures->shared_bytes / bytes) : 0;
        if (l.stages_at_most && l.stages_at_least > l.stages_at_most)
            l.stages_at_least = l.stages_at_most;
    }
    return l;
}

/* Copies that may be under way at the turn's wait while the stage behind the next barrier is whole; -1: no
 * count is small enough. The turn begins behind that barrier. */
static int may_be_under_way(const waits *w, const copying_loop *l, int stages)
{
    int last_read = -1, freed = -1, wait = -1, begins = 0;
    for (int k = 0; k < l->length; k++) {
        asm_kind kind = instruction(w, l->turn[k])->kind;
        if (kind == ASM_SHARED_READ)
            last_read = k, freed = -1;
        if (w->barriers[l->turn[k]] && last_read >= 0 && freed < 0)
            freed = k;
        if (l->turn[k] == l->wait)
            wait = k;
    }
    /* Copies of a stage begin behind `freed`: in the turn of the last read if some follow there, else in the
     * next. */
    for (int k = freed + 1; freed >= 0 && k < l->length - 1; k++)
        begins |= instruction(w, l->turn[k])->kind == ASM_COPY;
    int turns = stages - 2 + begins, behind_wait = 0;
    for (int k = wait + 1; k < l->length; k++)
        behind_wait +=
            instruction(w, l->turn[k])->kind == ASM_COPY || instruction(w, l->turn[k])->kind == ASM_MEMORY;
    return turns * l->memory - behind_wait;
}

/* 1: from `i` a way leads round the loop to itself (two stages: to a matrix instruction) without a wait for
 * all. */
static int runs_ahead(const waits *w, const copying_loop *l, int i)
{
    const char *inside = w->flow->loop[l->loop].in;
    asm_walk(w->flow, i, 0, inside, w->copies_over, w->reached);
    if (l->stages_at_least > 2)
        return w->reached[i];
    if (instruction(w, i)->kind == ASM_MATRIX)
        return 1;
    for (int k = 0; k < w->flow->kernel->count; k++)
        if (w->reached[k] && instruction(w, k)->kind == ASM_MATRIX)
            return 1;
    return 0;
}

static void check_run_ahead(const waits *w, const copying_loop *l)
{
    const asm_kernel *kernel = w->flow->kernel;
    const char *inside = w->flow->loop[l->loop].in;
    if (l->stages_at_most == 1)
        return;
    for (int i = 0; i < kernel->count; i++) {
        asm_kind kind = kernel->instruction[i].kind;
        if (!inside[i] || (kind != ASM_COPY && kind != ASM_MATRIX) || runs_ahead(w, l, i))
            continue;
        int wait = -1;
        for (int k = 0; k < l->length && wait < 0; k++)
            if (w->copies_over[l->turn[k]])
                wait = l->turn[k];
        for (int k = 0; k < kernel->count && wait < 0; k++)
            if (inside[k] && w->copies_over[k])
                wait = k;
        report(
            w, ASM_FOUND_wait_zero, wait, i,
            tw_text_format("the loop round the matrix instructions waits here for all its copies%s",
                           l->stages_at_least > 2 ? ", those of later stages too" : " before it multiplies"),
            tw_text_format(
                w->listing->is_amd
                    ? "leave the copies of later stages under way: vmcnt(n) instead of vmcnt(0), and no "
                      "fence round the barrier (it waits for all)"
                    : "cp.async.wait_group n leaves the n latest groups under way"));
        return;
    }
}

static void check_cover(const waits *w, const copying_loop *l)
{
    const char *inside = w->flow->loop[l->loop].in;
    int copy = -1;
    for (int i = 0; i < w->flow->kernel->count && copy < 0; i++)
        if (inside[i] && instruction(w, i)->kind == ASM_COPY)
            copy = i;
    char *any_wait = calloc((size_t)w->flow->kernel->count + 1, 1);
    for (int i = 0; i < w->flow->kernel->count; i++)
        any_wait[i] = instruction(w, i)->kind == ASM_WAIT && instruction(w, i)->copies_left != ASM_NO_WAIT;
    asm_walk(w->flow, copy, 0, inside, any_wait, w->reached);
    int unwaited = w->reached[copy];
    asm_walk(w->flow, copy, 0, inside, w->barriers, w->reached);
    int unmet = w->reached[copy];
    free(any_wait);
    if (unwaited) {
        report(w, ASM_FOUND_copy_not_covered, copy, -1,
               tw_text_format(
                   "a way leads round the loop from this copy to shared memory without a wait for it"),
               tw_text_format(
                   "wait for vmcnt before the barrier that precedes the reads: the compiler adds no such "
                   "wait"));
        return;
    }
    if (unmet) {
        report(w, ASM_FOUND_copy_not_covered, copy, -1,
               tw_text_format(
                   "a way leads round the loop from this copy to shared memory without a barrier: each wave "
                   "waits for its own copies alone"),
               tw_text_format("a barrier behind the wait for vmcnt"));
        return;
    }
    if (l->wait < 0 || l->stages_at_most < 2)
        return;
    int may = may_be_under_way(w, l, l->stages_at_most), left = instruction(w, l->wait)->copies_left;
    if (left > may)
        report(w, ASM_FOUND_copy_not_covered, l->wait, copy,
               tw_text_format(
                   "vmcnt(%d) leaves %d copies under way, some of them of the stage that is read next: of a "
                   "ring of %d stages and %d copies a turn at most %d",
                   left, left, l->stages_at_most, l->copies, may < 0 ? 0 : may),
               tw_text_format(may < 0 ? "wait before the barrier, not behind it" : "vmcnt(%d)", may));
}

void asm_check_waits(const asm_listing *listing, const asm_flow *flow, int stages, asm_findings *findings)
{
    const asm_kernel *kernel = flow->kernel;
    size_t room = (size_t)kernel->count + 1;
    waits w = {listing, flow, findings, calloc(room, 1), calloc(room, 1), calloc(room, 1)};
    char *done = calloc((size_t)flow->loops + 1, 1);
    int alone = kernel->figures.threads > 0 && kernel->figures.threads <= listing->lanes;
    for (int i = 0; i < kernel->count; i++) {
        const asm_instruction *at = &kernel->instruction[i];
        w.copies_over[i] = at->kind == ASM_WAIT && at->copies_left == 0;
        w.barriers[i] =
            at->kind == ASM_BARRIER || (alone && at->kind == ASM_WAIT && at->copies_left != ASM_NO_WAIT);
    }
    int matrix = -1, copying = 0;
    for (int i = 0; i < kernel->count; i++) {
        int loop = kernel->instruction[i].kind == ASM_MATRIX ? asm_loop_round(flow, i, ASM_COPY) : -1;
        if (matrix < 0 && kernel->instruction[i].kind == ASM_MATRIX)
            matrix = i;
        if (loop < 0 || done[loop]++)
            continue;
        copying++;
        copying_loop l = measure(&w, loop, stages);
        check_run_ahead(&w, &l);
        if (listing->is_amd)
            check_cover(&w, &l);
        free(l.turn);
    }
    if (stages && matrix >= 0 && !copying)
        report(
            &w, ASM_FOUND_copy_missing, matrix, -1,
            tw_text_format(
                "no loop round a matrix instruction copies past the registers, in a ring of %d stages",
                stages),
            tw_text_format(
                "strides, alignment and a row's length that let a tile be copied so (copy.h of the machine)"));
    if (listing->is_amd)
        check_barriers(&w);
    free(done);
    free(w.copies_over);
    free(w.barriers);
    free(w.reached);
}
