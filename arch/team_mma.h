/* SPDX-License-Identifier: MIT
 *
 * An MMA as a machine sees it that multiplies for the whole team at once, from shared memory.
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

/* What picks the instruction, all of it known where the MMA is written: a wave's cores along N, the operands'
 * dtype, whether A lies in registers, what is transposed. One plain number and no part of a struct: compilers
 * copy a callee's dead switch cases into their caller unless the argument is a constant there, and fields of
 * structs become constants too late (with dozens of cases of up to 128 operands that was half of nvcc's
 * time). */
#define TW__MMA_FORM(cols, dtype, in_registers, transpose_a, transpose_b)                                    \
    ((((cols)*8 + (dtype)) * 2 + (in_registers)) * 4 + ((transpose_a) != 0) * 2 + ((transpose_b) != 0))

#define TW__FORM_COLS(form)         ((form) / 64)
#define TW__FORM_DTYPE(form)        ((form) / 8 % 8)
#define TW__FORM_IN_REGISTERS(form) ((form) / 4 % 2)
#define TW__FORM_TRANSPOSE_A(form)  ((form) / 2 % 2)
#define TW__FORM_TRANSPOSE_B(form)  ((form) % 2)

#endif
