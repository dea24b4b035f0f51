/* SPDX-License-Identifier: MIT
 *
 * The selective scan in float64, as its definition says it.
 */
#ifndef TW_EXAMPLES_SELECTIVE_SCAN_REFERENCE_H
#define TW_EXAMPLES_SELECTIVE_SCAN_REFERENCE_H

#include "host/tilewright_host.h"

/* Sequences, and the first token of one in the tensors (index up to their number). */
int64_t selective_scan_sequences(const tw_problem *problem);
int64_t selective_scan_begin(tw_problem *problem, int64_t sequence);

/* Fill the references of y and of last or state. */
tw_status selective_scan_reference(tw_problem *problem);
tw_status selective_scan_step_reference(tw_problem *problem);

/* What a and bias hold without a file: numbers as a model has them. */
void selective_scan_decays(const tw_problem *problem, const tw_tensor *tensor, double *values);
void selective_scan_biases(const tw_problem *problem, const tw_tensor *tensor, double *values);

/* y is rounded once, uniformly in half a step (1.7e-3 for bf16, 2.1e-4 for f16). States, f32: what products
 * of exponentials leave, each with a relative error of 1e-7. */
double selective_scan_bound(tw_dtype dtype);

#endif
