/* SPDX-License-Identifier: MIT
 *
 * A kernel described as data, so that one tool can list, run, check and time any kernel. A new kernel is a
 * folder of examples/ with its source and a <name>_host.c that defines `const tw_kernel tw_kernel_<name>`,
 * and one line in examples/kernels.def.
 *
 * Symbols (M, N, K) are sizes: input files give them, or --shape. Options are macros of the instance. Scalars
 * (alpha) are run-time arguments. A condition is a list of "option=value", separated by blanks, that all
 * hold, "option=this|that" with either value; NULL always holds. Tables end with a row whose name is NULL.
 */
#ifndef TW_HOST_KERNEL_H
#define TW_HOST_KERNEL_H

#include <stddef.h>
#include <stdint.h>

#include "arch/abi.h"
#include "dtype.h"
#include "status.h"

typedef struct tw_problem tw_problem;
typedef struct tw_tensor tw_tensor;
typedef struct tw_kernel tw_kernel;

typedef struct {
    const char *name;
    int64_t preset; /* where neither a file nor the user says it */
    const char *meaning;
    const char *like; /* an earlier symbol, whose size it then takes in place of the preset; may be NULL */
} tw_symbol;

typedef struct {
    const char *name;       /* as in --set name=value */
    const char *macro;      /* GEMM_OUT; NULL: the host's alone, every value shares the instance */
    const char *values;     /* the allowed ones, separated by blanks; NULL: a C expression */
    const char *parameters; /* of an expression: "x, r, c" ... */
    const char
        *reference_parameters; /* ... and typed for its float64 reference: "double x, int64_t r, int64_t c" */
    const char *preset;        /* of an expression: no macro at all */
    const char *meaning;
    const char
        *fits;    /* a symbol that the value, a number, bounds: where the user does not say the value it is
                     the least that holds the symbol's size, else it is the symbol's preset; may be NULL */
    int in_parts; /* 1: a size beyond the value is right too, and what no value holds gets the largest */
    int64_t (*holds)(const int64_t *sizes); /* in place of `fits`: what the value holds, from the sizes in the
                                               order of the symbols, 0 where no tensor has one; may be NULL */
    int fewer_blocks; /* 1: the larger, the fewer blocks. Where the launch, which may go in parts (tw_split),
                         would leave half of the machine idle, and the user does not say the value, it is the
                         preset */
} tw_option;

typedef struct {
    const char *name;
    double preset;
    const char *meaning;
    const char *present; /* the condition under which it is used */
    double (*computed)(
        const tw_problem *problem); /* the preset where it follows from the sizes; may be NULL */
} tw_scalar;

typedef enum { TW_DIRECTION_IN, TW_DIRECTION_OUT, TW_DIRECTION_INOUT } tw_direction;

/* Several rows may share a name if at most one of them is present under any options. */
typedef struct {
    const char *name;
    const char *dtype; /* f32, or =out: what option `out` says */
    const char *shape; /* symbols, outermost first: "M K"; "N+1" is one more than N */
    tw_direction direction;
    const char *present; /* the condition under which it is there */
    const char *read_if; /* INOUT: read only if this scalar is not 0; NULL: always */
    const char *meaning;
    /* What an input without a file holds, tensor->count numbers; NULL: normal random numbers. */
    void (*content)(const tw_problem *problem, const tw_tensor *tensor, double *values);
    double
        absolute; /* OUT: absolute errors up to this pass whatever the relative error (a logarithm near 0) */
} tw_tensor_row;

/* One of the launches of work that is cut in parts. */
typedef struct {
    const tw_kernel *kernel; /* another kernel, whose source and arguments it has; NULL: the problem's own */
    const char *settings;    /* another kernel's options: "scaled=1" */
    const char *macro,
        *value;          /* what the own kernel's instance is compiled with beside its options; may be NULL */
    const char *present; /* the condition under which it is launched */
    const char *reads, *writes; /* buffers, blanks between */
    tw_status (*arguments)(const tw_problem *problem, const tw_kernel_info *info, void *args,
                           uint32_t grid[3]);
} tw_launch_row;

/* How a kernel's work is cut in parts where its blocks are too few for the machine: several launches, in this
 * order, with memory of the library's between them. Rows end with one that has no name, or no arguments. */
typedef struct {
    const char *scalar; /* the number of parts; its preset, 0: as many as the library finds right */
    const tw_launch_row *launches;
    const tw_tensor_row
        *buffers; /* the words of a shape are products of symbols and the scalar: "B*H split+1 D" */
    /* Blocks of the one launch, and how many parts would still be worth it, at least 1. */
    tw_status (*room)(const tw_problem *problem, const tw_kernel_info *info, int64_t *blocks, int64_t *most);
} tw_split;

struct tw_kernel {
    const char *name;    /* also the exported symbol */
    const char *summary; /* one line */
    const char *source;  /* examples/gemm/gemm.c */
    const tw_symbol *symbols;
    const tw_option *options;
    const tw_scalar *scalars;
    const tw_tensor_row *tensors;
    size_t args_bytes; /* of the argument struct */

    /* What tw verify runs, one problem a string: "Sq=17 causal=1"; NULL: sizes around tile edges for every
     * symbol and each value of each option. Ends with NULL. */
    const char *const *cases;

    /* Refuses sizes, scalars and contents of inputs that do not go together; may be NULL. */
    tw_status (*validate)(tw_problem *problem);

    /* Fills the argument struct (tw_problem_argument gives tensors, absent ones all 0) and the grid. */
    tw_status (*arguments)(const tw_problem *problem, const tw_kernel_info *info, void *args,
                           uint32_t grid[3]);

    /* Fills tensor->reference of every output in float64, from the inputs as their dtypes rounded them. */
    tw_status (*reference)(tw_problem *problem);

    /* Floating-point operations of one launch. */
    double (*flops)(const tw_problem *problem);

    /* Largest relative error (Frobenius) that an output of `dtype` may have. */
    double (*bound)(tw_dtype dtype);

    const tw_split *split; /* NULL: always one launch */
};

#endif
