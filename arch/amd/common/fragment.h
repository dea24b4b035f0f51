/* SPDX-License-Identifier: MIT
 *
 * How a wave of 64 holds a 16x16 core. MFMA is issued with its operands exchanged, B first: it then
 * computes the transposed product, and the accumulator lies in the lanes just as an A operand does. A B
 * core is held the same way with rows and columns exchanged. The names are explained in
 * arch/nvidia/common/fragment.h.
 */
#ifndef TW_ARCH_AMD_COMMON_FRAGMENT_H
#define TW_ARCH_AMD_COMMON_FRAGMENT_H

/* The machine's own fragment.h says TW__SWIZZLE_UNIT, before this file. */
enum {
    TW__INNER_RUN = 4,
    TW__LINE_RUN = 8,
    TW__OUTER_SLOTS = 1,
    TW__INNER_SLOTS = 4,
    TW__OUTER_LANES = 0x0f,
    TW__INNER_LANES = 0x30,
    TW__B_TRANSPOSED = 1,
    TW__CORES_MAX = 16
};

/* Elements 0..3 of lane l are at (l % 16, 4 (l / 16) + 0..3). */
TW_FN int tw__core_outer(int lane, int element) { return (void)element, lane % 16; }
TW_FN int tw__core_inner(int lane, int element) { return lane / 16 * 4 + element; }
TW_FN int tw__outer_slot(int element) { return (void)element, 0; }
TW_FN int tw__inner_slot(int element) { return element; }
TW_FN int tw__outer_element(int slot) { return slot; }
TW_FN int tw__inner_element(int slot) { return slot; }

#include "../../words.h"

#endif
