/* SPDX-License-Identifier: MIT
 *
 * What the attention's tests share: one call that sets up, runs and judges a problem, and the pieces of it.
 */
#ifndef TESTS_EXAMPLES_ATTENTION_CASE_H
#define TESTS_EXAMPLES_ATTENTION_CASE_H

#include "examples/attention/reference.h"
#include "words_case.h"

extern const tw_kernel tw_kernel_attention;

typedef struct {
    const char *words;            /* "Sq=17 causal=1": sizes, options and scalars */
    const char *score;            /* the user's expression; NULL: none */
    int pad;                      /* elements of poison behind each row */
    void (*before)(tw_problem *); /* changes the inputs; may be NULL */
    void (*after)(tw_problem *);  /* looks at the results before they are compared; may be NULL */
} attention_case;

static inline words_case attention_words(const attention_case *test)
{
    return (words_case){.kernel = &tw_kernel_attention,
                        .pad = test->pad,
                        .before = test->before,
                        .after = test->after,
                        .words = test->words,
                        .option = test->score ? "score" : NULL,
                        .expression = test->score};
}

/* The caller frees it. */
static inline tw_problem *attention_run(const attention_case *test)
{
    const words_case words = attention_words(test);
    return words_run(&words);
}

static inline void attention_check(const attention_case *test)
{
    const words_case words = attention_words(test);
    words_judge(&words);
}

/* The same with the words of a format. */
static inline void __attribute__((format(printf, 2, 3)))
attention_check_words(attention_case test, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    words_check_by(attention_words(&test), format, arguments);
    va_end(arguments);
}

/* Element (batch, head, position, place) of q, k, v or o, in either layout. */
static inline size_t attention_index(const tw_problem *problem, const tw_tensor *tensor, int64_t batch,
                                     int64_t head, int64_t position, int64_t place)
{
    const int64_t *dim = tensor->dim;
    if (tw_problem_option_is(problem, "layout", "bshd"))
        return (size_t)(((batch * dim[1] + position) * dim[2] + head) * dim[3] + place);
    return (size_t)(((batch * dim[1] + head) * dim[2] + position) * dim[3] + place);
}

/* The inputs of another problem of the same sizes. */
static inline void attention_take_inputs(tw_problem *problem, tw_problem *from)
{
    for (size_t i = 0; tw_problem_tensor_at(problem, i); i++) {
        tw_tensor *tensor = tw_problem_tensor_at(problem, i);
        const tw_tensor *source = tw_problem_tensor(from, tensor->row->name);
        if (!tensor->is_input)
            continue;
        assert_int_equal(tensor->count, source->count);
        memcpy(tensor->input, source->input, tensor->count * tw_dtype_bytes(tensor->dtype));
    }
}

/* `count` rows of q, k or v of one problem as those of another: all heads, from one batch and position on. */
static inline void attention_take_rows(tw_problem *problem, const char *name, tw_problem *from, int64_t batch,
                                       int64_t position, int64_t count)
{
    tw_tensor *tensor = tw_problem_tensor(problem, name);
    const tw_tensor *source = tw_problem_tensor(from, name);
    size_t bytes = tw_dtype_bytes(tensor->dtype), row_bytes = bytes * (size_t)tensor->dim[3];
    int64_t heads = tw_problem_size(problem, name[0] == 'q' ? "H" : "Hk");
    for (int64_t head = 0; head < heads; head++)
        for (int64_t row = 0; row < count; row++)
            memcpy((char *)tensor->input + attention_index(problem, tensor, 0, head, row, 0) * bytes,
                   (const char *)source->input +
                       attention_index(from, source, batch, head, position + row, 0) * bytes,
                   row_bytes);
}

/* Are o and lse of a row bit by bit the same in both problems? */
static inline int attention_same_row(tw_problem *problem, int64_t batch, int64_t head, int64_t position,
                                     tw_problem *other, int64_t other_batch, int64_t other_position)
{
    const tw_tensor *o = tw_problem_tensor(problem, "o"), *lse = tw_problem_tensor(problem, "lse");
    const tw_tensor *other_o = tw_problem_tensor(other, "o"), *other_lse = tw_problem_tensor(other, "lse");
    size_t bytes = tw_dtype_bytes(o->dtype), at = attention_index(problem, o, batch, head, position, 0);
    size_t other_at = attention_index(other, other_o, other_batch, head, other_position, 0);
    const float *sum = lse->result, *other_sum = other_lse->result;
    int64_t heads = lse->dim[1];
    return memcmp((const char *)o->result + at * bytes, (const char *)other_o->result + other_at * bytes,
                  bytes * (size_t)o->dim[3]) == 0 &&
           memcmp(sum + (batch * heads + head) * lse->dim[2] + position,
                  other_sum + (other_batch * heads + head) * other_lse->dim[2] + other_position,
                  sizeof *sum) == 0;
}

static inline void attention_require_same_row(const char *what, tw_problem *problem, int64_t batch,
                                              int64_t head, int64_t position, tw_problem *other,
                                              int64_t other_batch, int64_t other_position)
{
    if (!attention_same_row(problem, batch, head, position, other, other_batch, other_position))
        fail_msg("%s: batch %d, head %d, query %d is another on %s (TW_TEST_SEED=%llu)", what, (int)batch,
                 (int)head, (int)position, tw_target_identity(test_target)->name,
                 (unsigned long long)test_seed());
}

/* Replaces the input's elements by a function of the element and its place along the last dim. */
static inline void attention_change(tw_problem *problem, const char *name,
                                    double (*change)(double value, int64_t row, int64_t place))
{
    tw_tensor *tensor = tw_problem_tensor(problem, name);
    int64_t places = tensor->dim[tensor->rank - 1];
    size_t bytes = tw_dtype_bytes(tensor->dtype);
    for (size_t i = 0; i < tensor->count; i++) {
        double value;
        tw_dtype_decode(tensor->dtype, (char *)tensor->input + i * bytes, &value, 1);
        value = change(value, (int64_t)i / places, (int64_t)i % places);
        tw_dtype_encode(tensor->dtype, &value, (char *)tensor->input + i * bytes, 1);
    }
}

#endif
