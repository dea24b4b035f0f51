/* SPDX-License-Identifier: MIT
 *
 * The selective scan's description for tw: what it takes, how it is launched, what it must equal.
 */
#include <math.h>

#include "host/tilewright_host.h"
#include "reference.h"

/* selective_scan_args of selective_scan.h, as every compiler of the kernel lays it out (arch/abi.h). */
typedef struct {
    tw_tensor_arg x, delta, z, b, c, y, a, bias, skip, first, last, cu;
} selective_scan_arguments;

/* clang-format off */
static const tw_symbol symbols[] = {
    { .name = "B", .preset = 1, .meaning = "batch" },
    { .name = "L", .preset = 512, .meaning = "tokens; with varlen, of all sequences together" },
    { .name = "E", .preset = 256, .meaning = "channels" },
    { .name = "N", .preset = 16, .meaning = "states of a channel" },
    { .name = "S", .preset = 4, .meaning = "sequences, with varlen" },
    { 0 },
};

static const tw_option options[] = {
    { .name = "dtype", .macro = "SELECTIVE_SCAN_DTYPE", .values = "bf16 f16", .preset = "bf16",
      .meaning = "dtype of x, delta, z, b, c and y" },
    { .name = "n", .macro = "SELECTIVE_SCAN_N", .values = "16 32 64", .preset = "16", .fits = "N",
      .meaning = "the instance's states" },
    { .name = "softplus", .macro = "SELECTIVE_SCAN_SOFTPLUS", .values = "0 1", .preset = "1",
      .meaning = "1: the step is softplus(delta + bias), 0: delta + bias" },
    { .name = "gate", .macro = "SELECTIVE_SCAN_GATE", .values = "0 1", .preset = "1",
      .meaning = "1: the result times silu(z)" },
    { .name = "state", .macro = "SELECTIVE_SCAN_FIRST", .values = "0 1", .preset = "0",
      .meaning = "1: from the states `first` on, 0: from 0" },
    { .name = "varlen", .macro = "SELECTIVE_SCAN_VARLEN", .values = "0 1", .preset = "0",
      .meaning = "1: S sequences one behind the other; cu says where each begins" },
    { .name = "bias", .values = "0 1", .preset = "1", .meaning = "1: bias[channel] is added to delta" },
    { .name = "skip", .values = "0 1", .preset = "1", .meaning = "1: skip[channel] * x is added" },
    { 0 },
};
/* clang-format on */

/* Where sequences of random length begin, 0 and the total included; some may be empty. */
static void random_cuts(const tw_problem *problem, const tw_tensor *tensor, double *values)
{
    double sum = 0, before = 0;
    tw_random_normal(tw_problem_seed(problem), "cu", 0, values, tensor->count);
    for (size_t i = 0; i + 1 < tensor->count; i++)
        sum += fabs(values[i]);
    for (size_t i = 0; i < tensor->count; i++) {
        double length = fabs(values[i]), total = (double)tw_problem_size(problem, "L");
        values[i] = i + 1 < tensor->count ? floor(before / sum * total) : total;
        before += length;
    }
}

/* clang-format off */
static const tw_tensor_row tensors[] = {
    { .name = "x", .dtype = "=dtype", .shape = "B L E", .meaning = "input" },
    { .name = "delta", .dtype = "=dtype", .shape = "B L E", .meaning = "step, before bias and softplus" },
    { .name = "z", .dtype = "=dtype", .shape = "B L E", .present = "gate=1", .meaning = "gate" },
    { .name = "b", .dtype = "=dtype", .shape = "B L N", .meaning = "how the input enters the states" },
    { .name = "c", .dtype = "=dtype", .shape = "B L N", .meaning = "how the states make the result" },
    { .name = "a", .dtype = "f32", .shape = "E N", .content = selective_scan_decays,
      .meaning = "rates of decay, below 0" },
    { .name = "bias", .dtype = "f32", .shape = "E", .present = "bias=1", .content = selective_scan_biases,
      .meaning = "added to delta" },
    { .name = "skip", .dtype = "f32", .shape = "E", .present = "skip=1", .meaning = "factor of x in the result" },
    { .name = "first", .dtype = "f32", .shape = "B E N", .present = "state=1 varlen=0", .meaning = "states before" },
    { .name = "first", .dtype = "f32", .shape = "S E N", .present = "state=1 varlen=1", .meaning = "states before" },
    { .name = "cu", .dtype = "i32", .shape = "S+1", .present = "varlen=1", .content = random_cuts,
      .meaning = "where each sequence begins, from 0 to L" },
    { .name = "y", .dtype = "=dtype", .shape = "B L E", .direction = TW_DIRECTION_OUT, .meaning = "result" },
    { .name = "last", .dtype = "f32", .shape = "B E N", .direction = TW_DIRECTION_OUT, .present = "varlen=0",
      .meaning = "states behind" },
    { .name = "last", .dtype = "f32", .shape = "S E N", .direction = TW_DIRECTION_OUT, .present = "varlen=1",
      .meaning = "states behind" },
    { 0 },
};

