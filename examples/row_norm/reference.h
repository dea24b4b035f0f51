/* SPDX-License-Identifier: MIT
 *
 * The norms in float64, as their definition says it.
 */
#ifndef TW_EXAMPLES_ROW_NORM_REFERENCE_H
#define TW_EXAMPLES_ROW_NORM_REFERENCE_H

#include "host/tilewright_host.h"

/* Philox 4x32-10, words 0 to 3 of a counter, from the paper. */
void row_norm_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t words[4]);

/* What the scalar `dropout` and the seed mean to the kernel. */
uint32_t row_norm_drop_below(const tw_problem *problem);
uint64_t row_norm_seed(const tw_problem *problem);

/* Fills the references of sum and y. */
tw_status row_norm_reference(tw_problem *problem);

#endif
