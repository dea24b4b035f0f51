/* SPDX-License-Identifier: MIT
 *
 * A problem on a target: its instances, its buffers, its launches. Most kernels take one launch; work that is
 * cut in parts takes those of its tw_split.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "problem_state.h"
#include "text.h"

enum { PARTS_MAX = 65535 };

/* The instance of a launch: the problem's kernel with its options and the row's macro, or another kernel with
 * the row's settings. */
static tw_status open_instance(tw_problem *problem, const tw_launch_row *row, tw_instance_request *request,
                               tw_instance **instance)
{
    tw_define define[TW_OPTIONS_MAX + 1];
    const tw_define *defines;
    tw_problem *other = NULL;
    tw_status status = tw_ok();
    if (row && row->kernel) {
        status = tw_problem_create(row->kernel, &other);
        if (status.code == TW_OK && row->settings)
            status = tw_problem_set_words(other, row->settings);
    }
    if (status.code == TW_OK) {
        tw_problem_defines(other ? other : problem, &defines, &request->define_count);
        memcpy(define, defines, request->define_count * sizeof *define);
        if (row && row->macro)
            define[request->define_count++] = (tw_define){.name = row->macro, .value = row->value};
        request->defines = define;
        status = tw_instance_open(problem->target, request, instance);
    }
    tw_problem_free(other);
    return status;
}

static tw_status open_launch(tw_problem *problem, const tw_launch_row *row, tw_progress_fn *progress,
                             void *context)
{
    const tw_kernel *kernel = row && row->kernel ? row->kernel : problem->kernel;
    tw_instance_request request = {
        .kernel = kernel->name,
        .source = kernel->source,
        .progress = progress,
        .progress_context = context,
    };
    if (problem->launch_count == TW_LAUNCHES_MAX)
        return tw_fail(TW_INVALID, "kernel %s has more than %d launches", problem->kernel->name,
                       TW_LAUNCHES_MAX);
    tw_ready *launch = &problem->launch[problem->launch_count++];
    *launch = (tw_ready){.row = row, .args_bytes = kernel->args_bytes};
    return open_instance(problem, row, &request, &launch->instance);
}

void tw_close_launches(tw_problem *problem)
{
    for (size_t i = 0; i < problem->launch_count; i++) {
        tw_instance_close(problem->launch[i].instance);
        free(problem->launch[i].args);
    }
    problem->launch_count = 0;
}

/* Fills the arguments of the newest launch, whose buffers all are there. */
static tw_status fill_arguments(tw_problem *problem)
{
    tw_ready *launch = &problem->launch[problem->launch_count - 1];
    const tw_kernel_info *info = tw_instance_info(launch->instance);
    launch->args = calloc(1, launch->args_bytes);
    if (!launch->args)
        return tw_fail(TW_NO_MEMORY, "no memory for arguments");
    TW_TRY((launch->row ? launch->row->arguments : problem->kernel->arguments)(problem, info, launch->args,
                                                                               launch->grid));
    for (size_t i = 0; i < problem->tensor_count; i++) {
        const tw_tensor *tensor = &problem->tensor[i];
        TW_TRY(tw_instance_stream(launch->instance, tensor->row->name, tensor->dtype, tensor->rank,
                                  launch->args));
    }
    return tw_ok();
}

/* A word of a buffer's shape: factors with '*' between, and '+' before what is added. */
static int64_t extent(const tw_problem *problem, char *word)
{
    int64_t product = 1;
    char *plus = strchr(word, '+');
    if (plus)
        *plus++ = '\0';
    for (char *factor = word, *next; factor; factor = next) {
        next = strchr(factor, '*');
        if (next)
            *next++ = '\0';
        int symbol = tw_find_symbol(problem->kernel, factor);
        if (__builtin_mul_overflow(
                product, symbol >= 0 ? problem->size[symbol] : (int64_t)tw_problem_scalar(problem, factor),
                &product))
            return 0;
    }
    return product + (plus ? atoll(plus) : 0);
}

static tw_status add_buffer(tw_problem *problem, const tw_tensor_row *row)
{
    tw_list words = {0};
    if (problem->buffer_count == TW_BUFFERS_MAX)
        return tw_fail(TW_INVALID, "kernel %s has more than %d buffers", problem->kernel->name,
                       TW_BUFFERS_MAX);
    tw_tensor *buffer = &problem->buffer[problem->buffer_count++];
    *buffer = (tw_tensor){.row = row, .is_output = 1};
    TW_TRY(tw_dtype_parse(row->dtype, &buffer->dtype));
    size_t bytes = tw_dtype_bytes(buffer->dtype);
    tw_list_add_words(&words, row->shape);
    for (size_t d = 0; d < words.count && d < TW_RANK_MAX; d++) {
        buffer->dim[buffer->rank++] = extent(problem, words.item[d]);
        if (__builtin_mul_overflow(bytes, (size_t)buffer->dim[d], &bytes))
            bytes = 0;
    }
    tw_list_free(&words);
    if (bytes == 0 || bytes > PTRDIFF_MAX)
        return tw_fail(TW_INVALID,
                       "%s between the launches of %s would not fit in 64 bits; make its sizes smaller",
                       row->name, problem->kernel->name);
    buffer->count = bytes / tw_dtype_bytes(buffer->dtype);
    return tw_tensor_allocate(problem->target, buffer, 0);
}

