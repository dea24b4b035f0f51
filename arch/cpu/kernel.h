/* SPDX-License-Identifier: MIT
 *
 * How a kernel is declared, given shared memory and launched where one thread runs a block. OpenMP, if
 * the compiler has it on, spreads the blocks over threads.
 */
#ifndef TW_ARCH_CPU_KERNEL_H
#define TW_ARCH_CPU_KERNEL_H

#include <stdio.h>
#include <stdlib.h>

#include "../native_kernel.h"
#include "isa.h"

static inline int tw__native_launch(const tw_launch_request *request, const tw_kernel_info *info,
                                    tw__native_kernel *kernel)
{
    const uint32_t *grid = request->grid;
    int64_t blocks = (int64_t)grid[0] * grid[1] * grid[2];
    int failed = 0;
    (void)info;
#ifdef _OPENMP
#pragma omp parallel num_threads(request->os_threads ? (int)request->os_threads : omp_get_max_threads())
#endif
    {
        /* 64 bytes of alignment serve the widest vector load */
        void *shared = aligned_alloc(64, TW_SHARED_BYTES + TW_SCRATCH_BYTES);
        if (!shared)
            failed = 1;
#ifdef _OPENMP
#pragma omp for schedule(dynamic)
#endif
        for (int64_t block = 0; block < blocks; block++) {
            tw__cpu_block_state here = {{(uint32_t)(block % grid[0]), (uint32_t)(block / grid[0] % grid[1]),
                                         (uint32_t)(block / grid[0] / grid[1])},
                                        {grid[0], grid[1], grid[2]},
                                        shared};
            tw__cpu_block = here;
            if (shared)
                kernel(request->args);
        }
        free(shared);
    }
    if (failed && request->message)
        snprintf(request->message, request->message_bytes, "cpu: no memory for a block's %d shared bytes",
                 (int)TW_SHARED_BYTES);
    return failed;
}

#endif
