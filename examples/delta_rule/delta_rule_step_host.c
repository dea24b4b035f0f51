/* SPDX-License-Identifier: MIT
 *
 * The one-token step's description for tw.
 */
#include "description.h"

/* clang-format off */
static const char *const cases[] = {
    "B=2 H=2 D=64 DV=64 state=1 decay=step",
    "H=2 D=49 DV=37 state=1 dtype=f16 layout=bshd",
    0,
};
/* clang-format on */

const tw_kernel tw_kernel_delta_rule_step = {
    .name = "delta_rule_step",
    .summary = "one token of delta_rule, for decoding; state=1 takes and leaves the state",
    .source = "examples/delta_rule/delta_rule_step.c",
    .symbols = linear_step_symbols,
    .options = delta_options,
    .scalars = linear_scalars,
    .tensors = delta_tensors,
    .args_bytes = sizeof(delta_arguments),
    .cases = cases,
    .validate = linear_validate_step,
    .arguments = delta_fill_arguments,
    .reference = linear_reference,
    .flops = delta_flops,
    .bound = delta_bound,
};
