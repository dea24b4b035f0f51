/* SPDX-License-Identifier: MIT
 *
 * Instructions that NVIDIA machines have from sm_90 on: mbarriers, the copy engine (TMA), clusters. Quoted
 * names are sections of the PTX ISA 8.5 manual. The emulated forms, with more said about each, are
 * arch/emulator/mbarrier.h, cluster.h and tma.h.
 */
#ifndef TW_ARCH_NVIDIA_COMMON_ISA_TMA_H
#define TW_ARCH_NVIDIA_COMMON_ISA_TMA_H

/* ---- mbarriers: 8 bytes of shared memory, 8-byte aligned ---- */

/* "mbarrier.init": by one thread; `count` arrivals complete a phase. */
TW_FN void tw__isa_mbarrier_init(void *bar, int count)
{
    asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(tw__isa_shared_address(bar)), "r"(count)
                 : "memory");
}

/* "membar / fence": initialised barriers are seen by the cluster's other blocks and by the copy engine. By
 * the thread that initialised, before the barrier that tells the other threads. */
TW_FN void tw__isa_mbarrier_init_fence(void)
{
    asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
    asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
}

/* "mbarrier.arrive": releases what the thread did before. */
TW_FN void tw__isa_mbarrier_arrive(void *bar)
{
    asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(tw__isa_shared_address(bar)) : "memory");
}

/* ... and the phase also waits for `bytes` more bytes, at most 2^20 - 1 in all. */
TW_FN void tw__isa_mbarrier_expect(void *bar, int bytes)
{
    asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(tw__isa_shared_address(bar)),
                 "r"(bytes)
                 : "memory");
}

/* "mbarrier.try_wait": whether the phase of this parity is over; suspends the thread for a while if it is
 * not. */
TW_FN int tw__isa_mbarrier_try_wait(void *bar, int parity)
{
    int over;
    asm volatile("{\n"
                 ".reg .pred over;\n"
                 "mbarrier.try_wait.parity.shared::cta.b64 over, [%1], %2;\n"
                 "selp.b32 %0, 1, 0, over;\n"
                 "}"
                 : "=r"(over)
                 : "r"(tw__isa_shared_address(bar)), "r"(parity)
                 : "memory");
    return over;
}

/* Returns when the phase of this parity is over: at once for parity 1 of a barrier in its first phase. */
TW_FN void tw__isa_mbarrier_wait(void *bar, int parity)
{
    while (!tw__isa_mbarrier_try_wait(bar, parity)) {}
}

/* "cp.async.mbarrier.arrive": when this thread's earlier cp.async have landed. The barrier's count includes
 * it. */
TW_FN void tw__isa_cp_async_arrive(void *bar)
{
    asm volatile("cp.async.mbarrier.arrive.noinc.shared::cta.b64 [%0];" ::"r"(tw__isa_shared_address(bar))
                 : "memory");
}

/* ---- the copy engine; every tensor map has rank 4, coordinates innermost first; by one thread ---- */

/* "cp.async.bulk.tensor": `shared` is 128-byte aligned; what lies outside the tensor becomes zero; the
 * barrier is told of the box's every byte. */
TW_FN void tw__isa_tma_load(void *shared, const void *map, int c, int r, int i1, int i0, void *bar)
{
    asm volatile("cp.async.bulk.tensor.4d.shared::cluster.global.tile.mbarrier::complete_tx::bytes "
                 "[%0], [%1, {%2, %3, %4, %5}], [%6];" ::"r"(tw__isa_shared_address(shared)),
                 "l"(map), "r"(c), "r"(r), "r"(i1), "r"(i0), "r"(tw__isa_shared_address(bar))
                 : "memory");
}

/* The same into the same place of every block of the cluster whose bit is set in `mask`, each block's own
 * barrier at that place told of it. */
TW_FN void tw__isa_tma_load_multicast(void *shared, const void *map, int c, int r, int i1, int i0, void *bar,
                                      uint16_t mask)
{
    asm volatile(
        "cp.async.bulk.tensor.4d.shared::cluster.global.tile.mbarrier::complete_tx::bytes.multicast::cluster "
        "[%0], [%1, {%2, %3, %4, %5}], [%6], %7;" ::"r"(tw__isa_shared_address(shared)),
        "l"(map), "r"(c), "r"(r), "r"(i1), "r"(i0), "r"(tw__isa_shared_address(bar)), "h"(mask)
        : "memory");
}

