/* SPDX-License-Identifier: MIT
 *
 * The recurrence as its definition says it: features of each token, the state and its normaliser.
 */
#include "reference.h"

#include <math.h>
#include <stdlib.h>

typedef struct {
    const tw_tensor *q, *k, *v;
    tw_tensor *o;
    int64_t length, d, dv, features;
    double scale;
    int normaliser;
} based_job;

static void read_row(const tw_tensor *tensor, int64_t row, int64_t width, double *values)
{
    tw_dtype_decode(tensor->dtype,
                    (const char *)tensor->input + (size_t)(row * width) * tw_dtype_bytes(tensor->dtype),
                    values, (size_t)width);
}

/* phi(scale x) into f. */
static void map_features(const double *x, int64_t d, double scale, double *f)
{
    *f++ = 1;
    for (int64_t i = 0; i < d; i++)
        *f++ = scale * x[i];
    for (int64_t i = 0; i < d; i++)
        for (int64_t j = 0; j < d; j++)
            *f++ = scale * x[i] * scale * x[j] / sqrt(2);
}

static int run_head(const based_job *job, int64_t head)
{
    const int64_t n = job->features, dv = job->dv;
    double *state = calloc((size_t)(n * dv + 3 * n + job->d + dv), sizeof *state);
    if (!state)
        return 0;
    double *z = state + n * dv, *q = z + n, *k = q + n, *x = k + n, *v = x + job->d;
    for (int64_t t = head * job->length; t < (head + 1) * job->length; t++) {
        double *o = job->o->reference + t * dv, den = 0;
        read_row(job->k, t, job->d, x);
        map_features(x, job->d, 1, k);
        read_row(job->q, t, job->d, x);
        map_features(x, job->d, job->scale, q);
        read_row(job->v, t, dv, v);
        for (int64_t c = 0; c < dv; c++)
            o[c] = 0;
        for (int64_t f = 0; f < n; f++) {
            z[f] += k[f];
            den += q[f] * z[f];
            for (int64_t c = 0; c < dv; c++) {
                state[f * dv + c] += k[f] * v[c];
                o[c] += q[f] * state[f * dv + c];
            }
        }
        for (int64_t c = 0; c < dv && job->normaliser; c++)
            o[c] /= den;
    }
    free(state);
    return 1;
}

tw_status based_reference(tw_problem *problem)
{
    based_job job = {
        .q = tw_problem_tensor(problem, "q"),
        .k = tw_problem_tensor(problem, "k"),
        .v = tw_problem_tensor(problem, "v"),
        .o = tw_problem_tensor(problem, "o"),
        .length = tw_problem_size(problem, "S"),
        .d = tw_problem_size(problem, "D"),
        .dv = tw_problem_size(problem, "DV"),
        .scale = (double)(float)tw_problem_scalar(problem, "scale"),
        .normaliser = tw_problem_option_is(problem, "normaliser", "1"),
    };
    int64_t heads = tw_problem_size(problem, "B") * tw_problem_size(problem, "H");
    int out_of_memory = 0;
    job.features = 1 + job.d + job.d * job.d;
#ifdef _OPENMP
#pragma omp parallel for schedule(dynamic) reduction(| : out_of_memory)
#endif
    for (int64_t head = 0; head < heads; head++)
        out_of_memory |= !run_head(&job, head);
    return out_of_memory ? tw_fail(TW_NO_MEMORY, "no memory for the recurrence in float64") : tw_ok();
}
