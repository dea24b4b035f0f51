/* SPDX-License-Identifier: MIT
 *
 * A problem on a target: buffers with guards, launches, comparison.
 *
 * A buffer is  guard | row 0, pad | row 1, pad | ... | guard.  All of it but the inputs' elements is POISON.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend.h"
#include "problem_state.h"
#include "text.h"

enum { GUARD_BYTES = 4096, POISON = 0xff };

static size_t row_count(const tw_tensor *tensor)
{
    return tensor->rank ? tensor->count / (size_t)tensor->dim[tensor->rank - 1] : 1;
}

static size_t row_bytes(const tw_tensor *tensor)
{
    size_t bytes = tw_dtype_bytes(tensor->dtype);
    return tensor->rank ? bytes * (size_t)tensor->dim[tensor->rank - 1] : bytes;
}

static size_t row_stride_bytes(const tw_tensor *tensor)
{
    if (tensor->rank < 2)
        return row_bytes(tensor);
    return tw_dtype_bytes(tensor->dtype) * (size_t)tensor->argument.stride[tensor->rank - 2];
}

tw_status tw_tensor_allocate(tw_target *target, tw_tensor *tensor, int64_t pad)
{
    int64_t stride = 1;
    for (int d = tensor->rank - 1; d >= 0; d--) {
        tensor->argument.dim[d] = tensor->dim[d];
        tensor->argument.stride[d] = stride;
        stride *= tensor->dim[d] + (d == tensor->rank - 1 && tensor->rank > 1 ? pad : 0);
    }
    tensor->buffer_bytes = 2 * GUARD_BYTES + row_count(tensor) * row_stride_bytes(tensor);
    TW_TRY(tw_target_allocate(target, tensor->buffer_bytes, &tensor->buffer));
    tensor->argument.data = (char *)tensor->buffer + GUARD_BYTES;
    if (!tensor->is_output)
        return tw_ok();
    tensor->result = malloc(tensor->count * tw_dtype_bytes(tensor->dtype));
    return tensor->result ? tw_ok() : tw_fail(TW_NO_MEMORY, "no memory for the result %s", tensor->row->name);
}

/* Writes a tensor's buffer: poison, and over it the input. */
static tw_status upload(tw_problem *problem, const tw_tensor *tensor)
{
    unsigned char *image = malloc(tensor->buffer_bytes);
    if (!image)
        return tw_fail(TW_NO_MEMORY, "no memory to stage %s", tensor->row->name);
    memset(image, POISON, tensor->buffer_bytes);
    size_t bytes = row_bytes(tensor), stride = row_stride_bytes(tensor), rows = row_count(tensor);
    for (size_t row = 0; tensor->is_input && row < rows; row++) {
        memcpy(image + GUARD_BYTES + row * stride, (const char *)tensor->input + row * bytes, bytes);
    }
    tw_status status = tw_target_write(problem->target, tensor->buffer, image, tensor->buffer_bytes);
    free(image);
    return status;
}

static int is_poison(const unsigned char *bytes, size_t count)
{
    size_t same = 0;
    while (same < count && bytes[same] == POISON)
        same++;
    return same == count;
}

/* What the kernel may not touch: guards, pads and, of a tensor it only reads, the elements. */
static tw_status check_image(const tw_problem *problem, const tw_tensor *tensor, const unsigned char *image)
{
    const char *kernel = problem->kernel->name, *name = tensor->row->name;
    size_t bytes = row_bytes(tensor), stride = row_stride_bytes(tensor), rows = row_count(tensor);
    if (!is_poison(image, GUARD_BYTES))
        return tw_fail(TW_DEVICE, "%s wrote in front of %s", kernel, name);
    if (!is_poison(image + tensor->buffer_bytes - GUARD_BYTES, GUARD_BYTES)) {
        return tw_fail(TW_DEVICE, "%s wrote behind the end of %s", kernel, name);
    }
    for (size_t row = 0; row < rows; row++) {
        const unsigned char *at = image + GUARD_BYTES + row * stride;
        if (!is_poison(at + bytes, stride - bytes)) {
            return tw_fail(TW_DEVICE, "%s wrote behind row %zu of %s", kernel, row, name);
        }
        if (!tensor->is_output && memcmp(at, (const char *)tensor->input + row * bytes, bytes) != 0) {
            return tw_fail(TW_DEVICE, "%s wrote to row %zu of its input %s", kernel, row, name);
        }
    }
    return tw_ok();
}

static tw_status download(tw_problem *problem, tw_tensor *tensor)
{
    unsigned char *image = malloc(tensor->buffer_bytes);
    if (!image)
        return tw_fail(TW_NO_MEMORY, "no memory to read %s back", tensor->row->name);
    tw_status status = tw_target_read(problem->target, image, tensor->buffer, tensor->buffer_bytes);
    if (status.code == TW_OK)
        status = check_image(problem, tensor, image);
    size_t bytes = row_bytes(tensor), stride = row_stride_bytes(tensor), rows = row_count(tensor);
    for (size_t row = 0; status.code == TW_OK && tensor->is_output && row < rows; row++) {
        memcpy((char *)tensor->result + row * bytes, image + GUARD_BYTES + row * stride, bytes);
    }
    free(image);
    return status;
}

static tw_status refuse_lent(const tw_problem *problem, const char *call)
{
    for (size_t i = 0; i < problem->tensor_count; i++) {
        if (problem->tensor[i].is_lent)
            return tw_fail(TW_INVALID,
                           "%s: %s of %s is lent, its contents are the caller's; use tw_problem_launch", call,
                           problem->tensor[i].row->name, problem->kernel->name);
    }
    return tw_ok();
}

