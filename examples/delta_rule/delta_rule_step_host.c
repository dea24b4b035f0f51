/* SPDX-License-Identifier: MIT
 *
 * The one-token step's description for tw.
 */
#include "description.h"

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
    "B=2 H=2 D=64 DV=64 state=1 decay=step",
    "H=2 D=49 DV=37 state=1 dtype=f16 layout=bshd",
    0,
};
/* clang-format on */

static tw_status validate(tw_problem *problem)
{
    if (tw_problem_size(problem, "S") != 1)
        return tw_fail(TW_INVALID, "S is %lld; a step takes 1 token",
                       (long long)tw_problem_size(problem, "S"));
    return tw_ok();
}

const tw_kernel tw_kernel_delta_rule_step = {
    .name = "delta_rule_step",
    .summary = "one token of delta_rule, for decoding; state=1 takes and leaves the state",
    .source = "examples/delta_rule/delta_rule_step.c",
    .symbols = symbols,
    .options = delta_options,
    .scalars = delta_scalars,
    .tensors = delta_tensors,
    .args_bytes = sizeof(delta_arguments),
    .cases = cases,
    .validate = validate,
    .arguments = delta_fill_arguments,
    .reference = linear_reference,
    .flops = delta_flops,
    .bound = delta_bound,
};
