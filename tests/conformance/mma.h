/* SPDX-License-Identifier: MIT
 *
 * Ops of mma.c: ROW(name, 1 if A is read transposed, 1 if B is). The name says where A and B lie.
 */
#ifndef TW_TESTS_CONFORMANCE_MMA_H
#define TW_TESTS_CONFORMANCE_MMA_H

/* name, whether A and B are transposed */
/* clang-format off */
#define MMA_SOURCES(ROW)                                                                                     \
    ROW(registers_AB, 0, 0)                                                                                  \
    ROW(register_shared_AB, 0, 0) ROW(register_shared_ABt, 0, 1)                                             \
    ROW(shared_register_AB, 0, 0) ROW(shared_register_AtB, 1, 0)                                             \
    ROW(shared_AB, 0, 0) ROW(shared_ABt, 0, 1) ROW(shared_AtB, 1, 0) ROW(shared_AtBt, 1, 1)                  \
    ROW(view_AB, 0, 0) ROW(view_ABt, 0, 1) ROW(view_AtB, 1, 0) ROW(view_AtBt, 1, 1)                          \
    ROW(passed_A, 0, 0) ROW(passed_Bt, 0, 1)
/* clang-format on */

/* Do tiles of M x K and N x K, accumulators, divide among the team? The others leave out passed_A and
 * passed_Bt. */
#define MMA_PASSES(n, k, team_rows, team_cols)                                                               \
    ((k) % (16 * (team_cols)) == 0 && (n) % (16 * (team_rows)) == 0)

#define MMA_CODE(name, transposed_a, transposed_b) MMA_##name,
enum { MMA_SOURCES(MMA_CODE) MMA_OPS };

/* Where the views begin in their tiles, which are so much larger. */
enum { MMA_VIEW_ROW = 16, MMA_VIEW_COL = 32 };

#endif