static const char *const cases[] = {
    "B=2 L=65 E=70",
    "L=100 E=17 N=10 S=5 varlen=1 state=1 dtype=f16",
    0,
};
/* clang-format on */

static tw_status validate(tw_problem *problem)
{
    const tw_tensor *cu = tw_problem_tensor(problem, "cu");
    if (tw_problem_size(problem, "L") > INT32_MAX || tw_problem_size(problem, "E") > INT32_MAX)
        return tw_fail(TW_INVALID, "L and E must be below 2^31");
    if (!cu)
        return tw_ok();
    const int32_t *cut = cu->input;
    const int64_t last = cu->dim[0] - 1, total = tw_problem_size(problem, "L");
    if (tw_problem_size(problem, "B") != 1)
        return tw_fail(TW_INVALID, "B is %lld; with varlen=1 it must be 1, S counts the sequences",
                       (long long)tw_problem_size(problem, "B"));
    for (int64_t i = 0; i < last; i++) {
        if (cut[i] > cut[i + 1])
            return tw_fail(TW_INVALID, "cu falls from %d to %d at element %lld; sequences may not overlap",
                           (int)cut[i], (int)cut[i + 1], (long long)i + 1);
    }
    if (cut[0] != 0 || cut[last] != total)
        return tw_fail(TW_INVALID, "cu goes from %d to %d; it must go from 0 to L = %lld", (int)cut[0],
                       (int)cut[last], (long long)total);
    return tw_ok();
}

static tw_status arguments(const tw_problem *problem, const tw_kernel_info *info, void *args,
                           uint32_t grid[3])
{
    int64_t channels = info->tile[0], blocks;
    if (channels < 1)
        return tw_fail(TW_INVALID, "selective_scan_info has no tile size CHANNELS");
    blocks = (tw_problem_size(problem, "E") + channels - 1) / channels;
    if (__builtin_mul_overflow(blocks, selective_scan_sequences(problem), &blocks) || blocks > INT32_MAX)
        return tw_fail(TW_INVALID,
                       "selective_scan: more than 2^31 - 1 tiles of %lld channels; make B or E smaller",
                       (long long)channels);
    *(selective_scan_arguments *)args = (selective_scan_arguments){
        .x = tw_problem_argument(problem, "x"),
        .delta = tw_problem_argument(problem, "delta"),
        .z = tw_problem_argument(problem, "z"),
        .b = tw_problem_argument(problem, "b"),
        .c = tw_problem_argument(problem, "c"),
        .y = tw_problem_argument(problem, "y"),
        .a = tw_problem_argument(problem, "a"),
        .bias = tw_problem_argument(problem, "bias"),
        .skip = tw_problem_argument(problem, "skip"),
        .first = tw_problem_argument(problem, "first"),
        .last = tw_problem_argument(problem, "last"),
        .cu = tw_problem_argument(problem, "cu"),
    };
    grid[0] = (uint32_t)blocks;
    grid[1] = grid[2] = 1;
    return tw_ok();
}

/* Of a state and step: factor, exponential, two products and sums, the result's product and sum. */
static double flops(const tw_problem *problem)
{
    return 7.0 * (double)tw_problem_size(problem, "B") * (double)tw_problem_size(problem, "L") *
           (double)tw_problem_size(problem, "E") * (double)tw_problem_size(problem, "N");
}

const tw_kernel tw_kernel_selective_scan = {
    .name = "selective_scan",
    .summary = "the selective scan of Mamba: a recurrence of N states in every channel, gated",
    .source = "examples/selective_scan/selective_scan.c",
    .symbols = symbols,
    .options = options,
    .tensors = tensors,
    .args_bytes = sizeof(selective_scan_arguments),
    .cases = cases,
    .validate = validate,
    .arguments = arguments,
    .reference = selective_scan_reference,
    .flops = flops,
    .bound = selective_scan_bound,
};
