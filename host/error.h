/* SPDX-License-Identifier: MIT
 *
 * How far a result is from its float64 reference. A NaN, on either side, and an infinity that is not the same
 * on both never pass, whatever the bound.
 */
#ifndef TW_HOST_ERROR_H
#define TW_HOST_ERROR_H

#include <stddef.h>
#include <stdint.h>

#include "dtype.h"

typedef struct {
    size_t count;
    size_t mismatches;     /* elements that are NaN, or infinite on one side only or with opposite signs */
    size_t first_mismatch; /* index of the first of them; `count` if there is none */
    size_t worst;          /* index of the largest absolute error among the finite elements */
    double rel;            /* |result - reference| / |reference|, Frobenius norms over the finite elements */
    double max_abs;        /* largest |result - reference| */
    double mean_signed;    /* mean of result - reference: 0 for unbiased rounding */
    double rms;            /* root mean square of the reference, the scale of the two above */
    int rounding_alone;    /* 1: every element is a number within 1e-5 of (|its reference| + rms), rounded to dtype */
    double mean_beyond;    /* if so: mean of result - rounded reference */
} tw_error;

/* `elements` of `dtype` against `reference`, `count` each. A result equal to an all-zero reference has rel 0,
 * any other result against it has rel infinity. */
tw_error tw_error_measure(tw_dtype dtype, const void *elements, const double *reference, size_t count);

/* 1 when nothing mismatches, rel is at most `bound`, and the errors have no common sign: |mean_signed| is at most
 * a tenth of bound * rms, beyond what the mean of `count` errors as large as the one measured scatters by (four of its
 * standard deviations). A bound is for the mean over many elements; a few, or one, may all lie near the middle
 * between two numbers of the dtype: so also when rounding_alone, whatever rel, and mean_beyond shows no common sign.
 * An empty tensor passes. */
int tw_error_passes(const tw_error *error, double bound);

#endif
