/* SPDX-License-Identifier: MIT
 *
 * The scan of states for descriptions of kernels whose sequences go in parts.
 */
#ifndef TW_EXAMPLES_STATE_SCAN_DESCRIPTION_H
#define TW_EXAMPLES_STATE_SCAN_DESCRIPTION_H

#include "host/tilewright_host.h"

/* state_scan_args of state_scan.h, as every compiler of the kernel lays it out (arch/abi.h). */
typedef struct {
    tw_tensor_arg initial, states, decays, initial_m, own_m, m;
    int32_t heads;
} state_scan_arguments;

extern const tw_kernel tw_kernel_state_scan;

/* The grid for arguments whose tensors are filled. */
tw_status state_scan_grid(const state_scan_arguments *args, const tw_kernel_info *info, uint32_t grid[3]);

#endif
