/* SPDX-License-Identifier: MIT
 *
 * A kernel with what the gates are against: a matrix instruction, and no loop of copies that run ahead.
 */
#include <tilewright.h>

typedef struct {
    tw_gl(bf16, 2) x;
    tw_gl(f32, 2) y;
    int rounds;
} one_product_args;

TW_TEAM(1, 1);

TW_KERNEL(one_product, TW_TEAM_THREADS, (one_product_args, g))
{
    tw_rt(bf16, 16, 16, a) left;
    tw_rt(bf16, 16, 16, b) right;
    tw_rt(f32, 16, 16, acc) sum;
    tw_zero(sum);
    for (int i = 0; i < g.rounds; i++) {
        tw_load(left, g.x, 16 * i, 0);
        tw_load(right, g.x, 16 * i, 16);
        tw_mma_AB(sum, left, right);
    }
    tw_store(g.y, sum, 0, 0);
}

TW_EXPORT(one_product, one_product_args, int, 1)
