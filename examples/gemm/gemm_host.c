/* SPDX-License-Identifier: MIT
 *
 * The GEMM's description for tw: what it takes, how it is launched, what it must equal.
 */
#include "host/tilewright_host.h"
#include "reference.h"

/* gemm_args of gemm.h, as every compiler of the kernel lays it out (arch/abi.h). */
typedef struct {
    tw_tensor_arg a, b, c, bias, residual;
    float alpha, beta;
} gemm_arguments;

static const tw_symbol symbols[] = {
    {.name = "M", .preset = 512, .meaning = "rows of c"},
    {.name = "N", .preset = 512, .meaning = "columns of c"},
    {.name = "K", .preset = 512, .meaning = "length of each sum"},
    {0},
};

/* clang-format off */
static const tw_option options[] = {
    { .name = "in", .macro = "GEMM_IN", .values = "bf16 f16", .preset = "bf16", .meaning = "dtype of a and b" },
    { .name = "out", .macro = "GEMM_OUT", .values = "bf16 f16 f32", .preset = "bf16",
      .meaning = "dtype of c and residual" },
    { .name = "trans_b", .macro = "GEMM_TRANS_B", .values = "0 1", .preset = "1",
      .meaning = "1: b is N x K, c = a b^T; 0: b is K x N, c = a b" },
    { .name = "bias", .macro = "GEMM_BIAS", .values = "0 1", .preset = "0", .meaning = "1: add bias[column]" },
    { .name = "residual", .macro = "GEMM_RESIDUAL", .values = "0 1", .preset = "0",
      .meaning = "1: add residual after the activation" },
    { .name = "activation", .macro = "GEMM_ACTIVATION", .values = "none relu gelu silu", .preset = "none",
      .meaning = "applied after the epilogue" },
    { .name = "epilogue", .macro = "GEMM_EPILOGUE", .parameters = "x, r, c",
      .reference_parameters = "double x, int64_t r, int64_t c", .preset = "x",
      .meaning = "C expression of the value x at row r, column c" },
    { 0 },
};
/* clang-format on */

static const tw_scalar scalars[] = {
    {.name = "alpha", .preset = 1, .meaning = "factor of the product"},
    {.name = "beta", .preset = 0, .meaning = "factor of c as it was; 0: c is not read"},
    {0},
};

/* clang-format off */
static const tw_tensor_row tensors[] = {
    { .name = "a", .dtype = "=in", .shape = "M K", .meaning = "left operand" },
    { .name = "b", .dtype = "=in", .shape = "N K", .present = "trans_b=1", .meaning = "right operand, transposed" },
    { .name = "b", .dtype = "=in", .shape = "K N", .present = "trans_b=0", .meaning = "right operand" },
    { .name = "c", .dtype = "=out", .shape = "M N", .direction = TW_DIRECTION_INOUT, .read_if = "beta",
      .meaning = "result" },
    { .name = "bias", .dtype = "f32", .shape = "N", .present = "bias=1", .meaning = "added to every row" },
    { .name = "residual", .dtype = "=out", .shape = "M N", .present = "residual=1",
      .meaning = "added to the result" },
    { 0 },
};
/* clang-format on */

static tw_status arguments(const tw_problem *problem, const tw_kernel_info *info, void *args,
                           uint32_t grid[3])
{
    gemm_arguments *g = args;
    *g = (gemm_arguments){
        .a = tw_problem_argument(problem, "a"),
        .b = tw_problem_argument(problem, "b"),
        .c = tw_problem_argument(problem, "c"),
        .bias = tw_problem_argument(problem, "bias"),
        .residual = tw_problem_argument(problem, "residual"),
        .alpha = (float)tw_problem_scalar(problem, "alpha"),
        .beta = (float)tw_problem_scalar(problem, "beta"),
    };
    int64_t tile_m = info->tile[0], tile_n = info->tile[1];
    if (tile_m < 1 || tile_n < 1)
        return tw_fail(TW_INVALID, "gemm_info has no tile sizes BM, BN");
    int64_t blocks = (tw_problem_size(problem, "M") + tile_m - 1) / tile_m;
    if (__builtin_mul_overflow(blocks, (tw_problem_size(problem, "N") + tile_n - 1) / tile_n, &blocks))
        blocks = INT64_MAX;
    TW_TRY(tw_problem_blocks(problem, blocks, &grid[0]));
    grid[1] = grid[2] = 1;
    return tw_ok();
}

static double flops(const tw_problem *problem)
{
    return 2.0 * (double)tw_problem_size(problem, "M") * (double)tw_problem_size(problem, "N") *
           (double)tw_problem_size(problem, "K");
}

/* f32 sums of f32 products, rounded once: what is left is the output's own rounding, uniform in half a step
 * (1.7e-3 for bf16, 2.1e-4 for f16), and for f32 the order of the sum. */
static double bound(tw_dtype dtype)
{
    switch (dtype) {
    case TW_DTYPE_BF16: return 2.5e-3;
    case TW_DTYPE_F16: return 3e-4;
    default: return 1e-5;
    }
}

const tw_kernel tw_kernel_gemm = {
    .name = "gemm",
    .summary = "c = residual + activation(epilogue(alpha a b + bias)) + beta c",
    .source = "examples/gemm/gemm.c",
    .symbols = symbols,
    .options = options,
    .scalars = scalars,
    .tensors = tensors,
    .args_bytes = sizeof(gemm_arguments),
    .arguments = arguments,
    .reference = gemm_reference,
    .flops = flops,
    .bound = bound,
};
