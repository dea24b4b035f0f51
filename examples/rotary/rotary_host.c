/* SPDX-License-Identifier: MIT
 *
 * The rotary embedding's description for tw: what it takes, how it is launched, what it must equal.
 */
#include <math.h>
#include <string.h>

#include "host/tilewright_host.h"
#include "reference.h"

/* rotary_args of rotary.h, as every compiler of the kernel lays it out (arch/abi.h). */
typedef struct {
    tw_tensor_arg q, q_out, k, k_out, frequency, cos, sin, ids;
    int64_t offset;
    int32_t pairs, groups;
} rotary_arguments;

/* clang-format off */
static const tw_symbol symbols[] = {
    { .name = "B", .preset = 1, .meaning = "batch" },
    { .name = "S", .preset = 512, .meaning = "tokens" },
    { .name = "H", .preset = 8, .meaning = "query heads" },
    { .name = "Hk", .like = "H", .meaning = "key heads" },
    { .name = "D", .preset = 128, .meaning = "head dim" },
    { .name = "R2", .preset = 64, .meaning = "pairs that are turned; the first 2 R2 of D dims" },
    { .name = "P", .preset = 4096, .meaning = "positions of the tables" },
    { 0 },
};

static const tw_option options[] = {
    { .name = "dtype", .macro = "ROTARY_DTYPE", .values = "bf16 f16", .preset = "bf16",
      .meaning = "dtype of q, k and the results" },
    { .name = "interleaved", .macro = "ROTARY_INTERLEAVED", .values = "0 1", .preset = "0",
      .meaning = "0: pair i is dims i and R2 + i; 1: dims 2 i and 2 i + 1" },
    { .name = "table", .macro = "ROTARY_TABLE", .values = "0 1", .preset = "0",
      .meaning = "0: angle = position * frequency[i]; 1: from cos[position][i] and sin[position][i]" },
    { .name = "ids", .macro = "ROTARY_IDS", .values = "0 1", .preset = "0",
      .meaning = "0: position = offset + token; 1: ids[batch][token]" },
    { .name = "cols", .macro = "ROTARY_COLS", .values = "16 32 64", .preset = "64", .fits = "R2", .in_parts = 1,
      .meaning = "pairs turned at a time" },
    { .name = "layout", .values = "bshd bhsd", .preset = "bshd",
      .meaning = "order of the dims of q, k and the results in memory" },
    { 0 },
};

static const tw_scalar scalars[] = {
    { .name = "offset", .preset = 0, .present = "ids=0", .meaning = "position of token 0; whole" },
    { .name = "base", .preset = 10000, .meaning = "of the frequencies and tables where no file gives them" },
    { 0 },
};
/* clang-format on */

static double frequency_of(const tw_problem *problem, int64_t pair)
{
    double pairs = (double)tw_problem_size(problem, "R2");
    return (double)(float)pow(tw_problem_scalar(problem, "base"), -(double)pair / pairs);
}

static void frequencies(const tw_problem *problem, const tw_tensor *tensor, double *values)
{
    for (size_t i = 0; i < tensor->count; i++)
        values[i] = frequency_of(problem, (int64_t)i);
}

static void table(const tw_problem *problem, const tw_tensor *tensor, double *values)
{
    for (size_t i = 0; i < tensor->count; i++) {
        int64_t position = (int64_t)i / tensor->dim[1], pair = (int64_t)i % tensor->dim[1];
        double angle = (double)position * frequency_of(problem, pair);
        values[i] = tensor->row->name[0] == 'c' ? cos(angle) : sin(angle);
    }
}

/* Without a table, positions up to a million. */
static void random_ids(const tw_problem *problem, const tw_tensor *tensor, double *values)
{
    double below =
        tw_problem_option_is(problem, "table", "1") ? (double)tw_problem_size(problem, "P") : 1000000;
    tw_random_normal(tw_problem_seed(problem), "ids", 0, values, tensor->count);
    for (size_t i = 0; i < tensor->count; i++)
        values[i] = floor(fmod(fabs(values[i]) * 1000, 1) * below);
}

/* clang-format off */
static const tw_tensor_row tensors[] = {
    { .name = "q", .dtype = "=dtype", .shape = "B S H D", .present = "layout=bshd", .meaning = "queries" },
    { .name = "q", .dtype = "=dtype", .shape = "B H S D", .present = "layout=bhsd", .meaning = "queries" },
    { .name = "k", .dtype = "=dtype", .shape = "B S Hk D", .present = "layout=bshd", .meaning = "keys" },
    { .name = "k", .dtype = "=dtype", .shape = "B Hk S D", .present = "layout=bhsd", .meaning = "keys" },
    { .name = "frequency", .dtype = "f32", .shape = "R2", .present = "table=0", .content = frequencies,
      .meaning = "radians by which a pair turns from token to token" },
    { .name = "cos", .dtype = "f32", .shape = "P R2", .present = "table=1", .content = table, .meaning = "table" },
    { .name = "sin", .dtype = "f32", .shape = "P R2", .present = "table=1", .content = table, .meaning = "table" },
    { .name = "ids", .dtype = "i32", .shape = "B S", .present = "ids=1", .content = random_ids,
      .meaning = "position of each token" },
    { .name = "q_out", .dtype = "=dtype", .shape = "B S H D", .direction = TW_DIRECTION_OUT,
      .present = "layout=bshd", .meaning = "queries, turned" },
    { .name = "q_out", .dtype = "=dtype", .shape = "B H S D", .direction = TW_DIRECTION_OUT,
      .present = "layout=bhsd", .meaning = "queries, turned" },
    { .name = "k_out", .dtype = "=dtype", .shape = "B S Hk D", .direction = TW_DIRECTION_OUT,
      .present = "layout=bshd", .meaning = "keys, turned" },
    { .name = "k_out", .dtype = "=dtype", .shape = "B Hk S D", .direction = TW_DIRECTION_OUT,
      .present = "layout=bhsd", .meaning = "keys, turned" },
    { 0 },
};

