/* SPDX-License-Identifier: MIT
 *
 * The kernel of test_pipeline_shapes.c: two rings, one used twice round the other; steps with a product, with
 * two, with none; a stage read before its product. Macros without a default: SHAPE_ROWS and SHAPE_COLS, the
 * team; SHAPE_BM, SHAPE_BN, SHAPE_DEPTH, the tiles; SHAPE_STAGES.
 */
#include <tilewright.h>

TW_TEAM(SHAPE_ROWS, SHAPE_COLS);

enum { FIRST_DEPTH = 16, REST_DEPTH = SHAPE_DEPTH - FIRST_DEPTH };

typedef struct {
    tw_gl(bf16, 2) a;       /* M x K */
    tw_gl(bf16, 2) b;       /* N x K */
    tw_gl(f32, 1) weights;  /* BN a step of the products */
    tw_gl(bf16, 2) terms;   /* M x T */
    tw_gl(f32, 2) sum;      /* BM x BN: twice A B^T over the steps that count */
    tw_gl(f32, 1) weighted; /* BN: twice the steps' weights, added up */
    tw_gl(f32, 2) total;    /* BM x BN: the blocks of BN columns of terms, added up */
    int32_t every;          /* the first product of step i counts where i % every is 0, the second always */
} pipeline_shapes_args;

typedef struct {
    tw_st(bf16, SHAPE_BM, SHAPE_DEPTH) a;
    tw_sv(f32, SHAPE_BN) weights;
    tw_st(bf16, SHAPE_BN, SHAPE_DEPTH) b;
} product_stage;

typedef struct {
    tw_st(bf16, SHAPE_BM, SHAPE_BN) terms;
} terms_stage;

typedef struct {
    tw_ring(product_stage, SHAPE_STAGES) products;
    tw_ring(terms_stage, 3) terms;
} pipeline_shapes_shared;

TW_KERNEL(pipeline_shapes, TW_PIPELINED_THREADS, (pipeline_shapes_args, g))
{
    tw_rt(f32, SHAPE_BM, SHAPE_BN, acc) sum;
    tw_rt(f32, SHAPE_BM, SHAPE_BN, acc) total;
    tw_rv(f32, SHAPE_BN, col) weighted;
    TW_SHARED(pipeline_shapes_shared, shared);
    TW_PIPE_IN_TURNS(products, shared->products);
    TW_PIPE_IN_TURNS(terms, shared->terms);
    const int steps = (int)((tw_dim(g.a, 1) + SHAPE_DEPTH - 1) / SHAPE_DEPTH);
    const int columns = (int)((tw_dim(g.terms, 1) + SHAPE_BN - 1) / SHAPE_BN);

    tw_zero(sum);
    tw_zero(total);
    tw_zero(weighted);
    for (int round = 0; round < 2; round++) {
        TW_PIPELINE (products, steps) {
            TW_LOAD (products, i, stage) {
                tw_load_async(stage->a, g.a, 0, (int64_t)i * SHAPE_DEPTH);
                tw_load_async(stage->weights, g.weights, (int64_t)i * SHAPE_BN);
                tw_load_async(stage->b, g.b, 0, (int64_t)i * SHAPE_DEPTH);
            }
            TW_COMPUTE (products, i, stage) {
                tw_rv(f32, SHAPE_BN, col) weights;
                tw_view(first_a, SHAPE_BM, FIRST_DEPTH, stage->a, 0, 0);
                tw_view(first_b, SHAPE_BN, FIRST_DEPTH, stage->b, 0, 0);
                tw_view(rest_a, SHAPE_BM, REST_DEPTH, stage->a, 0, FIRST_DEPTH);
                tw_view(rest_b, SHAPE_BN, REST_DEPTH, stage->b, 0, FIRST_DEPTH);
                if (i % g.every == 0)
                    tw_mma_ABt(sum, first_a, first_b);
                tw_load(weights, stage->weights);
                tw_add(weighted, weighted, weights);
                tw_mma_ABt(sum, rest_a, rest_b);
            }
        }
        TW_PIPELINE (terms, round == 0 ? columns : 0) {
            TW_LOAD (terms, i, stage) {
                tw_load_async(stage->terms, g.terms, 0, (int64_t)i * SHAPE_BN);
            }
            TW_COMPUTE (terms, i, stage) {
                tw_rt(f32, SHAPE_BM, SHAPE_BN, acc) block;
                tw_load(block, stage->terms);
                tw_add(total, total, block);
            }
        }
    }
    tw_store(g.sum, sum, 0, 0);
    tw_store(g.weighted, weighted, 0);
    tw_store(g.total, total, 0, 0);
}

TW_EXPORT(pipeline_shapes, pipeline_shapes_args, pipeline_shapes_shared, SHAPE_BM, SHAPE_BN, SHAPE_DEPTH)
