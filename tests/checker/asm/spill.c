/* SPDX-License-Identifier: MIT
 *
 * More sums than registers, or a table whose index no compiler knows, for amdgcn without the library; without
 * -DFAULT a kernel whose values fit. The line that tw check --asm must name ends in STACK; where a spill
 * stands is the compiler's choice.
 */
enum { NONE, SPILL, STACK };

#ifndef FAULT
#define FAULT NONE
#endif

enum { SUMS = FAULT == SPILL ? 200 : 20, LANES = 64 };

/* 1024 threads leave 128 registers to each. */
__attribute__((amdgpu_kernel, amdgpu_flat_work_group_size(1024, 1024))) void sums(float *values, int rounds,
                                                                                  int index)
{
    unsigned thread = __builtin_amdgcn_workitem_id_x();
    float sum[SUMS], table[LANES];
    for (int i = 0; i < SUMS; i++)
        sum[i] = values[i * 1024 + thread];
    for (int r = 0; r < rounds; r++) {
#pragma unroll
        for (int i = 0; i < SUMS; i++)
            sum[i] = sum[(i + 7) % SUMS] * sum[i] + 1;
    }
    for (int i = 0; i < SUMS; i++)
        values[i * 1024 + thread] = sum[i];
    if (FAULT == STACK) {
        for (int i = 0; i < LANES; i++)
            table[i] = values[thread * LANES + i]; /* STACK */
        for (int i = 0; i < rounds; i++)
            table[(index * i + (int)thread) & (LANES - 1)] += sum[0];
        values[thread] = table[(index + (int)thread) & (LANES - 1)];
    }
}
