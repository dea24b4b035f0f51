/* SPDX-License-Identifier: MIT
 *
 * Error measures. Sums run over fixed chunks in a fixed order, so a measure is the same on every run.
 */
#include "error.h"

#include <math.h>

enum { CHUNK = 4096 };

/* What f32 arithmetic may have done to an element before it was rounded to its dtype. */
static const double arithmetic = 1e-5;

/* `values` rounded to `dtype`, in place. */
static void round_to(tw_dtype dtype, double *values, size_t count)
{
    unsigned char elements[CHUNK * sizeof(double)];
    tw_dtype_encode(dtype, values, elements, count);
    tw_dtype_decode(dtype, elements, values, count);
}

/* Sets rounding_alone and mean_beyond; needs rms. Rounding is monotone, so an element is the rounding of a number in
 * an interval when it lies between those of the interval's ends. */
static void judge_rounding(tw_error *error, tw_dtype dtype, const void *elements, const double *reference)
{
    double value[CHUNK], low[CHUNK], high[CHUNK], rounded[CHUNK], sum = 0;
    if (error->mismatches)
        return;
    for (size_t start = 0; start < error->count; start += CHUNK) {
        size_t n = error->count - start < CHUNK ? error->count - start : CHUNK;
        tw_dtype_decode(dtype, (const char *)elements + start * tw_dtype_bytes(dtype), value, n);
        for (size_t i = 0; i < n; i++) {
            double slack = arithmetic * (fabs(reference[start + i]) + error->rms);
            rounded[i] = reference[start + i];
            low[i] = rounded[i] - slack;
            high[i] = rounded[i] + slack;
        }
        round_to(dtype, rounded, n);
        round_to(dtype, low, n);
        round_to(dtype, high, n);
        for (size_t i = 0; i < n; i++) {
            if (!isfinite(reference[start + i]))
                continue; /* equal, as nothing mismatches */
            if (!(low[i] <= value[i] && value[i] <= high[i]))
                return;
            sum += value[i] - (isfinite(rounded[i]) ? rounded[i] : value[i]);
        }
    }
    error->rounding_alone = 1;
    error->mean_beyond = error->count ? sum / (double)error->count : 0;
}

tw_error tw_error_measure(tw_dtype dtype, const void *elements, const double *reference, size_t count)
{
    tw_error error = {.count = count, .first_mismatch = count};
    double square = 0, square_reference = 0, sum = 0;
    size_t finite = 0;
    double value[CHUNK];
    for (size_t start = 0; start < count; start += CHUNK) {
        size_t n = count - start < CHUNK ? count - start : CHUNK;
        tw_dtype_decode(dtype, (const char *)elements + start * tw_dtype_bytes(dtype), value, n);
        double chunk_square = 0, chunk_reference = 0, chunk_sum = 0;
        for (size_t i = 0; i < n; i++) {
            double expected = reference[start + i];
            if (!isfinite(value[i]) || !isfinite(expected)) {
                if (value[i] == expected)
                    continue;
                if (error.mismatches++ == 0)
                    error.first_mismatch = start + i;
                continue;
            }
            double difference = value[i] - expected;
            chunk_square += difference * difference;
            chunk_reference += expected * expected;
            chunk_sum += difference;
            finite++;
            if (fabs(difference) > error.max_abs) {
                error.max_abs = fabs(difference);
                error.worst = start + i;
            }
        }
        square += chunk_square;
        square_reference += chunk_reference;
        sum += chunk_sum;
    }
    if (square > 0)
        error.rel = square_reference > 0 ? sqrt(square / square_reference) : (double)INFINITY;
    if (finite) {
        error.mean_signed = sum / (double)finite;
        error.rms = sqrt(square_reference / (double)finite);
    }
    judge_rounding(&error, dtype, elements, reference);
    return error;
}

int tw_error_passes(const tw_error *error, double bound)
{
    const double share = 0.1, deviations = 4;
    double scatter = deviations * error->rel / sqrt(error->count ? (double)error->count : 1);
    double common = (share * bound + scatter) * error->rms;
    if (error->mismatches || isnan(error->rel))
        return 0;
    if (error->rel <= bound && !(fabs(error->mean_signed) > common))
        return 1;
    return error->rounding_alone && !(fabs(error->mean_beyond) > common);
}
