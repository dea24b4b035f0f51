/* SPDX-License-Identifier: MIT
 *
 * Softmax in float64, as its definition says it.
 */
#ifndef TW_EXAMPLES_SOFTMAX_REFERENCE_H
#define TW_EXAMPLES_SOFTMAX_REFERENCE_H

#include "host/tilewright_host.h"

/* Fills the reference of y. */
tw_status softmax_reference(tw_problem *problem);

#endif
