/* SPDX-License-Identifier: MIT
 *
 * What Hopper runs beside its lanes: copies that land when an mbarrier needs them (mbarrier.h, tma.h), stores
 * of tiles (tma.h), asynchronous matrix multiplications (wgmma.h), named barriers and the block's pool of
 * registers (isa_sm90.h). One tw__emu_hopper per block, made when the block first uses one of them.
 */
#ifndef TW_ARCH_EMULATOR_HOPPER_H
#define TW_ARCH_EMULATOR_HOPPER_H

#include <stdlib.h>

#include "isa_nvidia.h"
#include "tensor_map.h"

enum {
    TW__EMU_WARPGROUP_LANES = TW__EMU_WARPGROUP_WAVES * TW_LANES,
    TW__EMU_NAMED_BARRIERS = 16,
    TW__EMU_MBARRIER_SLOTS = TW__EMU_WARPGROUP_AGENT - TW__EMU_LANDING_AGENT,
    TW__EMU_BULK_LANES = 1024
};

/* A box of a tensor on its way between global and shared memory. */
typedef struct {
    tw__emu_tensor_map map;
    char *shared;
    int at[4];        /* of the box's first element, innermost axis first */
    int again;        /* for one more block: the copy engine reads global memory once for all */
    const void *site; /* of the instruction */
} tw__emu_box;

/* Bytes of it in shared memory. */
static inline int tw__emu_box_bytes(const tw__emu_box *box)
{
    return box->map.box_rows * box->map.box_cols * (int)box->map.stride[0];
}

/* A copy into shared memory that an mbarrier will be told of when it lands. */
typedef struct tw__emu_landing {
    void (*land)(const struct tw__emu_landing *landing);
    tw__emu_lane *lane;       /* that issued it, or its counterpart in the block it goes to */
    size_t barrier;           /* the mbarrier's place in shared memory */
    uint32_t arrivals, bytes; /* what the mbarrier then counts */
    uint64_t copies;          /* of cp.async: the lane's copies that must have landed */
    tw__emu_box box;          /* of a TMA load */
} tw__emu_landing;

/* A TMA store that has not read shared memory. */
typedef struct {
    tw__emu_lane *lane;
    uint32_t group; /* the lane's bulk group that it belongs to */
    tw__emu_box box;
} tw__emu_tile_store;

/* What an mbarrier tells of the times of those who arrived: of the phase that is under way, and of those that
 * are over. A copy that it counts is work of agent TW__EMU_LANDING_AGENT + slot at `time`. */
typedef struct {
    size_t offset; /* in shared memory */
    uint32_t time; /* of the phase that is under way */
    tw__emu_clock coming, met;
} tw__emu_mbarrier_times;

typedef struct {
    int threads; /* that meet, all told; 0 while none has come */
    int arrived;
    uint32_t meeting;          /* meetings so far */
    tw__emu_clock coming, met; /* of those who came to the next one, of those who came to the last */
} tw__emu_named_barrier;

/* One wgmma instruction of a warpgroup, from the first wave's issue to the last wave's wait. */
typedef struct {
    uint64_t a_matrix, b_matrix; /* descriptors; a_matrix is 0 where A comes from registers */
    int n, dtype, a_in_registers, transpose_a, transpose_b, accumulate;
} tw__emu_wgmma_shape;

typedef struct {
    tw__emu_wgmma_shape shape;
    float *d[TW__EMU_WARPGROUP_LANES];
    const uint32_t *a[TW__EMU_WARPGROUP_LANES];
    const void *site;                      /* of the first wave's issue */
    size_t a_span[2], b_span[2];           /* the shared memory between its operands' first and last bytes */
    uint32_t read_at;                      /* the warpgroup's time when the operands were read */
    float a_values[64 * 16] TW_ALIGN(16);  /* m x k, when the operands have been read */
    float b_values[16 * 256] TW_ALIGN(16); /* k x n */
} tw__emu_wgmma;

/* What a wave of a warpgroup has issued, committed and waited for. Instructions are numbered from the block's
 * beginning. */
typedef struct {
    uint64_t issued, landed;
    uint64_t committed;    /* groups */
    uint64_t group_end[8]; /* instructions before the end of group g, at g % 8 */
    int fenced;            /* wgmma.fence since results last landed */
} tw__emu_wgmma_wave;

