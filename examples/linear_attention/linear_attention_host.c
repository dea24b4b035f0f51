/* SPDX-License-Identifier: MIT
 *
 * Linear attention's description for tw: what it takes, how it is launched, what it must equal.
 */
#include <math.h>

#include "description.h"
#include "reference.h"

/* clang-format off */
static const tw_symbol symbols[] = {
    { .name = "B", .preset = 1, .meaning = "batch" },
    { .name = "H", .preset = 4, .meaning = "heads" },
    { .name = "S", .preset = 512, .meaning = "tokens" },
    { .name = "D", .preset = 128, .meaning = "key dim" },
    { .name = "DV", .like = "D", .meaning = "value dim" },
    { 0 },
};

const tw_option linear_options[] = {
    { .name = "dtype", .macro = "LINEAR_DTYPE", .values = "bf16 f16", .preset = "bf16",
      .meaning = "dtype of q, k, v and o" },
    { .name = "d", .macro = "LINEAR_D", .values = "32 64 128 256", .preset = "128", .fits = "D",
      .meaning = "the instance's key dim" },
    { .name = "dv", .macro = "LINEAR_DV", .values = "32 64 128 256", .preset = "128", .fits = "DV",
      .meaning = "the instance's value dim" },
    { .name = "causal", .macro = "LINEAR_CAUSAL", .values = "0 1", .preset = "1",
      .meaning = "0: every query sees every key; without decay and gates" },
    { .name = "decay", .macro = "LINEAR_DECAY", .values = "none head step", .preset = "none",
      .meaning = "of the state: none, one for each head (decays), or one for each token (gates)" },
    { .name = "input", .macro = "LINEAR_INPUT", .values = "none exp sigmoid", .preset = "none",
      .meaning = "input gate, of input_gates; with exp state and normaliser are stabilised (mLSTM)" },
    { .name = "normaliser", .macro = "LINEAR_NORMALISER", .values = "0 1", .preset = "0",
      .meaning = "1: the result is divided by what it would be with every value 1" },
    { .name = "feature", .macro = "LINEAR_FEATURE", .parameters = "x", .reference_parameters = "double x",
      .preset = "x", .meaning = "C expression of an element x of q or k: the feature map" },
    { .name = "state", .macro = "LINEAR_STATE", .values = "0 1", .preset = "0",
      .meaning = "1: starts from an initial state and leaves the final one" },
    { .name = "layout", .values = "bhsd bshd", .preset = "bhsd",
      .meaning = "order of the dims of q, k, v, o and gates in memory" },
    { 0 },
};
/* clang-format on */

static double default_scale(const tw_problem *problem)
{
    return 1 / sqrt((double)tw_problem_size(problem, "D"));
}

/* clang-format off */
const tw_scalar linear_scalars[] = {
    { .name = "scale", .computed = default_scale, .meaning = "factor of the queries; 1 / sqrt(D)" },
    { 0 },
};

const tw_tensor_row linear_tensors[] = {
    { .name = "q", .dtype = "=dtype", .shape = "B H S D", .present = "layout=bhsd", .meaning = "queries" },
    { .name = "q", .dtype = "=dtype", .shape = "B S H D", .present = "layout=bshd", .meaning = "queries" },
    { .name = "k", .dtype = "=dtype", .shape = "B H S D", .present = "layout=bhsd", .meaning = "keys" },
    { .name = "k", .dtype = "=dtype", .shape = "B S H D", .present = "layout=bshd", .meaning = "keys" },
    { .name = "v", .dtype = "=dtype", .shape = "B H S DV", .present = "layout=bhsd", .meaning = "values" },
    { .name = "v", .dtype = "=dtype", .shape = "B S H DV", .present = "layout=bshd", .meaning = "values" },
    { .name = "gates", .dtype = "f32", .shape = "B H S", .present = "decay=step layout=bhsd",
      .content = linear_gates, .meaning = "natural logarithms of the decay, at most 0" },
    { .name = "gates", .dtype = "f32", .shape = "B S H", .present = "decay=step layout=bshd",
      .content = linear_gates, .meaning = "natural logarithms of the decay, at most 0" },
    { .name = "decays", .dtype = "f32", .shape = "H", .present = "decay=head", .content = linear_decays,
      .meaning = "natural logarithm of each head's decay, at most 0" },
    { .name = "input_gates", .dtype = "f32", .shape = "B H S", .present = "input=exp layout=bhsd",
      .meaning = "before the exponential" },
    { .name = "input_gates", .dtype = "f32", .shape = "B S H", .present = "input=exp layout=bshd",
      .meaning = "before the exponential" },
    { .name = "input_gates", .dtype = "f32", .shape = "B H S", .present = "input=sigmoid layout=bhsd",
      .meaning = "before the sigmoid" },
    { .name = "input_gates", .dtype = "f32", .shape = "B S H", .present = "input=sigmoid layout=bshd",
      .meaning = "before the sigmoid" },
    { .name = "initial", .dtype = "f32", .shape = "B H D DV", .present = "state=1",
      .meaning = "the state before the first token" },
    { .name = "initial_z", .dtype = "f32", .shape = "B H D", .present = "state=1 normaliser=1",
      .content = linear_positive, .meaning = "its normaliser" },
    { .name = "initial_z", .dtype = "f32", .shape = "B H D", .present = "state=1 normaliser=0 input=exp",
      .content = linear_positive, .meaning = "its normaliser" },
    { .name = "initial_m", .dtype = "f32", .shape = "B H", .present = "state=1 input=exp",
      .meaning = "the logarithm of both's scale; 0 where there is none" },
    { .name = "o", .dtype = "=dtype", .shape = "B H S DV", .direction = TW_DIRECTION_OUT,
      .present = "layout=bhsd", .meaning = "result" },
    { .name = "o", .dtype = "=dtype", .shape = "B S H DV", .direction = TW_DIRECTION_OUT,
      .present = "layout=bshd", .meaning = "result" },
    { .name = "final", .dtype = "f32", .shape = "B H D DV", .direction = TW_DIRECTION_OUT,
      .present = "state=1", .meaning = "the state behind the last token" },
    { .name = "final_z", .dtype = "f32", .shape = "B H D", .direction = TW_DIRECTION_OUT,
      .present = "state=1 normaliser=1", .meaning = "its normaliser" },
    { .name = "final_z", .dtype = "f32", .shape = "B H D", .direction = TW_DIRECTION_OUT,
      .present = "state=1 normaliser=0 input=exp", .meaning = "its normaliser" },
    { .name = "final_m", .dtype = "f32", .shape = "B H", .direction = TW_DIRECTION_OUT,
      .present = "state=1 input=exp", .absolute = 1e-4, .meaning = "the logarithm of both's scale" },
    { 0 },
};

