/* SPDX-License-Identifier: MIT
 *
 * What the descriptions of linear attention's family share: linear_attention, gated_linear_attention,
 * delta_rule, based, and the one-token steps. All have the symbols B, H, S, D and DV, the scalar scale, and
 * the value columns of a block in info->tile[2].
 */
#ifndef TW_EXAMPLES_LINEAR_ATTENTION_FAMILY_H
#define TW_EXAMPLES_LINEAR_ATTENTION_FAMILY_H

#include "reference.h"

extern const tw_symbol linear_symbols[], linear_step_symbols[]; /* a step's S is 1 */
extern const tw_scalar linear_scalars[];                        /* scale */
double linear_default_scale(const tw_problem *problem);         /* 1 / sqrt(D) */

/* Refuse sequences that positions of 32 bits do not reach the end of, and steps of more than one token. */
tw_status linear_validate_tokens(tw_problem *problem);
tw_status linear_validate_step(tw_problem *problem);

/* The argument of a tensor by token as the kernel takes it, B H S ..., whichever way it lies. */
tw_tensor_arg linear_by_heads(const tw_problem *problem, const char *name);

/* A block for each stretch of value columns of each of `parts` parts of each head. */
tw_status linear_grid(const tw_problem *problem, const tw_kernel_info *info, int64_t parts, uint32_t grid[3]);

/* Contents of inputs: logarithms of gates between nearly 0 and 1, some at 0 and at 1 themselves; of each
 * head's decay, log(1 - 2^(-5 - h)) (Sun et al. 2023); input gates before their exponential; normalisers,
 * above 0. */
void linear_gates(const tw_problem *problem, const tw_tensor *tensor, double *values);
void linear_decays(const tw_problem *problem, const tw_tensor *tensor, double *values);
void linear_positive(const tw_problem *problem, const tw_tensor *tensor, double *values);

/* Of the recurrence: two products with the state for each token. */
double linear_flops(const tw_problem *problem);

/* Largest relative error of an output: in bf16 1e-2, in f16 2e-3. A state is f32 but made of keys that were
 * rounded to the dtype once more after their decay. */
double linear_bound(tw_dtype dtype);

#endif
