/* SPDX-License-Identifier: MIT
 *
 * Every wave loads and computes. Loads run stages - 1 steps ahead, straight into shared memory; a wave knows
 * how many copies it has issued for each step, so it can wait for the oldest step alone: no wait in the loop
 * is for all of them but at its end. Step t runs TW_LOAD(t + ahead) and TW_COMPUTE(t); the first `ahead`
 * steps only load. One meeting a step serves both ends: each wave comes when its part of the stage has landed
 * and its reads of the stage before are done, so behind it the one may be read and the other overwritten.
 *
 * A tile that cannot be copied so (strides, alignment, the end of a row inside a unit) goes through
 * registers, and from then on the wave waits for all its copies: such a tile adds nothing to the count.
 *
 * A ring of one stage, for what shared memory holds once only, has each step's loads in front of its own
 * computation, with a meeting between the two.
 *
 * Where the kernel allows it and the team is of that size, its halves take turns (turns.h): a step then meets
 * at its products instead, and waits for the next step's copies before it multiplies. That wants three
 * stages: with two, it waits for what it has just issued.
 */
#ifndef TW_ARCH_AMD_COMMON_PIPELINE_H
#define TW_ARCH_AMD_COMMON_PIPELINE_H

#include "copy.h"
#include "turns.h"

/* ops/pipeline.h: the first stretch loads `ahead` steps, the next loads and computes, the last computes. The
 * loop in the middle then holds no condition but its own. Of one stage it is the only one. */
#define TW__FIRST_STRETCH(stages)      ((stages) == 1 ? (int)TW__FLOWING : (int)TW__FILLING)
#define TW__PIPELINE_STRETCHES(stages) ((stages) == 1 ? (int)TW__FLOWING + 1 : (int)TW__DRAINING + 1)
enum { TW__FILLING, TW__FLOWING, TW__DRAINING };

#define TW__RING_BARRIERS(stages)
#define TW__RING_BARRIERS_OF(ring) ((uint64_t *)0)
#define TW__RING_STAGES_MIN        1
enum { TW__PRODUCER_THREADS = 0, TW__STREAMS = 0, TW__CLUSTER_BLOCKS_MAX = 1 };

typedef struct {
    int stages, count, step, stretch;
    int load, compute; /* this step's indexes, where it loads or computes */
    int load_slot, compute_slot;
    int wave, waves;
    int copies;  /* of a step: what each wave issues, when the loads fill the stage */
    int issued;  /* of this step, so far */
    int by_hand; /* has a load gone through registers, or a stage not been filled */
    int turns;   /* does the team take turns */
    int turned;  /* has this step had a turn */
} tw__pipeline;

TW_FN tw__pipeline tw__pipeline_make(int stages, int stage_bytes, uint64_t *barriers, int team_threads,
                                     int block_threads, int loader, int blocks)
{
    tw__pipeline pipe;
    (void)barriers, (void)block_threads, (void)loader, (void)blocks;
    pipe.stages = stages;
    pipe.wave = tw__isa_wave();
    pipe.waves = team_threads / TW_LANES;
    pipe.copies = stage_bytes / TW__COPY_BYTES / pipe.waves;
    pipe.count = pipe.step = pipe.issued = pipe.by_hand = pipe.turns = 0;
    pipe.turned = 1;
    pipe.load = pipe.compute = -1;
    pipe.load_slot = pipe.compute_slot = 0;
    return pipe;
}

TW_FN void tw__pipeline_may_take_turns(tw__pipeline *pipe, int may)
{
    pipe->turns = may && pipe->stages > 1 && pipe->waves == TW__TURN_WAVES;
}

TW_FN int tw__takes_turns(const tw__pipeline *pipe) { return pipe->turns; }

/* All but the latest `count` of the wave's copies have landed; if it has loaded by hand, all. */
TW_FN void tw__pipeline_land(const tw__pipeline *pipe, int count)
{
    int under_way = count < 0 ? 0 : count < TW__COPIES_MAX ? count : TW__COPIES_MAX;
    tw__isa_wait_copies(under_way);
    if (under_way > 0 && pipe->by_hand)
        tw__isa_wait_copies(0);
}

/* The filled stages lie before us, of which the first is read next. */
TW_FN void tw__pipeline_begin_turns(tw__pipeline *pipe)
{
    int ahead = pipe->stages - 1;
    tw__pipeline_land(pipe, pipe->count < ahead ? 0 : (ahead - 1) * pipe->copies);
    tw__isa_wait_shared();
    tw__isa_bare_barrier();
    tw__turns_begin(pipe->wave);
    pipe->turned = 1;
}

/* This wave's loads of the next step have landed. While the pipeline flows, `ahead` - 2 steps behind it have
 * been loaded, and of this step's load what has been issued. */
TW_FN void tw__pipeline_land_next(const tw__pipeline *pipe)
{
    int full = (pipe->stages - 3) * pipe->copies;
    tw__pipeline_land(pipe, pipe->stretch == TW__FLOWING ? full + pipe->issued : 0);
}

/* ops/mma.h: this wave has read a product's operands, and is to multiply. */
TW_FN void tw__pipeline_turn(tw__pipeline *pipe)
{
    if (!pipe->turned)
        tw__pipeline_land_next(pipe);
    pipe->turned = 1;
    tw__turn_multiply();
}

/* A step that multiplied nothing has a turn all the same. */
TW_FN void tw__pipeline_finish_turn(tw__pipeline *pipe)
{
    if (pipe->turned)
        return;
    tw__pipeline_turn(pipe);
    tw__turn_over();
}

