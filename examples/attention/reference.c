/* SPDX-License-Identifier: MIT
 *
 * Attention in float64 over the inputs as their dtypes rounded them, straight from the definition: all scores
 * of a query, their largest, the exponentials, their sum, the weighted values. Nothing is rounded on the way.
 */
#include "reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef double score_fn(double x, int64_t b, int64_t h, int64_t i, int64_t j);

typedef struct {
    tw_problem *problem;
    const tw_tensor *q, *k, *v, *o, *lse, *bias, *slopes;
    int64_t heads, kv_heads, d, dv;
    int by_position;   /* layout bshd */
    double scale, cap; /* cap 0: none */
    score_fn *score;   /* NULL: x */
} attention_job;

/* What one head of one sequence needs: its keys d x count and values count x dv, one row of scores. */
typedef struct {
    double *k, *v, *query, *score;
} attention_panel;

int64_t attention_sequence_count(const tw_problem *problem)
{
    return tw_problem_size(problem, tw_problem_option_is(problem, "varlen", "1") ? "N" : "B");
}

attention_sequence attention_sequence_at(tw_problem *problem, int64_t index)
{
    const tw_tensor *cu_q = tw_problem_tensor(problem, "cu_q"), *cu_k = tw_problem_tensor(problem, "cu_k");
    if (!cu_q) {
        return (attention_sequence){.batch = index,
                                    .q_count = tw_problem_size(problem, "Sq"),
                                    .k_count = tw_problem_size(problem, "Sk")};
    }
    const int32_t *q = (const int32_t *)cu_q->input + index, *k = (const int32_t *)cu_k->input + index;
    return (attention_sequence){
        .q_begin = q[0], .k_begin = k[0], .q_count = q[1] - q[0], .k_count = k[1] - k[0]};
}

void attention_keys(const tw_problem *problem, const attention_sequence *sequence, int64_t i, int64_t *low,
                    int64_t *high)
{
    int64_t position = i + sequence->k_count - sequence->q_count; /* both end together */
    *low = 0;
    *high = sequence->k_count;
    if (tw_problem_option_is(problem, "window", "1")) {
        int64_t left = (int64_t)tw_problem_scalar(problem, "window_left");
        int64_t right = (int64_t)tw_problem_scalar(problem, "window_right");
        if (left >= 0 && position - left > *low)
            *low = position - left;
        if (right >= 0 && position + right + 1 < *high)
            *high = position + right + 1;
    }
    if (tw_problem_option_is(problem, "causal", "1") && position + 1 < *high)
        *high = position + 1;
}

/* `count` elements of a tensor as double, from row (batch, head, position) on, whichever way it lies. */
static void read_row(const attention_job *job, const tw_tensor *tensor, int64_t batch, int64_t head,
                     int64_t position, double *values)
{
    int64_t heads = tensor->dim[job->by_position ? 2 : 1], positions = tensor->dim[job->by_position ? 1 : 2];
    int64_t row = job->by_position ? (batch * positions + position) * heads + head
                                   : (batch * heads + head) * positions + position;
    tw_dtype_decode(tensor->dtype,
                    (const char *)tensor->input +
                        (size_t)(row * tensor->dim[3]) * tw_dtype_bytes(tensor->dtype),
                    values, (size_t)tensor->dim[3]);
}

static double *output_row(const attention_job *job, int64_t batch, int64_t head, int64_t position)
{
    const tw_tensor *o = job->o;
    int64_t heads = job->heads, positions = o->dim[job->by_position ? 1 : 2];
    int64_t row = job->by_position ? (batch * positions + position) * heads + head
                                   : (batch * heads + head) * positions + position;
    return o->reference + row * o->dim[3];
}

static double f32_at(const tw_tensor *tensor, int64_t index)
{
    return (double)((const float *)tensor->input)[index];
}

/* scores[j] of keys low .. high - 1, as the softmax takes them. */
static void score_row(const attention_job *job, const attention_sequence *sequence, int64_t n, int64_t head,
                      int64_t i, int64_t low, int64_t high, const attention_panel *panel)
{
    double *score = panel->score;
    int64_t count = sequence->k_count, position = i + count - sequence->q_count;
    memset(score, 0, (size_t)count * sizeof *score);
    for (int64_t d = 0; d < job->d; d++) {
        const double *k = panel->k + d * count, q = panel->query[d];
        for (int64_t j = low; j < high; j++)
            score[j] += q * k[j];
    }
    for (int64_t j = low; j < high; j++) {
        double x = score[j] * job->scale;
        if (job->cap > 0)
            x = job->cap * tanh(x / job->cap);
        if (job->bias)
            x += f32_at(job->bias, ((n * job->heads + head) * job->bias->dim[2] + i) * job->bias->dim[3] + j);
        if (job->slopes)
            x += f32_at(job->slopes, head) * (double)(j - position);
        score[j] = job->score ? job->score(x, n, head, i, j) : x;
    }
}