static const char *const cases[] = {
    "B=2 H=2 S=130 D=64 DV=64 state=1 layout=bshd",
    "H=2 S=100 D=64 DV=40 decay=step dtype=f16 state=1",
    "H=2 S=70 D=128 DV=128 decay=head",
    "H=1 S=65 D=60 DV=64 decay=step input=exp state=1",
    0,
};
/* clang-format on */

tw_status linear_validate(tw_problem *problem)
{
    int gated =
        !tw_problem_option_is(problem, "decay", "none") || !tw_problem_option_is(problem, "input", "none");
    if (tw_problem_option_is(problem, "causal", "0") && gated)
        return tw_fail(TW_INVALID, "causal is 0; decay and input gates need causal=1");
    if (tw_problem_size(problem, "S") >= 1 << 29)
        return tw_fail(TW_INVALID, "S is %lld; it must be below 2^29",
                       (long long)tw_problem_size(problem, "S"));
    return tw_ok();
}

/* B x H as B x H x 1. */
static tw_tensor_arg with_one(tw_tensor_arg given)
{
    given.dim[2] = given.dim[0] > 0;
    given.stride[2] = 1;
    return given;
}

tw_status linear_fill_arguments(const tw_problem *problem, const tw_kernel_info *info, void *args,
                                uint32_t grid[3])
{
    int64_t width = info->tile[2], blocks = tw_problem_size(problem, "B");
    if (width < 1)
        return tw_fail(TW_INVALID, "linear_attention_info has no value columns of a block");
    if (__builtin_mul_overflow(blocks, tw_problem_size(problem, "H"), &blocks) ||
        __builtin_mul_overflow(blocks, (tw_problem_size(problem, "DV") + width - 1) / width, &blocks) ||
        blocks > INT32_MAX)
        return tw_fail(TW_INVALID, "linear_attention: more than 2^31 - 1 blocks; make B, H or DV smaller");
    *(linear_arguments *)args = (linear_arguments){
        .q = linear_by_heads(problem, "q"),
        .k = linear_by_heads(problem, "k"),
        .v = linear_by_heads(problem, "v"),
        .o = linear_by_heads(problem, "o"),
        .gates = linear_by_heads(problem, "gates"),
        .input_gates = linear_by_heads(problem, "input_gates"),
        .decays = tw_problem_argument(problem, "decays"),
        .initial = tw_problem_argument(problem, "initial"),
        .final = tw_problem_argument(problem, "final"),
        .initial_z = tw_problem_argument(problem, "initial_z"),
        .final_z = tw_problem_argument(problem, "final_z"),
        .initial_m = with_one(tw_problem_argument(problem, "initial_m")),
        .final_m = with_one(tw_problem_argument(problem, "final_m")),
        .scale = (float)tw_problem_scalar(problem, "scale"),
    };
    grid[0] = (uint32_t)blocks;
    grid[1] = grid[2] = 1;
    return tw_ok();
}

/* Of the recurrence: two products with the state for each token. */
double linear_flops(const tw_problem *problem)
{
    return 4 * (double)tw_problem_size(problem, "B") * (double)tw_problem_size(problem, "H") *
           (double)tw_problem_size(problem, "S") * (double)tw_problem_size(problem, "D") *
           (double)tw_problem_size(problem, "DV");
}

const tw_kernel tw_kernel_linear_attention = {
    .name = "linear_attention",
    .summary =
        "linear attention with a scalar decay: retention, Lightning, gated, mLSTM, feature maps (forward)",
    .source = "examples/linear_attention/linear_attention.c",
    .symbols = symbols,
    .options = linear_options,
    .scalars = linear_scalars,
    .tensors = linear_tensors,
    .args_bytes = sizeof(linear_arguments),
    .cases = cases,
    .validate = linear_validate,
    .arguments = linear_fill_arguments,
    .reference = linear_reference,
    .flops = linear_flops,
    .bound = linear_bound,
};
