/* SPDX-License-Identifier: MIT
 *
 * Attention in float64, as its definition says it.
 */
#ifndef TW_EXAMPLES_ATTENTION_REFERENCE_H
#define TW_EXAMPLES_ATTENTION_REFERENCE_H

#include "host/tilewright_host.h"

/* One of the sequences that tensors hold: a batch of them, or with varlen parts of one row of positions. */
typedef struct {
    int64_t batch;            /* in q, k, v, o and lse */
    int64_t q_begin, k_begin; /* positions in the tensors of its first query and key */
    int64_t q_count, k_count;
} attention_sequence;

int64_t attention_sequence_count(const tw_problem *problem);
attention_sequence attention_sequence_at(tw_problem *problem, int64_t index);

/* The keys [*low, *high) that query `i` of a sequence may see; *high <= *low: none. */
void attention_keys(const tw_problem *problem, const attention_sequence *sequence, int64_t i, int64_t *low,
                    int64_t *high);

/* Fills the references of o and lse. */
tw_status attention_reference(tw_problem *problem);

#endif
