/* SPDX-License-Identifier: MIT
 *
 * The parts of a description that are the same for all of linear attention's family.
 */
#include "family.h"

#include <math.h>

/* clang-format off */
#define SYMBOLS(tokens, what)                                    \
    { .name = "B", .preset = 1, .meaning = "batch" },            \
    { .name = "H", .preset = 4, .meaning = "heads" },            \
    { .name = "S", .preset = tokens, .meaning = what },          \
    { .name = "D", .preset = 128, .meaning = "key dim" },        \
    { .name = "DV", .like = "D", .meaning = "value dim" },       \
    { 0 }
const tw_symbol linear_symbols[] = { SYMBOLS(512, "tokens") };
const tw_symbol linear_step_symbols[] = { SYMBOLS(1, "tokens: 1") };

const tw_scalar linear_scalars[] = {
    { .name = "scale", .computed = linear_default_scale, .meaning = "factor of the queries; 1 / sqrt(D)" },
    { 0 },
};
/* clang-format on */

double linear_default_scale(const tw_problem *problem)
{
    return 1 / sqrt((double)tw_problem_size(problem, "D"));
}

tw_status linear_validate_tokens(tw_problem *problem)
{
    const int64_t tokens = tw_problem_size(problem, "S");
    if (tokens >= 1 << 29)
        return tw_fail(TW_INVALID, "S is %lld; it must be below 2^29", (long long)tokens);
    return tw_ok();
}

tw_status linear_validate_step(tw_problem *problem)
{
    const int64_t tokens = tw_problem_size(problem, "S");
    if (tokens != 1)
        return tw_fail(TW_INVALID, "S is %lld; a step takes 1 token", (long long)tokens);
    return tw_ok();
}

tw_tensor_arg linear_by_heads(const tw_problem *problem, const char *name)
{
    return tw_problem_option_is(problem, "layout", "bshd") ? tw_problem_argument_turned(problem, name)
                                                           : tw_problem_argument(problem, name);
}

tw_status linear_grid(const tw_problem *problem, const tw_kernel_info *info, int64_t parts, uint32_t grid[3])
{
    const char *kernel = tw_problem_kernel(problem)->name;
    const int64_t width = (int64_t)info->tile[2] * info->cluster; /* value columns of a cluster */
    int64_t blocks = tw_problem_size(problem, "B");
    if (width < 1)
        return tw_fail(TW_INVALID, "%s_info has no value columns of a block, or no cluster", kernel);
    if (__builtin_mul_overflow(blocks, tw_problem_size(problem, "H"), &blocks) ||
        __builtin_mul_overflow(blocks, (tw_problem_size(problem, "DV") + width - 1) / width, &blocks) ||
        __builtin_mul_overflow(blocks, info->cluster, &blocks) ||
        __builtin_mul_overflow(blocks, parts, &blocks) || blocks > INT32_MAX)
        return tw_fail(TW_INVALID, "%s: more than 2^31 - 1 blocks; make B, H%s smaller", kernel,
                       parts > 1 ? ", DV or split" : " or DV");
    grid[0] = (uint32_t)blocks;
    grid[1] = grid[2] = 1;
    return tw_ok();
}

void linear_gates(const tw_problem *problem, const tw_tensor *tensor, double *values)
{
    tw_random_normal(tw_problem_seed(problem), tensor->row->name, 0, values, tensor->count);
    for (size_t i = 0; i < tensor->count; i++)
        values[i] = values[i] > 2.2 ? -100 : values[i] < -2.2 ? 0 : -exp(1.2 * values[i] - 2.5);
}

void linear_decays(const tw_problem *problem, const tw_tensor *tensor, double *values)
{
    (void)problem;
    for (size_t h = 0; h < tensor->count; h++)
        values[h] = log1p(-exp2(-5 - (double)(h % 8)));
}

void linear_positive(const tw_problem *problem, const tw_tensor *tensor, double *values)
{
    tw_random_normal(tw_problem_seed(problem), tensor->row->name, 0, values, tensor->count);
    for (size_t i = 0; i < tensor->count; i++)
        values[i] = 1 + fabs(values[i]);
}

double linear_flops(const tw_problem *problem)
{
    return 4 * (double)tw_problem_size(problem, "B") * (double)tw_problem_size(problem, "H") *
           (double)tw_problem_size(problem, "S") * (double)tw_problem_size(problem, "D") *
           (double)tw_problem_size(problem, "DV");
}

double linear_bound(tw_dtype dtype)
{
    switch (dtype) {
    case TW_DTYPE_BF16: return 1e-2;
    case TW_DTYPE_F16: return 2e-3;
    default: return 4e-3;
    }
}
