/* SPDX-License-Identifier: MIT
 *
 * An operand of an MMA as a machine sees it that multiplies for the whole team at once, from shared memory.
 */
#ifndef TW_ARCH_TEAM_MMA_H
#define TW_ARCH_TEAM_MMA_H

#include "shared.h"

typedef struct {
    uint32_t *words; /* the lane's cores, those along the contraction neighbours; 0: in shared memory */
    tw__shared_tile tile;
    int row, col; /* where the operand starts in the tile */
    int transposed;
} tw__mma_operand;

#endif
