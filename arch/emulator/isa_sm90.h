/* SPDX-License-Identifier: MIT
 *
 * Instructions that came with sm_90, executed by the emulator: mbarriers (mbarrier.h), clusters
 * (cluster.h), tiles moved by the copy engine (tma.h), wgmma (wgmma.h), and here named barriers, the block's
 * pool of registers, stmatrix and elect.
 */
#ifndef TW_ARCH_EMULATOR_ISA_SM90_H
#define TW_ARCH_EMULATOR_ISA_SM90_H

#include "cluster.h"
#include "mbarrier.h"
#include "tma.h"
#include "wgmma.h"

/* ---- named barriers: PTX ISA, "barrier" ---- */

typedef struct {
    int id, threads;
} tw__emu_named_arg;

typedef struct {
    const tw__emu_named_barrier *barrier;
    uint32_t meeting; /* that must be over */
    int id;
} tw__emu_named_wait;

TW__EMU_FUNCTION int tw__emu_named_ready(const void *arg)
{
    const tw__emu_named_wait *wait = (const tw__emu_named_wait *)arg;
    return wait->barrier->meeting != wait->meeting;
}

TW__EMU_FUNCTION void tw__emu_named_describe(const void *arg, char *text, size_t bytes)
{
    const tw__emu_named_wait *wait = (const tw__emu_named_wait *)arg;
    snprintf(text, bytes, "named barrier %d (%d of %d threads have come)", wait->id, wait->barrier->arrived,
             wait->barrier->threads);
}

/* The wave comes to its barrier; returns what to wait for. */
TW__EMU_FUNCTION tw__emu_named_wait tw__emu_named_arrive(const tw__emu_named_arg *arg)
{
    tw__emu_lane *lane = tw__emu_lane_state;
    tw__emu_named_barrier *barrier = &tw__emu_hopper_of(lane)->named[arg->id & (TW__EMU_NAMED_BARRIERS - 1)];
    tw__emu_named_wait wait;
    if (arg->id < 1 || arg->id >= TW__EMU_NAMED_BARRIERS)
        tw__emu_fail_at(lane, "named barrier %d: 1 to 15 are there, and 0 is the block's own", arg->id);
    if (arg->threads < TW_LANES || arg->threads % TW_LANES != 0 ||
        arg->threads > lane->block->waves * TW_LANES)
        tw__emu_fail_at(lane, "named barrier %d for %d threads: whole waves of this block must meet", arg->id,
                        arg->threads);
    if (barrier->arrived > 0 && barrier->threads != arg->threads)
        tw__emu_fail_at(lane, "named barrier %d: this wave expects %d threads, others %d", arg->id,
                        arg->threads, barrier->threads);
    wait.barrier = barrier;
    wait.meeting = barrier->meeting;
    wait.id = arg->id;
    barrier->threads = arg->threads;
    barrier->arrived += TW_LANES;
    tw__emu_settle(&lane->wave->times);
    tw__emu_publish(&barrier->coming, &lane->wave->times);
    if (barrier->arrived == barrier->threads) {
        tw__emu_clock_join(&barrier->met, &barrier->coming, lane->wave->times.agents);
        barrier->arrived = 0;
        barrier->meeting++;
    }
    return wait;
}

TW__EMU_FUNCTION void tw__emu_named_arrive_op(void *const args[])
{
    tw__emu_named_arrive((const tw__emu_named_arg *)args[0]);
}

TW__EMU_FUNCTION void tw__emu_named_sync_op(void *const args[])
{
    tw__emu_named_wait what = tw__emu_named_arrive((const tw__emu_named_arg *)args[0]);
    tw__emu_wait wait;
    wait.ready = tw__emu_named_ready;
    wait.describe = tw__emu_named_describe;
    wait.arg = &what;
    tw__emu_wait_wave(&wait);
    tw__emu_take_over(&tw__emu_lane_state->wave->times, &what.barrier->met);
}

/* bar.sync: waits until `threads` threads (whole waves) have come to barrier `id` (1 to 15), by this
 * instruction or the next. */
TW_FN void tw__isa_named_barrier(int id, int threads)
{
    tw__emu_named_arg arg = {id, threads};
    tw__emu_collective(tw__emu_named_sync_op, &arg, "a named barrier");
}

/* bar.arrive: is counted and goes on. */
TW_FN void tw__isa_named_arrive(int id, int threads)
{
    tw__emu_named_arg arg = {id, threads};
    tw__emu_collective(tw__emu_named_arrive_op, &arg, "the arrival at a named barrier");
}

/* ---- the pool of registers: PTX ISA, "setmaxnreg" ---- */

enum { TW__EMU_REGISTER_FILE = 65536, TW__EMU_REGISTERS_MAX = 256 };

typedef struct {
    const int *free;
    int needed, registers;
} tw__emu_registers_wait;

TW__EMU_FUNCTION int tw__emu_registers_ready(const void *arg)
{
    const tw__emu_registers_wait *wait = (const tw__emu_registers_wait *)arg;
    return *wait->free >= wait->needed;
}

