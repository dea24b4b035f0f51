/* SPDX-License-Identifier: MIT
 *
 * The recurrence as its definition says it, over the inputs as their dtypes rounded them. Nothing is rounded
 * on the way, and no two tokens are taken together.
 */
#include "reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef double feature_fn(double x);

enum { INPUT_NONE, INPUT_EXP, INPUT_SIGMOID };

typedef struct {
    tw_problem *problem;
    const tw_tensor *q, *k, *v, *gates, *decays, *input_gates, *betas, *initial, *initial_z, *initial_m;
    tw_tensor *o, *final, *final_z, *final_m;
    int64_t heads, length, d, dv, channels; /* channels: gates of a token */
    int by_position, causal, input, normaliser;
    double scale;
    feature_fn *feature; /* NULL: x */
} linear_job;

/* One head's state, and the rows of the token at hand. */
typedef struct {
    double *state, *z, m;
    double *q, *k, *v, *gate;
} linear_head;

/* Element 0 of row (batch, head, position) of a tensor by token. */
static size_t row_of(const linear_job *job, int64_t batch, int64_t head, int64_t position, int64_t width)
{
    return (size_t)((job->by_position ? (batch * job->length + position) * job->heads + head
                                      : (batch * job->heads + head) * job->length + position) *
                    width);
}

static void read_values(const tw_tensor *tensor, size_t first, double *values, int64_t count)
{
    tw_dtype_decode(tensor->dtype, (const char *)tensor->input + first * tw_dtype_bytes(tensor->dtype),
                    values, (size_t)count);
}

static void read_token(const linear_job *job, linear_head *h, int64_t batch, int64_t head, int64_t t)
{
    read_values(job->q, row_of(job, batch, head, t, job->d), h->q, job->d);
    read_values(job->k, row_of(job, batch, head, t, job->d), h->k, job->d);
    read_values(job->v, row_of(job, batch, head, t, job->dv), h->v, job->dv);
    for (int64_t i = 0; job->feature && i < job->d; i++) {
        h->q[i] = job->feature(h->q[i]);
        h->k[i] = job->feature(h->k[i]);
    }
    for (int64_t i = 0; i < job->d; i++)
        h->gate[i] = job->decays ? exp((double)((const float *)job->decays->input)[head]) : 1;
    for (int64_t i = 0; job->gates && i < job->d; i++) {
        double log_gate;
        read_values(job->gates,
                    row_of(job, batch, head, t, job->channels) + (size_t)(job->channels > 1 ? i : 0),
                    &log_gate, 1);
        h->gate[i] = exp(log_gate);
    }
}

/* The input gate of token t. An exponential one, and the state with it, is kept over e^m, m their running
 * maximum. */
static double input_gate(const linear_job *job, linear_head *h, int64_t batch, int64_t head, int64_t t)
{
    double x, m;
    if (job->input == INPUT_NONE)
        return 1;
    read_values(job->input_gates, row_of(job, batch, head, t, 1), &x, 1);
    if (job->input == INPUT_SIGMOID)
        return 1 / (1 + exp(-x));
    m = fmax(h->m + log(h->gate[0]), x);
    for (int64_t i = 0; i < job->d; i++)
        h->gate[i] = exp(log(h->gate[i]) + h->m - m);
    h->m = m;
    return exp(x - m);
}

static void take(const linear_job *job, linear_head *h, int64_t batch, int64_t head, int64_t t)
{
    const double weight = input_gate(job, h, batch, head, t);
    for (int64_t i = 0; i < job->d; i++) {
        double *row = h->state + i * job->dv, key = weight * h->k[i];
        for (int64_t n = 0; n < job->dv; n++)
            row[n] = h->gate[i] * row[n] + key * h->v[n];
        h->z[i] = h->gate[i] * h->z[i] + key;
    }
}

/* The delta rule: the state moves by a part beta of the way to where it holds the value under the key. */
static void correct(const linear_job *job, linear_head *h, int64_t batch, int64_t head, int64_t t)
{
    double beta;
    read_values(job->betas, row_of(job, batch, head, t, 1), &beta, 1);
    for (int64_t n = 0; n < job->dv; n++) {
        double held = 0;
        for (int64_t i = 0; i < job->d; i++) {
            h->state[i * job->dv + n] *= h->gate[i];
            held += h->state[i * job->dv + n] * h->k[i];
        }
        for (int64_t i = 0; i < job->d; i++)
            h->state[i * job->dv + n] += beta * h->k[i] * (h->v[n] - held);
    }
}

static void give(const linear_job *job, const linear_head *h, int64_t batch, int64_t head, int64_t t)
{
    double *o = job->o->reference + row_of(job, batch, head, t, job->dv), den = 0;
    memset(o, 0, (size_t)job->dv * sizeof *o);
    for (int64_t i = 0; i < job->d; i++) {
        const double query = job->scale * h->q[i], *row = h->state + i * job->dv;
        for (int64_t n = 0; n < job->dv; n++)
            o[n] += query * row[n];
        den += query * h->z[i];
    }
    if (job->input == INPUT_EXP)
        den = fmax(fabs(den), exp(-h->m));
    for (int64_t n = 0; n < job->dv && (job->normaliser || job->input == INPUT_EXP); n++)
        o[n] = den == 0 ? 0 : o[n] / den;
}

