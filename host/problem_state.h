/* SPDX-License-Identifier: MIT
 *
 * Inside of a problem, shared by problem.c, problem_resolve.c and problem_run.c. Private to the host library.
 */
#ifndef TW_HOST_PROBLEM_STATE_H
#define TW_HOST_PROBLEM_STATE_H

#include "problem.h"

enum { TW_SYMBOLS_MAX = 8, TW_OPTIONS_MAX = 16, TW_SCALARS_MAX = 8, TW_TENSORS_MAX = 16 };

struct tw_problem {
    const tw_kernel *kernel;
    uint64_t seed;
    int64_t size[TW_SYMBOLS_MAX];      /* 0: not said yet */
    char *size_source[TW_SYMBOLS_MAX]; /* who said it, for messages */
    char *option[TW_OPTIONS_MAX];
    void *expression[TW_OPTIONS_MAX]; /* dlopen handles of compiled expressions */
    double scalar[TW_SCALARS_MAX];
    char *input_path[TW_TENSORS_MAX]; /* by row of kernel->tensors; rows of one name share the first one's */
    tw_tensor tensor[TW_TENSORS_MAX];
    size_t tensor_count;
    char *define_text[TW_OPTIONS_MAX][2];
    tw_define define[TW_OPTIONS_MAX];
    size_t define_count;
    tw_target *target;
    tw_instance *instance;
    void *args;
    uint32_t grid[3];
};

/* Index of a name in its table, or -1. */
int tw_find_symbol(const tw_kernel *kernel, const char *name);
int tw_find_option(const tw_kernel *kernel, const char *name);
int tw_find_scalar(const tw_kernel *kernel, const char *name);
int tw_find_tensor(const tw_kernel *kernel, const char *name); /* its first row */

/* Whether a row is present under the options set. */
int tw_row_present(const tw_problem *problem, const tw_tensor_row *row);

#endif
