/* SPDX-License-Identifier: MIT
 *
 * Angles as fractions of a full turn in 64 bits, so that position times frequency, reduced to one turn, is
 * exact for any position: a float's product of 10^6 and 1 leaves errors of 0.06 radians.
 *
 *   uint64_t tw_turns(frequency)   frequency / (2 pi) turns: what one step turns by. |frequency| below 2^16
 *   turns * (uint64_t)steps        what `steps` steps turn by; overflow is whole turns
 *   tw_cos_turns(turns), tw_sin_turns(turns)   absolute error 2e-7
 */
#ifndef TW_OPS_ANGLE_H
#define TW_OPS_ANGLE_H

#include "math.h"

/* 2^64 / (2 pi) = 0x28BE60DB9391054A: Payne and Hanek, "Radian reduction for trigonometric functions", 1983.
 */
TW_FN uint64_t tw_turns(float frequency)
{
    uint32_t bits = tw__bits_of(frequency), exponent = bits >> 23 & 0xffu;
    uint64_t mantissa = (bits & 0x7fffffu) | (exponent ? 0x800000u : 0u), turns;
    int shift = 150 - (exponent ? (int)exponent : 1); /* |frequency| = mantissa / 2^shift */
    uint64_t low = mantissa * 0x9391054Au, high = mantissa * 0x28BE60DBu + (low >> 32);
    if (shift >= 96)
        turns = 0;
    else if (shift >= 32)
        turns = high >> (shift - 32);
    else
        turns = (high << (32 - shift)) + ((low & 0xffffffffu) >> shift);
    return bits >> 31 ? 0 - turns : turns;
}

/* sin (q even) or cos (q odd) of the quarter's rest, with the quarter's sign. */
TW_FN float tw__quarter(uint64_t turns, unsigned quarters)
{
    uint32_t place = (uint32_t)(turns >> 32), quarter = (place + 0x20000000u) >> 30;
    float x = (float)(int32_t)(place - (quarter << 30)) * (6.28318530717958648f / 4294967296.0f), s = x * x;
    float odd = x * (1.0f + s * (-1.0f / 6 + s * (1.0f / 120 + s * (-1.0f / 5040 + s * (1.0f / 362880)))));
    float even = 1.0f + s * (-0.5f + s * (1.0f / 24 + s * (-1.0f / 720 + s * (1.0f / 40320))));
    quarter += quarters;
    return (quarter & 2u ? -1.0f : 1.0f) * (quarter & 1u ? even : odd);
}

TW_FN float tw_sin_turns(uint64_t turns) { return tw__quarter(turns, 0); }
TW_FN float tw_cos_turns(uint64_t turns) { return tw__quarter(turns, 1); }

#endif
