/* SPDX-License-Identifier: MIT
 *
 * The results of tw run.
 */
#include "run_report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Sorts the times; the median of an even number is the mean of the middle two. */
static double median(cli_result *result)
{
    int n = result->launches;
    qsort(result->milliseconds, (size_t)n, sizeof *result->milliseconds, compare);
    return (result->milliseconds[(n - 1) / 2] + result->milliseconds[n / 2]) / 2;
}

void cli_describe_print(const tw_problem *problem, const tw_target *target)
{
    static const char *const origin[] = {"built in", "from the cache", "compiled now"};
    const tw_kernel *kernel = tw_problem_kernel(problem);
    printf("%s on %s (%s), kernel %s\n ", kernel->name, tw_target_identity(target)->name,
           tw_target_device(target), origin[tw_instance_where(tw_problem_instance(problem))]);
    for (const tw_symbol *s = kernel->symbols; s->name; s++) {
        int64_t size = tw_problem_size(problem, s->name);
        if (size)
            printf(" %s=%lld", s->name, (long long)size);
    }
    for (const tw_option *o = kernel->options; o && o->name; o++)
        printf(" %s=%s", o->name, tw_problem_option(problem, o->name));
    for (const tw_scalar *s = kernel->scalars; s && s->name; s++) {
        if (tw_problem_holds(problem, s->present))
            printf(" %s=%g", s->name, tw_problem_scalar(problem, s->name));
    }
    putchar('\n');
}

static const char *verdict(const tw_tensor *tensor, double bound)
{
    if (!tensor->passes)
        return "FAIL";
    if (tensor->error.rounding_alone && tensor->error.rel > bound)
        return "pass, rounding alone (each element is within 1e-5 of its reference but for one rounding to its dtype)";
    return "pass";
}

static void print_errors(const cli_result *result)
{
    const tw_kernel *kernel = tw_problem_kernel(result->problem);
    const tw_tensor *tensor;
    for (size_t i = 0; (tensor = tw_problem_tensor_at(result->problem, i)); i++) {
        if (!tensor->is_output)
            continue;
        const tw_error *error = &tensor->error;
        double bound = kernel->bound(tensor->dtype);
        printf("  %s (%s): relative error %.2e (bound %.1e), largest %.2e, mean signed %+.2e, RMS %.2e: %s\n",
               tensor->row->name, tw_dtype_name(tensor->dtype), error->rel, bound, error->max_abs,
               error->mean_signed, error->rms, verdict(tensor, bound));
        if (error->mismatches)
            printf(
                "  %s: %zu elements are NaN or infinite where they should not be, the first is number %zu\n",
                tensor->row->name, error->mismatches, error->first_mismatch);
    }
}

void cli_result_print(cli_result *result)
{
    cli_describe_print(result->problem, result->target);
    if (result->checked)
        print_errors(result);
    if (!result->launches)
        return;
    double middle = median(result);
    double flops = tw_problem_kernel(result->problem)->flops(result->problem);
    printf("  time: median %.4g ms (%.4g to %.4g, %d launches), %.4g GFLOP/s, %.4g GB/s\n", middle,
           result->milliseconds[0], result->milliseconds[result->launches - 1], result->launches,
           flops / middle * 1e-6, tw_problem_bytes(result->problem) / middle * 1e-6);
}

/* How much of its bound an output's error takes; infinite where no bound would let it pass. */
static double share_of_bound(const tw_kernel *kernel, const tw_tensor *tensor)
{
    return tensor->error.mismatches ? (double)INFINITY : tensor->error.rel / kernel->bound(tensor->dtype);
}

