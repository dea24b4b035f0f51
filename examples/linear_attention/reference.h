/* SPDX-License-Identifier: MIT
 *
 * Recurrences with a matrix for a state in float64, token by token.
 */
#ifndef TW_EXAMPLES_LINEAR_ATTENTION_REFERENCE_H
#define TW_EXAMPLES_LINEAR_ATTENTION_REFERENCE_H

#include "host/tilewright_host.h"

/* Fills the references of o and the final state of a problem with tensors q, k, v, o and, where present,
 * gates (for each token, or each of its channels), decays, input_gates, betas (delta rule), initial,
 * initial_z, initial_m and the final ones; options causal, input, normaliser and feature where the kernel
 * has them. Tensors by token lie B H S ..., or with layout=bshd B S H ... */
tw_status linear_reference(tw_problem *problem);

#endif
