/* SPDX-License-Identifier: MIT
 *
 * wgmma, executed by the emulator (PTX ISA, "Asynchronous warpgroup level matrix instructions: wgmma"). The
 * four waves of a warpgroup issue the same instructions, each at its own time. As late as the manual allows:
 * operands are read, for all four, when the first of them waits for the instruction (and all have issued it);
 * each wave's accumulators change at that wave's own wait. So what overwrites an operand early, or reads an
 * accumulator early, shows.
 */
#ifndef TW_ARCH_EMULATOR_WGMMA_H
#define TW_ARCH_EMULATOR_WGMMA_H

#include "descriptor.h"

/* The operands that an instruction reads from shared memory: B and, where they are no registers, the rows of
 * A from `first` on. */
TW__EMU_FUNCTION int tw__emu_wgmma_walk(tw__emu_lane *lane, tw__emu_block *block,
                                        const tw__emu_wgmma_shape *shape, int first, int rows,
                                        tw__emu_walk what, size_t from, size_t bytes)
{
    return tw__emu_matrix_walk(lane, block, shape->b_matrix, shape->transpose_b, 0, shape->n, what, from,
                               bytes) ||
           (!shape->a_in_registers && tw__emu_matrix_walk(lane, block, shape->a_matrix, shape->transpose_a,
                                                          first, rows, what, from, bytes));
}

/* "Register fragments and shared memory matrix layouts: wgmma.m64nNk16": a wave has 16 rows, its A as in
 * mma.m16n8k16 and its D as n / 8 of that instruction's. */
TW__EMU_FUNCTION void tw__emu_wgmma_read(tw__emu_wgmma *op)
{
    const tw__emu_wgmma_shape *shape = &op->shape;
    tw__emu_matrix_read(op->b_values, 1, shape->n, shape->b_matrix, shape->transpose_b, shape->n,
                        shape->dtype);
    if (!shape->a_in_registers) {
        tw__emu_matrix_read(op->a_values, TW__EMU_WGMMA_K, 1, shape->a_matrix, shape->transpose_a,
                            TW__EMU_WARPGROUP_WAVES * TW__EMU_WGMMA_M, shape->dtype);
        return;
    }
    for (int thread = 0; thread < TW__EMU_WARPGROUP_LANES; thread++) {
        int lane = thread % TW_LANES, row = thread / TW_LANES * TW__EMU_WGMMA_M + lane / 4,
            col = lane % 4 * 2;
        for (int e = 0; e < 8; e++)
            op->a_values[(row + e / 2 % 2 * 8) * TW__EMU_WGMMA_K + col + e % 2 + e / 4 * 8] =
                tw__emu_element(op->a[thread], e, shape->dtype);
    }
}

/* A wave's 16 x n accumulators, between its lanes and a dense matrix. */
TW__EMU_FUNCTION void tw__emu_wgmma_move_d(float *dense, float *const d[], int n, int to_lanes)
{
    for (int lane = 0; lane < TW_LANES; lane++)
        for (int i = 0; i < n / 2; i += 2) {
            float *at = &dense[(lane / 4 + i / 2 % 2 * 8) * n + i / 4 * 8 + lane % 4 * 2];
            memcpy(to_lanes ? d[lane] + i : at, to_lanes ? at : d[lane] + i, 2 * sizeof *at);
        }
}

/* ---- a warpgroup's instructions under way ---- */

static inline tw__emu_warpgroup *tw__emu_warpgroup_of(tw__emu_lane *lane)
{
    int group = lane->wave->index / TW__EMU_WARPGROUP_WAVES;
    if ((group + 1) * TW__EMU_WARPGROUP_WAVES > lane->block->waves)
        tw__emu_fail_at(lane, "wgmma: wave %d belongs to no whole warpgroup of four waves",
                        lane->wave->index);
    return &tw__emu_hopper_of(lane)->warpgroup[group];
}