static void run_head(const linear_job *job, linear_head *h, int64_t batch, int64_t head)
{
    const size_t index = (size_t)(batch * job->heads + head), d = (size_t)job->d, size = d * (size_t)job->dv;
    h->m = 0;
    if (job->initial)
        read_values(job->initial, index * size, h->state, (int64_t)size);
    if (job->initial_z)
        read_values(job->initial_z, index * d, h->z, job->d);
    if (job->initial_m)
        read_values(job->initial_m, index, &h->m, 1);
    for (int64_t t = 0; t < job->length; t++) {
        read_token(job, h, batch, head, t);
        if (job->betas)
            correct(job, h, batch, head, t);
        else
            take(job, h, batch, head, t);
        if (job->causal)
            give(job, h, batch, head, t);
    }
    for (int64_t t = 0; t < job->length && !job->causal; t++) {
        read_token(job, h, batch, head, t);
        give(job, h, batch, head, t);
    }
    if (job->final)
        memcpy(job->final->reference + index * size, h->state, size * sizeof(double));
    if (job->final_z)
        memcpy(job->final_z->reference + index * d, h->z, d * sizeof(double));
    if (job->final_m)
        job->final_m->reference[index] = h->m;
}

static int run_new_head(const linear_job *job, int64_t batch, int64_t head)
{
    size_t d = (size_t)job->d, dv = (size_t)job->dv;
    double *room = calloc(d * dv + 4 * d + dv, sizeof *room);
    linear_head h = {.state = room};
    if (!room)
        return 0;
    h.z = room + d * dv;
    h.q = h.z + d;
    h.k = h.q + d;
    h.gate = h.k + d;
    h.v = h.gate + d;
    run_head(job, &h, batch, head);
    free(room);
    return 1;
}

static int has_option(const tw_problem *problem, const char *option)
{
    const tw_option *options = tw_problem_kernel(problem)->options;
    for (size_t i = 0; options[i].name; i++)
        if (!strcmp(options[i].name, option))
            return 1;
    return 0;
}

/* Does the kernel have the option, with this value? */
static int holds(const tw_problem *problem, const char *option, const char *value)
{
    return has_option(problem, option) && tw_problem_option_is(problem, option, value);
}

/* The tensor, NULL where it is absent or the kernel has none of the name. */
static tw_tensor *tensor_if_any(tw_problem *problem, const char *name)
{
    const tw_tensor_row *rows = tw_problem_kernel(problem)->tensors;
    for (size_t i = 0; rows[i].name; i++)
        if (!strcmp(rows[i].name, name))
            return tw_problem_tensor(problem, name);
    return NULL;
}

tw_status linear_reference(tw_problem *problem)
{
    void (*expression)(void) = NULL;
    if (has_option(problem, "feature"))
        TW_TRY(tw_problem_expression(problem, "feature", &expression));
    linear_job job = {
        .problem = problem,
        .q = tw_problem_tensor(problem, "q"),
        .k = tw_problem_tensor(problem, "k"),
        .v = tw_problem_tensor(problem, "v"),
        .o = tw_problem_tensor(problem, "o"),
        .gates = tensor_if_any(problem, "gates"),
        .decays = tensor_if_any(problem, "decays"),
        .input_gates = tensor_if_any(problem, "input_gates"),
        .betas = tensor_if_any(problem, "betas"),
        .initial = tensor_if_any(problem, "initial"),
        .initial_z = tensor_if_any(problem, "initial_z"),
        .initial_m = tensor_if_any(problem, "initial_m"),
        .final = tw_problem_tensor(problem, "final"),
        .final_z = tensor_if_any(problem, "final_z"),
        .final_m = tensor_if_any(problem, "final_m"),
        .heads = tw_problem_size(problem, "H"),
        .length = tw_problem_size(problem, "S"),
        .d = tw_problem_size(problem, "D"),
        .dv = tw_problem_size(problem, "DV"),
        .by_position = holds(problem, "layout", "bshd"),
        .causal = !holds(problem, "causal", "0"),
        .normaliser = holds(problem, "normaliser", "1"),
        .scale = (double)(float)tw_problem_scalar(problem, "scale"),
        .feature = (feature_fn *)expression,
    };
    job.input = holds(problem, "input", "exp")       ? INPUT_EXP
                : holds(problem, "input", "sigmoid") ? INPUT_SIGMOID
                                                     : INPUT_NONE;
    job.channels = job.gates && job.gates->rank == 4 ? job.d : 1;
    int64_t units = tw_problem_size(problem, "B") * job.heads;
    int out_of_memory = 0;
#ifdef _OPENMP
#pragma omp parallel for schedule(dynamic) reduction(| : out_of_memory)
#endif
    for (int64_t unit = 0; unit < units; unit++)
        out_of_memory |= !run_new_head(&job, unit / job.heads, unit % job.heads);
    return out_of_memory ? tw_fail(TW_NO_MEMORY, "no memory for the recurrence in float64") : tw_ok();
}
