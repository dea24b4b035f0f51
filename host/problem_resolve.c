/* SPDX-License-Identifier: MIT
 *
 * From names to tensors: which are present, their sizes, and the inputs' contents.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "problem_state.h"
#include "random.h"

enum { CHUNK = 4096 };

static int is_read(const tw_problem *problem, const tw_tensor_row *row)
{
    if (row->direction != TW_DIRECTION_INOUT)
        return row->direction == TW_DIRECTION_IN;
    return !row->read_if || tw_problem_scalar(problem, row->read_if) != 0;
}

static tw_status add_tensor(tw_problem *problem, const tw_tensor_row *row)
{
    const char *dtype = row->dtype[0] == '=' ? tw_problem_option(problem, row->dtype + 1) : row->dtype;
    if (problem->tensor_count == TW_TENSORS_MAX) {
        return tw_fail(TW_INVALID, "kernel %s has more than %d tensors", problem->kernel->name,
                       TW_TENSORS_MAX);
    }
    tw_tensor *tensor = &problem->tensor[problem->tensor_count++];
    *tensor = (tw_tensor){.row = row};
    tensor->is_input = is_read(problem, row);
    tensor->is_output = row->direction != TW_DIRECTION_IN;
    return tw_dtype_parse(dtype, &tensor->dtype);
}

/* The file given for a tensor, or NULL. */
static const char *input_path(const tw_problem *problem, const char *name)
{
    return problem->input_path[tw_find_tensor(problem->kernel, name)];
}

/* Files for tensors that are not there, or that nobody reads. */
static tw_status refuse_idle_files(const tw_problem *problem)
{
    const tw_kernel *kernel = problem->kernel;
    for (int i = 0; kernel->tensors[i].name; i++) {
        const tw_tensor_row *row = &kernel->tensors[i];
        const char *path = problem->input_path[i];
        if (!path)
            continue;
        const tw_tensor *tensor = tw_problem_tensor((tw_problem *)problem, row->name);
        if (!tensor) {
            return tw_fail(TW_INVALID, "%s: %s has no tensor %s under these options; it is there with %s",
                           path, kernel->name, row->name, row->present);
        }
        if (!tensor->is_input && tensor->row->direction == TW_DIRECTION_OUT) {
            return tw_fail(TW_INVALID, "%s: %s of %s is an output, nothing reads it", path, row->name,
                           kernel->name);
        }
        if (!tensor->is_input) {
            return tw_fail(TW_INVALID, "%s: %s of %s is read only where %s is not 0; set %s", path, row->name,
                           kernel->name, row->read_if, row->read_if);
        }
    }
    return tw_ok();
}

static void print_dims(char *text, size_t bytes, int rank, const int64_t *dim)
{
    int used = snprintf(text, bytes, "(");
    for (int d = 0; d < rank && used < (int)bytes; d++) {
        used += snprintf(text + used, bytes - (size_t)used, d ? ", %lld" : "%lld", (long long)dim[d]);
    }
    if (used < (int)bytes)
        snprintf(text + used, bytes - (size_t)used, rank == 1 ? ",)" : ")");
}

/* The dims of a file, or of lent memory, as the values of their tensor's symbols. */
static tw_status take_sizes(tw_problem *problem, const tw_tensor *tensor, int given_rank, const int64_t *given,
                            const char *path, const char *giver)
{
    tw_extent extent[TW_RANK_MAX];
    int rank = tw_row_extents(problem->kernel, tensor->row, extent);
    char dims[128];
    print_dims(dims, sizeof dims, given_rank, given);
    if (rank != given_rank) {
        return tw_fail(TW_INVALID, "%s: %s is [%s], the %s's shape is %s", path, tensor->row->name,
                       tensor->row->shape, giver, dims);
    }
    for (int d = 0; d < rank; d++) {
        int symbol = extent[d].symbol;
        int64_t *size = &problem->size[symbol], found = given[d] - extent[d].plus;
        if (found < 1) {
            return tw_fail(TW_INVALID, "%s: %s is [%s], the %s's shape is %s; every size must be at least 1",
                           path, tensor->row->name, tensor->row->shape, giver, dims);
        }
        if (*size && *size != found) {
            return tw_fail(TW_INVALID, "%s: %s is [%s] with %s = %lld from %s, the %s's shape is %s", path,
                           tensor->row->name, tensor->row->shape, problem->kernel->symbols[symbol].name,
                           (long long)*size, problem->size_source[symbol], giver, dims);
        }
        if (!*size) {
            *size = found;
            tw_assign(&problem->size_source[symbol], path);
        }
    }
    return tw_ok();
}

static tw_status size_tensor(const tw_problem *problem, tw_tensor *tensor)
{
    tw_extent extent[TW_RANK_MAX];
    tensor->rank = tw_row_extents(problem->kernel, tensor->row, extent);
    size_t bytes = tw_dtype_bytes(tensor->dtype);
    for (int d = 0; d < tensor->rank; d++) {
        tensor->dim[d] = problem->size[extent[d].symbol] + extent[d].plus;
        if (__builtin_mul_overflow(bytes, (size_t)tensor->dim[d], &bytes))
            bytes = 0;
    }
    if (bytes == 0 || bytes > PTRDIFF_MAX) {
        return tw_fail(TW_INVALID, "%s of %s would not fit in 64 bits; make its sizes smaller",
                       tensor->row->name, problem->kernel->name);
    }
    tensor->count = bytes / tw_dtype_bytes(tensor->dtype);
    return tw_ok();
}

