/* SPDX-License-Identifier: MIT
 *
 * The host library behind the face of bench.h.
 */
#include "bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/suggest.h"
#include "host/tilewright_host.h"

#define TW_KERNEL_ROW(name) extern const tw_kernel tw_kernel_##name;
#include "examples/kernels.def"

static const tw_kernel *const kernels[] = {
#define TW_KERNEL_ROW(name) &tw_kernel_##name,
#include "examples/kernels.def"
    NULL,
};

struct tw_bench {
    tw_target *target;
};

struct tw_bench_problem {
    tw_target *target;
    tw_problem *problem;
};

static _Thread_local char message[TW_MESSAGE_BYTES];

const char *tw_bench_message(void) { return message; }

/* A status as the face gives it. */
static int give(tw_status status)
{
    if (status.code != TW_OK)
        snprintf(message, sizeof message, "%s", status.message);
    return (int)status.code;
}

static tw_status find_kernel(const char *name, const tw_kernel **kernel)
{
    tw_list known = {0};
    for (int i = 0; kernels[i]; i++) {
        tw_list_add(&known, "%s", kernels[i]->name);
        *kernel = kernels[i];
        if (strcmp(name, kernels[i]->name) == 0) {
            tw_list_free(&known);
            return tw_ok();
        }
    }
    tw_status status = tw_fail_unknown("kernel", name, &known);
    tw_list_free(&known);
    return status;
}

static tw_status create(const char *name, const char *settings, tw_problem **problem)
{
    const tw_kernel *kernel;
    *problem = NULL;
    TW_TRY(find_kernel(name, &kernel));
    TW_TRY(tw_problem_create(kernel, problem));
    return tw_problem_set_words(*problem, settings);
}

int tw_bench_open(const char *target, tw_bench **bench)
{
    *bench = calloc(1, sizeof **bench);
    if (!*bench)
        return give(tw_fail(TW_NO_MEMORY, "no memory for a target"));
    tw_status status = tw_target_open(target, &(*bench)->target);
    if (status.code != TW_OK) {
        free(*bench);
        *bench = NULL;
    }
    return give(status);
}

void tw_bench_close(tw_bench *bench)
{
    if (!bench)
        return;
    tw_target_close(bench->target);
    free(bench);
}

const char *tw_bench_target(const tw_bench *bench) { return tw_target_identity(bench->target)->name; }

const char *tw_bench_device(const tw_bench *bench) { return tw_target_device(bench->target); }

static tw_status compile(const char *target, tw_problem *problem, char *path, int64_t bytes)
{
    tw_target_id id;
    tw_instance_origin origin;
    char *found;
    const tw_kernel *kernel = tw_problem_kernel(problem);
    tw_instance_request request = {.kernel = kernel->name, .source = kernel->source};
    TW_TRY(tw_target_resolve(target, &id));
    tw_problem_defines(problem, &request.defines, &request.define_count);
    TW_TRY(tw_instance_find(&id, &request, &found, &origin));
    snprintf(path, (size_t)bytes, "%s", found);
    free(found);
    return tw_ok();
}

int tw_bench_compile(const char *target, const char *kernel, const char *settings, char *path, int64_t bytes)
{
    tw_problem *problem;
    tw_status status = create(kernel, settings, &problem);
    if (status.code == TW_OK)
        status = compile(target, problem, path, bytes);
    tw_problem_free(problem);
    return give(status);
}

static tw_status lend(tw_problem *problem, const tw_bench_tensor *tensor)
{
    tw_tensor_arg where = {.data = tensor->data};
    if (tensor->rank < 0 || tensor->rank > TW_BENCH_RANK)
        return tw_fail(TW_INVALID, "%s has rank %lld; it must be 0 to %d", tensor->name, (long long)tensor->rank,
                       TW_BENCH_RANK);
    memcpy(where.dim, tensor->dim, sizeof where.dim);
    memcpy(where.stride, tensor->stride, sizeof where.stride);
    return tw_problem_lend(problem, tensor->name, (int)tensor->rank, &where);
}

static tw_status prepare(tw_bench *bench, const char *kernel, const char *settings, const tw_bench_tensor *tensors,
                         int64_t count, tw_problem **problem)
{
    TW_TRY(create(kernel, settings, problem));
    for (int64_t i = 0; i < count; i++)
        TW_TRY(lend(*problem, &tensors[i]));
    TW_TRY(tw_problem_resolve(*problem, 0));
    for (size_t i = 0; tw_problem_tensor_at(*problem, i); i++) {
        const tw_tensor *tensor = tw_problem_tensor_at(*problem, i);
        if (!tensor->is_lent)
            return tw_fail(TW_INVALID, "%s needs its tensor %s with \"%s\", but it is not given", kernel,
                           tensor->row->name, settings);
    }
    return tw_problem_open(*problem, bench->target, 0, NULL, NULL);
}

