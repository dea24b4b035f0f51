/* SPDX-License-Identifier: MIT
 *
 * The GEMM in float64, as its definition says it.
 */
#ifndef TW_EXAMPLES_GEMM_REFERENCE_H
#define TW_EXAMPLES_GEMM_REFERENCE_H

#include "host/tilewright_host.h"

/* Fills the reference of tensor c. */
tw_status gemm_reference(tw_problem *problem);

#endif