static inline tw__emu_wgmma_wave *tw__emu_wgmma_wave_of(tw__emu_lane *lane)
{
    return &tw__emu_warpgroup_of(lane)->wave[lane->wave->index % TW__EMU_WARPGROUP_WAVES];
}

typedef struct {
    tw__emu_wgmma_shape shape;
    float *d;
    const uint32_t *a;
} tw__emu_wgmma_arg;

static inline int tw__emu_wgmma_same(const tw__emu_wgmma_shape *a, const tw__emu_wgmma_shape *b)
{
    return a->a_matrix == b->a_matrix && a->b_matrix == b->b_matrix && a->n == b->n && a->dtype == b->dtype &&
           a->a_in_registers == b->a_in_registers && a->transpose_a == b->transpose_a &&
           a->transpose_b == b->transpose_b && a->accumulate == b->accumulate;
}

/* Whether what `lane` writes at `shared` is what a wgmma or a store of the copy engine has yet to read. */
TW__EMU_FUNCTION void tw__emu_hopper_written(tw__emu_lane *lane, tw__emu_block *block, const char *shared,
                                             int bytes)
{
    const tw__emu_hopper *hopper = (const tw__emu_hopper *)block->async.state;
    size_t from = (size_t)(shared - block->shared);
    for (int g = 0; g < TW__EMU_WARPGROUPS; g++) {
        const tw__emu_warpgroup *group = &hopper->warpgroup[g];
        for (uint64_t i = group->read - group->first; i < (uint64_t)group->count; i++) {
            const tw__emu_wgmma *op = group->under_way[i];
            size_t end = from + (size_t)bytes;
            if ((end <= op->a_span[0] || from >= op->a_span[1]) &&
                (end <= op->b_span[0] || from >= op->b_span[1]))
                continue;
            if (!tw__emu_wgmma_walk(lane, block, &op->shape, 0, TW__EMU_WARPGROUP_WAVES * TW__EMU_WGMMA_M,
                                    TW__EMU_OVERLAP, from, (size_t)bytes))
                continue;
            tw__emu_found(
                lane, TW_FINDING_still_read, op->site,
                "wave %d writes shared address %ld, an operand of the wgmma of warpgroup %d at {1} that "
                "nobody has waited for",
                lane->wave->index, (long)from, g);
            return;
        }
    }
    for (int i = 0; i < hopper->stores; i++) {
        const tw__emu_tile_store *store = &hopper->store[i];
        size_t first = (size_t)(store->box.shared - block->shared);
        if (first >= from + (size_t)bytes || from >= first + (size_t)tw__emu_box_bytes(&store->box))
            continue;
        tw__emu_found(
            lane, TW_FINDING_still_read, store->box.site,
            "wave %d writes shared address %ld, which the TMA store of wave %d at {1} has yet to read: "
            "wait for its bulk group",
            lane->wave->index, (long)from, store->lane->wave->index);
        return;
    }
}

/* The wave's next instruction: the first of the four waves to come says what it is. */
TW__EMU_FUNCTION tw__emu_wgmma *tw__emu_wgmma_next(tw__emu_lane *lane, const tw__emu_wgmma_shape *shape)
{
    tw__emu_warpgroup *group = tw__emu_warpgroup_of(lane);
    uint64_t number = tw__emu_wgmma_wave_of(lane)->issued++;
    if (number == group->first + (uint64_t)group->count) {
        tw__emu_wgmma *op = (tw__emu_wgmma *)malloc(sizeof *op);
        group->under_way = (tw__emu_wgmma **)tw__emu_grow(lane, group->under_way, group->count,
                                                          &group->capacity, sizeof *group->under_way);
        if (!op)
            tw__emu_fail_at(lane, "wgmma: no memory for another instruction under way");
        op->shape = *shape;
        op->site = lane->site;
        op->a_span[0] = op->b_span[0] = (size_t)-1;
        op->a_span[1] = op->b_span[1] = 0;
        tw__emu_matrix_span(shape->b_matrix, shape->transpose_b, shape->n, op->b_span);
        if (!shape->a_in_registers)
            tw__emu_matrix_span(shape->a_matrix, shape->transpose_a,
                                TW__EMU_WARPGROUP_WAVES * TW__EMU_WGMMA_M, op->a_span);
        lane->block->async.written = tw__emu_hopper_written;
        group->under_way[group->count++] = op;
    }
    return group->under_way[number - group->first];
}

