/* SPDX-License-Identifier: MIT
 *
 * The softmax's description for tw: what it takes, how it is launched, what it must equal.
 */
#include <math.h>

#include "host/tilewright_host.h"
#include "reference.h"

/* softmax_args of softmax.h, as every compiler of the kernel lays it out (arch/abi.h). */
typedef struct {
    tw_tensor_arg x, y, lengths;
    float scale;
} softmax_arguments;

static const tw_symbol symbols[] = {
    {.name = "M", .preset = 512, .meaning = "rows"},
    {.name = "D", .preset = 4096, .meaning = "elements of a row"},
    {0},
};

/* clang-format off */
static const tw_option options[] = {
    { .name = "in", .macro = "SOFTMAX_IN", .values = "bf16 f16 f32", .preset = "bf16", .meaning = "dtype of x" },
    { .name = "out", .macro = "SOFTMAX_OUT", .values = "bf16 f16 f32", .preset = "bf16", .meaning = "dtype of y" },
    { .name = "log", .macro = "SOFTMAX_LOG", .values = "0 1", .preset = "0", .meaning = "1: the logarithm" },
    { .name = "lengths", .macro = "SOFTMAX_LENGTHS", .values = "0 1", .preset = "0",
      .meaning = "1: of row r the first lengths[r] elements count, the others are masked" },
    { .name = "cols", .macro = "SOFTMAX_COLS", .values = "256 1024 4096 16384", .preset = "4096", .fits = "D",
      .in_parts = 1, .meaning = "elements of a row kept in registers; a longer row is read twice" },
    { 0 },
};
/* clang-format on */

static const tw_scalar scalars[] = {
    {.name = "scale", .preset = 1, .meaning = "factor of x, above 0"},
    {0},
};

/* Any from 0 to D. */
static void random_lengths(const tw_problem *problem, const tw_tensor *tensor, double *values)
{
    double most = (double)tw_problem_size(problem, "D");
    tw_random_normal(tw_problem_seed(problem), "lengths", 0, values, tensor->count);
    for (size_t i = 0; i < tensor->count; i++)
        values[i] = floor(fmod(fabs(values[i]) * 1000, 1) * (most + 1));
}

/* clang-format off */
static const tw_tensor_row tensors[] = {
    { .name = "x", .dtype = "=in", .shape = "M D", .meaning = "logits" },
    { .name = "lengths", .dtype = "i32", .shape = "M", .present = "lengths=1", .content = random_lengths,
      .meaning = "elements of each row that count" },
    { .name = "y", .dtype = "=out", .shape = "M D", .direction = TW_DIRECTION_OUT, .absolute = 1e-6,
      .meaning = "probabilities, or their logarithms" },
    { 0 },
};

static const char *const cases[] = {
    "M=17 D=1000 lengths=1",
    "M=9 D=63 in=f16 out=f32 log=1",
    0,
};
/* clang-format on */

static tw_status validate(tw_problem *problem)
{
    if (!((float)tw_problem_scalar(problem, "scale") > 0))
        return tw_fail(TW_INVALID, "scale is %g; it must be above 0", tw_problem_scalar(problem, "scale"));
    if (tw_problem_size(problem, "D") > INT32_MAX)
        return tw_fail(TW_INVALID, "D must be below 2^31");
    return tw_ok();
}

static tw_status arguments(const tw_problem *problem, const tw_kernel_info *info, void *args,
                           uint32_t grid[3])
{
    int64_t tile = info->tile[0], blocks;
    if (tile < 1)
        return tw_fail(TW_INVALID, "softmax_info has no tile size ROWS");
    blocks = (tw_problem_size(problem, "M") + tile - 1) / tile;
    if (blocks > INT32_MAX)
        return tw_fail(TW_INVALID, "softmax: more than 2^31 - 1 tiles of %lld rows; make M smaller",
                       (long long)tile);
    *(softmax_arguments *)args = (softmax_arguments){
        .x = tw_problem_argument(problem, "x"),
        .y = tw_problem_argument(problem, "y"),
        .lengths = tw_problem_argument(problem, "lengths"),
        .scale = (float)tw_problem_scalar(problem, "scale"),
    };
    grid[0] = (uint32_t)blocks;
    grid[1] = grid[2] = 1;
    return tw_ok();
}

/* Maximum, difference, exponential, sum, quotient. */
static double flops(const tw_problem *problem)
{
    return 5.0 * (double)tw_problem_size(problem, "M") * (double)tw_problem_size(problem, "D");
}

/* Rounded once, uniformly in half a step: 1.7e-3 for bf16, 2.1e-4 for f16. f32: the exponential's argument.
 */
static double bound(tw_dtype dtype)
{
    switch (dtype) {
    case TW_DTYPE_BF16: return 2.5e-3;
    case TW_DTYPE_F16: return 3e-4;
    default: return 1e-5;
    }
}

const tw_kernel tw_kernel_softmax = {
    .name = "softmax",
    .summary = "y = softmax(scale x) by rows, or its logarithm",
    .source = "examples/softmax/softmax.c",
    .symbols = symbols,
    .options = options,
    .scalars = scalars,
    .tensors = tensors,
    .args_bytes = sizeof(softmax_arguments),
    .cases = cases,
    .validate = validate,
    .arguments = arguments,
    .reference = softmax_reference,
    .flops = flops,
    .bound = bound,
};
