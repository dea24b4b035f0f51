/* SPDX-License-Identifier: MIT
 *
 * Scalar functions of float, the same on every machine: for user expressions (tw_map and its kin) and
 * behind the named maps. Built on each machine's exp2, log2, reciprocal and square roots; relative error
 * at most a few 1e-7 plus |x| * 6e-8 in exp, unless said.
 */
#ifndef TW_OPS_MATH_H
#define TW_OPS_MATH_H

#include "../arch/arch.h"

#define TW_LOG2_E   1.44269504088896340736f
#define TW_LN_2     0.69314718055994530942f
#define TW_INFINITY tw__float_of(0x7f800000u)

TW_FN float tw_exp2f(float x) { return tw__isa_exp2(x); }
TW_FN float tw_expf(float x) { return tw__isa_exp2(x * TW_LOG2_E); }
TW_FN float tw_log2f(float x) { return tw__isa_log2(x); }
TW_FN float tw_logf(float x) { return tw__isa_log2(x) * TW_LN_2; }
TW_FN float tw_sqrtf(float x) { return tw__isa_sqrt(x); }
TW_FN float tw_rsqrtf(float x) { return tw__isa_rsqrt(x); }
TW_FN float tw_fmaf(float a, float b, float c) { return tw__isa_fma(a, b, c); }
TW_FN float tw_absf(float x) { return tw__float_of(tw__bits_of(x) & 0x7fffffffu); }
/* A NaN in either operand comes out of min and max. */
TW_FN float tw_maxf(float a, float b) { return a > b || a != a ? a : b; }
TW_FN float tw_minf(float a, float b) { return a < b || a != a ? a : b; }
TW_FN float tw_clampf(float x, float low, float high) { return x < low ? low : x > high ? high : x; }
TW_FN float tw_divf(float a, float b) { return a / b; }
TW_FN float tw_sigmoidf(float x) { return tw__isa_rcp(1.0f + tw_expf(-x)); }
TW_FN float tw_siluf(float x) { return x * tw_sigmoidf(x); }
/* log(1 + x) for x > -1, exact to a few ulps near 0 too: what 1 + x loses of x, the quotient gives back
 * (Kahan). */
TW_FN float tw_log1pf(float x)
{
    float w = 1.0f + x;
    return w == 1.0f ? x : w == TW_INFINITY ? w : tw_logf(w) * (x / (w - 1.0f));
}

/* log(1 + e^x) */
TW_FN float tw_softplusf(float x) { return x > 20.0f ? x : tw_log1pf(tw_expf(x)); }
TW_FN float tw_reluf(float x) { return x < 0.0f ? 0.0f : x; }

/* Near 0 the odd Taylor series, elsewhere 1 - 2 / (1 + e^2|x|), which never overflows to NaN. */
TW_FN float tw_tanhf(float x)
{
    float a = tw_absf(x), s = x * x;
    float series = x * (1.0f + s * (-1.0f / 3 + s * (2.0f / 15 + s * (-17.0f / 315 + s * (62.0f / 2835)))));
    float far = 1.0f - 2.0f * tw__isa_rcp(1.0f + tw_expf(2.0f * a));
    return a < 0.25f ? series : x < 0.0f ? -far : far;
}

/* erf by Abramowitz and Stegun 7.1.26 (absolute error 1.5e-7), by its series near 0. */
TW_FN float tw_erff(float x)
{
    float a = tw_absf(x), t = tw__isa_rcp(1.0f + 0.3275911f * a), s = x * x;
    float tail = t * (0.254829592f +
                      t * (-0.284496736f + t * (1.421413741f + t * (-1.453152027f + t * 1.061405429f))));
    float far = 1.0f - tail * tw_expf(-s);
    float series = x * (1.128379167f +
                        s * (-0.376126389f + s * (0.112837917f + s * (-0.026866170f + s * 0.005223978f))));
    return a < 0.4f ? series : x < 0.0f ? -far : far;
}

/* x * Phi(x), the exact form; tw_gelu_tanhf is the usual approximation of it. */
TW_FN float tw_geluf(float x) { return 0.5f * x * (1.0f + tw_erff(x * 0.70710678118654752f)); }

TW_FN float tw_gelu_tanhf(float x)
{
    return 0.5f * x * (1.0f + tw_tanhf(0.79788456080286536f * (x + 0.044715f * x * x * x)));
}

#endif
