/* SPDX-License-Identifier: MIT
 *
 * A problem of any kernel in words, set up on fresh normal numbers, run and judged.
 */
#ifndef TESTS_EXAMPLES_WORDS_CASE_H
#define TESTS_EXAMPLES_WORDS_CASE_H

#include "kernel_case.h"

typedef struct {
    const tw_kernel *kernel;
    int pad;                         /* elements of poison behind each row */
    void (*before)(tw_problem *);    /* changes the inputs; may be NULL */
    void (*after)(tw_problem *);     /* looks at the results before they are compared; may be NULL */
    const char *words;               /* "M=17 dtype=f16": sizes, options and scalars */
    const char *option, *expression; /* an option that is a C expression; NULL: none */
    double unread;                   /* bytes of the inputs that the result does not depend on */
} words_case;

static inline void words_ok(const words_case *test, tw_status status)
{
    if (status.code != TW_OK)
        fail_msg("%s on %s, %s: %s (TW_TEST_SEED=%llu)", test->kernel->name,
                 tw_target_identity(test_target)->name, test->words, status.message,
                 (unsigned long long)test_seed());
}

/* The caller frees it. */
static inline tw_problem *words_run(const words_case *test)
{
    tw_problem *problem;
    words_ok(test, tw_problem_create(test->kernel, &problem));
    words_ok(test, tw_problem_set_words(problem, test->words));
    if (test->option)
        words_ok(test, tw_problem_set(problem, test->option, test->expression));
    words_ok(test, tw_problem_resolve(problem, test_seed() + (uint64_t)test_random(1 << 30)));
    if (test->before)
        test->before(problem);
    words_ok(test, tw_problem_open(problem, test_target, test->pad, NULL, NULL));
    words_ok(test, tw_problem_run(problem));
    return problem;
}

static inline double words_value(const tw_tensor *tensor, size_t index)
{
    double value;
    tw_dtype_decode(tensor->dtype, (const char *)tensor->result + index * tw_dtype_bytes(tensor->dtype),
                    &value, 1);
    return value;
}

static inline void words_fail(const words_case *test, const tw_tensor *tensor)
{
    const tw_error *error = &tensor->error;
    size_t at = error->mismatches ? error->first_mismatch : error->worst;
    fail_msg(
        "%s on %s, %s%s%s%s%s, pad %d: %s has relative error %.3g, mean signed %.3g of RMS %.3g, largest "
        "%.3g, %zu mismatches; element %zu is %.9g, not %.9g (TW_TEST_SEED=%llu)",
        test->kernel->name, tw_target_identity(test_target)->name, test->words, test->option ? " " : "",
        test->option ? test->option : "", test->option ? "=" : "", test->option ? test->expression : "",
        test->pad, tensor->row->name, error->rel, error->mean_signed, error->rms, error->max_abs,
        error->mismatches, at, words_value(tensor, at), tensor->reference[at],
        (unsigned long long)test_seed());
}

/* Runs the case. Outputs are poisoned, padding, guards and inputs checked by tw_problem_run; every output
 * must be within the kernel's bound of the float64 reference. */
static inline void words_judge(const words_case *test)
{
    int pass;
    tw_problem *problem = words_run(test);
    if (test->after)
        test->after(problem);
    words_ok(test, tw_problem_check(problem, &pass));
    for (size_t i = 0; !pass && tw_problem_tensor_at(problem, i); i++) {
        const tw_tensor *tensor = tw_problem_tensor_at(problem, i);
        if (tensor->is_output && !tensor->passes)
            words_fail(test, tensor);
    }
    tw_problem_free(problem);
}

/* The same with the words of a format. */
static inline void words_check_by(words_case test, const char *format, va_list arguments)
{
    char words[512];
    vsnprintf(words, sizeof words, format, arguments);
    test.words = words;
    words_judge(&test);
}

static inline void __attribute__((format(printf, 2, 3))) words_check(words_case test, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    words_check_by(test, format, arguments);
    va_end(arguments);
}

/* What the kernel asks global memory for is every tensor once, and little more. Emulated targets count it; on
 * others nothing is run. */
static inline void words_move_once(words_case test)
{
    if (tw_target_identity(test_target)->kind != TW_TARGET_EMULATED)
        return;
    tw_problem *problem = words_run(&test);
    const tw_traffic *traffic = tw_problem_traffic(problem);
    double moved = (double)traffic->global_read_bytes + (double)traffic->global_written_bytes;
    double ratio = moved / (tw_problem_bytes(problem) - test.unread);
    if (!(ratio >= 1 && ratio <= 1.15))
        fail_msg("%s on %s, %s: moves %.3f times the bytes of its tensors", test.kernel->name,
                 tw_target_identity(test_target)->name, test.words, ratio);
    tw_problem_free(problem);
}

#endif
