/* SPDX-License-Identifier: MIT
 *
 * The one-token step's description for tw.
 */
#include "description.h"

/* clang-format off */
static const char *const cases[] = {
    "B=2 H=2 D=64 DV=64 state=1 decay=step",
    "H=2 D=49 DV=37 state=1 decay=step input=exp dtype=f16 layout=bshd",
    0,
};
/* clang-format on */

static tw_status validate(tw_problem *problem)
{
    TW_TRY(linear_validate_step(problem));
    return linear_validate(problem);
}

const tw_kernel tw_kernel_linear_attention_step = {
    .name = "linear_attention_step",
    .summary = "one token of linear_attention, for decoding; state=1 takes and leaves the state",
    .source = "examples/linear_attention/linear_attention_step.c",
    .symbols = linear_step_symbols,
    .options = linear_options,
    .scalars = linear_scalars,
    .tensors = linear_tensors,
    .args_bytes = sizeof(linear_arguments),
    .cases = cases,
    .validate = validate,
    .arguments = linear_fill_arguments,
    .reference = linear_reference,
    .flops = linear_flops,
    .bound = linear_bound,
};
