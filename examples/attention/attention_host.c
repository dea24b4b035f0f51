/* SPDX-License-Identifier: MIT
 *
 * The attention's description for tw: what it takes, how it is launched, what it must equal.
 */
#include <math.h>
#include <stdlib.h>

#include "host/tilewright_host.h"
#include "reference.h"

/* attention_args of attention.h, as every compiler of the kernel lays it out (arch/abi.h). */
typedef struct {
    tw_tensor_arg q, k, v, o, lse, bias, slopes, cu_q, cu_k;
    float scale, softcap;
    int32_t window_left, window_right, tiles;
} attention_arguments;

/* clang-format off */
static const tw_symbol symbols[] = {
    { .name = "B", .preset = 1, .meaning = "batch" },
    { .name = "H", .preset = 8, .meaning = "query heads" },
    { .name = "Hk", .like = "H", .meaning = "key and value heads; divides H" },
    { .name = "Sq", .preset = 512, .meaning = "queries; with varlen, of all sequences together" },
    { .name = "Sk", .like = "Sq", .meaning = "keys; with varlen, of all sequences together" },
    { .name = "D", .preset = 128, .meaning = "head dim of queries and keys" },
    { .name = "DV", .like = "D", .meaning = "head dim of values" },
    { .name = "N", .preset = 4, .meaning = "sequences, with varlen" },
    { 0 },
};

static const tw_option options[] = {
    { .name = "dtype", .macro = "ATTENTION_DTYPE", .values = "bf16 f16", .preset = "bf16",
      .meaning = "dtype of q, k, v and o" },
    { .name = "d", .macro = "ATTENTION_D", .values = "32 64 96 128 192 256", .preset = "128", .fits = "D",
      .meaning = "the instance's head dim" },
    { .name = "dv", .macro = "ATTENTION_DV", .values = "32 64 96 128 192 256", .preset = "128", .fits = "DV",
      .meaning = "the instance's head dim of values" },
    { .name = "causal", .macro = "ATTENTION_CAUSAL", .values = "0 1", .preset = "0",
      .meaning = "1: keys up to the query's position; the last query is at the last key" },
    { .name = "window", .macro = "ATTENTION_WINDOW", .values = "0 1", .preset = "0",
      .meaning = "1: keys from window_left before to window_right after the query's position" },
    { .name = "varlen", .macro = "ATTENTION_VARLEN", .values = "0 1", .preset = "0",
      .meaning = "1: N sequences one behind the other; cu_q, cu_k say where each begins" },
    { .name = "bias", .macro = "ATTENTION_BIAS", .values = "0 1", .preset = "0",
      .meaning = "1: add bias to the scaled scores" },
    { .name = "alibi", .macro = "ATTENTION_ALIBI", .values = "0 1", .preset = "0",
      .meaning = "1: add slopes[head] * (key's position - query's position)" },
    { .name = "softcap", .macro = "ATTENTION_SOFTCAP", .values = "0 1", .preset = "0",
      .meaning = "1: the scaled score x becomes cap * tanh(x / cap), before bias and slopes" },
    { .name = "score", .macro = "ATTENTION_SCORE", .parameters = "x, b, h, i, j",
      .reference_parameters = "double x, int64_t b, int64_t h, int64_t i, int64_t j", .preset = "x",
      .meaning = "C expression of the score x of sequence b, head h, query i, key j; -TW_INFINITY masks" },
    { .name = "waves", .macro = "ATTENTION_WAVES", .values = "0 4 8 12", .preset = "0",
      .meaning = "waves of the team, each with 16 queries; 0: the tuning table's" },
    { .name = "layout", .values = "bhsd bshd", .preset = "bhsd",
      .meaning = "order of the dims of q, k, v and o in memory" },
    { 0 },
};
/* clang-format on */

static double default_scale(const tw_problem *problem)
{
    return 1 / sqrt((double)tw_problem_size(problem, "D"));
}

