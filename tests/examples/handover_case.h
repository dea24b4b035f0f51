/* SPDX-License-Identifier: MIT
 *
 * A recurrence's state handed over between the halves of a sequence, against one run of the whole.
 */
#ifndef TESTS_EXAMPLES_HANDOVER_CASE_H
#define TESTS_EXAMPLES_HANDOVER_CASE_H

#include "words_case.h"

/* A kernel with q, k, v, initial, o and final, as linear_attention's. */
typedef struct {
    const tw_kernel *kernel;
    const char *words;     /* options: state=1, tokens of a head one behind the other */
    const char *inputs[8]; /* those that have a row for each token; NULL ends */
} handover_case;

/* Rows [first, first + S) of the whole's inputs, one head's. */
static inline void handover_take_rows(const handover_case *test, tw_problem *problem, tw_problem *whole,
                                      int64_t first)
{
    for (int i = 0; test->inputs[i]; i++) {
        tw_tensor *to = tw_problem_tensor(problem, test->inputs[i]),
                  *from = tw_problem_tensor(whole, test->inputs[i]);
        size_t row = tw_dtype_bytes(to->dtype) * (size_t)(to->rank == 4 ? to->dim[3] : 1);
        memcpy(to->input, (const char *)from->input + (size_t)first * row,
               to->count * tw_dtype_bytes(to->dtype));
    }
}

static inline tw_problem *handover_run(const handover_case *test, int64_t length, tw_problem *whole,
                                       int64_t first, const void *initial)
{
    char words[256];
    tw_problem *problem;
    snprintf(words, sizeof words, "%s H=1 S=%d D=64 DV=64", test->words, (int)length);
    test_ok(tw_problem_create(test->kernel, &problem));
    test_ok(tw_problem_set_words(problem, words));
    test_ok(tw_problem_resolve(problem, test_seed()));
    tw_tensor *state = tw_problem_tensor(problem, "initial");
    if (whole)
        handover_take_rows(test, problem, whole, first);
    if (initial)
        memcpy(state->input, initial, state->count * sizeof(float));
    test_ok(tw_problem_open(problem, test_target, 0, NULL, NULL));
    test_ok(tw_problem_run(problem));
    return problem;
}

/* The square of the relative error of a result against the whole's reference from element `first` on. */
static inline double handover_square_error(const tw_tensor *part, const tw_tensor *whole, size_t first)
{
    double error = 0, size = 0;
    for (size_t i = 0; i < part->count; i++) {
        double x = words_value(part, i), y = whole->reference[first + i];
        error += (x - y) * (x - y);
        size += y * y;
    }
    return error / size;
}

/* 70 tokens, then 60 from the state they left, against one run of 130: within what either may be off. */
static inline void handover_check(handover_case test)
{
    int pass;
    tw_problem *whole = handover_run(&test, 130, NULL, 0, NULL);
    tw_problem *first = handover_run(&test, 70, whole, 0, tw_problem_tensor(whole, "initial")->input);
    tw_problem *second = handover_run(&test, 60, whole, 70, tw_problem_tensor(first, "final")->result);
    test_ok(tw_problem_check(whole, &pass));
    assert_true(pass);
    assert_true(
        handover_square_error(tw_problem_tensor(second, "o"), tw_problem_tensor(whole, "o"), 70 * 64) < 1e-4);
    assert_true(handover_square_error(tw_problem_tensor(second, "final"), tw_problem_tensor(whole, "final"),
                                      0) < 16e-6);
    tw_problem_free(whole);
    tw_problem_free(first);
    tw_problem_free(second);
}

#endif
