/* SPDX-License-Identifier: MIT
 *
 * One thread: a step is loaded, then computed.
 */
#ifndef TW_ARCH_CPU_PIPELINE_H
#define TW_ARCH_CPU_PIPELINE_H

TW_FN int tw__ring_ahead(int stages) { return (void)stages, 0; }
TW_FN void tw__ring_step(void) {}
TW_FN void tw__ring_meet(int in_flight) { (void)in_flight; }

#include "../ring.h"

#endif
