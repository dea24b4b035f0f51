/* SPDX-License-Identifier: MIT
 *
 * Based's description for tw: what it takes, how it is launched, what it must equal.
 */
#include "examples/linear_attention/family.h"
#include "reference.h"

/* based_args of based.h, as every compiler of the kernel lays it out (arch/abi.h). */
typedef struct {
    tw_tensor_arg q, k, v, o;
    float scale;
} based_arguments;

/* clang-format off */
static const tw_symbol symbols[] = {
    { .name = "B", .preset = 1, .meaning = "batch" },
    { .name = "H", .preset = 4, .meaning = "heads" },
    { .name = "S", .preset = 512, .meaning = "tokens" },
    { .name = "D", .preset = 16, .meaning = "channels of q and k, 16 at most" },
    { .name = "DV", .preset = 64, .meaning = "value dim" },
    { 0 },
};

static const tw_option options[] = {
    { .name = "dtype", .macro = "BASED_DTYPE", .values = "bf16 f16", .preset = "bf16",
      .meaning = "dtype of q, k, v and o" },
    { .name = "dv", .macro = "BASED_DV", .values = "32 64 128 256", .preset = "64", .fits = "DV",
      .meaning = "the instance's value dim" },
    { .name = "normaliser", .macro = "BASED_NORMALISER", .values = "0 1", .preset = "1",
      .meaning = "1: the result is divided by what it would be with every value 1" },
    { 0 },
};

static const tw_tensor_row tensors[] = {
    { .name = "q", .dtype = "=dtype", .shape = "B H S D", .meaning = "queries" },
    { .name = "k", .dtype = "=dtype", .shape = "B H S D", .meaning = "keys" },
    { .name = "v", .dtype = "=dtype", .shape = "B H S DV", .meaning = "values" },
    { .name = "o", .dtype = "=dtype", .shape = "B H S DV", .direction = TW_DIRECTION_OUT,
      .meaning = "result" },
    { 0 },
};

static const char *const cases[] = {
    "B=2 H=2 S=130 D=16 DV=64",
    "H=2 S=100 D=11 DV=40 dtype=f16 normaliser=0",
    0,
};
/* clang-format on */

static tw_status validate(tw_problem *problem)
{
    if (tw_problem_size(problem, "D") > 16)
        return tw_fail(TW_INVALID, "D is %lld; the features of more than 16 channels do not fit a state",
                       (long long)tw_problem_size(problem, "D"));
    return linear_validate_tokens(problem);
}

static tw_status arguments(const tw_problem *problem, const tw_kernel_info *info, void *args,
                           uint32_t grid[3])
{
    *(based_arguments *)args = (based_arguments){
        .q = tw_problem_argument(problem, "q"),
        .k = tw_problem_argument(problem, "k"),
        .v = tw_problem_argument(problem, "v"),
        .o = tw_problem_argument(problem, "o"),
        .scale = (float)tw_problem_scalar(problem, "scale"),
    };
    return linear_grid(problem, info, 1, grid);
}

/* Of the recurrence: two products with the state of features for each token. */
static double flops(const tw_problem *problem)
{
    const double d = (double)tw_problem_size(problem, "D");
    return 4 * (double)tw_problem_size(problem, "B") * (double)tw_problem_size(problem, "H") *
           (double)tw_problem_size(problem, "S") * (1 + d + d * d) * (double)tw_problem_size(problem, "DV");
}

const tw_kernel tw_kernel_based = {
    .name = "based",
    .summary = "linear attention with the second-order Taylor map of Based (forward)",
    .source = "examples/based/based.c",
    .symbols = symbols,
    .options = options,
    .scalars = linear_scalars,
    .tensors = tensors,
    .args_bytes = sizeof(based_arguments),
    .cases = cases,
    .validate = validate,
    .arguments = arguments,
    .reference = based_reference,
    .flops = flops,
    .bound = linear_bound,
};
