/* SPDX-License-Identifier: MIT
 *
 * What the descriptions of linear_attention and its one-token step share.
 */
#ifndef TW_EXAMPLES_LINEAR_ATTENTION_DESCRIPTION_H
#define TW_EXAMPLES_LINEAR_ATTENTION_DESCRIPTION_H

#include "family.h"

/* linear_args of linear_attention.h, as every compiler of the kernel lays it out (arch/abi.h). */
typedef struct {
    tw_tensor_arg q, k, v, o, gates, input_gates, decays, initial, final, initial_z, final_z, initial_m,
        final_m, kept;
    float scale;
} linear_arguments;

extern const tw_option linear_options[];
extern const tw_tensor_row linear_tensors[];

tw_status linear_validate(tw_problem *problem);
tw_status linear_fill_arguments(const tw_problem *problem, const tw_kernel_info *info, void *args,
                                uint32_t grid[3]);

#endif
