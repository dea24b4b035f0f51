// SPDX-License-Identifier: MIT
//
// A CUDA user's own file: Tilewright's headers, a kernel of the library, the usual launch. Compiled, never run.
#include <tilewright.h>
#include <examples/gemm/gemm.c>

cudaError_t multiply(gemm_args args, int M, int N, cudaStream_t stream)
{
    const int shared = (int)sizeof(gemm_shared);
    const cudaError_t error = cudaFuncSetAttribute(gemm, cudaFuncAttributeMaxDynamicSharedMemorySize, shared);
    if (error != cudaSuccess)
        return error;
    const int tiles = ((M + GEMM_BM - 1) / GEMM_BM) * ((N + GEMM_BN - 1) / GEMM_BN);
    const int blocks = (tiles + tw_cluster_blocks - 1) / tw_cluster_blocks * tw_cluster_blocks;
    gemm<<<blocks, gemm_threads, shared, stream>>>(args);
    return cudaGetLastError();
}
