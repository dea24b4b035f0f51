/* SPDX-License-Identifier: MIT
 *
 * Cross-entropy of a projection in float64 over the inputs as their dtype rounded them: all logits of a
 * token, their largest, the exponentials, their sum.
 */
#include "reference.h"

#include <math.h>
#include <stdlib.h>

typedef struct {
    int64_t vocabulary, depth, ignore;
    double smoothing, cap; /* cap 0: none */
    const double *weight;
} entropy_job;

/* The log-sum-exp of one token's logits, which `z` has room for; its loss through `loss`. */
static double token(const entropy_job *job, const double *hidden, int64_t label, double *z, double *loss)
{
    double max = -INFINITY, sum = 0, mean = 0;
    for (int64_t v = 0; v < job->vocabulary; v++) {
        double x = 0;
        for (int64_t d = 0; d < job->depth; d++)
            x += hidden[d] * job->weight[v * job->depth + d];
        z[v] = job->cap > 0 ? job->cap * tanh(x / job->cap) : x;
        max = z[v] > max ? z[v] : max;
    }
    for (int64_t v = 0; v < job->vocabulary; v++) {
        sum += exp(z[v] - max);
        mean += (z[v] - max) / (double)job->vocabulary;
    }
    *loss = 0;
    if (label != job->ignore && label >= 0 && label < job->vocabulary)
        *loss = log(sum) - (1 - job->smoothing) * (z[label] - max) - job->smoothing * mean;
    return log(sum) + max;
}

static double *decoded(const tw_tensor *tensor)
{
    double *values = malloc(tensor->count * sizeof *values);
    if (values)
        tw_dtype_decode(tensor->dtype, tensor->input, values, tensor->count);
    return values;
}

tw_status cross_entropy_reference(tw_problem *problem)
{
    tw_tensor *loss = tw_problem_tensor(problem, "loss"), *lse = tw_problem_tensor(problem, "lse");
    const int32_t *labels = tw_problem_tensor(problem, "labels")->input;
    double *hidden = decoded(tw_problem_tensor(problem, "hidden")),
           *weight = decoded(tw_problem_tensor(problem, "weight"));
    const int64_t tokens = tw_problem_size(problem, "T");
    const entropy_job job = {
        .vocabulary = tw_problem_size(problem, "V"),
        .depth = tw_problem_size(problem, "D"),
        .ignore = (int64_t)tw_problem_scalar(problem, "ignore"),
        .smoothing = tw_problem_option_is(problem, "smoothing_on", "1")
                         ? (double)(float)tw_problem_scalar(problem, "smoothing")
                         : 0,
        .cap = tw_problem_option_is(problem, "softcap", "1")
                   ? (double)(float)tw_problem_scalar(problem, "cap")
                   : 0,
        .weight = weight,
    };
    int out_of_memory = !hidden || !weight;
#ifdef _OPENMP
#pragma omp parallel for schedule(dynamic) reduction(| : out_of_memory)
#endif
    for (int64_t t = 0; t < (hidden && weight ? tokens : 0); t++) {
        double *z = malloc((size_t)job.vocabulary * sizeof *z);
        if (z)
            lse->reference[t] = token(&job, hidden + t * job.depth, labels[t], z, &loss->reference[t]);
        else
            out_of_memory = 1;
        free(z);
    }
    free(hidden);
    free(weight);
    return out_of_memory ? tw_fail(TW_NO_MEMORY, "no memory for cross_entropy's float64 reference") : tw_ok();
}
