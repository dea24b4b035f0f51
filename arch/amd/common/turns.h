/* SPDX-License-Identifier: MIT
 *
 * Two halves of a team that take turns. A team of eight waves has two on each of a compute unit's four SIMDs
 * (wave w on SIMD w % 4: DESIGN section 5), and a SIMD's matrix pipe serves one at a time. So while one half
 * multiplies, the other reads its next operands from shared memory, issues copies and does what is left of
 * the step. Each product of a step is a turn:
 *
 *     reads operands into registers | barrier | multiplies, going first | barrier
 *
 * and one barrier more, before the first turn, keeps the late half (waves 4 to 7) behind the early one by
 * half a turn; at the end the early half meets it once more. A wave's k-th barrier is every wave's k-th, so
 * in the stretches between barriers
 *
 *     stretch      0      1      2      3      4            R(t): reads and copies of step t, P(t): its
 * products early half   R(0)   P(0)   R(1)   P(1)   R(2) ... late half           R(0)   P(0)   R(1)   P(1)
 * ...
 *
 * Step t reads its stage in stretches 2 t and 2 t + 1, so copies that step t + 1 issues, from stretch 2 t + 2
 * on, may go to that stage. What step t + 1 reads from stretch 2 t + 2 on has landed if every wave waits for
 * its copies before it multiplies in step t: that is in stretch 2 t or 2 t + 1. With more products a step,
 * likewise.
 */
#ifndef TW_ARCH_AMD_COMMON_TURNS_H
#define TW_ARCH_AMD_COMMON_TURNS_H

#include "isa_async.h"

#define TW_NATIVE_TURNS

enum {
    TW__TURN_WAVES = 8,  /* of a team that takes turns */
    TW__TURN_WORDS = 64, /* registers for the operands of a turn; a wave has 256 for everything */
    TW__EARLY_WAVES = TW__TURN_WAVES / 2
};

/* Cores along k of one turn, of which each needs `cores` operand cores of `words` registers: as many as there
 * is room for, in whole steps of `depth`. */
TW_FN int tw__turn_depth(int cores, int words, int depth)
{
    int fit = TW__TURN_WORDS / (cores * words * depth);
    return (fit > 0 ? fit : 1) * depth;
}

/* All waves have met; the late half waits for the early one's first reads. */
TW_FN void tw__turns_begin(int wave)
{
    if (wave >= TW__EARLY_WAVES)
        tw__isa_bare_barrier();
}

/* Ends what tw__turns_begin began: behind it the waves have met. */
TW_FN void tw__turns_end(int wave)
{
    if (wave < TW__EARLY_WAVES)
        tw__isa_bare_barrier();
}

/* The operands are in registers; the other half has multiplied. */
TW_FN void tw__turn_multiply(void)
{
    tw__isa_wait_shared();
    tw__isa_bare_barrier();
    tw__isa_go_first();
}

TW_FN void tw__turn_over(void)
{
    tw__isa_go_along();
    tw__isa_bare_barrier();
}

#endif
