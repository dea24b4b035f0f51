// SPDX-License-Identifier: MIT
//
// A HIP user's own file: Tilewright's headers, a kernel of the library, the usual launch. Compiled, never run, so
// the few declarations that the runtime's header would bring stand here and the test needs no ROCm.
struct dim3 {
    unsigned x, y, z;
    constexpr dim3(unsigned width = 1, unsigned height = 1, unsigned depth = 1) : x(width), y(height), z(depth) {}
};
typedef struct stream *hipStream_t;
typedef int hipError_t;
extern "C" hipError_t hipLaunchKernel(const void *function, dim3 blocks, dim3 threads, void **args,
                                      decltype(sizeof 0) shared, hipStream_t stream);
extern "C" hipError_t __hipPushCallConfiguration(dim3 blocks, dim3 threads, decltype(sizeof 0) shared = 0,
                                                 hipStream_t stream = nullptr);
extern "C" hipError_t __hipPopCallConfiguration(dim3 *blocks, dim3 *threads, decltype(sizeof 0) *shared,
                                                hipStream_t *stream);

#include <tilewright.h>
#include <examples/gemm/gemm.c>

void multiply(gemm_args args, int M, int N, hipStream_t stream)
{
    const unsigned blocks = (unsigned)(((M + GEMM_BM - 1) / GEMM_BM) * ((N + GEMM_BN - 1) / GEMM_BN));
    gemm<<<blocks, gemm_threads, 0, stream>>>(args);
}
