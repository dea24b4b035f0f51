/* SPDX-License-Identifier: MIT
 *
 * How a warp holds a 16x16 core: the accumulator and A layout of mma.m16n8k16 (PTX ISA 9.7.15.5.8, with two
 * n8 halves side by side for the accumulator), so that an accumulator is an A operand as it stands. A B
 * core is held the same way with rows and columns exchanged: its outer index is n.
 *
 * What every machine's fragment.h says:
 *   TW__SWIZZLE_UNIT     bytes that stay together in a shared tile (arch/shared.h)
 *   TW__INNER_RUN        elements of a lane that are neighbours along the inner index, and in the lane
 *   TW__LINE_RUN         elements of a line tile's row that a lane holds side by side, if it has so many; a
 *                        power of two
 *   tw__core_outer/inner(lane, e)    the element's place in the core; row and column, exchanged for B cores
 *                                    where TW__B_TRANSPOSED
 *   TW__OUTER_SLOTS/INNER_SLOTS      distinct outer (inner) indexes a lane holds in one core
 *   tw__outer_slot(e), tw__outer_element(slot)   which of them an element has; an element that has it
 *   TW__OUTER_LANES/INNER_LANES      the bits of the lane number that move along the outer (inner) index
 *   TW__CORES_MAX        cores a wave may hold along one side of a tile
 */
#ifndef TW_ARCH_NVIDIA_COMMON_FRAGMENT_H
#define TW_ARCH_NVIDIA_COMMON_FRAGMENT_H

enum {
    TW__SWIZZLE_UNIT = 16,
    TW__INNER_RUN = 2,
    TW__LINE_RUN = 8,
    TW__OUTER_SLOTS = 2,
    TW__INNER_SLOTS = 4,
    TW__OUTER_LANES = 0x1c,
    TW__INNER_LANES = 0x03,
    TW__B_TRANSPOSED = 1,
    TW__CORES_MAX = 16
};

/* Elements e of lane l: 0..1 at (l / 4, 2 (l % 4) + 0..1), 2..3 eight rows below, 4..7 eight columns right.
 */
TW_FN int tw__core_outer(int lane, int element) { return lane / 4 + element / 2 % 2 * 8; }
TW_FN int tw__core_inner(int lane, int element) { return lane % 4 * 2 + element % 2 + element / 4 * 8; }
TW_FN int tw__outer_slot(int element) { return element / 2 % 2; }
TW_FN int tw__inner_slot(int element) { return element % 2 + element / 4 * 2; }
TW_FN int tw__outer_element(int slot) { return slot * 2; }
TW_FN int tw__inner_element(int slot) { return slot % 2 + slot / 2 * 4; }

#include "../../words.h"

#endif
