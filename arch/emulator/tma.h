/* SPDX-License-Identifier: MIT
 *
 * Hopper's copy engine, executed by the emulator (PTX ISA, "cp.async.bulk.tensor",
 * "cp.async.bulk.commit_group", "cp.async.bulk.wait_group"): boxes of a tensor of rank 4 between global and
 * shared memory, swizzled as the tensor map says. A load lands as late as its mbarrier allows (mbarrier.h)
 * and reads global memory then; a store reads shared memory as late as the wait for its group allows, and
 * writes global memory then.
 */
#ifndef TW_ARCH_EMULATOR_TMA_H
#define TW_ARCH_EMULATOR_TMA_H

#include "cluster.h"
#include "wgmma.h"

enum { TW__EMU_TMA_UNIT = 16 }; /* bytes that a swizzle keeps together */

/* PTX ISA, "Swizzling modes": within each 1024, 512 or 256 bytes, the place of a 16-byte unit in its 128, 64
 * or 32 bytes is XORed with the number of the 128-byte line. The pattern hangs on the address itself. */
static inline size_t tw__emu_swizzle(size_t address, int swizzle_bytes)
{
    size_t lines = (size_t)(swizzle_bytes / TW__EMU_TMA_UNIT);
    return lines ? address ^ (address / 128 % lines * TW__EMU_TMA_UNIT) : address;
}

/* Element (row, col) of the box in global memory; NULL outside the tensor. */
static inline char *tw__emu_box_element(const tw__emu_box *box, int row, int col)
{
    const int64_t at[4] = {(int64_t)box->at[0] + col, (int64_t)box->at[1] + row, box->at[2], box->at[3]};
    char *element = box->map.data;
    for (int axis = 0; axis < 4; axis++) {
        if ((uint64_t)at[axis] >= box->map.dim[axis]) /* negative ones too */
            return NULL;
        element += at[axis] * box->map.stride[axis];
    }
    return element;
}

/* Moves the box in units of 16 bytes, or element by element at the tensor's edge: into shared memory, where
 * `bar` counts it, or where that is NULL out of it. */
TW__EMU_FUNCTION void tw__emu_box_move(tw__emu_lane *lane, const tw__emu_box *box, const void *bar)
{
    char *base = lane->block->shared;
    int bytes = (int)box->map.stride[0], in_unit = TW__EMU_TMA_UNIT / bytes;
    int to_shared = bar != NULL, slot = bar ? tw__emu_mbarrier_slot(lane, bar) : 0;
    uint32_t time = bar ? tw__emu_hopper_of(lane)->mbarrier[slot]->time : 0;
    const void *here = lane->site;
    uint64_t moved = 0;
    lane->site = box->site;
    for (int row = 0; row < box->map.box_rows; row++)
        for (int col = 0; col < box->map.box_cols; col += in_unit) {
            size_t linear = (size_t)(box->shared - base) + (size_t)((row * box->map.box_cols + col) * bytes);
            char *shared = base + tw__emu_swizzle(linear, box->map.swizzle_bytes);
            char unit[TW__EMU_TMA_UNIT] = {0};
            if (!to_shared)
                memcpy(unit, shared, TW__EMU_TMA_UNIT);
            for (int e = 0; e < in_unit; e++) {
                char *global = tw__emu_box_element(box, row, col + e);
                if (!global)
                    continue;
                moved += box->again ? 0 : (unsigned)bytes;
                if (to_shared)
                    tw__emu_memory_read_by(lane, TW__EMU_LANDING_AGENT + slot, time, global, bytes,
                                           "TMA load");
                else
                    tw__emu_memory_write(lane, global, bytes, "TMA store");
                memcpy(to_shared ? unit + e * bytes : global, to_shared ? global : unit + e * bytes,
                       (size_t)bytes);
            }
            if (to_shared)
                tw__emu_shared_land(lane->block, shared, unit, TW__EMU_TMA_UNIT, TW__EMU_LANDING_AGENT + slot,
                                    time);
        }
    tw__emu_profile_unit(lane, (uint64_t)tw__emu_box_bytes(box), TW_SHARED_engine);
    lane->site = here;
    if (to_shared) {
        lane->block->traffic.global_read_bytes += moved;
        lane->block->traffic.copied_bytes += moved;
    } else {
        lane->block->traffic.global_written_bytes += moved;
    }
}

