/* SPDX-License-Identifier: MIT
 *
 * The GEMM in float64 over the inputs as their dtype rounded them; nothing is rounded on the way and c stays
 * float64. Blocks only change the order of loads: each element is one sum over k in ascending order.
 */
#include "reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_M = 16, BLOCK_N = 128, BLOCK_K = 256 };

typedef double epilogue_fn(double x, int64_t r, int64_t c);

typedef struct {
    const tw_tensor *a, *b, *c, *bias, *residual;
    int64_t m, n, k;
    int trans_b;
    double alpha, beta;
    epilogue_fn *epilogue; /* NULL: x */
    char activation;       /* first letter of the option */
} gemm_job;

static const void *element(const tw_tensor *tensor, int64_t index)
{
    return (const char *)tensor->input + (size_t)index * tw_dtype_bytes(tensor->dtype);
}

/* b's elements k0 .. k0+rows, n0 .. n0+cols as panel[row][col], whichever way b lies. */
static void load_b(const gemm_job *job, int64_t k0, int64_t n0, int64_t rows, int64_t cols,
                   double panel[BLOCK_K][BLOCK_N])
{
    if (!job->trans_b) {
        for (int64_t row = 0; row < rows; row++) {
            tw_dtype_decode(job->b->dtype, element(job->b, (k0 + row) * job->n + n0), panel[row],
                            (size_t)cols);
        }
        return;
    }
    for (int64_t col = 0; col < cols; col++) {
        double column[BLOCK_K];
        tw_dtype_decode(job->b->dtype, element(job->b, (n0 + col) * job->k + k0), column, (size_t)rows);
        for (int64_t row = 0; row < rows; row++)
            panel[row][col] = column[row];
    }
}

/* c[0..rows) += a[0..rows) x panel, where c's rows are n apart. Four rows at a time share each panel row. */
static void multiply(const gemm_job *job, int64_t m0, int64_t k0, int64_t rows, int64_t depth, int64_t cols,
                     double panel[BLOCK_K][BLOCK_N], double *c)
{
    double a[4][BLOCK_K];
    for (int64_t first = 0; first < rows; first += 4) {
        int64_t here = rows - first < 4 ? rows - first : 4;
        double sum[4][BLOCK_N] = {{0}};
        memset(a, 0, sizeof a);
        for (int64_t row = 0; row < here; row++) {
            tw_dtype_decode(job->a->dtype, element(job->a, (m0 + first + row) * job->k + k0), a[row],
                            (size_t)depth);
            memcpy(sum[row], c + (first + row) * job->n, (size_t)cols * sizeof *c);
        }
        for (int64_t k = 0; k < depth; k++) {
            const double *b = panel[k];
            double a0 = a[0][k], a1 = a[1][k], a2 = a[2][k], a3 = a[3][k];
            for (int64_t col = 0; col < cols; col++) {
                sum[0][col] += a0 * b[col];
                sum[1][col] += a1 * b[col];
                sum[2][col] += a2 * b[col];
                sum[3][col] += a3 * b[col];
            }
        }
        for (int64_t row = 0; row < here; row++) {
            memcpy(c + (first + row) * job->n, sum[row], (size_t)cols * sizeof *c);
        }
    }
}

static double activate(char activation, double x)
{
    switch (activation) {
    case 'r': return x < 0 ? 0 : x;
    case 'g': return 0.5 * x * (1 + erf(x * 0.70710678118654752440));
    case 's': return x / (1 + exp(-x));
    default: return x;
    }
}

static double finish(const gemm_job *job, int64_t row, int64_t col, double sum)
{
    double x = job->alpha * sum, value;
    if (job->bias) {
        tw_dtype_decode(job->bias->dtype, element(job->bias, col), &value, 1);
        x += value;
    }
    if (job->epilogue)
        x = job->epilogue(x, row, col);
    x = activate(job->activation, x);
    if (job->residual) {
        tw_dtype_decode(job->residual->dtype, element(job->residual, row * job->n + col), &value, 1);
        x += value;
    }
    if (job->beta != 0) {
        tw_dtype_decode(job->c->dtype, element(job->c, row * job->n + col), &value, 1);
        x += job->beta * value;
    }
    return x;
}

/* Columns n0 .. n0+cols of c. */
static void compute_columns(const gemm_job *job, int64_t n0, int64_t cols, double panel[BLOCK_K][BLOCK_N])
{
    double *c = job->c->reference + n0;
    for (int64_t row = 0; row < job->m; row++)
        memset(c + row * job->n, 0, (size_t)cols * sizeof *c);
    for (int64_t k0 = 0; k0 < job->k; k0 += BLOCK_K) {
        int64_t depth = job->k - k0 < BLOCK_K ? job->k - k0 : BLOCK_K;
        load_b(job, k0, n0, depth, cols, panel);
        for (int64_t m0 = 0; m0 < job->m; m0 += BLOCK_M) {
            int64_t rows = job->m - m0 < BLOCK_M ? job->m - m0 : BLOCK_M;
            multiply(job, m0, k0, rows, depth, cols, panel, c + m0 * job->n);
        }
    }
    for (int64_t row = 0; row < job->m; row++) {
        for (int64_t col = 0; col < cols; col++) {
            c[row * job->n + col] = finish(job, row, n0 + col, c[row * job->n + col]);
        }
    }
}

tw_status gemm_reference(tw_problem *problem)
{
    void (*expression)(void);
    TW_TRY(tw_problem_expression(problem, "epilogue", &expression));
    gemm_job job = {
        .a = tw_problem_tensor(problem, "a"),
        .b = tw_problem_tensor(problem, "b"),
        .c = tw_problem_tensor(problem, "c"),
        .bias = tw_problem_tensor(problem, "bias"),
        .residual = tw_problem_tensor(problem, "residual"),
        .m = tw_problem_size(problem, "M"),
        .n = tw_problem_size(problem, "N"),
        .k = tw_problem_size(problem, "K"),
        .trans_b = tw_problem_option_is(problem, "trans_b", "1"),
        .alpha = (double)(float)tw_problem_scalar(problem, "alpha"),
        .beta = (double)(float)tw_problem_scalar(problem, "beta"),
        .epilogue = (epilogue_fn *)expression,
        .activation = tw_problem_option(problem, "activation")[0],
    };
    int out_of_memory = 0;
#ifdef _OPENMP
#pragma omp parallel for schedule(dynamic) reduction(| : out_of_memory)
#endif
    for (int64_t n0 = 0; n0 < job.n; n0 += BLOCK_N) {
        double(*panel)[BLOCK_N] = malloc(sizeof(double[BLOCK_K][BLOCK_N]));
        if (panel)
            compute_columns(&job, n0, job.n - n0 < BLOCK_N ? job.n - n0 : BLOCK_N, panel);
        else
            out_of_memory = 1;
        free(panel);
    }
    return out_of_memory ? tw_fail(TW_NO_MEMORY, "no memory for gemm's float64 reference") : tw_ok();
}
