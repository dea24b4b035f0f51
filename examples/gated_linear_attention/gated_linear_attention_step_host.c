/* SPDX-License-Identifier: MIT
 *
 * The one-token step's description for tw.
 */
#include "description.h"

/* clang-format off */
static const char *const cases[] = {
    "B=2 H=2 D=64 DV=64 state=1",
    "H=2 D=49 DV=37 state=1 dtype=f16 layout=bshd",
    0,
};
/* clang-format on */

const tw_kernel tw_kernel_gated_linear_attention_step = {
    .name = "gated_linear_attention_step",
    .summary = "one token of gated_linear_attention, for decoding; state=1 takes and leaves the state",
    .source = "examples/gated_linear_attention/gated_linear_attention_step.c",
    .symbols = linear_step_symbols,
    .options = gated_options,
    .scalars = linear_scalars,
    .tensors = gated_tensors,
    .args_bytes = sizeof(gated_arguments),
    .cases = cases,
    .validate = linear_validate_step,
    .arguments = gated_fill_arguments,
    .reference = linear_reference,
    .flops = linear_flops,
    .bound = linear_bound,
};