/* Does an instruction of this wave that is under way write the accumulators at `d` of its lane `l`? */
static inline int tw__emu_wgmma_writes(const tw__emu_warpgroup *group, uint64_t landed, uint64_t issued,
                                       int l, const float *d)
{
    for (uint64_t i = landed; i < issued; i++)
        if (group->under_way[i - group->first]->d[l] == d)
            return 1;
    return 0;
}

TW__EMU_FUNCTION void tw__emu_wgmma_op(void *const args[])
{
    tw__emu_lane *lane = tw__emu_lane_state;
    const tw__emu_wgmma_shape *shape = &((const tw__emu_wgmma_arg *)args[0])->shape;
    int first = lane->wave->index % TW__EMU_WARPGROUP_WAVES * TW_LANES;
    tw__emu_wgmma *op = tw__emu_wgmma_next(lane, shape);
    const tw__emu_wgmma_wave *wave = tw__emu_wgmma_wave_of(lane);
    if (!wave->fenced)
        tw__emu_fail_at(
            lane, "wgmma: wgmma.fence must come between other uses of its registers and this instruction");
    if (!tw__emu_wgmma_same(&op->shape, shape))
        tw__emu_fail_at(
            lane,
            "wgmma: the waves of a warpgroup must issue the same instruction; wave %d issues another "
            "shape or descriptor than the first of them",
            lane->wave->index);
    for (int l = 0; l < TW_LANES; l++) {
        const tw__emu_wgmma_arg *arg = (const tw__emu_wgmma_arg *)args[l];
        if (!tw__emu_wgmma_same(&arg->shape, shape))
            tw__emu_fail_at(lane, "wgmma: lane %d has another shape or descriptor than lane 0", l);
        if (TW__EMU_MSAN && shape->accumulate &&
            !tw__emu_wgmma_writes(tw__emu_warpgroup_of(lane), wave->landed, wave->issued - 1, first + l,
                                  arg->d))
            tw__emu_check_registers(lane, arg->d, shape->n / 2 * (int)sizeof(float), "wgmma");
        op->d[first + l] = arg->d;
        op->a[first + l] = arg->a;
        tw__emu_mark_results(arg->d, shape->n / 2 * (int)sizeof(float), 0);
    }
    tw__emu_wgmma_walk(lane, lane->block, shape, first / TW_LANES * TW__EMU_WGMMA_M, TW__EMU_WGMMA_M,
                       TW__EMU_LOOK, 0, 0);
}

TW_FN void tw__emu_wgmma_issue(float *d, const uint32_t *a, tw__emu_wgmma_shape shape)
{
    tw__emu_wgmma_arg arg;
    if (shape.n < 8 || shape.n > TW__EMU_WGMMA_N || shape.n % 8 != 0)
        tw__emu_fail_at(tw__emu_enter(), "wgmma: n is %d, not a multiple of 8 from 8 to 256", shape.n);
    arg.shape = shape;
    arg.d = d;
    arg.a = a;
    tw__emu_collective(tw__emu_wgmma_op, &arg, "wgmma");
}

/* Whether each wave of the warpgroup has issued as many instructions. */
typedef struct {
    const tw__emu_warpgroup *group;
    uint64_t issued;
} tw__emu_wgmma_wait;

TW__EMU_FUNCTION int tw__emu_wgmma_ready(const void *arg)
{
    const tw__emu_wgmma_wait *wait = (const tw__emu_wgmma_wait *)arg;
    for (int w = 0; w < TW__EMU_WARPGROUP_WAVES; w++)
        if (wait->group->wave[w].issued < wait->issued)
            return 0;
    return 1;
}

