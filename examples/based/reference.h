/* SPDX-License-Identifier: MIT
 *
 * Based's recurrence in float64.
 */
#ifndef TW_EXAMPLES_BASED_REFERENCE_H
#define TW_EXAMPLES_BASED_REFERENCE_H

#include "host/tilewright_host.h"

/* Fills the reference of o, token by token over the state of 1 + D + D^2 features. */
tw_status based_reference(tw_problem *problem);

#endif
