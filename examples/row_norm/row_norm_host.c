/* SPDX-License-Identifier: MIT
 *
 * The norms' description for tw: what they take, how they are launched, what they must equal.
 */
#include <math.h>

#include "host/tilewright_host.h"
#include "reference.h"

/* They read weight and bias once each, and have their rows under way side by side. */
enum { BLOCKS_OF_A_UNIT = 8 };

/* row_norm_args of row_norm.h, as every compiler of the kernel lays it out (arch/abi.h). */
typedef struct {
    tw_tensor_arg x, residual, sum, y, weight, bias;
    float epsilon, keep_scale;
    uint64_t seed;
    uint32_t drop_below;
} row_norm_arguments;

static const tw_symbol symbols[] = {
    {.name = "M", .preset = 512, .meaning = "rows"},
    {.name = "D", .preset = 4096, .meaning = "elements of a row"},
    {0},
};

/* clang-format off */
static const tw_option options[] = {
    { .name = "dtype", .macro = "ROW_NORM_DTYPE", .values = "bf16 f16", .preset = "bf16",
      .meaning = "dtype of x, residual, sum and y" },
    { .name = "wtype", .macro = "ROW_NORM_WEIGHT_DTYPE", .values = "f32 bf16 f16", .preset = "f32",
      .meaning = "dtype of weight and bias" },
    { .name = "kind", .macro = "ROW_NORM_KIND", .values = "rmsnorm layernorm", .preset = "rmsnorm",
      .meaning = "layernorm: less the mean, by the standard deviation; rmsnorm: by the root mean square" },
    { .name = "cols", .macro = "ROW_NORM_COLS", .values = "256 1024 4096 16384", .preset = "4096", .fits = "D",
      .in_parts = 1, .meaning = "elements of a row kept in registers; a longer row is read twice" },
    { .name = "weight", .macro = "ROW_NORM_WEIGHT", .values = "0 1", .preset = "1",
      .meaning = "1: times weight[column]" },
    { .name = "bias", .macro = "ROW_NORM_BIAS", .values = "0 1", .preset = "0", .meaning = "1: plus bias[column]" },
    { .name = "residual", .macro = "ROW_NORM_RESIDUAL", .values = "0 1", .preset = "0",
      .meaning = "1: the residual is added first" },
    { .name = "sum", .macro = "ROW_NORM_SUM", .values = "0 1", .preset = "0",
      .meaning = "1: what is normalised is written too" },
    { .name = "dropout_on", .macro = "ROW_NORM_DROPOUT", .values = "0 1", .preset = "0",
      .meaning = "1: elements of x are dropped with probability `dropout`" },
    { 0 },
};

static const tw_scalar scalars[] = {
    { .name = "epsilon", .preset = 1e-5, .meaning = "added to the mean of squares" },
    { .name = "dropout", .preset = 0.1, .present = "dropout_on=1", .meaning = "from 0 to below 1" },
    { .name = "seed", .preset = 1, .present = "dropout_on=1", .meaning = "whole; the same seed drops the same" },
    { 0 },
};

static const tw_tensor_row tensors[] = {
    { .name = "x", .dtype = "=dtype", .shape = "M D", .meaning = "input" },
    { .name = "residual", .dtype = "=dtype", .shape = "M D", .present = "residual=1", .meaning = "added to x" },
    { .name = "weight", .dtype = "=wtype", .shape = "D", .present = "weight=1", .meaning = "factor of each column" },
    { .name = "bias", .dtype = "=wtype", .shape = "D", .present = "bias=1", .meaning = "added to each column" },
    { .name = "sum", .dtype = "=dtype", .shape = "M D", .direction = TW_DIRECTION_OUT, .present = "sum=1",
      .meaning = "x after dropout, plus the residual" },
    { .name = "y", .dtype = "=dtype", .shape = "M D", .direction = TW_DIRECTION_OUT, .meaning = "result" },
    { 0 },
};

static const char *const cases[] = {
    "M=17 D=1000",
    "M=9 D=63 kind=layernorm bias=1 residual=1 sum=1 dropout_on=1 dtype=f16",
    0,
};
/* clang-format on */

static tw_status validate(tw_problem *problem)
{
    double dropout = tw_problem_scalar(problem, "dropout"), seed = tw_problem_scalar(problem, "seed");
    if (!(dropout >= 0 && dropout < 1))
        return tw_fail(TW_INVALID, "dropout is %g; it must be at least 0 and below 1", dropout);
    if (!(seed >= 0 && seed <= 0x1p53 && seed == floor(seed)))
        return tw_fail(TW_INVALID, "seed is %g; it must be a whole number from 0 to 2^53", seed);
    if (!((float)tw_problem_scalar(problem, "epsilon") >= 0))
        return tw_fail(TW_INVALID, "epsilon is %g; it must be at least 0",
                       tw_problem_scalar(problem, "epsilon"));
    return tw_ok();
}

static tw_status arguments(const tw_problem *problem, const tw_kernel_info *info, void *args,
                           uint32_t grid[3])
{
    int64_t tile = info->tile[0], blocks;
    int units;
    if (tile < 1)
        return tw_fail(TW_INVALID, "row_norm_info has no tile size ROWS");
    blocks = (tw_problem_size(problem, "M") + tile - 1) / tile;
    if (info->tile[2]) { /* blocks go on */
        TW_TRY(tw_instance_units(tw_problem_instance(problem), &units));
        if (blocks > (int64_t)BLOCKS_OF_A_UNIT * units)
            blocks = (int64_t)BLOCKS_OF_A_UNIT * units;
    }
    if (blocks > INT32_MAX)
        return tw_fail(TW_INVALID, "row_norm: more than 2^31 - 1 tiles of %lld rows; make M smaller",
                       (long long)tile);
    *(row_norm_arguments *)args = (row_norm_arguments){
        .x = tw_problem_argument(problem, "x"),
        .residual = tw_problem_argument(problem, "residual"),
        .sum = tw_problem_argument(problem, "sum"),
        .y = tw_problem_argument(problem, "y"),
        .weight = tw_problem_argument(problem, "weight"),
        .bias = tw_problem_argument(problem, "bias"),
        .epsilon = (float)tw_problem_scalar(problem, "epsilon"),
        .keep_scale = (float)(1 / (1 - tw_problem_scalar(problem, "dropout"))),
        .seed = row_norm_seed(problem),
        .drop_below = row_norm_drop_below(problem),
    };
    grid[0] = (uint32_t)blocks;
    grid[1] = grid[2] = 1;
    return tw_ok();
}

/* Squares, sums and the scaled result. */
static double flops(const tw_problem *problem)
{
    return 5.0 * (double)tw_problem_size(problem, "M") * (double)tw_problem_size(problem, "D");
}

/* Rounded once, uniformly in half a step: 1.7e-3 for bf16, 2.1e-4 for f16. */
static double bound(tw_dtype dtype)
{
    switch (dtype) {
    case TW_DTYPE_BF16: return 2.5e-3;
    case TW_DTYPE_F16: return 3e-4;
    default: return 1e-5;
    }
}

const tw_kernel tw_kernel_row_norm = {
    .name = "row_norm",
    .summary = "sum = dropout(x) + residual, y = layernorm or rmsnorm of it by rows",
    .source = "examples/row_norm/row_norm.c",
    .symbols = symbols,
    .options = options,
    .scalars = scalars,
    .tensors = tensors,
    .args_bytes = sizeof(row_norm_arguments),
    .cases = cases,
    .validate = validate,
    .arguments = arguments,
    .reference = row_norm_reference,
    .flops = flops,
    .bound = bound,
};