TW__EMU_FUNCTION void tw__emu_wgmma_describe(const void *arg, char *text, size_t bytes)
{
    const tw__emu_wgmma_wait *wait = (const tw__emu_wgmma_wait *)arg;
    snprintf(text, bytes, "the wait for wgmma number %llu, which not every wave of its warpgroup has issued",
             (unsigned long long)wait->issued);
}

/* This wave's rows of its instructions before number `end`. Those on the same accumulators, one after the
 * other, share the dense copy. */
TW__EMU_FUNCTION void tw__emu_wgmma_land(tw__emu_lane *lane, uint64_t end)
{
    tw__emu_warpgroup *group = tw__emu_warpgroup_of(lane);
    tw__emu_wgmma_wave *wave = tw__emu_wgmma_wave_of(lane);
    int slot = lane->wave->index % TW__EMU_WARPGROUP_WAVES, first = slot * TW_LANES, held = 0;
    float *dense = tw__emu_hopper_of(lane)->d_values;
    for (; wave->landed < end; wave->landed++) {
        const tw__emu_wgmma *op = group->under_way[wave->landed - group->first], *next = NULL;
        int n = op->shape.n;
        for (int l = 0; l < TW_LANES; l++)
            tw__emu_mark_results(op->d[first + l], n / 2 * (int)sizeof(float), 1);
        if (!op->shape.accumulate)
            memset(dense, 0, sizeof(float) * (size_t)(TW__EMU_WGMMA_M * n));
        else if (!held)
            tw__emu_wgmma_move_d(dense, op->d + first, n, 0);
        tw__emu_count_product(lane->block, TW__EMU_WGMMA_M, n, TW__EMU_WGMMA_K);
        tw__emu_matmul(dense, op->a_values + slot * TW__EMU_WGMMA_M * TW__EMU_WGMMA_K, op->b_values,
                       TW__EMU_WGMMA_M, n, TW__EMU_WGMMA_K);
        if (wave->landed + 1 < end)
            next = group->under_way[wave->landed + 1 - group->first];
        held = next && next->shape.n == n && next->d[first] == op->d[first];
        if (!held)
            tw__emu_wgmma_move_d(dense, op->d + first, n, 1);
    }
}

/* Drops the instructions that have landed for all four waves. */
TW__EMU_FUNCTION void tw__emu_warpgroup_retire(tw__emu_warpgroup *group)
{
    uint64_t landed = group->wave[0].landed;
    int retired;
    for (int w = 1; w < TW__EMU_WARPGROUP_WAVES; w++)
        if (group->wave[w].landed < landed)
            landed = group->wave[w].landed;
    retired = (int)(landed - group->first);
    for (int i = 0; i < retired; i++)
        free(group->under_way[i]);
    group->first = landed;
    group->count -= retired;
    if (retired > 0)
        memmove(group->under_way, group->under_way + retired,
                (size_t)group->count * sizeof *group->under_way);
}

/* Reads the operands of the instructions before number `end`, if no other wave's wait has; the wave then
 * knows that they were read, and whoever meets it will. */
TW__EMU_FUNCTION void tw__emu_wgmma_read_until(tw__emu_lane *lane, tw__emu_warpgroup *group, uint64_t end)
{
    tw__emu_hopper *hopper = tw__emu_hopper_of(lane);
    int agent =
        lane->block->rank * TW__EMU_BLOCK_AGENTS + TW__EMU_WARPGROUP_AGENT + (int)(group - hopper->warpgroup);
    uint32_t *seen = &lane->wave->times.clock.seen[agent];
    if (group->read < end)
        group->time = tw__emu_later(group->time, lane->block->cluster->newest) + 1;
    for (; group->read < end; group->read++) {
        tw__emu_wgmma *op = group->under_way[group->read - group->first];
        const void *here = lane->site;
        lane->site = op->site;
        op->read_at = group->time;
        tw__emu_wgmma_read(op);
        tw__emu_wgmma_walk(lane, lane->block, &op->shape, 0, TW__EMU_WARPGROUP_WAVES * TW__EMU_WGMMA_M,
                           TW__EMU_LOOKED, 0, 0);
        lane->site = here;
    }
    *seen = tw__emu_later(*seen, group->under_way[end - 1 - group->first]->read_at);
}

