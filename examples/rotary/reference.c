/* SPDX-License-Identifier: MIT
 *
 * Rotary embedding in float64 over the inputs as their dtypes rounded them; nothing is rounded on the way.
 */
#include "reference.h"

#include <math.h>
#include <stdlib.h>

typedef struct {
    tw_problem *problem;
    const tw_tensor *frequency, *cos, *sin, *ids;
    int64_t tokens, dims, pairs, offset;
    int by_position, interleaved;
} rotary_job;

/* cos and sin of pair i at a token; 0 beyond the table. */
static void angle(const rotary_job *job, int64_t batch, int64_t token, int64_t i, double *c, double *s)
{
    int64_t position =
        job->ids ? ((const int32_t *)job->ids->input)[batch * job->tokens + token] : job->offset + token;
    if (job->frequency) {
        double radians = (double)position * (double)((const float *)job->frequency->input)[i];
        *c = cos(radians);
        *s = sin(radians);
    } else if (position >= 0 && position < job->cos->dim[0]) {
        *c = (double)((const float *)job->cos->input)[position * job->pairs + i];
        *s = (double)((const float *)job->sin->input)[position * job->pairs + i];
    } else {
        *c = *s = 0;
    }
}

static void turn_tensor(const rotary_job *job, const char *from_name, const char *to_name)
{
    const tw_tensor *from = tw_problem_tensor(job->problem, from_name);
    tw_tensor *to = tw_problem_tensor(job->problem, to_name);
    const int64_t heads = from->dim[job->by_position ? 2 : 1], rows = (int64_t)from->count / job->dims;
    tw_dtype_decode(from->dtype, from->input, to->reference, from->count);
    for (int64_t row = 0; row < rows; row++) {
        double *x = to->reference + row * job->dims;
        int64_t token = job->by_position ? row / heads % job->tokens : row % job->tokens;
        for (int64_t i = 0; i < job->pairs; i++) {
            double *a = x + (job->interleaved ? 2 * i : i), *b = job->interleaved ? a + 1 : a + job->pairs;
            double low = *a, high = *b, c, s;
            angle(job, row / (heads * job->tokens), token, i, &c, &s);
            *a = low * c - high * s;
            *b = low * s + high * c;
        }
    }
}

tw_status rotary_reference(tw_problem *problem)
{
    const rotary_job job = {
        .problem = problem,
        .frequency = tw_problem_tensor(problem, "frequency"),
        .cos = tw_problem_tensor(problem, "cos"),
        .sin = tw_problem_tensor(problem, "sin"),
        .ids = tw_problem_tensor(problem, "ids"),
        .tokens = tw_problem_size(problem, "S"),
        .dims = tw_problem_size(problem, "D"),
        .pairs = tw_problem_size(problem, "R2"),
        .offset = (int64_t)tw_problem_scalar(problem, "offset"),
        .by_position = tw_problem_option_is(problem, "layout", "bshd"),
        .interleaved = tw_problem_option_is(problem, "interleaved", "1"),
    };
    turn_tensor(&job, "q", "q_out");
    turn_tensor(&job, "k", "k_out");
    return tw_ok();
}