TW__EMU_FUNCTION tw__emu_box tw__emu_box_make(tw__emu_lane *lane, const void *map, const void *shared,
                                              const int at[4], const char *what)
{
    const tw__emu_block *block = lane->block;
    tw__emu_box box;
    size_t offset = (size_t)((const char *)shared - block->shared);
    memcpy(&box.map, map, sizeof box.map);
    memcpy(box.at, at, sizeof box.at);
    box.again = 0;
    box.site = lane->site;
    if (box.map.magic != TW__EMU_TENSOR_MAP_MAGIC)
        tw__emu_fail_at(lane, "%s: %p is no tensor map made for an emulated target", what, map);
    if (offset > block->shared_bytes || block->shared_bytes - offset < (size_t)tw__emu_box_bytes(&box))
        tw__emu_fail_as(lane, TW_FINDING_shared_bounds, NULL,
                        "%s: shared address %ld+%d is outside the block's %zu bytes", what, (long)offset,
                        tw__emu_box_bytes(&box), block->shared_bytes);
    if (offset % 128 != 0)
        tw__emu_fail_as(lane, TW_FINDING_misaligned, NULL, "%s: shared address %ld is no multiple of 128",
                        what, (long)offset);
    box.shared = block->shared + offset;
    return box;
}

/* ---- loads ---- */

TW__EMU_FUNCTION void tw__emu_land_box(const tw__emu_landing *landing)
{
    tw__emu_box_move(landing->lane, &landing->box, landing->lane->block->shared + landing->barrier);
}

/* Into the block of `peer`. */
TW__EMU_FUNCTION void tw__emu_box_load(tw__emu_lane *lane, tw__emu_lane *peer, const tw__emu_box *box,
                                       const void *bar)
{
    tw__emu_landing *landing = tw__emu_landing_add(lane, peer, bar, "TMA load");
    landing->land = tw__emu_land_box;
    landing->bytes = (uint32_t)tw__emu_box_bytes(box);
    landing->box = *box;
}

/* cp.async.bulk.tensor.4d.shared.global: the box whose first element is (i0, i1, r, c), innermost axis last.
 * What lies outside the tensor arrives as zeros; the mbarrier is told of the box's every byte. By one lane.
 */
TW_FN void tw__isa_tma_load(void *shared, const void *map, int c, int r, int i1, int i0, void *bar)
{
    const int at[4] = {c, r, i1, i0};
    tw__emu_lane *lane = tw__emu_enter();
    tw__emu_box box = tw__emu_box_make(lane, map, shared, at, "TMA load");
    tw__emu_shared_issue(lane, lane->block, box.shared, tw__emu_box_bytes(&box), TW__EMU_TMA_COPY);
    tw__emu_box_load(lane, lane, &box, bar);
}

/* A copy into another block may land before that block expects it: its barrier then counts the bytes ahead.
 */
TW__EMU_FUNCTION void tw__emu_box_land_early(tw__emu_lane *lane, tw__emu_lane *peer, const tw__emu_box *box,
                                             char *bar)
{
    tw__emu_mbarrier barrier = tw__emu_mbarrier_read(lane, peer, bar, "TMA load");
    tw__emu_box_move(peer, box, bar);
    barrier.bytes -= tw__emu_box_bytes(box);
    if (barrier.bytes < -TW__EMU_MBARRIER_MAX)
        tw__emu_fail_as(peer, TW_FINDING_mbarrier, NULL,
                        "TMA load: the mbarrier at %ld has counted %d bytes that nobody expects",
                        (long)(bar - peer->block->shared), -barrier.bytes);
    tw__emu_mbarrier_write(peer, bar, barrier);
}

/* .multicast::cluster: to the same place in every block of the cluster whose bit is set in `mask`, where the
 * mbarrier at the same place is told. In the other blocks it lands as late as there, or at once. */
