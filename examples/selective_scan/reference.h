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

/* Fills the references of y and last. */
tw_status selective_scan_reference(tw_problem *problem);

#endif