TW__EMU_FUNCTION void tw__emu_registers_describe(const void *arg, char *text, size_t bytes)
{
    const tw__emu_registers_wait *wait = (const tw__emu_registers_wait *)arg;
    snprintf(text, bytes, "setmaxnreg.inc %d (%d registers more, %d are free)", wait->registers, wait->needed,
             *wait->free);
}

/* A block is taken to have been launched with as many registers a lane as the register file allows, as
 * __launch_bounds__(threads, 1) makes ptxas choose. */
TW__EMU_FUNCTION void tw__emu_registers_op(void *const args[])
{
    tw__emu_lane *lane = tw__emu_lane_state;
    tw__emu_hopper *hopper = tw__emu_hopper_of(lane);
    int *mine = &hopper->registers[lane->wave->index], wanted = *(const int *)args[0];
    int launched = TW__EMU_REGISTER_FILE / (lane->block->waves * TW_LANES) / 8 * 8, increase = wanted > 0;
    tw__emu_registers_wait what;
    tw__emu_wait wait;
    if (*mine == 0)
        *mine = launched < TW__EMU_REGISTERS_MAX ? launched : TW__EMU_REGISTERS_MAX;
    wanted = increase ? wanted : -wanted;
    if (wanted < 24 || wanted > TW__EMU_REGISTERS_MAX || wanted % 8 != 0)
        tw__emu_fail_at(lane, "setmaxnreg: %d registers, not a multiple of 8 from 24 to 256", wanted);
    if (increase ? wanted < *mine : wanted > *mine)
        tw__emu_fail_at(lane, "setmaxnreg.%s to %d registers: the wave has %d", increase ? "inc" : "dec",
                        wanted, *mine);
    what.free = &hopper->registers_free;
    what.needed = (wanted - *mine) * TW_LANES;
    what.registers = wanted;
    wait.ready = tw__emu_registers_ready;
    wait.describe = tw__emu_registers_describe;
    wait.arg = &what;
    tw__emu_wait_wave(&wait);
    hopper->registers_free -= what.needed;
    *mine = wanted;
}

/* Waits until the block's pool has the registers. All four waves of a warpgroup must ask for the same. */
TW_FN void tw__isa_setmaxnreg_inc(int registers)
{
    tw__emu_collective(tw__emu_registers_op, &registers, "setmaxnreg.inc");
}

TW_FN void tw__isa_setmaxnreg_dec(int registers)
{
    int negative = -registers;
    tw__emu_collective(tw__emu_registers_op, &negative, "setmaxnreg.dec");
}

/* ---- lanes ---- */

/* elect.sync: 1 in one lane of the wave, always the same, 0 in the others. */
TW_FN int tw__isa_elect(void)
{
    tw__emu_collective(tw__emu_wave_barrier_op, NULL, "elect.sync");
    return tw__isa_lane() == 0;
}

typedef struct {
    tw__emu_lane *lane;
    void *row;
    const uint32_t *r;
} tw__emu_stmatrix;

/* PTX ISA, "stmatrix": the inverse of ldmatrix.x4, transposed or not. */
TW_FN void tw__emu_stmatrix_op(void *const args[], int transposed, const char *what)
{
    for (int target = 0; target < TW_LANES; target++) {
        const tw__emu_stmatrix *to = (const tw__emu_stmatrix *)args[target];
        int m = target / 8, row = target % 8;
        uint16_t values[8];
        for (int col = 0; col < 8; col++) {
            int i = transposed ? col : row, j = transposed ? row : col;
            values[col] = (uint16_t)(((const tw__emu_stmatrix *)args[4 * i + j / 2])->r[m] >> (j % 2 * 16));
        }
        tw__emu_profile_access(to->lane, to->row, 16, TW_SHARED_matrix_store);
        tw__emu_shared_write(to->lane, to->row, values, 16, what);
    }
}

TW__EMU_FUNCTION void tw__emu_stmatrix_x4(void *const args[]) { tw__emu_stmatrix_op(args, 0, "stmatrix.x4"); }

TW__EMU_FUNCTION void tw__emu_stmatrix_x4_trans(void *const args[])
{
    tw__emu_stmatrix_op(args, 1, "stmatrix.x4.trans");
}

TW_FN void tw__emu_stmatrix_issue(tw__emu_op *op, void *row, const uint32_t *r, const char *what)
{
    tw__emu_stmatrix arg;
    arg.lane = tw__emu_enter();
    arg.row = row;
    arg.r = r;
    tw__emu_collective(op, &arg, what);
}

/* Lane 8 m + i names the 16 bytes of row i of matrix m; lane l's register m holds elements (l / 4, 2 (l % 4)
 * + 0..1) of it, of its transpose with _trans. */
TW_FN void tw__isa_stmatrix_x4(void *row, const uint32_t r[4])
{
    tw__emu_stmatrix_issue(tw__emu_stmatrix_x4, row, r, "stmatrix.x4");
}

TW_FN void tw__isa_stmatrix_x4_trans(void *row, const uint32_t r[4])
{
    tw__emu_stmatrix_issue(tw__emu_stmatrix_x4_trans, row, r, "stmatrix.x4.trans");
}

#endif
