/* SPDX-License-Identifier: MIT
 *
 * Gated linear attention's description for tw: what it takes, how it is launched, what it must equal.
 */
#include "description.h"

/* clang-format off */
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

tw_status gated_fill_arguments(const tw_problem *problem, const tw_kernel_info *info, void *args,
                               uint32_t grid[3])
{
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
    return linear_grid(problem, info, 1, grid);
}

const tw_kernel tw_kernel_gated_linear_attention = {
    .name = "gated_linear_attention",
    .summary = "linear attention with a decay for each key channel and token: GLA (forward)",
    .source = "examples/gated_linear_attention/gated_linear_attention.c",
    .symbols = linear_symbols,
    .options = gated_options,
    .scalars = linear_scalars,
    .tensors = gated_tensors,
    .args_bytes = sizeof(gated_arguments),
    .cases = cases,
    .validate = linear_validate_tokens,
    .arguments = gated_fill_arguments,
    .reference = linear_reference,
    .flops = linear_flops,
    .bound = linear_bound,
};