/* The caller's problem, from one that `status` says is ready or is to be given up. */
static int give_problem(tw_bench *bench, tw_status status, tw_problem *ready, tw_bench_problem **problem)
{
    *problem = status.code == TW_OK ? calloc(1, sizeof **problem) : NULL;
    if (status.code == TW_OK && !*problem)
        status = tw_fail(TW_NO_MEMORY, "no memory for a problem");
    if (*problem)
        **problem = (tw_bench_problem){.target = bench->target, .problem = ready};
    else
        tw_problem_free(ready);
    return give(status);
}

int tw_bench_prepare(tw_bench *bench, const char *kernel, const char *settings, const tw_bench_tensor *tensors,
                     int64_t count, tw_bench_problem **problem)
{
    tw_problem *ready = NULL;
    tw_status status = prepare(bench, kernel, settings, tensors, count, &ready);
    return give_problem(bench, status, ready, problem);
}

int tw_bench_random(tw_bench *bench, const char *kernel, const char *settings, int64_t seed,
                    tw_bench_problem **problem)
{
    tw_problem *ready;
    tw_status status = create(kernel, settings, &ready);
    if (status.code == TW_OK)
        status = tw_problem_resolve(ready, (uint64_t)seed);
    if (status.code == TW_OK)
        status = tw_problem_open(ready, bench->target, 0, NULL, NULL);
    return give_problem(bench, status, ready, problem);
}

double tw_bench_bytes(const tw_bench_problem *problem) { return tw_problem_bytes(problem->problem); }

void tw_bench_release(tw_bench_problem *problem)
{
    if (!problem)
        return;
    tw_problem_free(problem->problem);
    free(problem);
}

int tw_bench_launch(tw_bench_problem *problem, void *stream)
{
    tw_target_use_stream(problem->target, stream);
    return give(tw_problem_launch(problem->problem));
}

int tw_bench_synchronize(tw_bench *bench) { return give(tw_target_synchronize(bench->target)); }

/* A kernel's bound is for the mean over many elements; a few may all lie near the middle between two numbers of
 * their dtype, one alone 1.6 bounds away. */
static double bound_of(const tw_kernel *kernel, const tw_tensor *tensor)
{
    return kernel->bound(tensor->dtype) * (1 + 2 / sqrt((double)tensor->count));
}

static tw_status check(tw_bench *bench, tw_problem *problem, int64_t seed, int64_t pad, tw_bench_error *errors,
                       int64_t room, int64_t *count)
{
    int pass;
    const tw_tensor *tensor;
    const tw_kernel *kernel = tw_problem_kernel(problem);
    TW_TRY(tw_problem_resolve(problem, (uint64_t)seed));
    TW_TRY(tw_problem_open(problem, bench->target, pad, NULL, NULL));
    TW_TRY(tw_problem_run(problem));
    TW_TRY(tw_problem_check(problem, &pass));
    for (size_t i = 0; (tensor = tw_problem_tensor_at(problem, i)); i++) {
        if (!tensor->is_output)
            continue;
        if (*count == room)
            return tw_fail(TW_INVALID, "%s has more than %lld outputs", kernel->name, (long long)room);
        const tw_error *error = &tensor->error;
        tw_bench_error *row = &errors[(*count)++];
        *row = (tw_bench_error){
            .relative = error->rel,
            .largest = error->max_abs,
            .mean_signed = error->mean_signed,
            .rms = error->rms,
            .bound = bound_of(kernel, tensor),
            .count = (int64_t)tensor->count,
            .mismatches = (int64_t)error->mismatches,
            .passes = tw_error_passes(error, bound_of(kernel, tensor)),
        };
        snprintf(row->tensor, sizeof row->tensor, "%s", tensor->row->name);
    }
    return tw_ok();
}

int tw_bench_check(tw_bench *bench, const char *kernel, const char *settings, int64_t seed, int64_t pad,
                   tw_bench_error *errors, int64_t room, int64_t *count)
{
    tw_problem *problem;
    *count = 0;
    tw_target_use_stream(bench->target, NULL);
    tw_status status = create(kernel, settings, &problem);
    if (status.code == TW_OK)
        status = check(bench, problem, seed, pad, errors, room, count);
    tw_problem_free(problem);
    return give(status);
}
