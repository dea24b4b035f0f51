/* SPDX-License-Identifier: MIT
 *
 * What the descriptions of delta_rule and its one-token step share.
 */
#ifndef TW_EXAMPLES_DELTA_RULE_DESCRIPTION_H
#define TW_EXAMPLES_DELTA_RULE_DESCRIPTION_H

#include "examples/linear_attention/family.h"

/* delta_args of delta_rule.h, as every compiler of the kernel lays it out (arch/abi.h). */
typedef struct {
    tw_tensor_arg q, k, v, o, gates, betas, initial, final;
    float scale;
} delta_arguments;

extern const tw_option delta_options[];
extern const tw_tensor_row delta_tensors[];

tw_status delta_fill_arguments(const tw_problem *problem, const tw_kernel_info *info, void *args,
                               uint32_t grid[3]);
double delta_flops(const tw_problem *problem);
double delta_bound(tw_dtype dtype);

#endif
