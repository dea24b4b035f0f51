/* SPDX-License-Identifier: MIT
 *
 * A kernel described as data, so that one tool can list, run, check and time any kernel. A new kernel is a
 * folder of examples/ with its source and a <name>_host.c that defines `const tw_kernel tw_kernel_<name>`,
 * and one line in examples/kernels.def.
 *
 * Symbols (M, N, K) are sizes: input files give them, or --shape. Options are macros of the instance. Scalars
 * (alpha) are run-time arguments. Tables end with a row whose name is NULL.
 */
#ifndef TW_HOST_KERNEL_H
#define TW_HOST_KERNEL_H

#include <stddef.h>
#include <stdint.h>

#include "arch/abi.h"
#include "dtype.h"
#include "status.h"

typedef struct tw_problem tw_problem;

typedef struct {
    const char *name;
    int64_t preset; /* where neither a file nor the user says it */
    const char *meaning;
} tw_symbol;

typedef struct {
    const char *name;       /* as in --set name=value */
    const char *macro;      /* GEMM_OUT */
    const char *values;     /* the allowed ones, separated by blanks; NULL: a C expression */
    const char *parameters; /* of an expression: "x, r, c" ... */
    const char
        *reference_parameters; /* ... and typed for its float64 reference: "double x, int64_t r, int64_t c" */
    const char *preset;
    const char *meaning;
} tw_option;

typedef struct {
    const char *name;
    double preset;
    const char *meaning;
} tw_scalar;

typedef enum { TW_DIRECTION_IN, TW_DIRECTION_OUT, TW_DIRECTION_INOUT } tw_direction;

/* Several rows may share a name if at most one of them is present under any options. */
typedef struct {
    const char *name;
    const char *dtype; /* f32, or =out: what option `out` says */
    const char *shape; /* symbols, outermost first: "M K" */
    tw_direction direction;
    const char *present; /* "bias=1": only under that option; NULL: always */
    const char *read_if; /* INOUT: read only if this scalar is not 0; NULL: always */
    const char *meaning;
} tw_tensor_row;

typedef struct {
    const char *name;    /* also the exported symbol */
    const char *summary; /* one line */
    const char *source;  /* examples/gemm/gemm.c */
    const tw_symbol *symbols;
    const tw_option *options;
    const tw_scalar *scalars;
    const tw_tensor_row *tensors;
    size_t args_bytes; /* of the argument struct */

    /* Fills the argument struct (tw_problem_argument gives tensors, absent ones all 0) and the grid. */
    tw_status (*arguments)(const tw_problem *problem, const tw_kernel_info *info, void *args,
                           uint32_t grid[3]);

    /* Fills tensor->reference of every output in float64, from the inputs as their dtypes rounded them. */
    tw_status (*reference)(tw_problem *problem);

    /* Floating-point operations of one launch. */
    double (*flops)(const tw_problem *problem);

    /* Largest relative error (Frobenius) that an output of `dtype` may have. */
    double (*bound)(tw_dtype dtype);
} tw_kernel;

#endif
