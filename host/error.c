/* SPDX-License-Identifier: MIT
 *
 * Error measures. Sums run over fixed chunks in a fixed order, so a measure is the same on every run.
 */
#include "error.h"

#include <math.h>

enum { CHUNK = 4096 };

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
    return error;
}

int tw_error_passes(const tw_error *error, double bound)
{
    const double share = 0.1, deviations = 4;
    double scatter = deviations * error->rel / sqrt(error->count ? (double)error->count : 1);
    return error->mismatches == 0 && error->rel <= bound &&
           !(fabs(error->mean_signed) > (share * bound + scatter) * error->rms);
}
