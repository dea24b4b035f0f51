/* SPDX-License-Identifier: MIT
 *
 * Rotary embedding in float64, as its definition says it.
 */
#ifndef TW_EXAMPLES_ROTARY_REFERENCE_H
#define TW_EXAMPLES_ROTARY_REFERENCE_H

#include "host/tilewright_host.h"

/* Fills the references of q_out and k_out. */
tw_status rotary_reference(tw_problem *problem);

#endif
