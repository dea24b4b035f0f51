/* SPDX-License-Identifier: MIT
 *
 * The fused cross-entropy's description for tw: what it takes, how it is launched, what it must equal.
 */
#include <math.h>

#include "host/tilewright_host.h"
#include "reference.h"

/* cross_entropy_args of cross_entropy.h, as every compiler of the kernel lays it out (arch/abi.h). */
typedef struct {
    tw_tensor_arg hidden, weight, labels, loss, lse;
    float smoothing, softcap;
    int32_t ignore;
} cross_entropy_arguments;

static const tw_symbol symbols[] = {
    {.name = "T", .preset = 512, .meaning = "tokens"},
    {.name = "V", .preset = 4096, .meaning = "vocabulary"},
    {.name = "D", .preset = 512, .meaning = "hidden dim"},
    {0},
};

/* clang-format off */
static const tw_option options[] = {
    { .name = "dtype", .macro = "CROSS_ENTROPY_DTYPE", .values = "bf16 f16", .preset = "bf16",
      .meaning = "dtype of hidden and weight" },
    { .name = "smoothing_on", .macro = "CROSS_ENTROPY_SMOOTHING", .values = "0 1", .preset = "0",
      .meaning = "1: label smoothing" },
    { .name = "softcap", .macro = "CROSS_ENTROPY_SOFTCAP", .values = "0 1", .preset = "0",
      .meaning = "1: the logit x becomes cap * tanh(x / cap)" },
    { 0 },
};

static const tw_scalar scalars[] = {
    { .name = "smoothing", .preset = 0.1, .present = "smoothing_on=1", .meaning = "from 0 to 1" },
    { .name = "cap", .preset = 30, .present = "softcap=1", .meaning = "bound of the logits, above 0" },
    { .name = "ignore", .preset = -100,
      .meaning = "label of tokens without a loss; so are those outside 0 ... V - 1" },
    { 0 },
};
/* clang-format on */

/* One in eight is ignored. */
static void random_labels(const tw_problem *problem, const tw_tensor *tensor, double *values)
{
    double vocabulary = (double)tw_problem_size(problem, "V");
    tw_random_normal(tw_problem_seed(problem), "labels", 0, values, tensor->count);
    for (size_t i = 0; i < tensor->count; i++)
        values[i] = i % 8 == 5 ? -100 : floor(fmod(fabs(values[i]) * 1000, 1) * vocabulary);
}

/* clang-format off */
static const tw_tensor_row tensors[] = {
    { .name = "hidden", .dtype = "=dtype", .shape = "T D", .meaning = "what is projected" },
    { .name = "weight", .dtype = "=dtype", .shape = "V D", .meaning = "projection, a row for each label" },
    { .name = "labels", .dtype = "i32", .shape = "T", .content = random_labels, .meaning = "right answers" },
    { .name = "loss", .dtype = "f32", .shape = "T", .direction = TW_DIRECTION_OUT, .absolute = 1e-5,
      .meaning = "loss of each token" },
    { .name = "lse", .dtype = "f32", .shape = "T", .direction = TW_DIRECTION_OUT, .absolute = 1e-5,
      .meaning = "log of the sum of exponentials of its logits" },
    { 0 },
};

static const char *const cases[] = {
    "T=65 V=300 D=70",
    "T=17 V=1023 D=64 smoothing_on=1 softcap=1 cap=4 dtype=f16",
    0,
};
/* clang-format on */

static tw_status validate(tw_problem *problem)
{
    double smoothing = tw_problem_scalar(problem, "smoothing"), ignore = tw_problem_scalar(problem, "ignore");
    if (!(smoothing >= 0 && smoothing <= 1))
        return tw_fail(TW_INVALID, "smoothing is %g; it must be from 0 to 1", smoothing);
    if (!((float)tw_problem_scalar(problem, "cap") > 0))
        return tw_fail(TW_INVALID, "cap is %g; it must be above 0", tw_problem_scalar(problem, "cap"));
    if (!(ignore == floor(ignore) && fabs(ignore) <= 0x1p24))
        return tw_fail(TW_INVALID, "ignore is %g; it must be a whole number up to 2^24", ignore);
    if (tw_problem_size(problem, "V") > 1 << 24)
        return tw_fail(TW_INVALID, "V is %lld; it must be at most 2^24",
                       (long long)tw_problem_size(problem, "V"));
    return tw_ok();
}

static tw_status arguments(const tw_problem *problem, const tw_kernel_info *info, void *args,
                           uint32_t grid[3])
{
    int64_t tile = info->tile[0], blocks;
    if (tile < 1)
        return tw_fail(TW_INVALID, "cross_entropy_info has no tile size BM");
    blocks = (tw_problem_size(problem, "T") + tile - 1) / tile;
    if (blocks > INT32_MAX)
        return tw_fail(TW_INVALID, "cross_entropy: more than 2^31 - 1 tiles of %lld tokens; make T smaller",
                       (long long)tile);
    *(cross_entropy_arguments *)args = (cross_entropy_arguments){
        .hidden = tw_problem_argument(problem, "hidden"),
        .weight = tw_problem_argument(problem, "weight"),
        .labels = tw_problem_argument(problem, "labels"),
        .loss = tw_problem_argument(problem, "loss"),
        .lse = tw_problem_argument(problem, "lse"),
        .smoothing = (float)tw_problem_scalar(problem, "smoothing"),
        .softcap = (float)tw_problem_scalar(problem, "cap"),
        .ignore = (int32_t)tw_problem_scalar(problem, "ignore"),
    };
    grid[0] = (uint32_t)blocks;
    grid[1] = grid[2] = 1;
    return tw_ok();
}

static double flops(const tw_problem *problem)
{
    return 2.0 * (double)tw_problem_size(problem, "T") * (double)tw_problem_size(problem, "V") *
           (double)tw_problem_size(problem, "D");
}

/* f32: what the order of the sums leaves of a logit. */
static double bound(tw_dtype dtype)
{
    (void)dtype;
    return 1e-5;
}

const tw_kernel tw_kernel_cross_entropy = {
    .name = "cross_entropy",
    .summary = "loss and log-sum-exp of softmax(hidden weight^T), logits never in memory",
    .source = "examples/cross_entropy/cross_entropy.c",
    .symbols = symbols,
    .options = options,
    .scalars = scalars,
    .tensors = tensors,
    .args_bytes = sizeof(cross_entropy_arguments),
    .cases = cases,
    .validate = validate,
    .arguments = arguments,
    .reference = cross_entropy_reference,
    .flops = flops,
    .bound = bound,
};
