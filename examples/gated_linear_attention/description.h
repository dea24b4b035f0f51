/* SPDX-License-Identifier: MIT
 *
 * What the descriptions of gated_linear_attention and its one-token step share.
 */
#ifndef TW_EXAMPLES_GATED_LINEAR_ATTENTION_DESCRIPTION_H
#define TW_EXAMPLES_GATED_LINEAR_ATTENTION_DESCRIPTION_H

#include "examples/linear_attention/family.h"

/* gated_args of gated_linear_attention.h, as every compiler of the kernel lays it out (arch/abi.h). */
typedef struct {
    tw_tensor_arg q, k, v, o, gates, initial, final;
    float scale;
} gated_arguments;

extern const tw_option gated_options[];
extern const tw_tensor_row gated_tensors[];

tw_status gated_fill_arguments(const tw_problem *problem, const tw_kernel_info *info, void *args,
                               uint32_t grid[3]);

#endif
