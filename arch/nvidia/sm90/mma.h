/* SPDX-License-Identifier: MIT
 *
 * MMA of a warpgroup with wgmma (m64nNk16): B from shared memory, A from shared memory or registers, where
 * the team's rows come in fours; what does not fit takes mma.sync, core by core.
 *
 * The accumulator of m64nN is that of 16x16 cores side by side, and shared tiles lie in the very swizzle
 * that wgmma's descriptors name (arch/shared.h), so nothing is rearranged.
 */
#ifndef TW_ARCH_NVIDIA_SM90_MMA_H
#define TW_ARCH_NVIDIA_SM90_MMA_H

#include "../../team_mma.h"
#include "../common/mma.h"
#include "isa.h"

enum {
    TW__TEAM_MMA = 1,
    TW__WGMMA_WAVES = 4,
    TW__WGMMA_COLS_MAX = 256,
    TW__WGMMA_SUMS_MAX = 256 /* accumulators of one lane */
};

TW_FN int tw__mma_panel(tw__shared_tile tile) { return tw__panel_bytes(tile.cols * tw__bytes(tile.dtype)); }

/* Does the side of the operand that is not contracted stay within one panel, or start at one's edge? */
TW_FN int tw__wgmma_side_fits(tw__mma_operand x, int along_cols, int first, int extent)
{
    unsigned panel_cols = (unsigned)tw__mma_panel(x.tile) / 2, inside = (unsigned)first % panel_cols,
             wanted = (unsigned)extent;
    /* in this form compilers see that a wave's half of a panel always fits */
    return !along_cols || inside == 0 || (wanted <= panel_cols && inside <= panel_cols - wanted);
}

/* Constant after inlining but for the origin of a view. team_rows: waves along M; rows: this wave's cores. */
TW_FN int tw__team_mma_fits(tw__mma_operand a, tw__mma_operand b, int form, int team_rows, int rows,
                            int first_col)
{
    int dtype = TW__FORM_DTYPE(form), cols = TW__FORM_COLS(form), in_registers = TW__FORM_IN_REGISTERS(form);
    int wide = tw__mma_panel(b.tile) % 32 == 0 && (in_registers || tw__mma_panel(a.tile) % 32 == 0);
    return (dtype == TW_bf16 || dtype == TW_f16) && b.words == 0 && team_rows % TW__WGMMA_WAVES == 0 &&
           wide && cols * TW_CORE <= TW__WGMMA_COLS_MAX &&
           rows * cols * TW_CORE_ELEMENTS <= TW__WGMMA_SUMS_MAX &&
           tw__wgmma_side_fits(b, !b.transposed, b.col + first_col, cols * TW_CORE) &&
           (in_registers || !a.transposed || tw__mma_panel(a.tile) == 128);
}

/* Bytes from the operand's tile to its element at contraction index k and index `side` of the other side.
 * `k_along_cols`: K-major, the contraction runs along the tile's columns. */
TW_FN int tw__wgmma_offset(tw__mma_operand x, int k_along_cols, int k, int side)
{
    int panel = tw__mma_panel(x.tile), panel_cols = panel / 2;
    int row = x.row + (k_along_cols ? side : k), col = x.col + (k_along_cols ? k : side);
    return col / panel_cols * panel * x.tile.rows + row * panel + col % panel_cols * 2;
}

/* Descriptor of the 16 (contraction) x extent piece of an operand that starts there.
 * K-major: 8 rows of a panel make a pattern, the next 8 follow (stride). MN-major: 8 rows of k make one, the
 * next 8 follow (stride), and the next panel of the side lies a whole panel on (leading). PTX ISA 9.7.16.5.
 * Along the contraction only the address changes, and by a constant: added to the descriptor's units of 16
 * bytes. */
TW_FN uint64_t tw__wgmma_operand(tw__mma_operand x, int k_along_cols, int k, int side)
{
    int panel = tw__mma_panel(x.tile), first = tw__wgmma_offset(x, k_along_cols, 0, side);
    return tw__isa_wgmma_descriptor(x.tile.base + first, x.tile.rows * panel, 8 * panel, panel) +
           (uint64_t)(unsigned)(tw__wgmma_offset(x, k_along_cols, k, side) - first) / 16;
}

/* The accumulators of one lane as wgmma takes them: cores of f32 in the order of its registers. */
TW_FN float *tw__wgmma_sums(void *d) { return (float *)d; }

/* Until `elements` of d hold the sums that have been started. */
TW_FN void tw__team_mma_wait(void *d, int elements)
{
    tw__isa_wgmma_wait(0);
    tw__isa_wgmma_pin(tw__wgmma_sums(d), elements);
}

/* Starts d += a b, as one group: rows x form's cols cores of this lane, `depth` cores along the contraction.
 * Row core i of the four waves is one m64, from row (i team_rows + the warpgroup's first wave) * 16 on.
 * accumulate 0: d = a b instead. done: waits for it, too. */
TW_FN void tw__team_mma(void *d, int rows, tw__mma_operand a, tw__mma_operand b, int depth, int form,
                        int team_rows, int wave_row, int first_col, int accumulate, int done)
{
    float *sum = tw__wgmma_sums(d);
    int n = TW__FORM_COLS(form) * TW_CORE, dtype = TW__FORM_DTYPE(form);
    int per_row = TW__FORM_COLS(form) * TW_CORE_ELEMENTS,
        first_wave = wave_row / TW__WGMMA_WAVES * TW__WGMMA_WAVES;
    if (!accumulate)
        tw__isa_wgmma_forget(sum, rows * per_row);
    else if (done)
        tw__isa_wgmma_pin(sum, rows * per_row);
    tw__isa_wgmma_fence();
    TW_UNROLL
    for (int i = 0; i < rows; i++) {
        TW_UNROLL
        for (int k = 0; k < depth; k++) {
            uint64_t right = tw__wgmma_operand(b, b.transposed, k * TW_CORE, first_col);
            if (TW__FORM_IN_REGISTERS(form)) {
                tw__isa_wgmma_rs(sum + i * per_row, a.words + (i * depth + k) * TW_CORE_ELEMENTS / 2, right,
                                 n, dtype, 1 - TW__FORM_TRANSPOSE_B(form), k > 0 || accumulate);
            } else {
                uint64_t left =
                    tw__wgmma_operand(a, !a.transposed, k * TW_CORE, (i * team_rows + first_wave) * TW_CORE);
                tw__isa_wgmma_ss(sum + i * per_row, left, right, n, dtype, TW__FORM_TRANSPOSE_A(form),
                                 1 - TW__FORM_TRANSPOSE_B(form), k > 0 || accumulate);
            }
        }
    }
    tw__isa_wgmma_commit();
    if (done)
        tw__team_mma_wait(d, rows * per_row);
}

#endif