/* o = sum of exp(score) v / sum of exp(score), and the logarithm of that sum. */
static double soften_row(const attention_job *job, int64_t low, int64_t high, const attention_panel *panel,
                         double *o)
{
    double largest = -(double)INFINITY, sum = 0;
    memset(o, 0, (size_t)job->dv * sizeof *o);
    for (int64_t j = low; j < high; j++)
        largest = panel->score[j] > largest ? panel->score[j] : largest;
    if (largest == -(double)INFINITY)
        return largest;
    for (int64_t j = low; j < high; j++) {
        const double p = exp(panel->score[j] - largest), *v = panel->v + j * job->dv;
        sum += p;
        for (int64_t d = 0; d < job->dv; d++)
            o[d] += p * v[d];
    }
    for (int64_t d = 0; d < job->dv; d++)
        o[d] /= sum;
    return largest + log(sum);
}

static void compute_head(const attention_job *job, int64_t n, int64_t head, const attention_panel *panel)
{
    const attention_sequence sequence = attention_sequence_at(job->problem, n);
    const int64_t kv_head = head / (job->heads / job->kv_heads), count = sequence.k_count;
    for (int64_t j = 0; j < count; j++) {
        read_row(job, job->k, sequence.batch, kv_head, sequence.k_begin + j, panel->query);
        for (int64_t d = 0; d < job->d; d++)
            panel->k[d * count + j] = panel->query[d];
        read_row(job, job->v, sequence.batch, kv_head, sequence.k_begin + j, panel->v + j * job->dv);
    }
    for (int64_t i = 0; i < sequence.q_count; i++) {
        const int64_t row = sequence.q_begin + i;
        int64_t low, high;
        attention_keys(job->problem, &sequence, i, &low, &high);
        read_row(job, job->q, sequence.batch, head, row, panel->query);
        score_row(job, &sequence, n, head, i, low, high, panel);
        job->lse->reference[(sequence.batch * job->heads + head) * job->lse->dim[2] + row] =
            soften_row(job, low, high, panel, output_row(job, sequence.batch, head, row));
    }
}

static int compute_head_in_new_panel(const attention_job *job, int64_t n, int64_t head)
{
    size_t count = (size_t)attention_sequence_at(job->problem, n).k_count;
    attention_panel panel = {
        .k = malloc((count + 1) * (size_t)job->d * sizeof(double)),
        .v = malloc((count + 1) * (size_t)job->dv * sizeof(double)),
        .query = malloc((size_t)job->d * sizeof(double)),
        .score = malloc((count + 1) * sizeof(double)),
    };
    int complete = panel.k && panel.v && panel.query && panel.score;
    if (complete)
        compute_head(job, n, head, &panel);
    free(panel.k);
    free(panel.v);
    free(panel.query);
    free(panel.score);
    return complete;
}

tw_status attention_reference(tw_problem *problem)
{
    void (*expression)(void);
    TW_TRY(tw_problem_expression(problem, "score", &expression));
    attention_job job = {
        .problem = problem,
        .q = tw_problem_tensor(problem, "q"),
        .k = tw_problem_tensor(problem, "k"),
        .v = tw_problem_tensor(problem, "v"),
        .o = tw_problem_tensor(problem, "o"),
        .lse = tw_problem_tensor(problem, "lse"),
        .bias = tw_problem_tensor(problem, "bias"),
        .slopes = tw_problem_tensor(problem, "slopes"),
        .heads = tw_problem_size(problem, "H"),
        .kv_heads = tw_problem_size(problem, "Hk"),
        .d = tw_problem_size(problem, "D"),
        .dv = tw_problem_size(problem, "DV"),
        .by_position = tw_problem_option_is(problem, "layout", "bshd"),
        .scale = (double)(float)tw_problem_scalar(problem, "scale"),
        .cap = tw_problem_option_is(problem, "softcap", "1")
                   ? (double)(float)tw_problem_scalar(problem, "cap")
                   : 0,
        .score = (score_fn *)expression,
    };
    int64_t units = attention_sequence_count(problem) * job.heads;
    int out_of_memory = 0;
#ifdef _OPENMP
#pragma omp parallel for schedule(dynamic) reduction(| : out_of_memory)
#endif
    for (int64_t unit = 0; unit < units; unit++)
        out_of_memory |= !compute_head_in_new_panel(&job, unit / job.heads, unit % job.heads);
    return out_of_memory ? tw_fail(TW_NO_MEMORY, "no memory for attention's float64 reference") : tw_ok();
}