TW_FN void tw__pipeline_stretch(tw__pipeline *pipe, int count, int stretch)
{
    pipe->stretch = stretch;
    if (stretch == TW__FLOWING) {
        pipe->step = -1;
        if (pipe->turns)
            tw__pipeline_begin_turns(pipe);
    }
    if (stretch == TW__FIRST_STRETCH(pipe->stages)) {
        pipe->count = count;
        pipe->step = -pipe->stages;
        pipe->load_slot = pipe->compute_slot = -1;
        pipe->issued = pipe->by_hand = 0;
    }
    pipe->load = pipe->compute = -1;
}

/* What a step does is its stretch's: no condition stands round what a loop holds in registers. */
TW_FN int tw__pipeline_does_load(const tw__pipeline *pipe, int i)
{
    return pipe->stretch == TW__FILLING ? i < pipe->count : pipe->stretch == TW__FLOWING;
}
TW_FN int tw__pipeline_does_compute(const tw__pipeline *pipe, int i)
{
    (void)i;
    if (pipe->stretch == TW__FILLING)
        return 0;
    if (pipe->stages == 1) { /* this step's loads have just been issued */
        tw__pipeline_land(pipe, 0);
        tw__isa_wait_shared();
        tw__isa_bare_barrier();
    }
    return 1;
}

TW_FN int tw__pipeline_loader(const tw__pipeline *pipe) { return pipe->wave * TW_LANES + tw__isa_lane(); }

TW_FN int tw__pipeline_loaders(const tw__pipeline *pipe) { return pipe->waves * TW_LANES; }

TW_FN int tw__pipeline_stream(tw__pipeline *pipe, tw__shared_tile tile, const void *map, int parts,
                              int together, int col, int row, int plane, int volume)
{
    (void)pipe, (void)tile, (void)map, (void)parts, (void)together;
    (void)col, (void)row, (void)plane, (void)volume;
    return 0;
}

/* ops/pipeline.h asks for a tile, `plain` where the load fills the whole of it from rows of neighbouring
 * elements, from all waves or from this one alone. 0: it has to go through registers. */
#define TW_NATIVE_TILE_COPY
TW_FN int tw__pipeline_copy(tw__pipeline *pipe, tw__shared_tile tile, int plain, int begins,
                            tw__copy_source from, int alone)
{
    int can, row_bytes = tw__tile_row_bytes(tile), waves = alone ? 1 : pipe->waves;
    from = tw__cut_source(from, tile.rows, row_bytes);
    can = tw__isa_settled(plain & tw__can_move(from, tile.rows, row_bytes, TW__COPY_UNIT)) && begins;
    pipe->issued += tw__copies_of(tile, waves);
    pipe->by_hand |= !can;
    if (TW_LIKELY(can))
        tw__copy_tile(tile, from, alone ? 0 : pipe->wave, waves, alone);
    return can;
}

/* This wave's loads of the step that is to be computed have landed, and its reads of the stage before are
 * done. While the pipeline flows, `ahead` - 1 steps behind it have been loaded; of one stage, none. */
TW_FN void tw__pipeline_wait(tw__pipeline *pipe, int ahead)
{
    if (ahead > 0)
        tw__pipeline_land(pipe, pipe->stretch == TW__FLOWING ? (ahead - 1) * pipe->copies : 0);
    tw__isa_wait_shared();
}

/* Tells the compiler that there is a step: coordinates that begin with it are not negative. (The mask costs
 * an instruction, and unlike an assumption is never forgotten.) */
TW_FN int tw__an_index(int step) { return step & 0x7fffffff; }

TW_FN int tw__next_slot(int slot, int stages) { return slot + 1 == stages ? 0 : slot + 1; }

TW_FN int tw__pipeline_has_next(const tw__pipeline *pipe)
{
    int ahead = pipe->stages - 1, next = pipe->step + 1;
    if (pipe->stretch == TW__FILLING)
        return next < 0;
    return next + (pipe->stretch == TW__FLOWING ? ahead : 0) < pipe->count;
}

/* Goes to the stretch's next step, which there is. */
TW_FN int tw__pipeline_next(tw__pipeline *pipe)
{
    int ahead = pipe->stages - 1, next = pipe->step + 1;
    pipe->step = next;
    if (pipe->stretch != TW__DRAINING) {
        pipe->load_slot = tw__next_slot(pipe->load_slot, pipe->stages);
        pipe->load = tw__an_index(next + ahead);
    }
    if (pipe->stretch == TW__FILLING)
        return 1;
    if (pipe->turns) {
        pipe->turned = 0;
    } else {
        tw__pipeline_wait(pipe, ahead);
        tw__isa_bare_barrier();
    }
    pipe->compute_slot = tw__next_slot(pipe->compute_slot, pipe->stages);
    pipe->compute = tw__an_index(next);
    return 1;
}

TW_FN void tw__pipeline_step_done(tw__pipeline *pipe)
{
    if (pipe->turns && pipe->stretch != TW__FILLING)
        tw__pipeline_finish_turn(pipe);
    if (tw__pipeline_does_load(pipe, pipe->load) && pipe->issued < pipe->copies)
        pipe->by_hand = 1;
    pipe->issued = 0;
}

/* At the end the block meets, so that the ring can be reused. */
TW_FN void tw__pipeline_stretch_done(tw__pipeline *pipe)
{
    if (pipe->stretch + 1 != TW__PIPELINE_STRETCHES(pipe->stages))
        return;
    tw__isa_wait_shared();
    if (pipe->turns)
        tw__turns_end(pipe->wave);
    tw__isa_bare_barrier();
}

#endif
