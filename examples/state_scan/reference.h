/* SPDX-License-Identifier: MIT
 *
 * The recurrence over parts in float64.
 */
#ifndef TW_EXAMPLES_STATE_SCAN_REFERENCE_H
#define TW_EXAMPLES_STATE_SCAN_REFERENCE_H

#include "host/tilewright_host.h"

tw_status state_scan_reference(tw_problem *problem);

#endif
