/* SPDX-License-Identifier: MIT
 *
 * Recurrences with a matrix for a state in float64, token by token, and what their descriptions share.
 */
#ifndef TW_EXAMPLES_LINEAR_ATTENTION_REFERENCE_H
#define TW_EXAMPLES_LINEAR_ATTENTION_REFERENCE_H

#include "host/tilewright_host.h"

/* Fills the references of o and the final state of a problem with tensors q, k, v, o and, where present,
 * gates (for each token, or each of its channels), decays, input_gates, betas (delta rule), initial,
 * initial_z, initial_m and the final ones; options causal, input, normaliser and feature where the kernel
 * has them. Tensors by token lie B H S ..., or with layout=bshd B S H ... */
tw_status linear_reference(tw_problem *problem);

/* The argument of a tensor by token as the kernel takes it, B H S ..., whichever way it lies. */
tw_tensor_arg linear_by_heads(const tw_problem *problem, const char *name);

/* Contents of inputs: logarithms of gates between nearly 0 and 1, some at 0 and at 1 themselves; of each
 * head's decay, log(1 - 2^(-5 - h)) (Sun et al. 2023); input gates before their exponential; normalisers,
 * above 0. */
void linear_gates(const tw_problem *problem, const tw_tensor *tensor, double *values);
void linear_decays(const tw_problem *problem, const tw_tensor *tensor, double *values);
void linear_positive(const tw_problem *problem, const tw_tensor *tensor, double *values);

/* Largest relative error of an output: in bf16 1e-2, in f16 2e-3. A state is f32 but made of keys that were
 * rounded to the dtype once more after their decay. */
double linear_bound(tw_dtype dtype);

#endif
