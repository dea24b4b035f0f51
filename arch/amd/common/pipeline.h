/* SPDX-License-Identifier: MIT
 *
 * Every wave loads and computes; loads go through registers, so a step's are in shared memory when the
 * block meets.
 */
#ifndef TW_ARCH_AMD_COMMON_PIPELINE_H
#define TW_ARCH_AMD_COMMON_PIPELINE_H

#include "isa.h"

TW_FN int tw__ring_ahead(int stages) { return stages - 1; }
TW_FN void tw__ring_step(void) {}
TW_FN void tw__ring_meet(int in_flight)
{
    (void)in_flight;
    tw__isa_barrier();
}

#include "../../ring.h"

#endif
