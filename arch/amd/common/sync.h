/* SPDX-License-Identifier: MIT
 *
 * Meeting points of a block.
 */
#ifndef TW_ARCH_AMD_COMMON_SYNC_H
#define TW_ARCH_AMD_COMMON_SYNC_H

/* Every wave sees every other's shared writes; copies went through registers, so they are among them. */
TW_FN void tw__sync(void) { tw__isa_barrier(); }

#endif
