/* SPDX-License-Identifier: MIT
 *
 * The state-space model's description for tw: what it takes, how it is launched, what it must equal.
 */
#include <math.h>

#include "examples/state_scan/description.h"
#include "host/tilewright_host.h"
#include "reference.h"

/* ssm_args of ssm.h, as every compiler of the kernel lays it out (arch/abi.h). */
typedef struct {
    tw_tensor_arg x, b, c, z, y, dt, a, d, bias, initial, final, cu, kept;
} ssm_arguments;

/* clang-format off */
enum { SIZE_B, SIZE_S, SIZE_H, SIZE_G, SIZE_P, SIZE_N, SIZE_Ns };

static const tw_symbol symbols[] = {
    { .name = "B", .preset = 1, .meaning = "batch" },
    { .name = "S", .preset = 512, .meaning = "tokens; with varlen, of all sequences together" },
    { .name = "H", .preset = 8, .meaning = "heads" },
    { .name = "G", .preset = 1, .meaning = "groups of heads that share b and c; divides H" },
    { .name = "P", .preset = 64, .meaning = "channels of a head" },
    { .name = "N", .preset = 128, .meaning = "state dim: columns of a head's state" },
    { .name = "Ns", .preset = 4, .meaning = "sequences, with varlen" },
    { 0 },
};

/* Heads that share b and c: no more than a group has, and few where there are few blocks. Where a block holds
 * them all (tune.def: teams) and the machine is larger, none do (kernel.h: fewer_blocks). */
static int64_t shared_heads(const int64_t *sizes)
{
    const int64_t sequences = sizes[SIZE_Ns] > sizes[SIZE_B] ? sizes[SIZE_Ns] : sizes[SIZE_B];
    const int64_t group = sizes[SIZE_H] / sizes[SIZE_G], most = sequences * sizes[SIZE_H] / 4;
    return group < most ? group : most;
}

static const tw_option options[] = {
    { .name = "dtype", .macro = "SSM_DTYPE", .values = "bf16 f16", .preset = "bf16",
      .meaning = "dtype of x, dt, b, c, z and y" },
    { .name = "n", .macro = "SSM_N", .values = "16 32 64 128 256", .preset = "128", .fits = "N",
      .meaning = "the instance's state dim" },
    { .name = "skip", .macro = "SSM_SKIP", .values = "0 1", .preset = "1", .meaning = "1: + d[head] x" },
    { .name = "gate", .macro = "SSM_GATE", .values = "0 1", .preset = "0", .meaning = "1: times silu(z)" },
    { .name = "dt_bias", .macro = "SSM_BIAS", .values = "0 1", .preset = "1", .meaning = "1: dt + bias[head]" },
    { .name = "softplus", .macro = "SSM_SOFTPLUS", .values = "0 1", .preset = "1",
      .meaning = "1: dt = log(1 + e^dt)" },
    { .name = "heads", .macro = "SSM_HEADS", .values = "1 2 4 8 16", .preset = "1", .in_parts = 1,
      .holds = shared_heads, .fewer_blocks = 1,
      .meaning = "heads of a group that share b and c on the way, as far as the tuning table has room" },
    { .name = "varlen", .macro = "SSM_VARLEN", .values = "0 1", .preset = "0",
      .meaning = "1: Ns sequences one behind the other; cu says where each begins" },
    { .name = "initial_state", .values = "0 1", .preset = "0", .meaning = "1: goes on from `initial`; 0: from 0" },
    { .name = "final_state", .values = "0 1", .preset = "1", .meaning = "1: writes `final`" },
    { 0 },
};
/* clang-format on */

