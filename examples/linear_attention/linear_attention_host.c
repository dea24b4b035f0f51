/* SPDX-License-Identifier: MIT
 *
 * Linear attention's description for tw: what it takes, how it is launched, what it must equal.
 */
#include "description.h"
#include "examples/state_scan/description.h"

/* clang-format off */
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

static const tw_scalar scalars[] = {
    { .name = "scale", .computed = linear_default_scale, .meaning = "factor of the queries; 1 / sqrt(D)" },
    { .name = "split", .meaning = "parts that each sequence goes in, each in a block of its own; 1: one pass; 0: as "
                                  "many as the machine needs to be busy" },
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

/* Of the sequences' parts, in slots of B*H pairs. */
static const tw_tensor_row buffers[] = {
    { .name = "states", .dtype = "f32", .shape = "B*H split D DV", .present = "causal=1" },
    { .name = "states", .dtype = "f32", .shape = "B*H split+1 D DV", .present = "causal=0" },
    { .name = "kept", .dtype = "f32", .shape = "B*H split", .present = "causal=1" },
    { .name = "kept", .dtype = "f32", .shape = "B*H split+1", .present = "causal=0" },
    { .name = "states_z", .dtype = "f32", .shape = "B*H split D", .present = "normaliser=1 causal=1" },
    { .name = "states_z", .dtype = "f32", .shape = "B*H split+1 D", .present = "normaliser=1 causal=0" },
    { .name = "states_z", .dtype = "f32", .shape = "B*H split D", .present = "normaliser=0 input=exp" },
    { .name = "own_m", .dtype = "f32", .shape = "B*H split", .present = "input=exp" },
    { .name = "states_m", .dtype = "f32", .shape = "B*H split", .present = "input=exp" },
    { 0 },
};

static const char *const cases[] = {
    "H=1 S=150 D=64 DV=64 decay=step state=1 split=2",
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
    return linear_validate_tokens(problem);
}

/* B x H as B x H x 1. */
static tw_tensor_arg with_one(tw_tensor_arg given)
{
    given.dim[2] = given.dim[0] > 0;
    given.stride[2] = 1;
    return given;
}

/* Arguments without a state, and a grid for `parts` blocks of each stretch of value columns. */
static tw_status fill(const tw_problem *problem, const tw_kernel_info *info, int64_t parts,
                      linear_arguments *args, uint32_t grid[3])
{
    *args = (linear_arguments){
        .q = linear_by_heads(problem, "q"),
        .k = linear_by_heads(problem, "k"),
        .v = linear_by_heads(problem, "v"),
        .o = linear_by_heads(problem, "o"),
        .gates = linear_by_heads(problem, "gates"),
        .input_gates = linear_by_heads(problem, "input_gates"),
        .decays = tw_problem_argument(problem, "decays"),
        .scale = (float)tw_problem_scalar(problem, "scale"),
    };
    return linear_grid(problem, info, parts, grid);
}

static void give_initial(const tw_problem *problem, linear_arguments *args)
{
    args->initial = tw_problem_argument(problem, "initial");
    args->initial_z = tw_problem_argument(problem, "initial_z");
    args->initial_m = with_one(tw_problem_argument(problem, "initial_m"));
}

static void give_final(const tw_problem *problem, linear_arguments *args)
{
    args->final = tw_problem_argument(problem, "final");
    args->final_z = tw_problem_argument(problem, "final_z");
    args->final_m = with_one(tw_problem_argument(problem, "final_m"));
}

tw_status linear_fill_arguments(const tw_problem *problem, const tw_kernel_info *info, void *args,
                                uint32_t grid[3])
{
    TW_TRY(fill(problem, info, 1, args, grid));
    give_initial(problem, args);
    give_final(problem, args);
    return tw_ok();
}

static tw_status fill_states(const tw_problem *problem, const tw_kernel_info *info, void *args,
                             uint32_t grid[3])
{
    linear_arguments *a = args;
    const tw_tensor_arg states = tw_problem_buffer(problem, "states");
    TW_TRY(fill(problem, info, states.dim[1] - 1, a, grid));
    a->final = states;
    a->final_z = tw_problem_buffer(problem, "states_z");
    a->final_m = with_one(tw_problem_buffer(problem, "own_m"));
    a->kept = with_one(tw_problem_buffer(problem, "kept"));
    return tw_ok();
}

static tw_status fill_outputs(const tw_problem *problem, const tw_kernel_info *info, void *args,
                              uint32_t grid[3])
{
    linear_arguments *a = args;
    TW_TRY(fill(problem, info, (int64_t)tw_problem_scalar(problem, "split"), a, grid));
    give_final(problem, a);
    a->initial = tw_problem_buffer(problem, "states");
    a->initial_z = tw_problem_buffer(problem, "states_z");
    a->initial_m = with_one(tw_problem_buffer(problem, "states_m"));
    return tw_ok();
}

/* What every scan has: decays, scales. */
static state_scan_arguments scan(const tw_problem *problem)
{
    return (state_scan_arguments){
        .decays = tw_problem_buffer(problem, "kept"),
        .initial_m = with_one(tw_problem_argument(problem, "initial_m")),
        .own_m = with_one(tw_problem_buffer(problem, "own_m")),
        .heads = (int32_t)tw_problem_size(problem, "H"),
    };
}

static tw_status fill_scan(const tw_problem *problem, const tw_kernel_info *info, void *args,
                           uint32_t grid[3])
{
    state_scan_arguments *a = args;
    *a = scan(problem);
    a->initial = tw_problem_argument(problem, "initial");
    a->states = tw_problem_buffer(problem, "states");
    a->m = with_one(tw_problem_buffer(problem, "states_m"));
    return state_scan_grid(a, info, grid);
}

/* Normalisers as states of one row: B x H x D as B x H x 1 x D. */
static tw_tensor_arg as_row(tw_tensor_arg given)
{
    given.dim[3] = given.dim[2];
    given.stride[3] = given.stride[2];
    given.dim[2] = given.dim[0] > 0;
    return given;
}

static tw_status fill_scan_z(const tw_problem *problem, const tw_kernel_info *info, void *args,
                             uint32_t grid[3])
{
    state_scan_arguments *a = args;
    *a = scan(problem);
    a->initial = as_row(tw_problem_argument(problem, "initial_z"));
    a->states = as_row(tw_problem_buffer(problem, "states_z"));
    return state_scan_grid(a, info, grid);
}

/* clang-format off */
static const tw_launch_row launches[] = {
    { .macro = "LINEAR_PASS", .value = "states", .writes = "states states_z own_m kept",
      .arguments = fill_states },
    { .kernel = &tw_kernel_state_scan, .settings = "scaled=0", .present = "input=none|sigmoid",
      .reads = "states kept", .writes = "states", .arguments = fill_scan },
    { .kernel = &tw_kernel_state_scan, .settings = "scaled=1", .present = "input=exp",
      .reads = "states kept own_m", .writes = "states states_m", .arguments = fill_scan },
    { .kernel = &tw_kernel_state_scan, .settings = "scaled=0", .present = "normaliser=1 input=none|sigmoid",
      .reads = "states_z kept", .writes = "states_z", .arguments = fill_scan_z },
    { .kernel = &tw_kernel_state_scan, .settings = "scaled=1", .present = "input=exp",
      .reads = "states_z kept own_m", .writes = "states_z", .arguments = fill_scan_z },
    { .macro = "LINEAR_PASS", .value = "outputs", .reads = "states states_z states_m",
      .arguments = fill_outputs },
    { 0 },
};
/* clang-format on */

/* A part's state is written, scanned and read, 16 bytes an element; what its tokens move should be four times
 * that, else the split costs more than it hides. */
static tw_status room(const tw_problem *problem, const tw_kernel_info *info, int64_t *blocks, int64_t *most)
{
    uint32_t grid[3];
    const int64_t d = tw_problem_size(problem, "D"), dv = tw_problem_size(problem, "DV");
    const int64_t tokens = 16 * d * dv / (d + dv) + 1;
    TW_TRY(linear_grid(problem, info, 1, grid));
    *blocks = grid[0];
    *most = tw_problem_size(problem, "S") / tokens;
    *most = *most < 1 ? 1 : *most;
    return tw_ok();
}

static const tw_split split = {.scalar = "split", .launches = launches, .buffers = buffers, .room = room};

const tw_kernel tw_kernel_linear_attention = {
    .name = "linear_attention",
    .summary =
        "linear attention with a scalar decay: retention, Lightning, gated, mLSTM, feature maps (forward)",
    .source = "examples/linear_attention/linear_attention.c",
    .symbols = linear_symbols,
    .options = linear_options,
    .scalars = scalars,
    .tensors = linear_tensors,
    .args_bytes = sizeof(linear_arguments),
    .cases = cases,
    .validate = linear_validate,
    .arguments = linear_fill_arguments,
    .reference = linear_reference,
    .flops = linear_flops,
    .bound = linear_bound,
    .split = &split,
};
