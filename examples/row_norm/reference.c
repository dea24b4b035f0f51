/* SPDX-License-Identifier: MIT
 *
 * The norms in float64 over the inputs as their dtypes rounded them; nothing is rounded on the way.
 */
#include "reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void row_norm_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t words[4])
{
    uint32_t k[2] = {key[0], key[1]};
    memcpy(words, counter, 4 * sizeof *words);
    for (int round = 0; round < 10; round++) {
        uint64_t a = 0xD2511F53ull * words[0], b = 0xCD9E8D57ull * words[2];
        uint32_t next[4] = {(uint32_t)(b >> 32) ^ words[1] ^ k[0], (uint32_t)b,
                            (uint32_t)(a >> 32) ^ words[3] ^ k[1], (uint32_t)a};
        memcpy(words, next, sizeof next);
        k[0] += 0x9E3779B9u;
        k[1] += 0xBB67AE85u;
    }
}

uint32_t row_norm_drop_below(const tw_problem *problem)
{
    return (uint32_t)(tw_problem_scalar(problem, "dropout") * 0x1p32);
}

uint64_t row_norm_seed(const tw_problem *problem) { return (uint64_t)tw_problem_scalar(problem, "seed"); }

static int dropped(uint64_t seed, uint32_t below, int64_t row, int64_t col)
{
    const uint32_t counter[4] = {(uint32_t)(col / 4), (uint32_t)((uint64_t)(col / 4) >> 32), (uint32_t)row,
                                 (uint32_t)((uint64_t)row >> 32)};
    const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    uint32_t words[4];
    row_norm_philox(counter, key, words);
    return words[col % 4] < below;
}

/* `count` elements from `first` on, or zeros where the tensor is absent. */
static void read_row(const tw_tensor *tensor, int64_t first, int64_t count, double *values)
{
    memset(values, 0, (size_t)count * sizeof *values);
    if (tensor)
        tw_dtype_decode(tensor->dtype,
                        (const char *)tensor->input + (size_t)first * tw_dtype_bytes(tensor->dtype), values,
                        (size_t)count);
}

tw_status row_norm_reference(tw_problem *problem)
{
    const tw_tensor *x = tw_problem_tensor(problem, "x"), *residual = tw_problem_tensor(problem, "residual"),
                    *weight = tw_problem_tensor(problem, "weight"),
                    *bias = tw_problem_tensor(problem, "bias");
    tw_tensor *sum = tw_problem_tensor(problem, "sum"), *y = tw_problem_tensor(problem, "y");
    const int64_t rows = tw_problem_size(problem, "M"), cols = tw_problem_size(problem, "D");
    const int centred = tw_problem_option_is(problem, "kind", "layernorm");
    const int drops = tw_problem_option_is(problem, "dropout_on", "1");
    const uint32_t below = row_norm_drop_below(problem);
    const uint64_t seed = row_norm_seed(problem);
    const double keep = 1 / (1 - tw_problem_scalar(problem, "dropout"));
    const double epsilon = (double)(float)tw_problem_scalar(problem, "epsilon");
    double *s = malloc(4 * (size_t)cols * sizeof *s), *more = s + cols, *w = more + cols, *b = w + cols;
    if (!s)
        return tw_fail(TW_NO_MEMORY, "no memory for row_norm's float64 reference");
    read_row(weight, 0, cols, w);
    read_row(bias, 0, cols, b);
    for (int64_t row = 0; row < rows; row++) {
        double mean = 0, squares = 0;
        read_row(x, row * cols, cols, s);
        read_row(residual, row * cols, cols, more);
        for (int64_t c = 0; c < cols; c++) {
            if (drops)
                s[c] = dropped(seed, below, row, c) ? 0 : s[c] * keep;
            s[c] += more[c];
            mean += s[c] / (double)cols;
        }
        if (sum)
            memcpy(sum->reference + row * cols, s, (size_t)cols * sizeof *s);
        for (int64_t c = 0; c < cols; c++) {
            s[c] -= centred ? mean : 0;
            squares += s[c] * s[c] / (double)cols;
        }
        for (int64_t c = 0; c < cols; c++)
            y->reference[row * cols + c] = s[c] / sqrt(squares + epsilon) * (weight ? w[c] : 1) + b[c];
    }
    free(s);
    return tw_ok();
}
