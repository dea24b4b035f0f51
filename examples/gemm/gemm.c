/* SPDX-License-Identifier: MIT
 *
 * The GEMM. A block computes one BM x BN tile of C after another; while it multiplies one stage of A and B in
 * shared memory the next ones are on their way.
 */
#include "gemm.h"

TW_TEAM(TW_HERE(GEMM_ROWS_), TW_HERE(GEMM_COLS_), TW_HERE(GEMM_CLUSTER_));

typedef struct {
    tw_st(GEMM_IN, GEMM_BM, GEMM_BK) a;
    tw_st(GEMM_IN, GEMM_B_ROWS, GEMM_B_COLS) b;
} gemm_stage;

typedef struct {
    tw_ring(gemm_stage, GEMM_STAGES) ring;
    tw_staging(GEMM_OUT, GEMM_BM, GEMM_BN) out;
} gemm_shared;

TW_KERNEL(gemm, TW_PIPELINED_THREADS, (gemm_args, g))
{
    const int64_t M = tw_dim(g.c, 0), N = tw_dim(g.c, 1), K = tw_dim(g.a, 1);
    const int rows = (int)((M + GEMM_BM - 1) / GEMM_BM), cols = (int)((N + GEMM_BN - 1) / GEMM_BN);
    TW_SHARED_ALL(gemm_shared, shared);
    TW_PIPE_IN_TURNS(pipe, shared->ring);

    TW_EACH_TILE (tile, rows, cols) {
        const int64_t m = (int64_t)tile.row * GEMM_BM, n = (int64_t)tile.col * GEMM_BN;
        tw_rt(f32, GEMM_BM, GEMM_BN, acc) acc; /* BM x BN */

        tw_zero(acc);
        TW_PIPELINE (pipe, (int)((K + GEMM_BK - 1) / GEMM_BK)) {
            TW_LOAD (pipe, i, stage) {
                const int64_t k = (int64_t)i * GEMM_BK;
                tw_load_async(stage->a, g.a, m, k);
                tw_load_multicast(tile.together, stage->b, g.b, GEMM_TRANS_B ? n : k, GEMM_TRANS_B ? k : n);
            }
            TW_COMPUTE (pipe, i, stage) {
                tw_mma_async(acc, stage->a, stage->b, 0, GEMM_TRANS_B);
            }
        }
        tw_mma_wait(acc);

        tw_map(acc, x, x * g.alpha);
        if (GEMM_BIAS)
            tw_load_add(acc, g.bias, 1.0f, n);
        tw_map_at(acc, x, r, c, GEMM_ACTIVATE(GEMM_EPILOGUE(x, (m + r), (n + c))));
        if (GEMM_RESIDUAL)
            tw_load_add(acc, g.residual, 1.0f, m, n);
        if (g.beta != 0.0f)
            tw_load_add(acc, g.c, g.beta, m, n);
        tw_store_async(g.c, acc, shared->out, m, n);
    }
}

TW_EXPORT(gemm, gemm_args, gemm_shared, GEMM_BM, GEMM_BN)
TW_STREAM(gemm, gemm_args, a, gemm_stage, a)
TW_STREAM_MULTICAST(gemm, gemm_args, b, gemm_stage, b)
TW_STREAM(gemm, gemm_args, c, gemm_shared, out)
