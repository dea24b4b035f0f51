/* SPDX-License-Identifier: MIT
 *
 * A kernel with what the gates are against, for sm90: setmaxnreg where ptxas cannot know the registers at the start,
 * since nothing bounds the block. It says so (C7508), and ignores the instruction.
 */
#include <tilewright.h>

extern "C" __global__ void no_launch_bounds(float *values)
{
    if (threadIdx.x < 128)
        tw__isa_setmaxnreg_dec(56);
    else
        tw__isa_setmaxnreg_inc(224);
    values[threadIdx.x] *= 2;
}