void tw_problem_watch(tw_problem *problem, tw_findings *findings) { problem->findings = findings; }

void tw_problem_profile(tw_problem *problem, tw_profile *profile) { problem->profile = profile; }

const tw_traffic *tw_problem_traffic(const tw_problem *problem) { return &problem->traffic; }

/* The tensor's elements, as an emulated machine is told of them. */
static tw_memory memory_of(const tw_tensor *tensor)
{
    return (tw_memory){
        .name = tensor->row->name,
        .data = tensor->argument.data,
        .rows = row_count(tensor),
        .row_bytes = row_bytes(tensor),
        .stride = row_stride_bytes(tensor),
        .element_bytes = (uint32_t)tw_dtype_bytes(tensor->dtype),
        .is_input = (uint32_t)tensor->is_input,
        .is_output = (uint32_t)tensor->is_output,
    };
}

/* Does the list, blanks between, have the word? */
static int has_word(const char *list, const char *word)
{
    tw_list words = {0};
    int found = 0;
    tw_list_add_words(&words, list);
    for (size_t i = 0; i < words.count; i++)
        found |= strcmp(words.item[i], word) == 0;
    tw_list_free(&words);
    return found;
}

static void add_traffic(tw_traffic *sum, const tw_traffic *more)
{
    sum->global_read_bytes += more->global_read_bytes;
    sum->global_written_bytes += more->global_written_bytes;
    sum->copied_bytes += more->copied_bytes;
    sum->matrix_instructions += more->matrix_instructions;
    sum->matrix_flops += more->matrix_flops;
    sum->exponentials += more->exponentials;
}

static tw_status launch_watched(tw_problem *problem, const tw_ready *launch)
{
    tw_memory memory[TW_TENSORS_MAX + TW_BUFFERS_MAX];
    uint32_t count = 0;
    tw_traffic traffic = {0};
    for (size_t i = 0; i < problem->tensor_count; i++)
        memory[count++] = memory_of(&problem->tensor[i]);
    for (size_t i = 0; i < problem->buffer_count; i++) {
        tw_memory *buffer = &memory[count++];
        *buffer = memory_of(&problem->buffer[i]);
        buffer->is_input = (uint32_t)has_word(launch->row->reads, buffer->name);
        buffer->is_output = (uint32_t)has_word(launch->row->writes, buffer->name);
    }
    const tw_watch watch = {memory, count, problem->findings, &traffic, problem->profile};
    tw_status status = tw_instance_launch_watched(launch->instance, launch->args, launch->args_bytes,
                                                  launch->grid, problem->seed, &watch);
    add_traffic(&problem->traffic, &traffic);
    return status;
}

tw_status tw_problem_run(tw_problem *problem)
{
    TW_TRY(refuse_lent(problem, "tw_problem_run"));
    for (size_t i = 0; i < problem->tensor_count; i++)
        TW_TRY(upload(problem, &problem->tensor[i]));
    for (size_t i = 0; i < problem->buffer_count; i++)
        TW_TRY(upload(problem, &problem->buffer[i]));
    problem->traffic = (tw_traffic){0};
    for (size_t i = 0; i < problem->launch_count; i++)
        TW_TRY(launch_watched(problem, &problem->launch[i]));
    TW_TRY(tw_target_synchronize(problem->target));
    for (size_t i = 0; i < problem->tensor_count; i++)
        TW_TRY(download(problem, &problem->tensor[i]));
    for (size_t i = 0; i < problem->buffer_count; i++)
        TW_TRY(download(problem, &problem->buffer[i]));
    return tw_ok();
}

tw_status tw_problem_launch(tw_problem *problem)
{
    for (size_t i = 0; i < problem->launch_count; i++) {
        const tw_ready *launch = &problem->launch[i];
        TW_TRY(tw_instance_launch(launch->instance, launch->args, launch->args_bytes, launch->grid,
                                  problem->seed));
    }
    return tw_ok();
}

static tw_status time_once(tw_problem *problem, double *milliseconds)
{
    tw_target *target = problem->target;
    TW_TRY(target->backend->timer_start(target));
    TW_TRY(tw_problem_launch(problem));
    return target->backend->timer_stop(target, milliseconds);
}

tw_status tw_problem_time(tw_problem *problem, int launches, double *milliseconds)
{
    double warm_up;
    for (int i = -1; i < launches; i++)
        TW_TRY(time_once(problem, i < 0 ? &warm_up : &milliseconds[i]));
    return tw_ok();
}

tw_status tw_problem_check(tw_problem *problem, int *pass)
{
    const tw_kernel *kernel = problem->kernel;
    *pass = 0;
    TW_TRY(refuse_lent(problem, "tw_problem_check"));
    for (size_t i = 0; i < problem->tensor_count; i++) {
        tw_tensor *tensor = &problem->tensor[i];
        if (!tensor->is_output || tensor->reference)
            continue;
        tensor->reference = malloc(tensor->count * sizeof *tensor->reference);
        if (!tensor->reference) {
            return tw_fail(TW_NO_MEMORY, "no memory for the float64 reference of %s", tensor->row->name);
        }
    }
    TW_TRY(kernel->reference(problem));
    *pass = 1;
    for (size_t i = 0; i < problem->tensor_count; i++) {
        tw_tensor *tensor = &problem->tensor[i];
        if (!tensor->is_output)
            continue;
        tensor->error = tw_error_measure(tensor->dtype, tensor->result, tensor->reference, tensor->count);
        tensor->passes = tw_error_passes(&tensor->error, kernel->bound(tensor->dtype)) ||
                         (!tensor->error.mismatches && tensor->error.max_abs <= tensor->row->absolute);
        *pass &= tensor->passes;
    }
    return tw_ok();
}
