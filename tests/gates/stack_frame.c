/* SPDX-License-Identifier: MIT
 *
 * A kernel with what the gates are against: an array whose index no compiler knows, so that it lies in memory.
 */
#include <tilewright.h>

typedef struct {
    tw_gl(f32, 1) values;
    int index;
} stack_frame_args;

TW_TEAM(1, 1);

TW_KERNEL(stack_frame, 128, (stack_frame_args, g))
{
    float table[128], *values = (float *)g.values.data;
    for (int i = 0; i < 128; i++)
        table[(i * g.index) & 127] = values[i];
    values[0] = table[g.index & 127];
}

TW_EXPORT(stack_frame, stack_frame_args, int, 1)