/* Where sequences of random length begin, 0 and S included; some may be empty. */
static void random_cuts(const tw_problem *problem, const tw_tensor *tensor, double *values)
{
    int64_t total = tw_problem_size(problem, "S");
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

/* clang-format off */
static const tw_tensor_row tensors[] = {
    { .name = "x", .dtype = "=dtype", .shape = "B S H P", .meaning = "input" },
    { .name = "dt", .dtype = "=dtype", .shape = "B S H", .content = ssm_random_dt, .meaning = "time steps" },
    { .name = "a", .dtype = "f32", .shape = "H", .content = ssm_random_a, .meaning = "A, not above 0" },
    { .name = "b", .dtype = "=dtype", .shape = "B S G N", .meaning = "what the state takes x in along" },
    { .name = "c", .dtype = "=dtype", .shape = "B S G N", .meaning = "what y reads the state along" },
    { .name = "d", .dtype = "f32", .shape = "H", .present = "skip=1", .meaning = "factor of x in y" },
    { .name = "z", .dtype = "=dtype", .shape = "B S H P", .present = "gate=1", .meaning = "gate of y" },
    { .name = "bias", .dtype = "f32", .shape = "H", .present = "dt_bias=1", .content = ssm_random_bias,
      .meaning = "added to dt" },
    { .name = "initial", .dtype = "f32", .shape = "B H P N", .present = "initial_state=1 varlen=0",
      .meaning = "state before the first token" },
    { .name = "initial", .dtype = "f32", .shape = "Ns H P N", .present = "initial_state=1 varlen=1",
      .meaning = "state before each sequence's first token" },
    { .name = "cu", .dtype = "i32", .shape = "Ns+1", .present = "varlen=1", .content = random_cuts,
      .meaning = "where each sequence begins, from 0 to S" },
    { .name = "y", .dtype = "=dtype", .shape = "B S H P", .direction = TW_DIRECTION_OUT, .meaning = "result" },
    { .name = "final", .dtype = "f32", .shape = "B H P N", .direction = TW_DIRECTION_OUT,
      .present = "final_state=1 varlen=0", .meaning = "state behind the last token" },
    { .name = "final", .dtype = "f32", .shape = "Ns H P N", .direction = TW_DIRECTION_OUT,
      .present = "final_state=1 varlen=1", .meaning = "state behind each sequence's last token" },
    { 0 },
};

static const tw_scalar scalars[] = {
    { .name = "split", .meaning = "parts that each sequence goes in, each in a block of its own; 1: one pass; 0: as "
                                  "many as the machine needs to be busy" },
    { 0 },
};

/* Of the sequences' parts, in slots of a pair of a sequence and a head. */
static const tw_tensor_row buffers[] = {
    { .name = "states", .dtype = "f32", .shape = "B*H split P N", .present = "varlen=0" },
    { .name = "states", .dtype = "f32", .shape = "Ns*H split P N", .present = "varlen=1" },
    { .name = "kept", .dtype = "f32", .shape = "B*H split", .present = "varlen=0" },
    { .name = "kept", .dtype = "f32", .shape = "Ns*H split", .present = "varlen=1" },
    { 0 },
};

static const char *const cases[] = {
    "S=150 Ns=2 H=2 N=64 gate=1 varlen=1 split=2",
    "B=2 S=65 H=4 G=2 P=64 N=64 gate=1 initial_state=1",
    "S=131 H=3 P=72 N=50 dtype=f16 n=64 softplus=0 skip=0",
    0,
};
/* clang-format on */

static tw_status validate(tw_problem *problem)
{
    const tw_tensor *cu = tw_problem_tensor(problem, "cu");
    TW_TRY(ssm_validate(problem));
    if (tw_problem_size(problem, "S") >= 1 << 29)
        return tw_fail(TW_INVALID, "S must be below 2^29");
    if (!cu)
        return tw_ok();
    if (tw_problem_size(problem, "B") != 1) {
        return tw_fail(TW_INVALID, "B is %lld; with varlen=1 it must be 1, Ns counts the sequences",
                       (long long)tw_problem_size(problem, "B"));
    }
    const int32_t *cut = cu->input;
    int64_t last = cu->dim[0] - 1, total = tw_problem_size(problem, "S");
    for (int64_t i = 0; i < last; i++) {
        if (cut[i] > cut[i + 1]) {
            return tw_fail(TW_INVALID, "cu falls from %d to %d at element %lld; sequences may not overlap",
                           (int)cut[i], (int)cut[i + 1], (long long)i + 1);
        }
    }
    if (cut[0] != 0 || cut[last] != total) {
        return tw_fail(TW_INVALID, "cu goes from %d to %d; it must go from 0 to S = %lld", (int)cut[0],
                       (int)cut[last], (long long)total);
    }
    return tw_ok();
}

/* Arguments without a state, and a grid for `parts` blocks of each stretch of channels. */
static tw_status fill(const tw_problem *problem, const tw_kernel_info *info, int64_t parts,
                      ssm_arguments *args, uint32_t grid[3])
{
    const int64_t channels = info->tile[1], heads = info->tile[3], teams = info->tile[4];
    const int64_t share = info->cluster * teams;
    const int64_t groups = tw_problem_size(problem, "G");
    int64_t blocks;
    if (channels < 1 || heads < 1 || teams < 1 || share < 1)
        return tw_fail(TW_INVALID, "ssm_info has no tile size P, no heads of a team, no teams or no cluster");
    blocks = (tw_problem_size(problem, "H") / groups + heads - 1) / heads;
    if (__builtin_mul_overflow(blocks, (tw_problem_size(problem, "P") + channels - 1) / channels, &blocks) ||
        __builtin_add_overflow(blocks, share - 1, &blocks) ||
        __builtin_mul_overflow(blocks / share * info->cluster, groups, &blocks) ||
        __builtin_mul_overflow(blocks, ssm_sequence_count(problem), &blocks) ||
        __builtin_mul_overflow(blocks, parts, &blocks) || blocks > INT32_MAX)
        return tw_fail(TW_INVALID, "ssm: more than 2^31 - 1 blocks; make B, H, P or split smaller");
    *args = (ssm_arguments){
        .x = tw_problem_argument_turned(problem, "x"),
        .b = tw_problem_argument_turned(problem, "b"),
        .c = tw_problem_argument_turned(problem, "c"),
        .z = tw_problem_argument_turned(problem, "z"),
        .y = tw_problem_argument_turned(problem, "y"),
        .dt = tw_problem_argument_turned(problem, "dt"),
        .a = tw_problem_argument(problem, "a"),
        .d = tw_problem_argument(problem, "d"),
        .bias = tw_problem_argument(problem, "bias"),
        .cu = tw_problem_argument(problem, "cu"),
    };
    grid[0] = (uint32_t)blocks;
    grid[1] = grid[2] = 1;
    return tw_ok();
}

static tw_status arguments(const tw_problem *problem, const tw_kernel_info *info, void *args,
                           uint32_t grid[3])
{
    ssm_arguments *a = args;
    TW_TRY(fill(problem, info, 1, a, grid));
    a->initial = tw_problem_argument(problem, "initial");
    a->final = tw_problem_argument(problem, "final");
    return tw_ok();
}

static int64_t parts_of(const tw_problem *problem) { return (int64_t)tw_problem_scalar(problem, "split"); }

/* Pairs x parts as pairs x parts x 1. */
static tw_tensor_arg with_one(tw_tensor_arg given)
{
    given.dim[2] = given.stride[2] = 1;
    return given;
}

static tw_status fill_states(const tw_problem *problem, const tw_kernel_info *info, void *args,
                             uint32_t grid[3])
{
    ssm_arguments *a = args;
    TW_TRY(fill(problem, info, parts_of(problem) - 1, a, grid));
    a->final = tw_problem_buffer(problem, "states");
    a->kept = with_one(tw_problem_buffer(problem, "kept"));
    return tw_ok();
}

static tw_status fill_scan(const tw_problem *problem, const tw_kernel_info *info, void *args,
                           uint32_t grid[3])
{
    state_scan_arguments *a = args;
    *a = (state_scan_arguments){
        .initial = tw_problem_argument(problem, "initial"),
        .states = tw_problem_buffer(problem, "states"),
        .decays = tw_problem_buffer(problem, "kept"),
        .heads = (int32_t)tw_problem_size(problem, "H"),
    };
    return state_scan_grid(a, info, grid);
}

static tw_status fill_outputs(const tw_problem *problem, const tw_kernel_info *info, void *args,
                              uint32_t grid[3])
{
    ssm_arguments *a = args;
    TW_TRY(fill(problem, info, parts_of(problem), a, grid));
    a->initial = tw_problem_buffer(problem, "states");
    a->final = tw_problem_argument(problem, "final");
    return tw_ok();
}

static const tw_launch_row launches[] = {
    {.macro = "SSM_PASS", .value = "states", .writes = "states kept", .arguments = fill_states},
    {.kernel = &tw_kernel_state_scan,
     .settings = "scaled=0",
     .reads = "states kept",
     .writes = "states",
     .arguments = fill_scan},
    {.macro = "SSM_PASS", .value = "outputs", .reads = "states", .arguments = fill_outputs},
    {0},
};

/* A part's state is written, scanned and read, 16 bytes an element, while its tokens move x, y, b and c: four
 * times that should they be, or the split costs more than it hides. */
static tw_status room(const tw_problem *problem, const tw_kernel_info *info, int64_t *blocks, int64_t *most)
{
    ssm_arguments args;
    uint32_t grid[3];
    const int64_t p = tw_problem_size(problem, "P"), n = tw_problem_size(problem, "N");
    const int64_t tokens = 16 * p * n / (p + n) + 1;
    TW_TRY(fill(problem, info, 1, &args, grid));
    *blocks = grid[0];
    *most = tw_problem_size(problem, "S") / ssm_sequence_count(problem) / tokens;
    *most = *most < 1 ? 1 : *most;
    return tw_ok();
}

static const tw_split split = {.scalar = "split", .launches = launches, .buffers = buffers, .room = room};

/* Scores, the state as an operand and the scaled x are rounded to the dtype once each, y once; each uniformly
 * in half a step (1.7e-3 for bf16, 2.1e-4 for f16). A final state has the rounding of x alone; its dtype does
 * not tell which, so the bound is that of bf16. */
static double bound(tw_dtype dtype)
{
    switch (dtype) {
    case TW_DTYPE_F16: return 7e-4;
    default: return 5e-3;
    }
}

const tw_kernel tw_kernel_ssm = {
    .name = "ssm",
    .summary =
        "Mamba-2's state-space model by heads, forward, in one pass: state = exp(dt A) state + dt x b^T, y = state c",
    .source = "examples/ssm/ssm.c",
    .symbols = symbols,
    .options = options,
    .scalars = scalars,
    .tensors = tensors,
    .args_bytes = sizeof(ssm_arguments),
    .cases = cases,
    .validate = validate,
    .arguments = arguments,
    .reference = ssm_reference,
    .flops = ssm_flops,
    .bound = bound,
    .split = &split,
};
