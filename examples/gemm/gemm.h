/* SPDX-License-Identifier: MIT
 *
 * C = residual + activation(epilogue(alpha A op(B) + bias)) + beta C
 *
 *   a         M x K
 *   b         N x K when GEMM_TRANS_B (C = A B^T), else K x N (C = A B)
 *   c         M x N; read only where beta is not 0
 *   bias      N, f32;       only with GEMM_BIAS
 *   residual  M x N;        only with GEMM_RESIDUAL
 *
 * Any M, N, K from 1; any strides. c must not overlap the inputs. Launch a 1-D grid of at most
 * ceil(M / GEMM_BM) * ceil(N / GEMM_BN) blocks, rounded up to a multiple of tw_cluster_blocks: they share the
 * tiles out. Options, each a macro with a default:
 */
#ifndef TW_EXAMPLES_GEMM_H
#define TW_EXAMPLES_GEMM_H

#include <tilewright.h>

#ifndef GEMM_IN /* bf16 or f16 */
#define GEMM_IN bf16
#endif
#ifndef GEMM_OUT /* bf16, f16 or f32 */
#define GEMM_OUT bf16
#endif
#ifndef GEMM_TRANS_B
#define GEMM_TRANS_B 1
#endif
#ifndef GEMM_BIAS
#define GEMM_BIAS 0
#endif
#ifndef GEMM_RESIDUAL
#define GEMM_RESIDUAL 0
#endif
#ifndef GEMM_ACTIVATION /* none, relu, gelu or silu */
#define GEMM_ACTIVATION none
#endif
#ifndef GEMM_EPILOGUE /* a user's expression in x (float) and r, c (int64_t, the element's place in C) */
#define GEMM_EPILOGUE(x, r, c) (x)
#endif

typedef struct {
    tw_gl(GEMM_IN, 2) a;
    tw_gl(GEMM_IN, 2) b;
    tw_gl(GEMM_OUT, 2) c;
    tw_gl(f32, 1) bias;
    tw_gl(GEMM_OUT, 2) residual;
    float alpha, beta;
} gemm_args;

#define GEMM_TUNE(machine, bm, bn, bk, rows, cols, cluster, stages)                                          \
    enum { GEMM_BM_##machine = bm, GEMM_BN_##machine = bn, GEMM_BK_##machine = bk };                         \
    enum { GEMM_ROWS_##machine = rows, GEMM_COLS_##machine = cols, GEMM_CLUSTER_##machine = cluster };       \
    enum { GEMM_STAGES_##machine = stages };                                                                 \
    TW_STATIC_ASSERT(bm % (16 * rows) == 0 && bn % (16 * cols) == 0 && bk % 16 == 0,                         \
                     "gemm/tune.def: tile of " #machine);
#include "tune.def"

enum { GEMM_BM = TW_HERE(GEMM_BM_), GEMM_BN = TW_HERE(GEMM_BN_), GEMM_BK = TW_HERE(GEMM_BK_) };
enum { GEMM_STAGES = TW_HERE(GEMM_STAGES_) };
enum { GEMM_B_ROWS = GEMM_TRANS_B ? GEMM_BN : GEMM_BK, GEMM_B_COLS = GEMM_TRANS_B ? GEMM_BK : GEMM_BN };

#define GEMM_ACTIVATE_none(x) (x)
#define GEMM_ACTIVATE_relu(x) tw_reluf(x)
#define GEMM_ACTIVATE_gelu(x) tw_geluf(x)
#define GEMM_ACTIVATE_silu(x) tw_siluf(x)
#define GEMM_ACTIVATE(x)      TW__JOIN(GEMM_ACTIVATE_, GEMM_ACTIVATION)(x)

#endif