static const char *const cases[] = {
    "B=2 S=65 H=3 Hk=1",
    "S=17 H=2 D=80 R2=20 interleaved=1 table=1 ids=1 P=300 layout=bhsd dtype=f16",
    0,
};
/* clang-format on */

static tw_status validate(tw_problem *problem)
{
    long long dims = tw_problem_size(problem, "D"), pairs = tw_problem_size(problem, "R2");
    double offset = tw_problem_scalar(problem, "offset");
    if (2 * pairs > dims)
        return tw_fail(TW_INVALID, "R2 is %lld and D %lld; 2 R2 must be at most D: say R2 too", pairs, dims);
    if (!(fabs(offset) < 0x1p31 && offset == floor(offset)))
        return tw_fail(TW_INVALID, "offset is %g; it must be a whole number below 2^31", offset);
    if (!(tw_problem_scalar(problem, "base") >= 1))
        return tw_fail(TW_INVALID, "base is %g; it must be at least 1", tw_problem_scalar(problem, "base"));
    return tw_ok();
}

/* A tensor as the kernel takes it, B H S D, whichever way it lies. */
static tw_tensor_arg by_heads(const tw_problem *problem, const char *name)
{
    return tw_problem_option_is(problem, "layout", "bhsd") ? tw_problem_argument(problem, name)
                                                           : tw_problem_argument_turned(problem, name);
}

/* Blocks share the heads of the same tokens only as far as it takes to fill the machine. */
enum { TILES_MAX = 1 << 30 };

static tw_status arguments(const tw_problem *problem, const tw_kernel_info *info, void *args,
                           uint32_t grid[3])
{
    int64_t rows = info->tile[0], wanted = info->tile[2], tiles, groups;
    int64_t heads = tw_problem_size(problem, "H") + tw_problem_size(problem, "Hk");
    if (rows < 1 || wanted < 1 || wanted > TILES_MAX)
        return tw_fail(TW_INVALID, "rotary_info has no tile sizes ROWS, COLS and BLOCKS");
    tiles = (tw_problem_size(problem, "S") + rows - 1) / rows;
    if (__builtin_mul_overflow(tiles, tw_problem_size(problem, "B"), &tiles) || tiles >= TILES_MAX ||
        heads > INT32_MAX)
        return tw_fail(TW_INVALID, "rotary: more than 2^30 tiles of %lld tokens; make B or S smaller",
                       (long long)rows);
    groups = (wanted + tiles - 1) / tiles; /* so at most wanted + tiles blocks */
    groups = groups > heads ? heads : groups;
    *(rotary_arguments *)args = (rotary_arguments){
        .q = by_heads(problem, "q"),
        .q_out = by_heads(problem, "q_out"),
        .k = by_heads(problem, "k"),
        .k_out = by_heads(problem, "k_out"),
        .frequency = tw_problem_argument(problem, "frequency"),
        .cos = tw_problem_argument(problem, "cos"),
        .sin = tw_problem_argument(problem, "sin"),
        .ids = tw_problem_argument(problem, "ids"),
        .offset = (int64_t)tw_problem_scalar(problem, "offset"),
        .pairs = (int32_t)tw_problem_size(problem, "R2"),
        .groups = (int32_t)groups,
    };
    grid[0] = (uint32_t)(tiles * groups);
    grid[1] = grid[2] = 1;
    return tw_ok();
}

/* Four multiplications and two additions a pair. */
static double flops(const tw_problem *problem)
{
    return 6.0 * (double)tw_problem_size(problem, "B") * (double)tw_problem_size(problem, "S") *
           (double)(tw_problem_size(problem, "H") + tw_problem_size(problem, "Hk")) *
           (double)tw_problem_size(problem, "R2");
}

/* Rounded once, uniformly in half a step: 1.7e-3 for bf16, 2.1e-4 for f16. */
static double bound(tw_dtype dtype) { return dtype == TW_DTYPE_BF16 ? 2.5e-3 : 3e-4; }

const tw_kernel tw_kernel_rotary = {
    .name = "rotary",
    .summary = "rotary position embedding of queries and keys",
    .source = "examples/rotary/rotary.c",
    .symbols = symbols,
    .options = options,
    .scalars = scalars,
    .tensors = tensors,
    .args_bytes = sizeof(rotary_arguments),
    .cases = cases,
    .validate = validate,
    .arguments = arguments,
    .reference = rotary_reference,
    .flops = flops,
    .bound = bound,
};
