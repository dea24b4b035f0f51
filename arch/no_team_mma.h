/* SPDX-License-Identifier: MIT
 *
 * For machines whose waves multiply each for itself: ops/mma.h then never takes the team's way.
 */
#ifndef TW_ARCH_NO_TEAM_MMA_H
#define TW_ARCH_NO_TEAM_MMA_H

#include "team_mma.h"

enum { TW__TEAM_MMA = 0 };

TW_FN int tw__team_mma_fits(tw__mma_operand a, tw__mma_operand b, int form, int team_rows, int rows,
                            int first_col)
{
    (void)a, (void)b, (void)form, (void)team_rows, (void)rows, (void)first_col;
    return 0;
}

TW_FN void tw__team_mma(void *d, int rows, tw__mma_operand a, tw__mma_operand b, int depth, int form,
                        int team_rows, int wave_row, int first_col, int accumulate, int done)
{
    (void)d, (void)rows, (void)a, (void)b, (void)depth, (void)form, (void)team_rows, (void)wave_row,
        (void)first_col, (void)accumulate, (void)done;
}

TW_FN void tw__team_mma_wait(void *d, int elements) { (void)d, (void)elements; }

#endif
