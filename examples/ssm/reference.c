/* SPDX-License-Identifier: MIT
 *
 * The state-space model in float64 over the inputs as their dtypes rounded them. Nothing is rounded on the
 * way.
 */
#include "reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    tw_problem *problem;
    const tw_tensor *x, *dt, *a, *b, *c, *d, *z, *bias;
    tw_tensor *y;
    int softplus;
    int64_t heads, groups, channels, states;
    double *state, *row_b, *row_c, *row_x, *row_z; /* of one head: channels x states, states, channels */
} ssm_job;

/* `count` elements from `first` on; zeros where the tensor is absent. */
static void read_elements(const tw_tensor *tensor, int64_t first, int64_t count, double *values)
{
    memset(values, 0, (size_t)count * sizeof *values);
    if (tensor)
        tw_dtype_decode(tensor->dtype,
                        (const char *)tensor->input + (size_t)first * tw_dtype_bytes(tensor->dtype), values,
                        (size_t)count);
}

static double element(const tw_tensor *tensor, int64_t index)
{
    double value;
    read_elements(tensor, index, 1, &value);
    return value;
}

static double time_step(const ssm_job *job, int64_t token, int64_t head)
{
    double v = element(job->dt, token * job->heads + head) + element(job->bias, head);
    return job->softplus ? fmax(v, 0) + log1p(exp(-fabs(v))) : v;
}

/* One token of one head; tokens of all batches are numbered through. */
static void take_token(ssm_job *job, int64_t token, int64_t head)
{
    const int64_t P = job->channels, N = job->states, group = head / (job->heads / job->groups);
    const double dt = time_step(job, token, head), decay = exp(dt * element(job->a, head));
    const double skip = element(job->d, head);
    read_elements(job->x, (token * job->heads + head) * P, P, job->row_x);
    read_elements(job->z, (token * job->heads + head) * P, P, job->row_z);
    read_elements(job->b, (token * job->groups + group) * N, N, job->row_b);
    read_elements(job->c, (token * job->groups + group) * N, N, job->row_c);
    for (int64_t p = 0; p < P; p++) {
        double *state = job->state + p * N, y = skip * job->row_x[p], z = job->row_z[p];
        for (int64_t n = 0; n < N; n++) {
            state[n] = decay * state[n] + dt * job->row_x[p] * job->row_b[n];
            y += state[n] * job->row_c[n];
        }
        job->y->reference[(token * job->heads + head) * P + p] = job->z ? y * z / (1 + exp(-z)) : y;
    }
}

/* All heads of `count` tokens from `first` on, from state `from`, absent: 0, into state `to`, which may be
 * absent; `index` numbers the sequence's state in both. */
static void take_sequence(ssm_job *job, int64_t first, int64_t count, int64_t index, const tw_tensor *from,
                          tw_tensor *to)
{
    const int64_t size = job->channels * job->states;
    for (int64_t head = 0; head < job->heads; head++) {
        int64_t at = (index * job->heads + head) * size;
        read_elements(from, at, size, job->state);
        for (int64_t t = 0; t < count; t++)
            take_token(job, first + t, head);
        if (to)
            memcpy(to->reference + at, job->state, (size_t)size * sizeof *job->state);
    }
}

static tw_status open_job(tw_problem *problem, ssm_job *job)
{
    *job = (ssm_job){
        .problem = problem,
        .x = tw_problem_tensor(problem, "x"),
        .dt = tw_problem_tensor(problem, "dt"),
        .a = tw_problem_tensor(problem, "a"),
        .b = tw_problem_tensor(problem, "b"),
        .c = tw_problem_tensor(problem, "c"),
        .d = tw_problem_tensor(problem, "d"),
        .z = tw_problem_tensor(problem, "z"),
        .bias = tw_problem_tensor(problem, "bias"),
        .y = tw_problem_tensor(problem, "y"),
        .softplus = tw_problem_option_is(problem, "softplus", "1"),
        .heads = tw_problem_size(problem, "H"),
        .groups = tw_problem_size(problem, "G"),
        .channels = tw_problem_size(problem, "P"),
        .states = tw_problem_size(problem, "N"),
    };
    const int64_t P = job->channels, N = job->states;
    job->state = malloc((size_t)(P * N + 2 * N + 2 * P) * sizeof *job->state);
    if (!job->state)
        return tw_fail(TW_NO_MEMORY, "no memory for the float64 reference of ssm");
    job->row_b = job->state + P * N;
    job->row_c = job->row_b + N;
    job->row_x = job->row_c + N;
    job->row_z = job->row_x + P;
    return tw_ok();
}