static void fill_random(tw_tensor *tensor, uint64_t seed)
{
    size_t bytes = tw_dtype_bytes(tensor->dtype);
    size_t chunks = (tensor->count + CHUNK - 1) / CHUNK;
#ifdef _OPENMP
#pragma omp parallel for schedule(static)
#endif
    for (size_t chunk = 0; chunk < chunks; chunk++) {
        double values[CHUNK];
        size_t first = chunk * CHUNK;
        size_t n = tensor->count - first < CHUNK ? tensor->count - first : CHUNK;
        tw_random_normal(seed, tensor->row->name, first, values, n);
        tw_dtype_encode(tensor->dtype, values, (char *)tensor->input + first * bytes, n);
    }
}

static tw_status fill_content(const tw_problem *problem, tw_tensor *tensor)
{
    double *values = malloc(tensor->count * sizeof *values);
    if (!values)
        return tw_fail(TW_NO_MEMORY, "no memory for the contents of %s", tensor->row->name);
    tensor->row->content(problem, tensor, values);
    tw_dtype_encode(tensor->dtype, values, tensor->input, tensor->count);
    free(values);
    return tw_ok();
}

static tw_status fill_input(tw_problem *problem, tw_tensor *tensor, const tw_npy *npy, const char *path)
{
    tensor->input = malloc(tensor->count * tw_dtype_bytes(tensor->dtype));
    if (!tensor->input) {
        return tw_fail(TW_NO_MEMORY, "%s of %s has %zu elements, more than memory is left for",
                       tensor->row->name, problem->kernel->name, tensor->count);
    }
    if (!path && tensor->row->content)
        return fill_content(problem, tensor);
    if (!path) {
        fill_random(tensor, problem->seed);
        return tw_ok();
    }
    tw_status status = tw_npy_convert(npy, tensor->dtype, tensor->input);
    if (status.code == TW_OK)
        return status;
    return tw_fail(status.code, "%s: for %s: %s", path, tensor->row->name, status.message);
}

/* Puts the tensors that are lent where they are. */
static tw_status take_lent(tw_problem *problem)
{
    for (int i = 0; problem->kernel->tensors[i].name; i++) {
        const char *name = problem->kernel->tensors[i].name;
        if (!problem->lent[i].data)
            continue;
        tw_tensor *tensor = tw_problem_tensor(problem, name);
        if (!tensor)
            return tw_fail(TW_INVALID, "%s has no tensor %s under these options, but it is lent",
                           problem->kernel->name, name);
        tensor->is_lent = 1;
        tensor->argument = problem->lent[i];
        TW_TRY(take_sizes(problem, tensor, problem->lent_rank[i], tensor->argument.dim, "lent memory", "tensor"));
    }
    return tw_ok();
}

static tw_status read_files(tw_problem *problem, tw_npy *file)
{
    for (size_t i = 0; i < problem->tensor_count; i++) {
        const char *path = input_path(problem, problem->tensor[i].row->name);
        if (!path)
            continue;
        TW_TRY(tw_npy_read(path, &file[i]));
        TW_TRY(take_sizes(problem, &problem->tensor[i], file[i].rank, file[i].dim, path, "file"));
    }
    return tw_ok();
}

/* Scalars that follow from the sizes; refuses one that nothing uses. */
static tw_status settle_scalars(tw_problem *problem)
{
    const tw_scalar *scalar = problem->kernel->scalars;
    for (int i = 0; scalar && scalar[i].name; i++) {
        if (problem->scalar_said[i] && !tw_problem_holds(problem, scalar[i].present)) {
            return tw_fail(TW_INVALID, "%s of %s is used only with %s", scalar[i].name, problem->kernel->name,
                           scalar[i].present);
        }
        if (!problem->scalar_said[i] && scalar[i].computed)
            problem->scalar[i] = scalar[i].computed(problem);
    }
    return tw_ok();
}

static tw_status fill(tw_problem *problem, tw_npy *file)
{
    TW_TRY(read_files(problem, file));
    TW_TRY(take_lent(problem));
    int64_t size[TW_SYMBOLS_MAX];
    TW_TRY(tw_settle_sizes(problem, size));
    memcpy(problem->size, size, sizeof size);
    TW_TRY(settle_scalars(problem));
    for (size_t i = 0; i < problem->tensor_count; i++)
        TW_TRY(size_tensor(problem, &problem->tensor[i]));
    for (size_t i = 0; i < problem->tensor_count; i++) {
        tw_tensor *tensor = &problem->tensor[i];
        if (!tensor->is_input || tensor->is_lent)
            continue;
        TW_TRY(fill_input(problem, tensor, &file[i], input_path(problem, tensor->row->name)));
    }
    return problem->kernel->validate ? problem->kernel->validate(problem) : tw_ok();
}

tw_status tw_problem_resolve(tw_problem *problem, uint64_t seed)
{
    problem->seed = seed;
    if (problem->tensor_count)
        return tw_fail(TW_INVALID, "tw_problem_resolve: resolved before; create another problem");
    for (const tw_tensor_row *row = problem->kernel->tensors; row->name; row++) {
        if (tw_problem_holds(problem, row->present))
            TW_TRY(add_tensor(problem, row));
    }
    TW_TRY(refuse_idle_files(problem));
    tw_npy file[TW_TENSORS_MAX] = {0};
    tw_status status = fill(problem, file);
    for (size_t i = 0; i < problem->tensor_count; i++)
        tw_npy_free(&file[i]);
    return status;
}