/* Of the output that is nearest to its bound, or furthest beyond. */
static void add_errors(cJSON *json, const cli_result *result)
{
    const tw_kernel *kernel = tw_problem_kernel(result->problem);
    const tw_tensor *tensor, *worst = NULL;
    for (size_t i = 0; (tensor = tw_problem_tensor_at(result->problem, i)); i++) {
        if (tensor->is_output && (!worst || share_of_bound(kernel, tensor) > share_of_bound(kernel, worst)))
            worst = tensor;
    }
    cJSON_AddStringToObject(json, "output", worst->row->name);
    cJSON_AddNumberToObject(json, "rel_err", worst->error.rel);
    cJSON_AddNumberToObject(json, "max_abs_err", worst->error.max_abs);
    cJSON_AddNumberToObject(json, "mean_signed_err", worst->error.mean_signed);
    cJSON_AddNumberToObject(json, "reference_rms", worst->error.rms);
    cJSON_AddNumberToObject(json, "mismatches", (double)worst->error.mismatches);
    cJSON_AddNumberToObject(json, "bound", kernel->bound(worst->dtype));
    cJSON_AddBoolToObject(json, "rounding_alone", worst->error.rounding_alone);
    cJSON_AddBoolToObject(json, "pass", result->pass);
}

void cli_describe_json(cJSON *json, const tw_problem *problem, const tw_target *target)
{
    const tw_kernel *kernel = tw_problem_kernel(problem);
    cJSON_AddStringToObject(json, "kernel", kernel->name);
    cJSON_AddStringToObject(json, "target", tw_target_identity(target)->name);
    cJSON_AddStringToObject(json, "device", tw_target_device(target));
    cJSON *shape = cJSON_AddObjectToObject(json, "shape");
    for (const tw_symbol *s = kernel->symbols; s->name; s++) {
        int64_t size = tw_problem_size(problem, s->name);
        if (size)
            cJSON_AddNumberToObject(shape, s->name, (double)size);
    }
    cJSON *options = cJSON_AddObjectToObject(json, "options");
    for (const tw_option *o = kernel->options; o && o->name; o++)
        cJSON_AddStringToObject(options, o->name, tw_problem_option(problem, o->name));
    for (const tw_scalar *s = kernel->scalars; s && s->name; s++) {
        if (tw_problem_holds(problem, s->present))
            cJSON_AddNumberToObject(options, s->name, tw_problem_scalar(problem, s->name));
    }
}

void cli_traffic_json(cJSON *json, const tw_traffic *traffic)
{
    if (!traffic->global_read_bytes && !traffic->global_written_bytes)
        return;
    cJSON_AddNumberToObject(json, "global_read_bytes", (double)traffic->global_read_bytes);
    cJSON_AddNumberToObject(json, "global_written_bytes", (double)traffic->global_written_bytes);
    cJSON_AddNumberToObject(json, "copied_bytes", (double)traffic->copied_bytes);
    cJSON_AddNumberToObject(json, "matrix_instructions", (double)traffic->matrix_instructions);
    cJSON_AddNumberToObject(json, "matrix_flops", (double)traffic->matrix_flops);
    cJSON_AddNumberToObject(json, "exponentials", (double)traffic->exponentials);
}

tw_status cli_result_json(cli_result *result, const char *path)
{
    const tw_kernel *kernel = tw_problem_kernel(result->problem);
    cJSON *json = cJSON_CreateObject();
    cli_describe_json(json, result->problem, result->target);
    cJSON_AddNumberToObject(json, "seed", (double)result->seed);
    if (result->checked)
        add_errors(json, result);
    if (result->launches) {
        double middle = median(result);
        cJSON_AddNumberToObject(json, "median_ms", middle);
        cJSON_AddNumberToObject(json, "min_ms", result->milliseconds[0]);
        cJSON_AddNumberToObject(json, "max_ms", result->milliseconds[result->launches - 1]);
        cJSON_AddNumberToObject(json, "gflops", kernel->flops(result->problem) / middle * 1e-6);
    }
    cJSON_AddNumberToObject(json, "bytes", tw_problem_bytes(result->problem));
    cli_traffic_json(json, tw_problem_traffic(result->problem));
    tw_status status = cli_json_write(path, json);
    cJSON_Delete(json);
    return status;
}
