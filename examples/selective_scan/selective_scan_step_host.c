/* SPDX-License-Identifier: MIT
 *
 * The one-token step's description for tw.
 */
#include <math.h>

#include "host/tilewright_host.h"
#include "reference.h"

/* selective_scan_step_args of selective_scan_step.h, as every compiler of the kernel lays it out
 * (arch/abi.h). */
typedef struct {
    tw_tensor_arg x, delta, z, b, c, y, a, bias, skip, state;
    int32_t groups;
} selective_scan_step_arguments;

/* clang-format off */
static const tw_symbol symbols[] = {
    { .name = "B", .preset = 8, .meaning = "sequences" },
    { .name = "E", .preset = 256, .meaning = "channels" },
    { .name = "N", .preset = 16, .meaning = "states of a channel" },
    { 0 },
};

static const tw_option options[] = {
    { .name = "dtype", .macro = "SELECTIVE_SCAN_DTYPE", .values = "bf16 f16", .preset = "bf16",
      .meaning = "dtype of x, delta, z, b, c and y" },
    { .name = "n", .macro = "SELECTIVE_SCAN_N", .values = "16 32 64", .preset = "16", .fits = "N",
      .meaning = "the instance's states" },
    { .name = "softplus", .macro = "SELECTIVE_SCAN_SOFTPLUS", .values = "0 1", .preset = "1",
      .meaning = "1: the step is softplus(delta + bias), 0: delta + bias" },
    { .name = "gate", .macro = "SELECTIVE_SCAN_GATE", .values = "0 1", .preset = "1",
      .meaning = "1: the result is multiplied by silu(z)" },
    { .name = "bias", .values = "0 1", .preset = "1", .meaning = "1: bias[channel] is added to delta" },
    { .name = "skip", .values = "0 1", .preset = "1", .meaning = "1: skip[channel] * x is added" },
    { 0 },
};

static const tw_scalar scalars[] = {
    { .name = "groups", .preset = 0,
      .meaning = "blocks that share the sequences of the same channels, up to B; 0: as many as fill a large machine" },
    { 0 },
};

static const tw_tensor_row tensors[] = {
    { .name = "x", .dtype = "=dtype", .shape = "B E", .meaning = "input" },
    { .name = "delta", .dtype = "=dtype", .shape = "B E", .meaning = "step, before bias and softplus" },
    { .name = "z", .dtype = "=dtype", .shape = "B E", .present = "gate=1", .meaning = "gate" },
    { .name = "b", .dtype = "=dtype", .shape = "B N", .meaning = "how the input enters the states" },
    { .name = "c", .dtype = "=dtype", .shape = "B N", .meaning = "how the states make the result" },
    { .name = "a", .dtype = "f32", .shape = "E N", .content = selective_scan_decays,
      .meaning = "rates of decay, below 0" },
    { .name = "bias", .dtype = "f32", .shape = "E", .present = "bias=1", .content = selective_scan_biases,
      .meaning = "added to delta" },
    { .name = "skip", .dtype = "f32", .shape = "E", .present = "skip=1", .meaning = "factor of x in the result" },
    { .name = "state", .dtype = "f32", .shape = "B E N", .direction = TW_DIRECTION_INOUT,
      .meaning = "before and behind the token" },
    { .name = "y", .dtype = "=dtype", .shape = "B E", .direction = TW_DIRECTION_OUT, .meaning = "result" },
    { 0 },
};

static const char *const cases[] = {
    "B=3 E=70 N=10",
    0,
};
/* clang-format on */

/* Blocks share the sequences of the same channels only as far as it takes to fill a large machine. */
enum { BLOCKS_WANTED = 1024 };

static tw_status validate(tw_problem *problem)
{
    double groups = tw_problem_scalar(problem, "groups");
    if (!(groups >= 0 && groups <= BLOCKS_WANTED && groups == floor(groups)))
        return tw_fail(TW_INVALID, "groups is %g; it must be a whole number from 0 to %d", groups,
                       BLOCKS_WANTED);
    return tw_ok();
}

static tw_status arguments(const tw_problem *problem, const tw_kernel_info *info, void *args,
                           uint32_t grid[3])
{
    int64_t channels = info->tile[0], batch = tw_problem_size(problem, "B"), parts;
    int64_t groups = (int64_t)tw_problem_scalar(problem, "groups");
    if (channels < 1)
        return tw_fail(TW_INVALID, "selective_scan_step_info has no tile size CHANNELS");
    parts = (tw_problem_size(problem, "E") + channels - 1) / channels;
    if (parts > INT32_MAX / BLOCKS_WANTED || batch > INT32_MAX)
        return tw_fail(
            TW_INVALID,
            "selective_scan_step: B is %lld and E %lld; B must be below 2^31, E below 2^21 tiles of "
            "%lld channels",
            (long long)batch, (long long)tw_problem_size(problem, "E"), (long long)channels);
    groups = groups ? groups : (BLOCKS_WANTED + parts - 1) / parts;
    groups = groups > batch ? batch : groups;
    *(selective_scan_step_arguments *)args = (selective_scan_step_arguments){
        .x = tw_problem_argument(problem, "x"),
        .delta = tw_problem_argument(problem, "delta"),
        .z = tw_problem_argument(problem, "z"),
        .b = tw_problem_argument(problem, "b"),
        .c = tw_problem_argument(problem, "c"),
        .y = tw_problem_argument(problem, "y"),
        .a = tw_problem_argument(problem, "a"),
        .bias = tw_problem_argument(problem, "bias"),
        .skip = tw_problem_argument(problem, "skip"),
        .state = tw_problem_argument(problem, "state"),
        .groups = (int32_t)groups,
    };
    grid[0] = (uint32_t)(parts * groups);
    grid[1] = grid[2] = 1;
    return tw_ok();
}

/* Of a state: factor, exponential, two products and sums, the result's product and sum. */
static double flops(const tw_problem *problem)
{
    return 7.0 * (double)tw_problem_size(problem, "B") * (double)tw_problem_size(problem, "E") *
           (double)tw_problem_size(problem, "N");
}

const tw_kernel tw_kernel_selective_scan_step = {
    .name = "selective_scan_step",
    .summary = "one token of selective_scan, the states updated in place",
    .source = "examples/selective_scan/selective_scan_step.c",
    .symbols = symbols,
    .options = options,
    .scalars = scalars,
    .tensors = tensors,
    .args_bytes = sizeof(selective_scan_step_arguments),
    .cases = cases,
    .validate = validate,
    .arguments = arguments,
    .reference = selective_scan_step_reference,
    .flops = flops,
    .bound = selective_scan_bound,
};