int64_t ssm_sequence_count(const tw_problem *problem)
{
    return tw_problem_size(problem, tw_problem_option_is(problem, "varlen", "1") ? "Ns" : "B");
}

ssm_sequence ssm_sequence_at(tw_problem *problem, int64_t index)
{
    const tw_tensor *cu = tw_problem_tensor(problem, "cu");
    if (!cu)
        return (ssm_sequence){.batch = index, .count = tw_problem_size(problem, "S")};
    const int32_t *cut = (const int32_t *)cu->input + index;
    return (ssm_sequence){.begin = cut[0], .count = cut[1] - cut[0]};
}

tw_status ssm_reference(tw_problem *problem)
{
    const tw_tensor *initial = tw_problem_tensor(problem, "initial");
    tw_tensor *final = tw_problem_tensor(problem, "final");
    ssm_job job;
    TW_TRY(open_job(problem, &job));
    for (int64_t n = 0; n < ssm_sequence_count(problem); n++) {
        ssm_sequence sequence = ssm_sequence_at(problem, n);
        int64_t first = sequence.batch * tw_problem_size(problem, "S") + sequence.begin;
        take_sequence(&job, first, sequence.count, n, initial, final);
    }
    free(job.state);
    return tw_ok();
}

tw_status ssm_step_reference(tw_problem *problem)
{
    tw_tensor *state = tw_problem_tensor(problem, "state");
    ssm_job job;
    TW_TRY(open_job(problem, &job));
    for (int64_t batch = 0; batch < tw_problem_size(problem, "B"); batch++)
        take_sequence(&job, batch, 1, batch, state, state);
    free(job.state);
    return tw_ok();
}

/* Every element of a present tensor that the host has at hand: `below` 1 asks that none is below 0, 0 that
 * none is above. */
static tw_status validate_sign(tw_problem *problem, const char *name, int below)
{
    const tw_tensor *tensor = tw_problem_tensor(problem, name);
    for (size_t i = 0; tensor && tensor->input && i < tensor->count; i++) {
        double value = element(tensor, (int64_t)i);
        if (below ? value < 0 : value > 0)
            return tw_fail(TW_INVALID, "%s is %g at element %zu; it must not be %s 0%s", name, value, i,
                           below ? "below" : "above", below ? " without softplus" : "");
    }
    return tw_ok();
}

tw_status ssm_validate(tw_problem *problem)
{
    long long heads = tw_problem_size(problem, "H"), groups = tw_problem_size(problem, "G");
    if (heads % groups != 0)
        return tw_fail(TW_INVALID, "H is %lld and G %lld; H must be a multiple of G", heads, groups);
    TW_TRY(validate_sign(problem, "a", 0));
    if (tw_problem_option_is(problem, "softplus", "1"))
        return tw_ok();
    TW_TRY(validate_sign(problem, "dt", 1));
    return validate_sign(problem, "bias", 1);
}

static void random_numbers(const tw_problem *problem, const tw_tensor *tensor, double *values)
{
    tw_random_normal(tw_problem_seed(problem), tensor->row->name, 0, values, tensor->count);
}

void ssm_random_dt(const tw_problem *problem, const tw_tensor *tensor, double *values)
{
    random_numbers(problem, tensor, values);
    if (tw_problem_option_is(problem, "softplus", "1"))
        return;
    for (size_t i = 0; i < tensor->count; i++)
        values[i] = 0.1 * fabs(values[i]);
}

/* -e^n, n normal: most heads forget within a few dozen tokens, some within one. */
void ssm_random_a(const tw_problem *problem, const tw_tensor *tensor, double *values)
{
    random_numbers(problem, tensor, values);
    for (size_t i = 0; i < tensor->count; i++)
        values[i] = -exp(values[i]);
}

void ssm_random_bias(const tw_problem *problem, const tw_tensor *tensor, double *values)
{
    int softplus = tw_problem_option_is(problem, "softplus", "1");
    random_numbers(problem, tensor, values);
    for (size_t i = 0; i < tensor->count; i++)
        values[i] = softplus ? values[i] - 3 : 0.05 * fabs(values[i]);
}

double ssm_flops(const tw_problem *problem)
{
    const tw_tensor *x = tw_problem_tensor((tw_problem *)problem, "x");
    return 4 * (double)x->count * (double)tw_problem_size(problem, "N");
}
