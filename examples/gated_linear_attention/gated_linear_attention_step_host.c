/* SPDX-License-Identifier: MIT
 *
 * The one-token step's description for tw.
 */
#include "description.h"
#include "examples/linear_attention/reference.h"

/* clang-format off */
static const tw_symbol symbols[] = {
    { .name = "B", .preset = 1, .meaning = "batch" },
    { .name = "H", .preset = 4, .meaning = "heads" },
    { .name = "S", .preset = 1, .meaning = "tokens: 1" },
    { .name = "D", .preset = 128, .meaning = "key dim" },
    { .name = "DV", .like = "D", .meaning = "value dim" },
    { 0 },
};

static const char *const cases[] = {
    "B=2 H=2 D=64 DV=64 state=1",
    "H=2 D=49 DV=37 state=1 dtype=f16 layout=bshd",
    0,
};
/* clang-format on */

static tw_status validate(tw_problem *problem)
{
    if (tw_problem_size(problem, "S") != 1)
        return tw_fail(TW_INVALID, "S is %lld; a step takes 1 token",
                       (long long)tw_problem_size(problem, "S"));
    return gated_validate(problem);
}

const tw_kernel tw_kernel_gated_linear_attention_step = {
    .name = "gated_linear_attention_step",
    .summary = "one token of gated_linear_attention, for decoding; state=1 takes and leaves the state",
    .source = "examples/gated_linear_attention/gated_linear_attention_step.c",
    .symbols = symbols,
    .options = gated_options,
    .scalars = gated_scalars,
    .tensors = gated_tensors,
    .args_bytes = sizeof(gated_arguments),
    .cases = cases,
    .validate = validate,
    .arguments = gated_fill_arguments,
    .reference = linear_reference,
    .flops = gated_flops,
    .bound = linear_bound,
};
