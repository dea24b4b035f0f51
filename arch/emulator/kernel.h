/* SPDX-License-Identifier: MIT
 *
 * Kernels of an emulated machine: declared as on the CPU, launched lane by lane.
 */
#ifndef TW_ARCH_EMULATOR_KERNEL_H
#define TW_ARCH_EMULATOR_KERNEL_H

#include "../native_kernel.h"
#include "launch.h"

static inline int tw__native_launch(const tw_launch_request *request, const tw_kernel_info *info,
                                    tw__native_kernel *kernel)
{
    tw_kernel_info with_scratch = *info;
    with_scratch.shared_bytes = (info->shared_bytes + 1023u) / 1024u * 1024u + TW_SCRATCH_BYTES;
    tw__emu_scratch_taken = with_scratch.shared_bytes > (uint32_t)TW_SHARED_BYTES;
    if (tw__emu_scratch_taken)
        with_scratch.shared_bytes -= TW_SCRATCH_BYTES;
    return tw__emu_launch(request, &with_scratch, kernel);
}

#endif
