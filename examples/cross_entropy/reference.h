/* SPDX-License-Identifier: MIT
 *
 * Cross-entropy of a projection in float64, as its definition says it.
 */
#ifndef TW_EXAMPLES_CROSS_ENTROPY_REFERENCE_H
#define TW_EXAMPLES_CROSS_ENTROPY_REFERENCE_H

#include "host/tilewright_host.h"

/* Fills the references of loss and lse. */
tw_status cross_entropy_reference(tw_problem *problem);

#endif
