/* SPDX-License-Identifier: MIT
 *
 * Inside of a problem, shared by the files problem*.c. Private to the host library.
 */
#ifndef TW_HOST_PROBLEM_STATE_H
#define TW_HOST_PROBLEM_STATE_H

#include "problem.h"

enum { TW_SYMBOLS_MAX = 16, TW_OPTIONS_MAX = 24, TW_SCALARS_MAX = 8, TW_TENSORS_MAX = 32 };
enum { TW_LAUNCHES_MAX = 8, TW_BUFFERS_MAX = 8 };

/* A launch that has all it needs. */
typedef struct {
    const tw_launch_row *row; /* NULL: the kernel's one launch */
    tw_instance *instance;
    void *args;
    size_t args_bytes;
    uint32_t grid[3];
} tw_ready;

struct tw_problem {
    const tw_kernel *kernel;
    uint64_t seed;
    int64_t size[TW_SYMBOLS_MAX];      /* 0: not said yet */
    char *size_source[TW_SYMBOLS_MAX]; /* who said it, for messages */
    char *option[TW_OPTIONS_MAX];
    int option_said[TW_OPTIONS_MAX];  /* 1: by the user */
    void *expression[TW_OPTIONS_MAX]; /* dlopen handles of compiled expressions */
    double scalar[TW_SCALARS_MAX];
    int scalar_said[TW_SCALARS_MAX];
    char *input_path[TW_TENSORS_MAX]; /* by row of kernel->tensors; rows of one name share the first one's */
    tw_tensor_arg lent[TW_TENSORS_MAX]; /* likewise; data is NULL where nothing is lent */
    int lent_rank[TW_TENSORS_MAX];
    tw_tensor tensor[TW_TENSORS_MAX];
    size_t tensor_count;
    char *define_text[TW_OPTIONS_MAX][2];
    tw_define define[TW_OPTIONS_MAX];
    size_t define_count;
    tw_target *target;
    tw_ready launch[TW_LAUNCHES_MAX]; /* in order; open ones only */
    size_t launch_count;
    tw_tensor buffer[TW_BUFFERS_MAX]; /* between the launches */
    size_t buffer_count;
    tw_traffic traffic;    /* of the last run on an emulated target */
    tw_profile *profile;   /* of runs on emulated targets; NULL: nobody asks */
    tw_findings *findings; /* where those of emulated launches go; NULL: they fail the run */
};

/* Index of a name in its table, or -1. */
int tw_find_symbol(const tw_kernel *kernel, const char *name);
int tw_find_option(const tw_kernel *kernel, const char *name);
int tw_find_scalar(const tw_kernel *kernel, const char *name);
int tw_find_tensor(const tw_kernel *kernel, const char *name); /* its first row */

/* Replaces a text by a copy of `value`. */
void tw_assign(char **slot, const char *value);

/* A dim of a shape: size of the symbol + plus. */
typedef struct {
    int symbol;
    int64_t plus;
} tw_extent;

/* The dims of a row's shape; gives their number. */
int tw_row_extents(const tw_kernel *kernel, const tw_tensor_row *row, tw_extent extent[TW_RANK_MAX]);

/* Every symbol's size, those that nobody said from presets, and the options that follow from sizes. A symbol
 * of no present tensor gets 0. */
TW_CHECKED tw_status tw_settle_sizes(tw_problem *problem, int64_t size[TW_SYMBOLS_MAX]);

/* Device memory with guards for a tensor whose dims are known, and room for its result. */
TW_CHECKED tw_status tw_tensor_allocate(tw_target *target, tw_tensor *tensor, int64_t pad);

void tw_close_launches(tw_problem *problem);

#endif