/* The number of parts that the user said, 0 where none. */
static tw_status parts_said(const tw_problem *problem, int64_t *parts)
{
    const tw_split *split = problem->kernel->split;
    const double said = split ? tw_problem_scalar(problem, split->scalar) : 1;
    if (!(said >= 0 && said <= PARTS_MAX && said == floor(said)))
        return tw_fail(TW_INVALID,
                       "%s is %g; it must be a number of parts, 1 to %d, or 0 for the library to choose",
                       split->scalar, said, PARTS_MAX);
    *parts = (int64_t)said;
    return tw_ok();
}

/* As many parts as keep the machine busy, where the one launch, which is open, would leave half of it idle.
 */
static tw_status choose_parts(tw_problem *problem, int64_t *parts)
{
    const tw_split *split = problem->kernel->split;
    const tw_instance *whole = problem->launch[0].instance;
    int64_t blocks, most;
    int units;
    TW_TRY(split->room(problem, tw_instance_info(whole), &blocks, &most));
    TW_TRY(tw_instance_units(whole, &units));
    *parts = 2 * blocks >= units ? 1 : units / blocks < most ? units / blocks : most;
    problem->scalar[tw_find_scalar(problem->kernel, split->scalar)] = (double)*parts;
    return tw_ok();
}

/* Blocks before sharing: where the one launch, which is open, would leave half of the machine idle, and an
 * option that the user did not say makes fewer blocks of it, another is opened in its place. */
static tw_status part_blocks(tw_problem *problem, tw_progress_fn *progress, void *context)
{
    const tw_option *option = problem->kernel->options;
    const tw_instance *whole = problem->launch[0].instance;
    int changed = 0;
    for (int i = 0; option && option[i].name; i++) {
        int64_t blocks, most;
        int units;
        if (!option[i].fewer_blocks || problem->option_said[i] || !problem->kernel->split ||
            strcmp(problem->option[i], option[i].preset) == 0)
            continue;
        TW_TRY(problem->kernel->split->room(problem, tw_instance_info(whole), &blocks, &most));
        TW_TRY(tw_instance_units(whole, &units));
        if (2 * blocks < units) {
            tw_assign(&problem->option[i], option[i].preset);
            changed = problem->option_said[i] = 1; /* the sizes do not choose it again */
        }
    }
    if (!changed)
        return tw_ok();
    tw_close_launches(problem);
    return open_launch(problem, NULL, progress, context);
}

static tw_status open_parts(tw_problem *problem, tw_progress_fn *progress, void *context)
{
    const tw_split *split = problem->kernel->split;
    tw_close_launches(problem);
    for (const tw_tensor_row *row = split->buffers; row->name; row++) {
        if (tw_problem_holds(problem, row->present))
            TW_TRY(add_buffer(problem, row));
    }
    for (const tw_launch_row *row = split->launches; row->arguments; row++) {
        if (!tw_problem_holds(problem, row->present))
            continue;
        TW_TRY(open_launch(problem, row, progress, context));
        TW_TRY(fill_arguments(problem));
    }
    return tw_ok();
}

tw_status tw_problem_open(tw_problem *problem, tw_target *target, int64_t pad, tw_progress_fn *progress,
                          void *context)
{
    int64_t parts = 1;
    if (pad < 0 || pad > 1 << 20)
        return tw_fail(TW_INVALID, "pad is %lld; it must be 0 to 2^20", (long long)pad);
    TW_TRY(parts_said(problem, &parts));
    problem->target = target;
    if (parts < 2) {
        TW_TRY(open_launch(problem, NULL, progress, context));
        TW_TRY(part_blocks(problem, progress, context));
    }
    if (parts == 0)
        TW_TRY(choose_parts(problem, &parts));
    for (size_t i = 0; i < problem->tensor_count; i++) {
        if (!problem->tensor[i].is_lent)
            TW_TRY(tw_tensor_allocate(target, &problem->tensor[i], pad));
    }
    return parts > 1 ? open_parts(problem, progress, context) : fill_arguments(problem);
}

tw_status tw_problem_blocks(const tw_problem *problem, int64_t pieces, uint32_t *blocks)
{
    return tw_instance_blocks(problem->launch[problem->launch_count - 1].instance, pieces, blocks);
}

const tw_instance *tw_problem_instance(const tw_problem *problem)
{
    return problem->launch_count ? problem->launch[problem->launch_count - 1].instance : NULL;
}

tw_tensor_arg tw_problem_buffer(const tw_problem *problem, const char *name)
{
    for (size_t i = 0; i < problem->buffer_count; i++) {
        if (strcmp(problem->buffer[i].row->name, name) == 0)
            return problem->buffer[i].argument;
    }
    return (tw_tensor_arg){0};
}