/* clang-format off */
static const tw_scalar scalars[] = {
    { .name = "scale", .computed = default_scale, .meaning = "factor of q k^T, above 0; 1 / sqrt(D)" },
    { .name = "cap", .preset = 30, .present = "softcap=1", .meaning = "bound of the scores, above 0" },
    { .name = "window_left", .preset = -1, .present = "window=1", .meaning = "below 0: no limit" },
    { .name = "window_right", .preset = -1, .present = "window=1", .meaning = "below 0: no limit" },
    { 0 },
};
/* clang-format on */

/* Where sequences of random length begin, 0 and the total included; some may be empty. */
static void random_cuts(const tw_problem *problem, const tw_tensor *tensor, double *values)
{
    int64_t total = tw_problem_size(problem, tensor->row->name[3] == 'q' ? "Sq" : "Sk");
    double sum = 0, before = 0;
    tw_random_normal(tw_problem_seed(problem), tensor->row->name, 0, values, tensor->count);
    for (size_t i = 0; i + 1 < tensor->count; i++)
        sum += fabs(values[i]);
    for (size_t i = 0; i < tensor->count; i++) {
        double length = fabs(values[i]);
        values[i] = i + 1 < tensor->count ? floor(before / sum * (double)total) : (double)total;
        before += length;
    }
}

/* The slopes of Press, Smith and Lewis, "Train short, test long", 2022: 2^(-8 h / H) for h = 1 ... H. */
static void alibi_slopes(const tw_problem *problem, const tw_tensor *tensor, double *values)
{
    (void)problem;
    for (size_t h = 0; h < tensor->count; h++)
        values[h] = exp2(-8.0 * (double)(h + 1) / (double)tensor->count);
}

/* clang-format off */
static const tw_tensor_row tensors[] = {
    { .name = "q", .dtype = "=dtype", .shape = "B H Sq D", .present = "layout=bhsd", .meaning = "queries" },
    { .name = "q", .dtype = "=dtype", .shape = "B Sq H D", .present = "layout=bshd", .meaning = "queries" },
    { .name = "k", .dtype = "=dtype", .shape = "B Hk Sk D", .present = "layout=bhsd", .meaning = "keys" },
    { .name = "k", .dtype = "=dtype", .shape = "B Sk Hk D", .present = "layout=bshd", .meaning = "keys" },
    { .name = "v", .dtype = "=dtype", .shape = "B Hk Sk DV", .present = "layout=bhsd", .meaning = "values" },
    { .name = "v", .dtype = "=dtype", .shape = "B Sk Hk DV", .present = "layout=bshd", .meaning = "values" },
    { .name = "o", .dtype = "=dtype", .shape = "B H Sq DV", .direction = TW_DIRECTION_OUT,
      .present = "layout=bhsd", .meaning = "result" },
    { .name = "o", .dtype = "=dtype", .shape = "B Sq H DV", .direction = TW_DIRECTION_OUT,
      .present = "layout=bshd", .meaning = "result" },
    { .name = "lse", .dtype = "f32", .shape = "B H Sq", .direction = TW_DIRECTION_OUT, .absolute = 1e-5,
      .meaning = "natural log of the sum of exponentials of each query's scores" },
    { .name = "bias", .dtype = "f32", .shape = "B H Sq Sk", .present = "bias=1 varlen=0",
      .meaning = "added to the scaled scores" },
    { .name = "bias", .dtype = "f32", .shape = "N H Sq Sk", .present = "bias=1 varlen=1",
      .meaning = "likewise, by positions in the sequence" },
    { .name = "slopes", .dtype = "f32", .shape = "H", .present = "alibi=1", .content = alibi_slopes,
      .meaning = "factor of the distance between key and query" },
    { .name = "cu_q", .dtype = "i32", .shape = "N+1", .present = "varlen=1", .content = random_cuts,
      .meaning = "where each sequence's queries begin, from 0 to Sq" },
    { .name = "cu_k", .dtype = "i32", .shape = "N+1", .present = "varlen=1", .content = random_cuts,
      .meaning = "where each sequence's keys begin, from 0 to Sk" },
    { 0 },
};

