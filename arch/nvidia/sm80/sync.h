/* SPDX-License-Identifier: MIT
 *
 * Meeting points of a block.
 */
#ifndef TW_ARCH_NVIDIA_SM80_SYNC_H
#define TW_ARCH_NVIDIA_SM80_SYNC_H

#include "isa.h"

/* All copies into shared memory have landed and every wave sees every other's shared writes: each thread
 * waits for its own copies before the barrier tells the others. */
TW_FN void tw__sync(void)
{
    tw__isa_cp_async_commit();
    tw__isa_cp_async_wait(0);
    tw__isa_barrier();
}

#endif