TW_FN void tw__isa_tma_load_multicast(void *shared, const void *map, int c, int r, int i1, int i0, void *bar,
                                      uint16_t mask)
{
    const int at[4] = {c, r, i1, i0};
    tw__emu_lane *lane = tw__emu_enter();
    tw__emu_cluster *cluster = lane->block->cluster;
    tw__emu_box box = tw__emu_box_make(lane, map, shared, at, "TMA load");
    if (mask == 0 || mask >> cluster->blocks != 0)
        tw__emu_fail_at(lane, "TMA load to the blocks 0x%x of a cluster of %d", (unsigned)mask,
                        cluster->blocks);
    for (int rank = 0; rank < cluster->blocks; rank++) {
        tw__emu_lane *peer;
        char *there;
        if ((mask >> rank & 1) == 0)
            continue;
        peer = tw__emu_peer(lane, rank, "TMA load");
        there = tw__emu_peer_shared(lane, peer, bar);
        box.shared = tw__emu_peer_shared(lane, peer, shared);
        tw__emu_shared_issue(lane, peer->block, box.shared, tw__emu_box_bytes(&box), TW__EMU_TMA_COPY);
        if (peer != lane && tw__emu_random(&cluster->random) % 2 == 0)
            tw__emu_box_land_early(lane, peer, &box, there);
        else
            tw__emu_box_load(lane, peer, &box, there);
        box.again = 1;
    }
}

/* fence.proxy.tensormap::generic.acquire: the host's memory has no proxies */
TW_FN void tw__isa_tma_acquire(const void *map) { (void)map; }

/* prefetch.tensormap */
TW_FN void tw__isa_tma_prefetch(const void *map) { (void)map; }

/* ---- stores ---- */

static inline uint32_t *tw__emu_open_group(tw__emu_lane *lane)
{
    return &tw__emu_hopper_of(lane)->open_group[lane->wave->index * TW_LANES + lane->index];
}

/* cp.async.bulk.tensor.4d.global.shared::cta: what lies outside the tensor is not written. By one lane. */
TW_FN void tw__isa_tma_store(const void *map, const void *shared, int c, int r, int i1, int i0)
{
    const int at[4] = {c, r, i1, i0};
    tw__emu_lane *lane = tw__emu_enter();
    tw__emu_hopper *hopper = tw__emu_hopper_of(lane);
    tw__emu_tile_store store;
    store.box = tw__emu_box_make(lane, map, shared, at, "TMA store");
    store.lane = lane;
    store.group = *tw__emu_open_group(lane);
    tw__emu_shadow_look(lane, (size_t)(store.box.shared - lane->block->shared), tw__emu_box_bytes(&store.box),
                        "TMA store");
    lane->block->async.written = tw__emu_hopper_written;
    hopper->store = (tw__emu_tile_store *)tw__emu_grow(lane, hopper->store, hopper->stores,
                                                       &hopper->store_capacity, sizeof *hopper->store);
    hopper->store[hopper->stores++] = store;
}

/* cp.async.bulk.commit_group: the lane's stores since the last commit are one group. */
TW_FN void tw__isa_tma_commit(void) { ++*tw__emu_open_group(tw__emu_lane_state); }

TW__EMU_FUNCTION void tw__emu_stores_land(tw__emu_lane *lane, int groups)
{
    tw__emu_hopper *hopper = tw__emu_hopper_of(lane);
    uint32_t open_group = *tw__emu_open_group(lane);
    int kept = 0;
    for (int i = 0; i < hopper->stores; i++) {
        const tw__emu_tile_store *store = &hopper->store[i];
        if (store->lane != lane || store->group + (uint32_t)groups >= open_group) {
            hopper->store[kept++] = *store;
            continue;
        }
        tw__emu_box_move(lane, &store->box, NULL);
        tw__emu_shadow_looked(lane->block->shadow, (size_t)(store->box.shared - lane->block->shared),
                              tw__emu_box_bytes(&store->box), lane->wave->index,
                              tw__emu_stamp_of(lane, TW__EMU_EVERY_BYTE));
    }
    hopper->stores = kept;
}

/* cp.async.bulk.wait_group.read: all but this lane's latest `groups` (0 to 7, constant) committed groups have
 * read shared memory. */
TW_FN void tw__isa_tma_wait_read(int groups) { tw__emu_stores_land(tw__emu_enter(), groups); }

/* cp.async.bulk.wait_group: and have written global memory. */
TW_FN void tw__isa_tma_wait(int groups) { tw__emu_stores_land(tw__emu_enter(), groups); }

/* fence.proxy.async.shared::cta: what this lane has written to shared memory is seen by TMA stores and wgmma
 * that come after a barrier. Every access is in order here; the shadow (shadow.h) is told. */
TW_FN void tw__isa_fence_async_proxy(void)
{
    tw__emu_times *times = &tw__emu_enter()->wave->times;
    times->clock.fenced[times->agent] = times->clock.seen[times->agent]++;
}

#endif