static const char *const cases[] = {
    "B=2 H=4 Hk=2 Sq=64 Sk=64 D=64",
    "H=3 Hk=1 Sq=113 Sk=203 D=80 DV=72",
    "H=2 Sq=17 Sk=333 causal=1",
    "H=2 Sq=203 Sk=64 causal=1 dtype=f16 D=64",
    "B=2 H=5 Hk=1 Sq=1 Sk=256 D=128 layout=bshd",
    "H=2 Sq=200 Sk=130 D=192 DV=128 window=1 window_left=50 window_right=3",
    "H=2 Sq=150 Sk=190 D=256 causal=1",
    "H=4 Hk=2 Sq=300 Sk=310 D=32 varlen=1 causal=1 layout=bshd",
    "H=2 Sq=100 Sk=90 D=96 bias=1 alibi=1 softcap=1 cap=5",
    0,
};
/* clang-format on */

static tw_status validate_cuts(tw_problem *problem, const char *name, const char *symbol)
{
    const tw_tensor *tensor = tw_problem_tensor(problem, name);
    if (!tensor)
        return tw_ok();
    const int32_t *cut = tensor->input;
    int64_t last = tensor->dim[0] - 1, total = tw_problem_size(problem, symbol);
    for (int64_t i = 0; i < last; i++) {
        if (cut[i] > cut[i + 1]) {
            return tw_fail(TW_INVALID, "%s falls from %d to %d at element %lld; sequences may not overlap",
                           name, (int)cut[i], (int)cut[i + 1], (long long)i + 1);
        }
    }
    if (cut[0] != 0 || cut[last] != total) {
        return tw_fail(TW_INVALID, "%s goes from %d to %d; it must go from 0 to %s = %lld", name, (int)cut[0],
                       (int)cut[last], symbol, (long long)total);
    }
    return tw_ok();
}

static tw_status validate_limit(const tw_problem *problem, const char *name)
{
    double limit = tw_problem_scalar(problem, name);
    if (limit == floor(limit) && fabs(limit) < 1 << 30)
        return tw_ok();
    return tw_fail(TW_INVALID, "%s is %g; it must be a whole number below 2^30", name, limit);
}

static tw_status validate(tw_problem *problem)
{
    long long heads = tw_problem_size(problem, "H"), kv_heads = tw_problem_size(problem, "Hk");
    if (heads % kv_heads != 0)
        return tw_fail(TW_INVALID, "H is %lld and Hk %lld; H must be a multiple of Hk", heads, kv_heads);
    if (tw_problem_size(problem, "Sq") >= 1 << 29 || tw_problem_size(problem, "Sk") >= 1 << 29)
        return tw_fail(TW_INVALID, "Sq and Sk must be below 2^29");
    if (tw_problem_option_is(problem, "varlen", "1") && tw_problem_size(problem, "B") != 1) {
        return tw_fail(TW_INVALID, "B is %lld; with varlen=1 it must be 1, N counts the sequences",
                       (long long)tw_problem_size(problem, "B"));
    }
    if (!((float)tw_problem_scalar(problem, "scale") > 0))
        return tw_fail(TW_INVALID, "scale is %g; it must be above 0", tw_problem_scalar(problem, "scale"));
    if (!((float)tw_problem_scalar(problem, "cap") > 0))
        return tw_fail(TW_INVALID, "cap is %g; it must be above 0", tw_problem_scalar(problem, "cap"));
    TW_TRY(validate_limit(problem, "window_left"));
    TW_TRY(validate_limit(problem, "window_right"));
    TW_TRY(validate_cuts(problem, "cu_q", "Sq"));
    return validate_cuts(problem, "cu_k", "Sk");
}

/* A tensor as the kernel takes it, B H S D, whichever way it lies. */
static tw_tensor_arg by_heads(const tw_problem *problem, const char *name)
{
    return tw_problem_option_is(problem, "layout", "bhsd") ? tw_problem_argument(problem, name)
                                                           : tw_problem_argument_turned(problem, name);
}

