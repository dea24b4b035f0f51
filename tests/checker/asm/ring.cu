/* SPDX-License-Identifier: MIT
 *
 * The ring of ring.c for sm80, by cp.async and mma.sync: as it should be, or with one fault (-DFAULT=...).
 * The line that tw check --asm must name ends in the fault's name; where a spill stands is the compiler's
 * choice.
 */
enum { STAGES = 3, THREADS = 128, STAGE_WORDS = 4 * THREADS, SUMS = 4 };
enum { NONE, WAIT_ZERO, NO_MATRIX, SPILL };

#ifndef FAULT
#define FAULT NONE
#endif

/* 16 bytes of each thread, to its place in the stage: PTX ISA, "cp.async" */
__device__ void copy(unsigned *shared, const unsigned *global)
{
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;\n cp.async.commit_group;" ::"r"(
                     (unsigned)__cvta_generic_to_shared(shared)),
                 "l"(global)
                 : "memory");
}

extern "C" __global__ void __launch_bounds__(THREADS)
    ring(const unsigned *tensor, float *result, int count, int shift)
{
    __shared__ __align__(16) unsigned stages[STAGES][STAGE_WORDS];
    const int mine = threadIdx.x * 4;
    float sum[SUMS][4] = {}, many[FAULT == SPILL ? 300 : 1] = {};
    copy(&stages[0][mine], tensor + mine);
    copy(&stages[1][mine], tensor + mine + STAGE_WORDS);
#pragma unroll 1
    for (int i = 0; i < count; i++) {
        if (FAULT == WAIT_ZERO)
            asm volatile("cp.async.wait_group 0;" ::: "memory"); /* WAIT_ZERO */
        else
            asm volatile("cp.async.wait_group 1;" ::: "memory");
        __syncthreads();
        copy(&stages[(i + 2) % STAGES][mine], tensor + mine + (i + 2) * STAGE_WORDS);
        const unsigned *read = &stages[i % STAGES][mine ^ shift];
#pragma unroll
        for (int k = 0; k < SUMS; k++) {
            if (FAULT == NO_MATRIX) {
                for (int e = 0; e < 4; e++)
                    sum[k][e] += __uint_as_float(read[e]) * __uint_as_float(read[k]); /* NO_MATRIX */
            } else {
                asm volatile(
                    "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
                    "{%0,%1,%2,%3};"
                    : "+f"(sum[k][0]), "+f"(sum[k][1]), "+f"(sum[k][2]), "+f"(sum[k][3])
                    : "r"(read[0]), "r"(read[1]), "r"(read[2]), "r"(read[3]), "r"(read[k]), "r"(read[3 - k]));
            }
        }
#pragma unroll
        for (int m = 0; m < (FAULT == SPILL ? 300 : 1); m++)
            many[m] = many[(m + 7) % 300 % (FAULT == SPILL ? 300 : 1)] * sum[0][0] + many[m];
    }
    for (int k = 0; k < SUMS; k++)
        for (int e = 0; e < 4; e++)
            result[(threadIdx.x * SUMS + k) * 4 + e] = sum[k][e];
#pragma unroll
    for (int m = 0; m < (FAULT == SPILL ? 300 : 1); m++)
        result[THREADS * SUMS * 4 + m * THREADS + threadIdx.x] = many[m];
}
