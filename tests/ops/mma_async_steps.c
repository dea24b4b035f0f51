/* SPDX-License-Identifier: MIT
 *
 * The kernel of test_mma_async.c: sums over the steps of a ring of two stages, which are filled again as soon
 * as they may.
 */
#include <tilewright.h>

#ifndef STEPS_WAVES
#define STEPS_WAVES 4
#endif

enum { SIDE = 16 * STEPS_WAVES, DEPTH = 32 };

TW_TEAM(STEPS_WAVES, 1);

typedef struct {
    tw_gl(bf16, 2) a, b;      /* SIDE x K */
    tw_gl(f32, 2) sum, other; /* SIDE x SIDE */
    /* 0: sum = A B^T; 1: sum over the steps but every third, other = B A^T over the odd ones; 2: sum = A B^T,
     * a product a step, other the last; 3: other = the last step's B A^T, B in registers; 4: as 2, twice
     * over, in turn */
    int32_t mode;
} mma_async_args;

typedef struct {
    tw_st(bf16, SIDE, DEPTH) a, b;
} mma_async_stage;

typedef struct {
    tw_ring(mma_async_stage, 2) ring;
} mma_async_shared;

TW_KERNEL(mma_async_steps, TW_PIPELINED_THREADS, (mma_async_args, g))
{
    tw_rt(f32, SIDE, SIDE, acc) sum;
    tw_rt(f32, SIDE, SIDE, acc) other;
    TW_SHARED(mma_async_shared, shared);
    TW_PIPE(pipe, shared->ring);
    const int steps = (int)((tw_dim(g.a, 1) + DEPTH - 1) / DEPTH);
    tw_zero(sum);
    tw_zero(other);
    for (int round = 0; round <= (g.mode == 4); round++)
        TW_PIPELINE (pipe, steps) {
            TW_LOAD (pipe, i, stage) {
                tw_load_async(stage->a, g.a, 0, (int64_t)i * DEPTH);
                tw_load_async(stage->b, g.b, 0, (int64_t)i * DEPTH);
            }
            TW_COMPUTE (pipe, i, stage) {
                if (g.mode == 0) {
                    tw_mma_async(sum, stage->a, stage->b, 0, 1);
                } else if (g.mode == 1) {
                    if (i % 3 != 1)
                        tw_mma_async(sum, stage->a, stage->b, 0, 1);
                    if (i % 2 == 1)
                        tw_mma_async(other, stage->b, stage->a, 0, 1);
                } else if (g.mode == 2) {
                    tw_mm_ABt(other, stage->a, stage->b);
                    tw_add(sum, sum, other);
                } else if (g.mode == 4) {
                    tw_mm_async(other, stage->a, stage->b, 0, 1);
                    TW_ASIDE (pipe, other, 1) {
                        tw_add(sum, sum, other);
                    }
                } else {
                    tw_rt(bf16, SIDE, DEPTH, a) left;
                    tw_load(left, stage->b);
                    tw_mm_ABt(other, left, stage->a);
                }
            }
        }
    tw_mma_wait(sum);
    tw_mma_wait(other);
    tw_store(g.sum, sum, 0, 0);
    tw_store(g.other, other, 0, 0);
}

TW_EXPORT(mma_async_steps, mma_async_args, mma_async_shared, SIDE, DEPTH)
TW_STREAM(mma_async_steps, mma_async_args, a, mma_async_stage, a)
TW_STREAM(mma_async_steps, mma_async_args, b, mma_async_stage, b)
