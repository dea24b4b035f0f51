/* SPDX-License-Identifier: MIT
 *
 * The state-space model in float64, token by token, as its recurrence says it.
 */
#ifndef TW_EXAMPLES_SSM_REFERENCE_H
#define TW_EXAMPLES_SSM_REFERENCE_H

#include "host/tilewright_host.h"

/* One of the sequences that tensors hold: a batch of them, or with varlen parts of one row of tokens. */
typedef struct {
    int64_t batch, begin, count;
} ssm_sequence;

int64_t ssm_sequence_count(const tw_problem *problem);
ssm_sequence ssm_sequence_at(tw_problem *problem, int64_t index);

/* Refuses A above 0, negative dt without softplus, H that is no multiple of G. */
tw_status ssm_validate(tw_problem *problem);

/* Fill the references of y and of final or state. */
tw_status ssm_reference(tw_problem *problem);
tw_status ssm_step_reference(tw_problem *problem);

/* What inputs without a file hold: numbers as a trained model has them. */
void ssm_random_dt(const tw_problem *problem, const tw_tensor *tensor, double *values);
void ssm_random_a(const tw_problem *problem, const tw_tensor *tensor, double *values);
void ssm_random_bias(const tw_problem *problem, const tw_tensor *tensor, double *values);

/* Of the products with the state. */
double ssm_flops(const tw_problem *problem);

#endif
