/* SPDX-License-Identifier: MIT
 *
 * Every wave loads with cp.async, one commit group a step, and computes.
 */
#ifndef TW_ARCH_NVIDIA_SM80_PIPELINE_H
#define TW_ARCH_NVIDIA_SM80_PIPELINE_H

#include "isa.h"

TW_FN int tw__ring_ahead(int stages) { return stages - 1; }

/* Closes the group of the step before. Empty groups count too: the number in flight stays the number of
 * steps. */
TW_FN void tw__ring_step(void) { tw__isa_cp_async_commit(); }

TW_FN void tw__ring_meet(int in_flight)
{
    tw__isa_cp_async_commit();
    tw__isa_cp_async_wait(in_flight);
    tw__isa_barrier();
}

#include "../../ring.h"

#endif
