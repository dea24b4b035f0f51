/* SPDX-License-Identifier: MIT
 *
 * Suite `kernels`: every kernel on the cases its description lists; without a list under its preset options
 * and under each other value of each option, at sizes around the tiles' edges. Rows padded in every other case.
 */
#include <stdio.h>
#include <stdlib.h>

#include "verify.h"

/* One problem of the kernel, with one setting changed if `option` is not NULL. The sizes differ from symbol
 * to symbol. */
static void run_case(cli_verification *verification, const tw_kernel *kernel, const tw_option *option,
                     const char *value, const int64_t *sizes, size_t size_count, size_t first)
{
    tw_problem *problem;
    tw_status status = tw_problem_create(kernel, &problem);
    tw_list name = {0};
    tw_list_add(&name, "%s", kernel->name);
    if (option) {
        tw_list_add(&name, "%s=%s", option->name, value);
        if (status.code == TW_OK)
            status = tw_problem_set(problem, option->name, value);
    }
    for (size_t i = 0; status.code == TW_OK && kernel->symbols[i].name; i++) {
        int64_t size = sizes[(first + i) % size_count];
        tw_list_add(&name, "%s=%lld", kernel->symbols[i].name, (long long)size);
        status = tw_problem_set_size(problem, kernel->symbols[i].name, size);
    }
    char *text = tw_list_command(&name);
    if (status.code == TW_OK)
        cli_case_problem(verification, text, problem, first % 2 ? 3 : 0);
    else
        cli_case(verification, text, status.message);
    tw_problem_free(problem);
    free(text);
    tw_list_free(&name);
}

static void run_listed(cli_verification *verification, const tw_kernel *kernel, const char *words, int64_t pad)
{
    tw_problem *problem;
    tw_status status = tw_problem_create(kernel, &problem);
    char *text = tw_text_format("%s %s", kernel->name, words);
    if (status.code == TW_OK)
        status = tw_problem_set_words(problem, words);
    if (status.code == TW_OK)
        cli_case_problem(verification, text, problem, pad);
    else
        cli_case(verification, text, status.message);
    tw_problem_free(problem);
    free(text);
}

void tw_suite_kernels(cli_verification *verification)
{
    static const int64_t sizes[] = {1, 63, 130, 16, 17, 200, 64, 15};
    enum { SIZES = sizeof sizes / sizeof *sizes };
    for (int k = 0; cli_kernel_list[k]; k++) {
        const tw_kernel *kernel = cli_kernel_list[k];
        for (size_t i = 0; kernel->cases && kernel->cases[i]; i++)
            run_listed(verification, kernel, kernel->cases[i], i % 2 ? 3 : 0);
        if (kernel->cases)
            continue;
        for (size_t first = 0; first < SIZES; first++)
            run_case(verification, kernel, NULL, NULL, sizes, SIZES, first);
        for (const tw_option *option = kernel->options; option && option->name; option++) {
            tw_list values = {0};
            tw_list_add_words(&values, option->values);
            for (size_t v = 0; v < values.count; v++)
                run_case(verification, kernel, option, values.item[v], sizes, SIZES, v + 1);
            tw_list_free(&values);
        }
    }
}
