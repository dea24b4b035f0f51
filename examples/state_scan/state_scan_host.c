/* SPDX-License-Identifier: MIT
 *
 * The scan of states' description for tw: what it takes, how it is launched, what it must equal.
 */
#include <math.h>

#include "description.h"
#include "reference.h"

/* clang-format off */
static const tw_symbol symbols[] = {
    { .name = "U", .preset = 16, .meaning = "pairs of a batch and a head" },
    { .name = "G", .preset = 8, .meaning = "parts of a sequence" },
    { .name = "R", .preset = 128, .meaning = "rows of a state" },
    { .name = "C", .like = "R", .meaning = "columns of a state" },
    { 0 },
};

static const tw_option options[] = {
    { .name = "scaled", .macro = "STATE_SCAN_SCALED", .values = "0 1", .preset = "0",
      .meaning = "1: states are kept over e^m" },
    { .name = "start", .values = "0 1", .preset = "1", .meaning = "1: from an initial state; 0: from 0" },
    { 0 },
};

/* Logarithms from nearly 0 down. */
static void random_decays(const tw_problem *problem, const tw_tensor *tensor, double *values)
{
    tw_random_normal(tw_problem_seed(problem), tensor->row->name, 0, values, tensor->count);
    for (size_t i = 0; i < tensor->count; i++)
        values[i] = values[i] > 2 ? -1e4 : -exp(2 * values[i] - 1);
}

static const tw_tensor_row tensors[] = {
    { .name = "initial", .dtype = "f32", .shape = "U R C", .present = "start=1",
      .meaning = "the state before the first part" },
    { .name = "decays", .dtype = "f32", .shape = "U G", .content = random_decays,
      .meaning = "natural logarithm of each part's decay, at most 0; the first is not read" },
    { .name = "states", .dtype = "f32", .shape = "U G R C", .direction = TW_DIRECTION_INOUT,
      .meaning = "of slot g: what part g - 1 adds; becomes the state before part g" },
    { .name = "initial_m", .dtype = "f32", .shape = "U", .present = "start=1 scaled=1",
      .meaning = "the initial state's scale" },
    { .name = "own_m", .dtype = "f32", .shape = "U G", .present = "scaled=1", .meaning = "scale of what is added" },
    { .name = "m", .dtype = "f32", .shape = "U G", .present = "scaled=1", .direction = TW_DIRECTION_OUT,
      .absolute = 1e-4, .meaning = "scale of the states" },
    { 0 },
};

static const char *const cases[] = {
    "U=3 G=5 R=49 C=70",
    "U=2 G=1 R=1 C=33 start=0 scaled=1",
    0,
};
/* clang-format on */

tw_status state_scan_grid(const state_scan_arguments *args, const tw_kernel_info *info, uint32_t grid[3])
{
    const int64_t *dim = args->states.dim, rows = info->tile[0], cols = info->tile[1];
    int64_t blocks;
    if (rows < 1 || cols < 1)
        return tw_fail(TW_INVALID, "state_scan_info has no tile");
    if (__builtin_mul_overflow((dim[2] + rows - 1) / rows, (dim[3] + cols - 1) / cols, &blocks) ||
        __builtin_mul_overflow(blocks, dim[0], &blocks) || blocks > INT32_MAX || dim[1] > INT32_MAX - 1)
        return tw_fail(TW_INVALID, "state_scan: more than 2^31 - 1 blocks or parts");
    grid[0] = (uint32_t)blocks;
    grid[1] = grid[2] = 1;
    return tw_ok();
}

/* U ... as U x 1 ..., a batch of one head each; what has no element for each, as one. */
static tw_tensor_arg by_pair(tw_tensor_arg given)
{
    tw_tensor_arg turned = given;
    for (int d = TW_RANK_MAX - 1; d > 1; d--) {
        turned.dim[d] = given.dim[d - 1];
        turned.stride[d] = given.stride[d - 1];
    }
    turned.dim[1] = given.dim[0] > 0;
    turned.stride[1] = given.stride[0];
    return turned;
}

/* U x ... as U x ... x 1. */
static tw_tensor_arg with_one(tw_tensor_arg given, int rank)
{
    given.dim[rank] = given.dim[0] > 0;
    given.stride[rank] = 1;
    return given;
}

static tw_status arguments(const tw_problem *problem, const tw_kernel_info *info, void *args,
                           uint32_t grid[3])
{
    state_scan_arguments *a = args;
    *a = (state_scan_arguments){
        .initial = by_pair(tw_problem_argument(problem, "initial")),
        .states = tw_problem_argument(problem, "states"),
        .decays = tw_problem_argument(problem, "decays"),
        .initial_m = with_one(by_pair(tw_problem_argument(problem, "initial_m")), 2),
        .own_m = with_one(tw_problem_argument(problem, "own_m"), 2),
        .m = with_one(tw_problem_argument(problem, "m"), 2),
        .heads = 1,
    };
    return state_scan_grid(a, info, grid);
}

static double flops(const tw_problem *problem)
{
    return 2 * (double)tw_problem_size(problem, "U") * (double)tw_problem_size(problem, "G") *
           (double)tw_problem_size(problem, "R") * (double)tw_problem_size(problem, "C");
}

/* One exponential and two roundings a part. */
static double bound(tw_dtype dtype)
{
    (void)dtype;
    return 1e-5;
}

const tw_kernel tw_kernel_state_scan = {
    .name = "state_scan",
    .summary = "states along the parts of a sequence: y_g = e^decay_g y_(g-1) + states_g, in place",
    .source = "examples/state_scan/state_scan.c",
    .symbols = symbols,
    .options = options,
    .tensors = tensors,
    .args_bytes = sizeof(state_scan_arguments),
    .cases = cases,
    .arguments = arguments,
    .reference = state_scan_reference,
    .flops = flops,
    .bound = bound,
};
