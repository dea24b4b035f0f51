/* SPDX-License-Identifier: MIT
 *
 * The described kernels for a program in another language: tools/bench's Python calls these through ctypes. A kernel
 * runs on tensors that the caller owns (PyTorch's), in the caller's process, context and stream, by the same path
 * as `tw run`: the problem of host/problem.h.
 *
 *   tw_bench *bench;
 *   tw_bench_problem *problem;
 *   tw_bench_open("cuda", &bench);
 *   tw_bench_prepare(bench, "gemm", "trans_b=1", tensors, 3, &problem);
 *   tw_bench_launch(problem, stream);
 *
 * Every call that gives an int gives 0, or a tw_code of host/status.h with the reason in tw_bench_message().
 * Settings are sizes, options and scalars by name: "M=17 trans_b=0".
 */
#ifndef TW_TOOLS_BENCH_H
#define TW_TOOLS_BENCH_H

#include <stdint.h>

enum { TW_BENCH_RANK = 4, TW_BENCH_NAME = 32 };

/* A tensor in device memory; dims and strides in elements, outermost first. */
typedef struct {
    const char *name; /* the kernel's */
    void *data;
    int64_t rank;
    int64_t dim[TW_BENCH_RANK];
    int64_t stride[TW_BENCH_RANK];
} tw_bench_tensor;

/* An output against its float64 reference (host/error.h). */
typedef struct {
    char tensor[TW_BENCH_NAME];
    double relative, largest, mean_signed, rms, bound;
    int64_t count;      /* elements */
    int64_t mismatches; /* NaN, or infinite where the reference is not */
    int64_t passes;
} tw_bench_error;

typedef struct tw_bench tw_bench;
typedef struct tw_bench_problem tw_bench_problem;

/* Why this thread's last failing call failed: one line. */
const char *tw_bench_message(void);

/* A target, as `tw` names it. On cuda: the first visible GPU and its primary context, which is PyTorch's too. */
int tw_bench_open(const char *target, tw_bench **bench);
void tw_bench_close(tw_bench *bench);
const char *tw_bench_target(const tw_bench *bench); /* cuda:sm90 */
const char *tw_bench_device(const tw_bench *bench); /* NVIDIA H100 80GB HBM3 */

/* Finds an instance, or compiles it into the cache, for a target that need not be here. Any number of threads at a
 * time may. `path`, of `bytes` bytes, receives the object's file. */
int tw_bench_compile(const char *target, const char *kernel, const char *settings, char *path, int64_t bytes);

/* A kernel on the caller's tensors, all that the settings call for; they must outlive the problem. */
int tw_bench_prepare(tw_bench *bench, const char *kernel, const char *settings, const tw_bench_tensor *tensors,
                     int64_t count, tw_bench_problem **problem);
/* A kernel on random inputs of its own from `seed`, in its own device memory; `settings` has the sizes, too. */
int tw_bench_random(tw_bench *bench, const char *kernel, const char *settings, int64_t seed,
                    tw_bench_problem **problem);

void tw_bench_release(tw_bench_problem *problem);

/* Bytes of the problem's tensors, each once in each direction that it is used in: no kernel can do with fewer. */
double tw_bench_bytes(const tw_bench_problem *problem);

/* Starts the kernel on `stream` (a CUstream; 0: the default one) and returns without waiting. */
int tw_bench_launch(tw_bench_problem *problem, void *stream);

/* Waits for every launch. */
int tw_bench_synchronize(tw_bench *bench);

/* One run on random inputs from `seed`, rows padded by `pad`, guards around every buffer, against float64. `errors`
 * has room for `room` outputs; `count` receives how many there are. What a run must not do (a write to a guard,
 * a pad or an input) is a failure of the call. */
int tw_bench_check(tw_bench *bench, const char *kernel, const char *settings, int64_t seed, int64_t pad,
                   tw_bench_error *errors, int64_t room, int64_t *count);

#endif
