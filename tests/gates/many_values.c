/* SPDX-License-Identifier: MIT
 *
 * A kernel with what the gates are against: more values alive at once than there are registers. Each lane has its own
 * (MANY_VALUES_OF_A_WAVE 0), or a wave shares them (1), which on AMD go to lanes of a vector register.
 */
#include <tilewright.h>

#ifndef MANY_VALUES_OF_A_WAVE
#define MANY_VALUES_OF_A_WAVE 0
#endif

typedef struct {
    tw_gl(i32, 1) values;
    int rounds;
} many_values_args;

enum { VALUES = MANY_VALUES_OF_A_WAVE ? 150 : 600 };

TW_TEAM(1, 1);

TW_KERNEL(many_values, 128, (many_values_args, g))
{
    const int first = MANY_VALUES_OF_A_WAVE ? 0 : VALUES * tw__isa_lane();
    uint32_t *memory = (uint32_t *)g.values.data + first, value[VALUES];
    TW_UNROLL
    for (int i = 0; i < VALUES; i++)
        value[i] = memory[i];
    for (int round = 0; round < g.rounds; round++) {
        TW_UNROLL
        for (int i = 0; i < VALUES; i++)
            value[i] += value[(i + 1) % VALUES] ^ (uint32_t)round;
    }
    TW_UNROLL
    for (int i = 0; i < VALUES; i++)
        memory[i] = value[i];
}

TW_EXPORT(many_values, many_values_args, int, 1)
