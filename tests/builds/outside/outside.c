/* SPDX-License-Identifier: MIT
 *
 * Launches the object that tw_add_kernel built, and compares a few elements with their definition. Uses what is
 * public only: the host library and arch/abi.h.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <arch/abi.h>
#include <host/tilewright_host.h>

enum { M = 37, N = 50, K = 70 };

/* examples/gemm/gemm.h: gemm_args, as the host sees it. */
typedef struct {
    tw_tensor_arg a, b, c, bias, residual;
    float alpha, beta;
} gemm_args;

static void need(tw_status status)
{
    if (status.code == TW_OK)
        return;
    fprintf(stderr, "outside: %s\n", status.message);
    exit(1);
}

static tw_tensor_arg matrix(tw_target *target, const void *values, int64_t rows, int64_t cols, size_t element)
{
    tw_tensor_arg tensor = { .dim = { rows, cols }, .stride = { cols, 1 } };
    need(tw_target_allocate(target, (size_t)(rows * cols) * element, &tensor.data));
    need(tw_target_write(target, tensor.data, values, (size_t)(rows * cols) * element));
    return tensor;
}

int main(void)
{
    static double a[M][K], b[N][K]; /* halves and integers, which bf16 holds exactly */
    static uint16_t a_bits[M][K], b_bits[N][K];
    static float c[M][N];
    for (int k = 0; k < K; k++) {
        for (int row = 0; row < M; row++)
            a[row][k] = ((row * 7 + k * 3) % 11 - 5) / 2.0;
        for (int col = 0; col < N; col++)
            b[col][k] = (col * 5 + k) % 9 - 4;
    }
    tw_dtype_encode(TW_DTYPE_BF16, a[0], a_bits, M * K);
    tw_dtype_encode(TW_DTYPE_BF16, b[0], b_bits, N * K);
    for (int row = 0; row < M; row++)
        for (int col = 0; col < N; col++)
            c[row][col] = NAN;

    tw_target *target;
    tw_instance *instance;
    need(tw_target_open("cpu", &target));
    need(tw_instance_load(target, OBJECT, "gemm", &instance));
    gemm_args args = {
        .a = matrix(target, a_bits, M, K, sizeof a_bits[0][0]),
        .b = matrix(target, b_bits, N, K, sizeof b_bits[0][0]),
        .c = matrix(target, c, M, N, sizeof c[0][0]),
        .alpha = 1,
    };
    const int32_t *tile = tw_instance_info(instance)->tile;
    uint32_t grid[3] = { (uint32_t)(((M + tile[0] - 1) / tile[0]) * ((N + tile[1] - 1) / tile[1])), 1, 1 };
    need(tw_instance_launch(instance, &args, sizeof args, grid, 0));
    need(tw_target_read(target, c, args.c.data, sizeof c));

    for (int row = 0; row < M; row++) {
        for (int col = 0; col < N; col++) {
            double sum = 0;
            for (int k = 0; k < K; k++)
                sum += a[row][k] * b[col][k];
            if (c[row][col] != (float)(sum > 0 ? sum : 0)) {
                fprintf(stderr, "outside: c[%d][%d] is %g, not relu(%g)\n", row, col, c[row][col], sum);
                return 1;
            }
        }
    }
    tw_instance_close(instance);
    tw_target_close(target);
    puts("outside: relu(A B^T) is exact");
    return 0;
}
