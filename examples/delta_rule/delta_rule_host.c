/* SPDX-License-Identifier: MIT
 *
 * The delta rule's description for tw: what it takes, how it is launched, what it must equal.
 */
#include <math.h>

#include "description.h"

/* clang-format off */
const tw_option delta_options[] = {
    { .name = "dtype", .macro = "DELTA_DTYPE", .values = "bf16 f16", .preset = "bf16",
      .meaning = "dtype of q, k, v and o" },
    { .name = "d", .macro = "DELTA_D", .values = "32 64 128 256", .preset = "128", .fits = "D",
      .meaning = "the instance's key dim" },
    { .name = "dv", .macro = "DELTA_DV", .values = "32 64 128 256", .preset = "128", .fits = "DV",
      .meaning = "the instance's value dim" },
    { .name = "decay", .macro = "DELTA_DECAY", .values = "none step", .preset = "none",
      .meaning = "of the state: none (DeltaNet), or one for each token (gated delta rule)" },
    { .name = "state", .macro = "DELTA_STATE", .values = "0 1", .preset = "0",
      .meaning = "1: starts from an initial state and leaves the final one" },
    { .name = "layout", .values = "bhsd bshd", .preset = "bhsd",
      .meaning = "order of the dims of q, k, v, o, gates and betas in memory" },
    { 0 },
};
/* clang-format on */

/* Rows of norm 1. */
static void unit_rows(const tw_problem *problem, const tw_tensor *tensor, double *values)
{
    size_t width = (size_t)tensor->dim[3];
    tw_random_normal(tw_problem_seed(problem), tensor->row->name, 0, values, tensor->count);
    for (size_t row = 0; row < tensor->count; row += width) {
        double sum = 0;
        for (size_t i = row; i < row + width; i++)
            sum += values[i] * values[i];
        for (size_t i = row; i < row + width && sum > 0; i++)
            values[i] /= sqrt(sum);
    }
}

/* Between 0 and 1, some of them 1 and some 0. */
static void betas(const tw_problem *problem, const tw_tensor *tensor, double *values)
{
    tw_random_normal(tw_problem_seed(problem), tensor->row->name, 0, values, tensor->count);
    for (size_t i = 0; i < tensor->count; i++)
        values[i] = values[i] > 1.5 ? 1 : values[i] < -2 ? 0 : 1 / (1 + exp(-2 * values[i]));
}

/* clang-format off */
const tw_tensor_row delta_tensors[] = {
    { .name = "q", .dtype = "=dtype", .shape = "B H S D", .present = "layout=bhsd", .meaning = "queries" },
    { .name = "q", .dtype = "=dtype", .shape = "B S H D", .present = "layout=bshd", .meaning = "queries" },
    { .name = "k", .dtype = "=dtype", .shape = "B H S D", .present = "layout=bhsd", .content = unit_rows,
      .meaning = "keys, of norm 1" },
    { .name = "k", .dtype = "=dtype", .shape = "B S H D", .present = "layout=bshd", .content = unit_rows,
      .meaning = "keys, of norm 1" },
    { .name = "v", .dtype = "=dtype", .shape = "B H S DV", .present = "layout=bhsd", .meaning = "values" },
    { .name = "v", .dtype = "=dtype", .shape = "B S H DV", .present = "layout=bshd", .meaning = "values" },
    { .name = "gates", .dtype = "f32", .shape = "B H S", .present = "decay=step layout=bhsd",
      .content = linear_gates, .meaning = "natural logarithms of the decay, at most 0" },
    { .name = "gates", .dtype = "f32", .shape = "B S H", .present = "decay=step layout=bshd",
      .content = linear_gates, .meaning = "natural logarithms of the decay, at most 0" },
    { .name = "betas", .dtype = "f32", .shape = "B H S", .present = "layout=bhsd", .content = betas,
      .meaning = "step sizes, between 0 and 1" },
    { .name = "betas", .dtype = "f32", .shape = "B S H", .present = "layout=bshd", .content = betas,
      .meaning = "step sizes, between 0 and 1" },
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
    "B=2 H=2 S=130 D=64 DV=64 decay=step state=1 layout=bshd",
    "H=2 S=100 D=60 DV=40 dtype=f16 state=1",
    0,
};
/* clang-format on */

tw_status delta_fill_arguments(const tw_problem *problem, const tw_kernel_info *info, void *args,
                               uint32_t grid[3])
{
    *(delta_arguments *)args = (delta_arguments){
        .q = linear_by_heads(problem, "q"),
        .k = linear_by_heads(problem, "k"),
        .v = linear_by_heads(problem, "v"),
        .o = linear_by_heads(problem, "o"),
        .gates = linear_by_heads(problem, "gates"),
        .betas = linear_by_heads(problem, "betas"),
        .initial = tw_problem_argument(problem, "initial"),
        .final = tw_problem_argument(problem, "final"),
        .scale = (float)tw_problem_scalar(problem, "scale"),
    };
    return linear_grid(problem, info, 1, grid);
}

/* Of the recurrence: three products with the state for each token. */
double delta_flops(const tw_problem *problem) { return 1.5 * linear_flops(problem); }

/* A state is f32, but what it is made of was rounded to the dtype. */
double delta_bound(tw_dtype dtype) { return dtype == TW_DTYPE_F16 ? 2e-3 : 1e-2; }

const tw_kernel tw_kernel_delta_rule = {
    .name = "delta_rule",
    .summary = "the delta rule (DeltaNet) and the gated delta rule (forward)",
    .source = "examples/delta_rule/delta_rule.c",
    .symbols = linear_symbols,
    .options = delta_options,
    .scalars = linear_scalars,
    .tensors = delta_tensors,
    .args_bytes = sizeof(delta_arguments),
    .cases = cases,
    .validate = linear_validate_tokens,
    .arguments = delta_fill_arguments,
    .reference = linear_reference,
    .flops = delta_flops,
    .bound = delta_bound,
};
