/* SPDX-License-Identifier: MIT
 *
 * Softmax in float64 over the inputs as their dtype rounded them; nothing is rounded on the way.
 */
#include "reference.h"

#include <math.h>

tw_status softmax_reference(tw_problem *problem)
{
    const tw_tensor *x = tw_problem_tensor(problem, "x"), *lengths = tw_problem_tensor(problem, "lengths");
    tw_tensor *y = tw_problem_tensor(problem, "y");
    const int64_t rows = tw_problem_size(problem, "M"), cols = tw_problem_size(problem, "D");
    const int logarithm = tw_problem_option_is(problem, "log", "1");
    const double scale = (double)(float)tw_problem_scalar(problem, "scale");
    for (int64_t row = 0; row < rows; row++) {
        double *value = y->reference + row * cols, max = -INFINITY, sum = 0;
        int64_t length = lengths ? ((const int32_t *)lengths->input)[row] : cols;
        length = length < 0 ? 0 : length > cols ? cols : length;
        tw_dtype_decode(x->dtype, (const char *)x->input + (size_t)(row * cols) * tw_dtype_bytes(x->dtype),
                        value, (size_t)cols);
        for (int64_t c = 0; c < length; c++)
            max = value[c] > max ? value[c] : max;
        for (int64_t c = 0; c < length; c++)
            sum += exp(scale * (value[c] - max));
        for (int64_t c = 0; c < cols; c++) {
            double shifted = scale * (value[c] - max);
            if (c >= length)
                value[c] = logarithm ? -INFINITY : 0;
            else
                value[c] = logarithm ? shifted - log(sum) : exp(shifted) / sum;
        }
    }
    return tw_ok();
}
