/* SPDX-License-Identifier: MIT
 *
 * A loop of wgmma for sm90a: as it should be, or waiting behind each (-DFAULT=WAIT_EACH). The line that
 * tw check --asm must name ends in the fault's name. PTX ISA, "Asynchronous Warpgroup Level Matrix
 * Instructions".
 */
enum { NONE, WAIT_EACH };

#define WAIT()                                                                                               \
    asm volatile("wgmma.commit_group.sync.aligned;\n wgmma.wait_group.sync.aligned 0;" ::: "memory")

#ifndef FAULT
#define FAULT NONE
#endif

__device__ void multiply(float d[4], unsigned long long a, unsigned long long b)
{
    asm volatile("wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 {%0,%1,%2,%3}, %4, %5, 1, 1, 1, 0, 0;"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                 : "l"(a), "l"(b));
}

extern "C" __global__ void __launch_bounds__(128, 1)
    products(unsigned long long a, unsigned long long b, float *result, int count)
{
    float d[4] = {};
#pragma unroll 1
    for (int i = 0; i < count; i++) {
        asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
#pragma unroll
        for (int k = 0; k < 4; k++) {
            multiply(d, a + 2 * k, b + 2 * k);
            if (FAULT == WAIT_EACH && k < 3)
                WAIT(); /* WAIT_EACH */
        }
        WAIT();
        a += 64;
    }
    for (int e = 0; e < 4; e++)
        result[threadIdx.x * 4 + e] = d[e];
}
