/* SPDX-License-Identifier: MIT
 *
 * A kernel on an emulated machine, by itself (test_switches.sh): built for other processors, and for the ways
 * to switch between lanes that this one does not take. The product is exact in any order; the sum keeps more
 * numbers alive across meetings than a processor has registers that calls preserve.
 */
#include <stdio.h>

#include "tilewright.h"

enum { ROWS = 64, COLS = 64, DEPTH = 192, MEETINGS = 5, NUMBERS = 8 };

TW_TEAM(4, 1);

typedef struct {
    tw_gl(bf16, 2) a, b;
    tw_gl(f32, 2) product;
    const float (*numbers)[NUMBERS]; /* of each thread of the team */
    const int (*integers)[NUMBERS];
    float *sums;
} switches_args;

typedef struct {
    tw_st(bf16, ROWS, 64) a;
    tw_st(bf16, COLS, 64) b;
} switches_stage;

typedef struct {
    tw_ring(switches_stage, 2) ring;
} switches_shared;

TW_KERNEL(switches, TW_PIPELINED_THREADS, (switches_args, g))
{
    TW_SHARED(switches_shared, shared);
    TW_PIPE(pipe, shared->ring);
    tw_rt(f32, ROWS, COLS, acc) sum;
    tw_zero(sum);
    TW_PIPELINE (pipe, DEPTH / 64) {
        TW_LOAD (pipe, i, stage) {
            tw_load_async(stage->a, g.a, 0, i * 64);
            tw_load_async(stage->b, g.b, 0, i * 64);
        }
        TW_COMPUTE (pipe, i, stage)
            tw_mma_ABt(sum, stage->a, stage->b);
    }
    tw_store(g.product, sum, 0, 0);

    const int thread = tw__isa_wave() * TW_LANES + tw__isa_lane();
    if (thread >= TW_TEAM_THREADS)
        return;
    const float *x = g.numbers[thread], p = x[0], q = x[1], r = x[2], s = x[3], t = x[4], u = x[5], v = x[6],
                w = x[7];
    const int *y = g.integers[thread], a = y[0], b = y[1], c = y[2], d = y[3], e = y[4], f = y[5], h = y[6],
              k = y[7];
    for (int i = 0; i < MEETINGS; i++)
        tw__meet(TW_TEAM_THREADS);
    g.sums[thread] = p + q + r + s + t + u + v + w + (float)(a + b + c + d + e + f + h + k);
}
TW_EXPORT(switches, switches_args, switches_shared, 0)

static uint16_t left[ROWS * DEPTH], right[COLS * DEPTH];
static float result[ROWS * COLS], sums[TW_TEAM_THREADS], numbers[TW_TEAM_THREADS][NUMBERS];
static int integers[TW_TEAM_THREADS][NUMBERS];

/* A small integer, and as bf16. */
static float number(int i) { return (float)(i * 7 % 11 - 5); }
static uint16_t bits(float x) { return (uint16_t)tw__bf16_of(x); }

static void describe(void *view, void *data, int rows, int cols)
{
    tw_tensor_arg *tensor = (tw_tensor_arg *)view;
    tensor->data = data;
    tensor->dim[0] = rows;
    tensor->dim[1] = tensor->stride[0] = cols;
    tensor->stride[1] = 1;
}

int main(void)
{
    static char message[512];
    switches_args args = {.numbers = (const float(*)[NUMBERS])numbers,
                          .integers = (const int(*)[NUMBERS])integers,
                          .sums = sums};
    tw_launch_request request = {.args = &args,
                                 .grid = {1, 1, 1},
                                 .os_threads = 1,
                                 .message = message,
                                 .message_bytes = sizeof message};
    int wrong = 0;
    for (int i = 0; i < ROWS * DEPTH; i++) {
        left[i] = bits(number(i));
        right[i] = bits(number(3 * i + 1));
    }
    for (int i = 0; i < TW_TEAM_THREADS * NUMBERS; i++) {
        numbers[i / NUMBERS][i % NUMBERS] = number(i);
        integers[i / NUMBERS][i % NUMBERS] = i;
    }
    describe(&args.a, left, ROWS, DEPTH);
    describe(&args.b, right, COLS, DEPTH);
    describe(&args.product, result, ROWS, COLS);
    if (switches_launch(&request)) {
        puts(message);
        return 2;
    }
    for (int row = 0; row < ROWS; row++)
        for (int col = 0; col < COLS; col++) {
            float sum = 0;
            for (int k = 0; k < DEPTH; k++)
                sum += number(row * DEPTH + k) * number(3 * (col * DEPTH + k) + 1);
            wrong += result[row * COLS + col] != sum;
        }
    for (int i = 0; i < TW_TEAM_THREADS; i++) {
        float sum = 0;
        for (int n = 0; n < NUMBERS; n++)
            sum += numbers[i][n] + (float)integers[i][n];
        wrong += sums[i] != sum;
    }
    printf("%d wrong\n", wrong);
    return wrong != 0;
}