static int64_t longest_sequence(tw_problem *problem)
{
    int64_t longest = 0;
    for (int64_t n = 0; n < attention_sequence_count(problem); n++) {
        int64_t count = attention_sequence_at(problem, n).q_count;
        longest = count > longest ? count : longest;
    }
    return longest;
}

static tw_status arguments(const tw_problem *problem, const tw_kernel_info *info, void *args,
                           uint32_t grid[3])
{
    int64_t tile = info->tile[0];
    if (tile < 1)
        return tw_fail(TW_INVALID, "attention_info has no tile size BQ");
    int64_t tiles = (longest_sequence((tw_problem *)problem) + tile - 1) / tile, blocks = tiles;
    if (__builtin_mul_overflow(blocks, tw_problem_size(problem, "H"), &blocks) ||
        __builtin_mul_overflow(blocks, attention_sequence_count(problem), &blocks) || blocks > INT32_MAX) {
        return tw_fail(TW_INVALID,
                       "attention: more than 2^31 - 1 tiles of %lld queries; make B, H or Sq smaller",
                       (long long)tile);
    }
    *(attention_arguments *)args = (attention_arguments){
        .q = by_heads(problem, "q"),
        .k = by_heads(problem, "k"),
        .v = by_heads(problem, "v"),
        .o = by_heads(problem, "o"),
        .lse = tw_problem_argument(problem, "lse"),
        .bias = tw_problem_argument(problem, "bias"),
        .slopes = tw_problem_argument(problem, "slopes"),
        .cu_q = tw_problem_argument(problem, "cu_q"),
        .cu_k = tw_problem_argument(problem, "cu_k"),
        .scale = (float)tw_problem_scalar(problem, "scale"),
        .softcap = (float)tw_problem_scalar(problem, "cap"),
        .window_left = (int32_t)tw_problem_scalar(problem, "window_left"),
        .window_right = (int32_t)tw_problem_scalar(problem, "window_right"),
        .tiles = (int32_t)tiles,
    };
    grid[0] = (uint32_t)blocks;
    grid[1] = grid[2] = 1;
    return tw_ok();
}

/* Of the pairs of query and key that the masks keep. */
static double flops(const tw_problem *problem)
{
    double pairs = 0;
    for (int64_t n = 0; n < attention_sequence_count(problem); n++) {
        attention_sequence sequence = attention_sequence_at((tw_problem *)problem, n);
        for (int64_t i = 0; i < sequence.q_count; i++) {
            int64_t low, high;
            attention_keys(problem, &sequence, i, &low, &high);
            pairs += high > low ? (double)(high - low) : 0;
        }
    }
    return 2 * pairs * (double)tw_problem_size(problem, "H") *
           (double)(tw_problem_size(problem, "D") + tw_problem_size(problem, "DV"));
}

/* o: probabilities and the result are rounded to the dtype once each, uniformly in half a step (1.7e-3 for
 * bf16, 2.1e-4 for f16). lse, f32: what the order of the sums leaves; an absolute error of 1e-5 is a
 * relative one of the probabilities. */
static double bound(tw_dtype dtype)
{
    switch (dtype) {
    case TW_DTYPE_BF16: return 4e-3;
    case TW_DTYPE_F16: return 6e-4;
    default: return 1e-5;
    }
}

const tw_kernel tw_kernel_attention = {
    .name = "attention",
    .summary = "o = softmax(score(scale q k^T)) v and its log-sum-exp, by heads (flash attention, forward)",
    .source = "examples/attention/attention.c",
    .symbols = symbols,
    .options = options,
    .scalars = scalars,
    .tensors = tensors,
    .args_bytes = sizeof(attention_arguments),
    .cases = cases,
    .validate = validate,
    .arguments = arguments,
    .reference = attention_reference,
    .flops = flops,
    .bound = bound,
};
