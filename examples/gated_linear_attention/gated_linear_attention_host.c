/* SPDX-License-Identifier: MIT
 *
 * Gated linear attention's description for tw: what it takes, how it is launched, what it must equal.
 */
#include <math.h>

#include "description.h"
#include "examples/linear_attention/reference.h"

/* clang-format off */
static const tw_symbol symbols[] = {
    { .name = "B", .preset = 1, .meaning = "batch" },
    { .name = "H", .preset = 4, .meaning = "heads" },
    { .name = "S", .preset = 512, .meaning = "tokens" },
    { .name = "D", .preset = 128, .meaning = "key dim" },
    { .name = "DV", .like = "D", .meaning = "value dim" },
    { 0 },
};

const tw_option gated_options[] = {
    { .name = "dtype", .macro = "GATED_DTYPE", .values = "bf16 f16", .preset = "bf16",
      .meaning = "dtype of q, k, v and o" },
    { .name = "d", .macro = "GATED_D", .values = "32 64 128 256", .preset = "128", .fits = "D",
      .meaning = "the instance's key dim" },
    { .name = "dv", .macro = "GATED_DV", .values = "32 64 128 256", .preset = "128", .fits = "DV",
      .meaning = "the instance's value dim" },
    { .name = "state", .macro = "GATED_STATE", .values = "0 1", .preset = "0",
      .meaning = "1: starts from an initial state and leaves the final one" },
    { .name = "layout", .values = "bhsd bshd", .preset = "bhsd",
      .meaning = "order of the dims of q, k, v, o and gates in memory" },
    { 0 },
};
/* clang-format on */

static double default_scale(const tw_problem *problem)
{
    return 1 / sqrt((double)tw_problem_size(problem, "D"));
}

/* clang-format off */
const tw_scalar gated_scalars[] = {
    { .name = "scale", .computed = default_scale, .meaning = "factor of the queries; 1 / sqrt(D)" },
    { 0 },
};

const tw_tensor_row gated_tensors[] = {
    { .name = "q", .dtype = "=dtype", .shape = "B H S D", .present = "layout=bhsd", .meaning = "queries" },
    { .name = "q", .dtype = "=dtype", .shape = "B S H D", .present = "layout=bshd", .meaning = "queries" },
    { .name = "k", .dtype = "=dtype", .shape = "B H S D", .present = "layout=bhsd", .meaning = "keys" },
    { .name = "k", .dtype = "=dtype", .shape = "B S H D", .present = "layout=bshd", .meaning = "keys" },
    { .name = "v", .dtype = "=dtype", .shape = "B H S DV", .present = "layout=bhsd", .meaning = "values" },
    { .name = "v", .dtype = "=dtype", .shape = "B S H DV", .present = "layout=bshd", .meaning = "values" },
    { .name = "gates", .dtype = "f32", .shape = "B H S D", .present = "layout=bhsd", .content = linear_gates,
      .meaning = "natural logarithms of each key channel's decay, at most 0" },
    { .name = "gates", .dtype = "f32", .shape = "B S H D", .present = "layout=bshd", .content = linear_gates,
      .meaning = "natural logarithms of each key channel's decay, at most 0" },
    { .name = "initial", .dtype = "f32", .shape = "B H D DV", .present = "state=1",
      .meaning = "the state before the first token" },
    { .name = "o", .dtype = "=dtype", .shape = "B H S DV", .direction = TW_DIRECTION_OUT,
      .present = "layout=bhsd", .meaning = "result" },
    { .name = "o", .dtype = "=dtype", .shape = "B S H DV", .direction = TW_DIRECTION_OUT,
      .present = "layout=bshd", .meaning = "result" },
    { .name = "final", .dtype = "f32", .shape = "B H D DV", .direction = TW_DIRECTION_OUT,
      .present = "state=1", .meaning = "the state behind the last token" },
    { 0 },
};

static const char *const cases[] = {
    "B=2 H=2 S=130 D=64 DV=64 state=1 layout=bshd",
    "H=2 S=100 D=60 DV=40 dtype=f16",
    0,
};
/* clang-format on */

tw_status gated_validate(tw_problem *problem)
{
    if (tw_problem_size(problem, "S") >= 1 << 29)
        return tw_fail(TW_INVALID, "S is %lld; it must be below 2^29",
                       (long long)tw_problem_size(problem, "S"));
    return tw_ok();
}

tw_status gated_fill_arguments(const tw_problem *problem, const tw_kernel_info *info, void *args,
                               uint32_t grid[3])
{
    int64_t width = info->tile[2], blocks = tw_problem_size(problem, "B");
    if (width < 1)
        return tw_fail(TW_INVALID, "gated_linear_attention_info has no value columns of a block");
    if (__builtin_mul_overflow(blocks, tw_problem_size(problem, "H"), &blocks) ||
        __builtin_mul_overflow(blocks, (tw_problem_size(problem, "DV") + width - 1) / width, &blocks) ||
        blocks > INT32_MAX)
        return tw_fail(TW_INVALID,
                       "gated_linear_attention: more than 2^31 - 1 blocks; make B, H or DV smaller");
    *(gated_arguments *)args = (gated_arguments){
        .q = linear_by_heads(problem, "q"),
        .k = linear_by_heads(problem, "k"),
        .v = linear_by_heads(problem, "v"),
        .o = linear_by_heads(problem, "o"),
        .gates = linear_by_heads(problem, "gates"),
        .initial = tw_problem_argument(problem, "initial"),
        .final = tw_problem_argument(problem, "final"),
        .scale = (float)tw_problem_scalar(problem, "scale"),
    };
    grid[0] = (uint32_t)blocks;
    grid[1] = grid[2] = 1;
    return tw_ok();
}

/* Of the recurrence: two products with the state for each token. */
double gated_flops(const tw_problem *problem)
{
    return 4 * (double)tw_problem_size(problem, "B") * (double)tw_problem_size(problem, "H") *
           (double)tw_problem_size(problem, "S") * (double)tw_problem_size(problem, "D") *
           (double)tw_problem_size(problem, "DV");
}

const tw_kernel tw_kernel_gated_linear_attention = {
    .name = "gated_linear_attention",
    .summary = "linear attention with a decay for each key channel and token: GLA (forward)",
    .source = "examples/gated_linear_attention/gated_linear_attention.c",
    .symbols = symbols,
    .options = gated_options,
    .scalars = gated_scalars,
    .tensors = gated_tensors,
    .args_bytes = sizeof(gated_arguments),
    .cases = cases,
    .validate = gated_validate,
    .arguments = gated_fill_arguments,
    .reference = linear_reference,
    .flops = gated_flops,
    .bound = linear_bound,
};