/* What lies outside the tensor is not written. */
TW_FN void tw__isa_tma_store(const void *map, const void *shared, int c, int r, int i1, int i0)
{
    asm volatile(
        "cp.async.bulk.tensor.4d.global.shared::cta.tile.bulk_group [%0, {%1, %2, %3, %4}], [%5];" ::"l"(map),
        "r"(c), "r"(r), "r"(i1), "r"(i0), "r"(tw__isa_shared_address(shared))
        : "memory");
}

/* "cp.async.bulk.commit_group" */
TW_FN void tw__isa_tma_commit(void) { asm volatile("cp.async.bulk.commit_group;" ::: "memory"); }

/* "cp.async.bulk.wait_group": all but this thread's latest `groups` (0..3, a constant) have read shared
 * memory. */
TW_FN void tw__isa_tma_wait_read(int groups)
{
    switch (groups) {
    case 0: asm volatile("cp.async.bulk.wait_group.read 0;" ::: "memory"); break;
    case 1: asm volatile("cp.async.bulk.wait_group.read 1;" ::: "memory"); break;
    case 2: asm volatile("cp.async.bulk.wait_group.read 2;" ::: "memory"); break;
    default: asm volatile("cp.async.bulk.wait_group.read 3;" ::: "memory"); break;
    }
}

/* ... and have written global memory. */
TW_FN void tw__isa_tma_wait(int groups)
{
    switch (groups) {
    case 0: asm volatile("cp.async.bulk.wait_group 0;" ::: "memory"); break;
    case 1: asm volatile("cp.async.bulk.wait_group 1;" ::: "memory"); break;
    case 2: asm volatile("cp.async.bulk.wait_group 2;" ::: "memory"); break;
    default: asm volatile("cp.async.bulk.wait_group 3;" ::: "memory"); break;
    }
}

/* "prefetch, prefetchu" */
TW_FN void tw__isa_tma_prefetch(const void *map)
{
    asm volatile("prefetch.tensormap [%0];" ::"l"(map) : "memory");
}

/* "membar / fence", proxykind tensormap::generic: a map that lies in global memory was written through the
 * generic proxy; this thread's loads by it come after. Once per block and map (CUDA C++ Programming Guide,
 * "Using TMA to transfer multi-dimensional arrays"). */
TW_FN void tw__isa_tma_acquire(const void *map)
{
    asm volatile("fence.proxy.tensormap::generic.acquire.gpu [%0], 128;" ::"l"(map) : "memory");
}

/* "membar / fence": what this thread wrote to shared memory is seen by the copy engine and wgmma, once a
 * barrier has told the thread that starts them. */
TW_FN void tw__isa_fence_async_proxy(void) { asm volatile("fence.proxy.async.shared::cta;" ::: "memory"); }

/* ---- clusters ---- */

/* "Special registers" %cluster_ctarank, %cluster_nctarank */
TW_FN int tw__isa_cluster_rank(void)
{
    int rank;
    asm("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
    return rank;
}

TW_FN int tw__isa_cluster_size(void)
{
    int size;
    asm("mov.u32 %0, %%cluster_nctarank;" : "=r"(size));
    return size;
}

/* "barrier.cluster": arrives, by all threads of the warp, */
TW_FN void tw__isa_cluster_arrive(void)
{
    asm volatile("barrier.cluster.arrive.release.aligned;" ::: "memory");
}

/* and waits until all threads of all blocks of the cluster have; those that exited are not waited for. */
TW_FN void tw__isa_cluster_wait(void) { asm volatile("barrier.cluster.wait.acquire.aligned;" ::: "memory"); }

/* "mapa", "mbarrier.arrive": on the barrier at the same place in block `rank` of the cluster. Release at the
 * scope of the block, as it is without a scope: one of the cluster is a fence of the whole GPU in SASS, and
 * what the other block must not overtake, reads of shared memory, is over when it is waited for. */
TW_FN void tw__isa_mbarrier_arrive_remote(void *bar, int rank)
{
    asm volatile("{\n"
                 ".reg .b32 remote;\n"
                 "mapa.shared::cluster.u32 remote, %0, %1;\n"
                 "mbarrier.arrive.shared::cluster.b64 _, [remote];\n"
                 "}" ::"r"(tw__isa_shared_address(bar)),
                 "r"(rank)
                 : "memory");
}

#endif
