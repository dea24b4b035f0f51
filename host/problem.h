/* SPDX-License-Identifier: MIT
 *
 * One run of a described kernel, in this order:
 *
 *   tw_problem_create(kernel, &problem)
 *   tw_problem_set, _set_size, _set_input     in any order; they check names and values
 *   tw_problem_resolve(problem, seed)         all sizes known and consistent, inputs in memory
 *   tw_problem_open(problem, target, ...)     instance found or compiled, device buffers allocated
 *   tw_problem_run(problem)                   outputs poisoned, launched, read back, guards checked
 *   tw_problem_check(problem)                 float64 reference, errors of every output
 *   tw_problem_time(problem, launches, ms)
 *   tw_problem_free(problem)
 *
 * Every device buffer lies between two guard bands, and rows may be padded; guards, padding and outputs are
 * filled with all-one bits (a NaN in every float dtype) before a run. After it, a changed guard, pad or input
 * is a failure.
 */
#ifndef TW_HOST_PROBLEM_H
#define TW_HOST_PROBLEM_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "instance.h"
#include "kernel.h"
#include "npy.h"
#include "target.h"

struct tw_tensor {
    const tw_tensor_row *row;
    tw_dtype dtype;
    int rank;
    int64_t dim[TW_RANK_MAX];
    size_t count; /* elements */
    int is_input; /* read by the kernel under the options and scalars set */
    int is_output;
    void *input;            /* packed, C order, `count` elements; NULL unless is_input */
    void *result;           /* likewise, after a run; NULL unless is_output */
    double *reference;      /* filled by the kernel's reference; NULL unless is_output */
    tw_error error;         /* of `result`, after tw_problem_check */
    int passes;             /* the error is within the kernel's bound */
    tw_tensor_arg argument; /* the device tensor */
    void *buffer;           /* its allocation, guards included */
    size_t buffer_bytes;
    int is_lent; /* `argument` is the caller's memory; no input, no buffer */
};

TW_CHECKED tw_status tw_problem_create(const tw_kernel *kernel, tw_problem **problem);
void tw_problem_free(tw_problem *problem); /* before its target is closed; NULL is harmless */

/* Refuses a name that no tensor of the kernel has, under any options. */
TW_CHECKED tw_status tw_kernel_check_tensor(const tw_kernel *kernel, const char *tensor);

/* An option's value or a scalar's number, as text. */
TW_CHECKED tw_status tw_problem_set(tw_problem *problem, const char *name, const char *value);

/* A symbol's size, 1 to 2^40. */
TW_CHECKED tw_status tw_problem_set_size(tw_problem *problem, const char *symbol, int64_t size);

/* Several of both, without expressions: "Sq=17 causal=1 scale=0.5". */
TW_CHECKED tw_status tw_problem_set_words(tw_problem *problem, const char *words);

/* The file that fills an input; read by tw_problem_resolve. */
TW_CHECKED tw_status tw_problem_set_input(tw_problem *problem, const char *tensor, const char *path);

/* Device memory of the caller's that is the tensor, in place of a file and of a buffer of the problem's own;
 * before tw_problem_resolve. `rank` dims, which give the symbols their sizes, and strides; it must outlive
 * the problem's launches. Not for tensors whose contents the host has to know (cu_q). A problem with lent
 * tensors is launched by tw_problem_launch and timed; tw_problem_run and _check refuse it. */
TW_CHECKED tw_status tw_problem_lend(tw_problem *problem, const char *tensor, int rank,
                                     const tw_tensor_arg *where);

/* Sizes from the files, from tw_problem_set_size and from presets, in that order, where two sources may not
 * disagree; inputs from the files, or from `seed` and the tensor's name. */
TW_CHECKED tw_status tw_problem_resolve(tw_problem *problem, uint64_t seed);

/* For the kernel's functions and reports, after tw_problem_resolve. A name the kernel does not have is a
 * programming error and ends the program. The size of a symbol that no present tensor has is 0. */
int64_t tw_problem_size(const tw_problem *problem, const char *symbol);
uint64_t tw_problem_seed(const tw_problem *problem);
int tw_problem_holds(const tw_problem *problem, const char *condition); /* kernel.h */
const char *tw_problem_option(const tw_problem *problem, const char *name);
int tw_problem_option_is(const tw_problem *problem, const char *name, const char *value);
double tw_problem_scalar(const tw_problem *problem, const char *name);
const tw_kernel *tw_problem_kernel(const tw_problem *problem);

/* NULL when the tensor is absent under the options set. */
tw_tensor *tw_problem_tensor(tw_problem *problem, const char *name);

/* Every present tensor: index 0 up to a NULL. */
tw_tensor *tw_problem_tensor_at(tw_problem *problem, size_t index);

/* tw_instance_blocks on the instance whose arguments are being filled. */
TW_CHECKED tw_status tw_problem_blocks(const tw_problem *problem, int64_t pieces, uint32_t *blocks);

/* The device tensor; all 0 when absent. */
tw_tensor_arg tw_problem_argument(const tw_problem *problem, const char *name);

/* The same with its second and third dim exchanged: B S H ... as B H S .... */
tw_tensor_arg tw_problem_argument_turned(const tw_problem *problem, const char *name);

/* What lies between the launches of work in parts (kernel.h: tw_split); all 0 when absent. */
tw_tensor_arg tw_problem_buffer(const tw_problem *problem, const char *name);

/* Option `name`, an expression, compiled in double: a function of its reference_parameters. NULL through
 * `function` when it is the preset. */
TW_CHECKED tw_status tw_problem_expression(tw_problem *problem, const char *name, void (**function)(void));

/* The options as macros, the same for every way to compile: `defines` lives as long as the problem. */
void tw_problem_defines(tw_problem *problem, const tw_define **defines, size_t *count);

/* `pad` elements behind each row of every tensor of rank 2 or more. `progress` may be NULL. */
TW_CHECKED tw_status tw_problem_open(tw_problem *problem, tw_target *target, int64_t pad,
                                     tw_progress_fn *progress, void *context);

/* Of several launches the last one's. */
const tw_instance *tw_problem_instance(const tw_problem *problem);

/* From now on the findings of tw_problem_run on an emulated target are gathered there, and the run goes on
 * past those that it can; NULL, as at first: the first one fails the run. */
void tw_problem_watch(tw_problem *problem, tw_findings *findings);

/* From now on tw_problem_run on an emulated target adds what it does to shared memory; NULL, as at first: no. */
void tw_problem_profile(tw_problem *problem, tw_profile *profile);

TW_CHECKED tw_status tw_problem_run(tw_problem *problem);

/* What the last tw_problem_run moved, in all its launches, as an emulated target counts; zeros elsewhere. */
const tw_traffic *tw_problem_traffic(const tw_problem *problem);

/* Starts the kernel, all its launches, once on the buffers as they are, and returns before it has finished
 * (instance.h). */
TW_CHECKED tw_status tw_problem_launch(tw_problem *problem);

/* `milliseconds` has room for `launches` numbers; one launch before them is not counted. */
TW_CHECKED tw_status tw_problem_time(tw_problem *problem, int launches, double *milliseconds);

/* Computes the reference and each output's error; `pass` is 1 when all are within the kernel's bound. */
TW_CHECKED tw_status tw_problem_check(tw_problem *problem, int *pass);

/* Bytes that must move if every tensor is read and written once. */
double tw_problem_bytes(const tw_problem *problem);

#endif
