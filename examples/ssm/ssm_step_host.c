/* SPDX-License-Identifier: MIT
 *
 * The one-token step's description for tw.
 */
#include "host/tilewright_host.h"
#include "reference.h"

/* ssm_step_args of ssm_step.h, as every compiler of the kernel lays it out (arch/abi.h). */
typedef struct {
    tw_tensor_arg x, b, c, z, y, dt, a, d, bias, state;
} ssm_step_arguments;

/* clang-format off */
static const tw_symbol symbols[] = {
    { .name = "B", .preset = 1, .meaning = "batch" },
    { .name = "H", .preset = 8, .meaning = "heads" },
    { .name = "G", .preset = 1, .meaning = "groups of heads that share b and c; divides H" },
    { .name = "P", .preset = 64, .meaning = "channels of a head" },
    { .name = "N", .preset = 128, .meaning = "state dim: columns of a head's state" },
    { 0 },
};

static const tw_option options[] = {
    { .name = "dtype", .macro = "SSM_DTYPE", .values = "bf16 f16", .preset = "bf16",
      .meaning = "dtype of x, dt, b, c, z and y" },
    { .name = "n", .macro = "SSM_N", .values = "16 32 64 128 256", .preset = "128", .fits = "N",
      .meaning = "the instance's state dim" },
    { .name = "skip", .macro = "SSM_SKIP", .values = "0 1", .preset = "1", .meaning = "1: + d[head] x" },
    { .name = "gate", .macro = "SSM_GATE", .values = "0 1", .preset = "0", .meaning = "1: times silu(z)" },
    { .name = "dt_bias", .macro = "SSM_BIAS", .values = "0 1", .preset = "1", .meaning = "1: dt + bias[head]" },
    { .name = "softplus", .macro = "SSM_SOFTPLUS", .values = "0 1", .preset = "1",
      .meaning = "1: dt = log(1 + e^dt)" },
    { 0 },
};

static const tw_tensor_row tensors[] = {
    { .name = "x", .dtype = "=dtype", .shape = "B H P", .meaning = "input" },
    { .name = "dt", .dtype = "=dtype", .shape = "B H", .content = ssm_random_dt, .meaning = "time step" },
    { .name = "a", .dtype = "f32", .shape = "H", .content = ssm_random_a, .meaning = "A, not above 0" },
    { .name = "b", .dtype = "=dtype", .shape = "B G N", .meaning = "what the state takes x in along" },
    { .name = "c", .dtype = "=dtype", .shape = "B G N", .meaning = "what y reads the state along" },
    { .name = "d", .dtype = "f32", .shape = "H", .present = "skip=1", .meaning = "factor of x in y" },
    { .name = "z", .dtype = "=dtype", .shape = "B H P", .present = "gate=1", .meaning = "gate of y" },
    { .name = "bias", .dtype = "f32", .shape = "H", .present = "dt_bias=1", .content = ssm_random_bias,
      .meaning = "added to dt" },
    { .name = "state", .dtype = "f32", .shape = "B H P N", .direction = TW_DIRECTION_INOUT,
      .meaning = "before and behind the token" },
    { .name = "y", .dtype = "=dtype", .shape = "B H P", .direction = TW_DIRECTION_OUT, .meaning = "result" },
    { 0 },
};

static const char *const cases[] = {
    "B=2 H=4 G=2 P=80 N=50 n=64 gate=1",
    0,
};
/* clang-format on */

static tw_status arguments(const tw_problem *problem, const tw_kernel_info *info, void *args,
                           uint32_t grid[3])
{
    int64_t channels = info->tile[0], blocks = tw_problem_size(problem, "P");
    if (channels < 1)
        return tw_fail(TW_INVALID, "ssm_step_info has no tile size P");
    blocks = (blocks + channels - 1) / channels;
    if (__builtin_mul_overflow(blocks, tw_problem_size(problem, "H"), &blocks) ||
        __builtin_mul_overflow(blocks, tw_problem_size(problem, "B"), &blocks) || blocks > INT32_MAX)
        return tw_fail(TW_INVALID, "ssm_step: more than 2^31 - 1 blocks; make B, H or P smaller");
    *(ssm_step_arguments *)args = (ssm_step_arguments){
        .x = tw_problem_argument(problem, "x"),
        .b = tw_problem_argument(problem, "b"),
        .c = tw_problem_argument(problem, "c"),
        .z = tw_problem_argument(problem, "z"),
        .y = tw_problem_argument(problem, "y"),
        .dt = tw_problem_argument(problem, "dt"),
        .a = tw_problem_argument(problem, "a"),
        .d = tw_problem_argument(problem, "d"),
        .bias = tw_problem_argument(problem, "bias"),
        .state = tw_problem_argument(problem, "state"),
    };
    grid[0] = (uint32_t)blocks;
    grid[1] = grid[2] = 1;
    return tw_ok();
}

/* y is rounded once; nothing else is narrower than f32. */
static double bound(tw_dtype dtype)
{
    switch (dtype) {
    case TW_DTYPE_BF16: return 2.5e-3;
    case TW_DTYPE_F16: return 3e-4;
    default: return 2e-6;
    }
}

const tw_kernel tw_kernel_ssm_step = {
    .name = "ssm_step",
    .summary = "one token of ssm, the state updated in place",
    .source = "examples/ssm/ssm_step.c",
    .symbols = symbols,
    .options = options,
    .tensors = tensors,
    .args_bytes = sizeof(ssm_step_arguments),
    .cases = cases,
    .validate = ssm_validate,
    .arguments = arguments,
    .reference = ssm_step_reference,
    .flops = ssm_flops,
    .bound = bound,
};