TW__EMU_FUNCTION void tw__emu_wgmma_wait_op(void *const args[])
{
    tw__emu_lane *lane = tw__emu_lane_state;
    uint64_t groups = (uint64_t) * (const int *)args[0];
    tw__emu_warpgroup *group = tw__emu_warpgroup_of(lane);
    tw__emu_wgmma_wave *wave = tw__emu_wgmma_wave_of(lane);
    tw__emu_wgmma_wait what;
    tw__emu_wait wait;
    uint64_t end = wave->committed > groups ? wave->group_end[(wave->committed - groups) % 8] : 0;
    if (wave->landed >= end)
        return;
    what.group = group;
    what.issued = end;
    wait.ready = tw__emu_wgmma_ready;
    wait.describe = tw__emu_wgmma_describe;
    wait.arg = &what;
    tw__emu_wait_wave(&wait);
    tw__emu_wgmma_read_until(lane, group, end);
    tw__emu_wgmma_land(lane, end);
    tw__emu_warpgroup_retire(group);
    wave->fenced = 0;
}

TW__EMU_FUNCTION void tw__emu_wgmma_fence_op(void *const args[])
{
    (void)args;
    tw__emu_wgmma_wave_of(tw__emu_lane_state)->fenced = 1;
}

TW__EMU_FUNCTION void tw__emu_wgmma_commit_op(void *const args[])
{
    tw__emu_wgmma_wave *wave = tw__emu_wgmma_wave_of(tw__emu_lane_state);
    (void)args;
    wave->committed++;
    wave->group_end[wave->committed % 8] = wave->issued;
}

/* ---- the instructions ---- */

/* wgmma.fence: before the first wgmma, and between other accesses to its registers and a wgmma; here also
 * after every wait that made results land. */
TW_FN void tw__isa_wgmma_fence(void) { tw__emu_collective(tw__emu_wgmma_fence_op, NULL, "wgmma.fence"); }

TW_FN void tw__isa_wgmma_commit(void)
{
    tw__emu_collective(tw__emu_wgmma_commit_op, NULL, "wgmma.commit_group");
}

/* wgmma.wait_group: all but the latest `groups` (0 to 7) committed groups are done. */
TW_FN void tw__isa_wgmma_wait(int groups)
{
    tw__emu_collective(tw__emu_wgmma_wait_op, &groups, "wgmma.wait_group");
}

/* Tells a compiler that registers change where it cannot see it; nothing to tell here. */
TW_FN void tw__isa_wgmma_pin(float *d, int count) { (void)d, (void)count; }

/* What the accumulators held does not matter any more: here they become NaN, to show where it does. */
TW_FN void tw__isa_wgmma_forget(float *d, int count)
{
    const uint32_t nan = 0x7fc00000u;
    for (int i = 0; i < count; i++)
        memcpy(&d[i], &nan, sizeof nan);
}

/* wgmma.mma_async.m64nNk16: d (64 x n, f32) = a b + (accumulate ? d : 0). d, and a in registers, must stay
 * where they are and as they are until the wait. */
TW_FN void tw__isa_wgmma_ss(float *d, uint64_t a, uint64_t b, int n, int dtype, int transpose_a,
                            int transpose_b, int accumulate)
{
    tw__emu_wgmma_shape shape = {a, b, n, dtype, 0, transpose_a, transpose_b, accumulate};
    tw__emu_wgmma_issue(d, NULL, shape);
}

TW_FN void tw__isa_wgmma_rs(float *d, const uint32_t a[4], uint64_t b, int n, int dtype, int transpose_b,
                            int accumulate)
{
    tw__emu_wgmma_shape shape = {0, b, n, dtype, 1, 0, transpose_b, accumulate};
    tw__emu_wgmma_issue(d, a, shape);
}

#endif