typedef struct {
    tw__emu_wgmma **under_way; /* instruction number `first` and those after it */
    uint64_t first, read;      /* `read`: the first whose operands have not been read */
    int count, capacity;
    uint32_t time; /* as an agent that reads shared memory */
    tw__emu_wgmma_wave wave[TW__EMU_WARPGROUP_WAVES];
} tw__emu_warpgroup;

typedef struct {
    tw__emu_landing *landing; /* in the order of issue */
    int landings, landing_capacity;
    tw__emu_tile_store *store; /* likewise */
    int stores, store_capacity;
    uint32_t open_group[TW__EMU_BULK_LANES]; /* of stores, by thread: the group that the next commit closes */
    tw__emu_warpgroup warpgroup[TW__EMU_WARPGROUPS];
    float d_values[16 * 256] TW_ALIGN(16); /* one wave's accumulators, dense, while they are worked on */
    tw__emu_named_barrier named[TW__EMU_NAMED_BARRIERS];
    tw__emu_mbarrier_times *mbarrier[TW__EMU_MBARRIER_SLOTS];
    int registers_free;                                /* in the block's pool */
    int registers[TW__EMU_BULK_LANES / (int)TW_LANES]; /* of each lane of a wave; 0: as launched */
} tw__emu_hopper;

TW__EMU_FUNCTION void tw__emu_hopper_reset(tw__emu_block *block)
{
    tw__emu_hopper *hopper = (tw__emu_hopper *)block->async.state;
    for (int g = 0; g < TW__EMU_WARPGROUPS; g++) {
        tw__emu_warpgroup *group = &hopper->warpgroup[g];
        for (int i = 0; i < group->count; i++)
            free(group->under_way[i]);
        free(group->under_way);
    }
    for (int slot = 0; slot < TW__EMU_MBARRIER_SLOTS; slot++)
        free(hopper->mbarrier[slot]);
    free(hopper->landing);
    free(hopper->store);
    memset(hopper, 0, sizeof *hopper);
}

/* What the hardware would go on doing to the shared memory of a block that is gone. */
TW__EMU_FUNCTION void tw__emu_hopper_finish(tw__emu_block *block)
{
    tw__emu_hopper *hopper = (tw__emu_hopper *)block->async.state;
    for (int i = 0; i < hopper->landings; i++)
        if (hopper->landing[i].bytes > 0)
            tw__emu_fail_as(
                hopper->landing[i].lane, TW_FINDING_left_behind, NULL,
                "the block ended before a TMA load into shared address %ld had landed: nothing waited for "
                "the mbarrier at %ld",
                (long)(hopper->landing[i].box.shared - block->shared), (long)hopper->landing[i].barrier);
    if (hopper->stores > 0)
        tw__emu_fail_as(
            hopper->store[0].lane, TW_FINDING_left_behind, NULL,
            "the block ended before a TMA store had read shared address %ld: wait for its bulk group",
            (long)(hopper->store[0].box.shared - block->shared));
    for (int g = 0; g < TW__EMU_WARPGROUPS; g++)
        if (hopper->warpgroup[g].count > 0)
            tw__emu_fail(TW_FINDING_left_behind,
                         "block (%u,%u,%u): the block ended before waves %d-%d had waited for their wgmma",
                         block->index[0], block->index[1], block->index[2], g * TW__EMU_WARPGROUP_WAVES,
                         (g + 1) * TW__EMU_WARPGROUP_WAVES - 1);
}

TW__EMU_FUNCTION tw__emu_hopper *tw__emu_hopper_make(tw__emu_lane *lane)
{
    tw__emu_async *async = &lane->block->async;
    async->state = calloc(1, sizeof(tw__emu_hopper));
    if (!async->state)
        tw__emu_fail_at(lane, "no memory for the machine's asynchronous units");
    async->finish = tw__emu_hopper_finish;
    async->reset = tw__emu_hopper_reset;
    return (tw__emu_hopper *)async->state;
}

static inline tw__emu_hopper *tw__emu_hopper_of(tw__emu_lane *lane)
{
    void *state = lane->block->async.state;
    return state ? (tw__emu_hopper *)state : tw__emu_hopper_make(lane);
}

/* The array `items` with room for one more than `count`. */
TW__EMU_FUNCTION void *tw__emu_grow(tw__emu_lane *lane, void *items, int count, int *capacity,
                                    size_t item_bytes)
{
    if (count == *capacity) {
        *capacity = *capacity ? 2 * *capacity : 16;
        items = realloc(items, (size_t)*capacity * item_bytes);
        if (!items)
            tw__emu_fail_at(lane, "no memory for %d operations under way", *capacity);
    }
    return items;
}

#endif
