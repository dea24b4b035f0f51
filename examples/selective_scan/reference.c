/* SPDX-License-Identifier: MIT
 *
 * The selective scan in float64 over the inputs as their dtypes rounded them: step by step, channel by
 * channel.
 */
#include "reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    double *x, *delta, *z, *b, *c, *a, *bias, *skip, *first; /* decoded; NULL where absent */
    double *y, *last;
    int64_t channels, states;
    int softplus;
} scan_job;

int64_t selective_scan_sequences(const tw_problem *problem)
{
    return tw_problem_size(problem, tw_problem_option_is(problem, "varlen", "1") ? "S" : "B");
}

int64_t selective_scan_begin(tw_problem *problem, int64_t sequence)
{
    const tw_tensor *cu = tw_problem_tensor(problem, "cu");
    return cu ? ((const int32_t *)cu->input)[sequence] : sequence * tw_problem_size(problem, "L");
}

static double *decoded(tw_problem *problem, const char *name, int *failed)
{
    const tw_tensor *tensor = tw_problem_tensor(problem, name);
    double *values = tensor ? malloc(tensor->count * sizeof *values) : NULL;
    if (values)
        tw_dtype_decode(tensor->dtype, tensor->input, values, tensor->count);
    *failed |= tensor && !values;
    return values;
}

/* Tokens [begin, end) of one channel of a sequence. */
static void scan(const scan_job *job, int64_t sequence, int64_t e, int64_t begin, int64_t end)
{
    double *h = job->last + (sequence * job->channels + e) * job->states;
    for (int64_t n = 0; n < job->states; n++)
        h[n] = job->first ? job->first[(sequence * job->channels + e) * job->states + n] : 0;
    for (int64_t t = begin; t < end; t++) {
        int64_t at = t * job->channels + e;
        double dt = job->delta[at] + (job->bias ? job->bias[e] : 0), sum = 0;
        dt = !job->softplus ? dt : dt > 40 ? dt : log1p(exp(dt));
        for (int64_t n = 0; n < job->states; n++) {
            h[n] =
                exp(dt * job->a[e * job->states + n]) * h[n] + dt * job->b[t * job->states + n] * job->x[at];
            sum += job->c[t * job->states + n] * h[n];
        }
        sum += job->skip ? job->skip[e] * job->x[at] : 0;
        job->y[at] = job->z ? sum * job->z[at] / (1 + exp(-job->z[at])) : sum;
    }
}

/* `from` and `to` name the tensors of the states before and behind. */
static tw_status open_job(tw_problem *problem, scan_job *job, const char *from, const char *to)
{
    int failed = 0;
    *job = (scan_job){
        .x = decoded(problem, "x", &failed),
        .delta = decoded(problem, "delta", &failed),
        .z = decoded(problem, "z", &failed),
        .b = decoded(problem, "b", &failed),
        .c = decoded(problem, "c", &failed),
        .a = decoded(problem, "a", &failed),
        .bias = decoded(problem, "bias", &failed),
        .skip = decoded(problem, "skip", &failed),
        .first = decoded(problem, from, &failed),
        .y = tw_problem_tensor(problem, "y")->reference,
        .last = tw_problem_tensor(problem, to)->reference,
        .channels = tw_problem_size(problem, "E"),
        .states = tw_problem_size(problem, "N"),
        .softplus = tw_problem_option_is(problem, "softplus", "1"),
    };
    return failed ? tw_fail(TW_NO_MEMORY, "no memory for selective_scan's float64 reference") : tw_ok();
}

static void close_job(scan_job *job)
{
    double *const all[] = {job->x, job->delta, job->z,    job->b,    job->c,
                           job->a, job->bias,  job->skip, job->first};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

/* All channels of tokens [begin, end). */
static void scan_channels(const scan_job *job, int64_t sequence, int64_t begin, int64_t end)
{
#ifdef _OPENMP
#pragma omp parallel for
#endif
    for (int64_t e = 0; e < job->channels; e++)
        scan(job, sequence, e, begin, end);
}

tw_status selective_scan_reference(tw_problem *problem)
{
    scan_job job;
    const int64_t length = tw_problem_size(problem, "L");
    const int varlen = tw_problem_option_is(problem, "varlen", "1");
    tw_status status = open_job(problem, &job, "first", "last");
    for (int64_t s = 0; s < selective_scan_sequences(problem) && status.code == TW_OK; s++) {
        int64_t begin = selective_scan_begin(problem, s);
        scan_channels(&job, s, begin, varlen ? selective_scan_begin(problem, s + 1) : begin + length);
    }
    close_job(&job);
    return status;
}

tw_status selective_scan_step_reference(tw_problem *problem)
{
    scan_job job;
    tw_status status = open_job(problem, &job, "state", "state");
    for (int64_t batch = 0; batch < tw_problem_size(problem, "B") && status.code == TW_OK; batch++)
        scan_channels(&job, batch, batch, batch + 1);
    close_job(&job);
    return status;
}

/* -1 ... -N in every channel, the usual start of training. */
void selective_scan_decays(const tw_problem *problem, const tw_tensor *tensor, double *values)
{
    (void)problem;
    for (size_t i = 0; i < tensor->count; i++)
        values[i] = -(double)(i % (size_t)tensor->dim[1] + 1);
}

/* Steps of some hundredths. */
void selective_scan_biases(const tw_problem *problem, const tw_tensor *tensor, double *values)
{
    tw_random_normal(tw_problem_seed(problem), "bias", 0, values, tensor->count);
    for (size_t i = 0; i < tensor->count; i++)
        values[i] -= 4;
}

double selective_scan_bound(tw_dtype dtype)
{
    switch (dtype) {
    case TW_DTYPE_BF16: return 2.5e-3;
    case TW_DTYPE_F16: return 3e-4;
    default: return 3e-5;
    }
}
