/* SPDX-License-Identifier: MIT
 *
 * Ops of mma.c: ROW(name, 1 if A is read transposed, 1 if B is). The name says where A and B lie.
 */
#ifndef TW_TESTS_CONFORMANCE_MMA_H
#define TW_TESTS_CONFORMANCE_MMA_H

#define MMA_SOURCES(ROW)                                                                                     \
    ROW(registers_AB, 0, 0) ROW(register_shared_AB, 0, 0) ROW(register_shared_ABt, 0, 1)                     \
    ROW(shared_register_AB, 0, 0) ROW(shared_register_AtB, 1, 0) ROW(shared_AB, 0, 0) ROW(shared_ABt, 0, 1)  \
    ROW(shared_AtB, 1, 0) ROW(shared_AtBt, 1, 1) ROW(view_AB, 0, 0) ROW(view_ABt, 0, 1) ROW(view_AtB, 1, 0)  \
    ROW(view_AtBt, 1, 1)

#define MMA_CODE(name, transposed_a, transposed_b) MMA_##name,
enum { MMA_SOURCES(MMA_CODE) MMA_OPS };

/* Where the views begin in their tiles, which are so much larger. */
enum { MMA_VIEW_ROW = 16, MMA_VIEW_COL = 32 };

#endif
