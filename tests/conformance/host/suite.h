/* SPDX-License-Identifier: MIT
 *
 * Conformance, the host's side: instances, tensors with poisoned surroundings, comparison, counting.
 *
 * A family is one function that walks its own table. The same walk lists cases, finds out which instances are
 * needed, and runs them:
 *
 *     if (!conform_open(c, &(conform_instance){ .kernel = "map", .dtype = TW_DTYPE_BF16, ... })) return;
 *     if (conform_begin(c, "exp %dx%d", m, n)) {
 *         conform_args args = { .op = MAP_exp };
 *         conform_tensor *x = conform_input(c, &args.x, dtype, 2, (int64_t[]){ m, n }, layout, values);
 *         conform_tensor *out = conform_output(c, &args.out, dtype, 2, (int64_t[]){ m, n }, layout);
 *         conform_launch(c, &args, blocks_x, blocks_y, 1);
 *         conform_within(c, out, expected, tolerance);
 *         conform_end(c);
 *     }
 */
#ifndef TW_TESTS_CONFORMANCE_SUITE_H
#define TW_TESTS_CONFORMANCE_SUITE_H

#include "host/tilewright_host.h"

/* Names as in tiles/ref.h. */
enum { CONFORM_ACC, CONFORM_A, CONFORM_B, CONFORM_LINE };

typedef struct {
    const char *kernel; /* tests/conformance/<kernel>.c, symbol conform_<kernel> */
    tw_dtype dtype;
    int role;
    int rows, cols;
    int team_rows, team_cols; /* 1 x 1 on the CPU, whatever stands here */
    const char *option, *value; /* one further macro, or NULL */
} conform_instance;

/* Every dtype in every role, with shapes and teams in turn; `kernel` is left to the family. */
enum { CONFORM_TILES = 11 };
extern const conform_instance conform_tiles[CONFORM_TILES];

/* conform_args of kernel.h. */
typedef struct {
    tw_tensor_arg out, x, y, z, rows, cols;
    int64_t op, row, col, number[5];
    float value[4];
} conform_args;

/* How a tensor lies in memory: the last dim's elements `step` apart, `pad` elements behind each row, `shift`
 * elements off a 256-byte boundary; `backward`: bit n set where axis n runs towards lower addresses. */
typedef struct {
    int pad, shift, step, backward;
} conform_layout;

enum { CONFORM_LAYOUTS = 5 };
extern const conform_layout conform_layouts[CONFORM_LAYOUTS]; /* the first one is aligned and dense */

typedef struct conform conform;
typedef struct conform_tensor conform_tensor;

typedef enum { CONFORM_LIST, CONFORM_COLLECT, CONFORM_RUN } conform_mode;

/* `few`: every third instance only. */
conform *conform_create(const char *filter, uint64_t seed, int verbose, int few);
void conform_free(conform *c);
void conform_walk(conform *c, conform_mode mode, tw_target *target, const tw_target_id *id);

/* Compiles what the walk in mode CONFORM_COLLECT asked for, `jobs` at a time; returns how many instances failed. */
int conform_compile(conform *c, int jobs);
long conform_passed(const conform *c);
long conform_failed(const conform *c);
long conform_instances(const conform *c);

/* Chooses the instance of the cases that follow; 0 where this target has none of its own. */
int conform_open(conform *c, const conform_instance *instance);

/* 1 if the case is to be run now; conform_end counts it and frees its tensors. */
int conform_begin(conform *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
void conform_end(conform *c);

/* Seeded numbers of this case. `normal`: mean 0, variance 1; `awkward`: half normal, half what rounds, overflows,
 * is subnormal, infinite or NaN. free() them. */
double *conform_normal(conform *c, const char *stream, size_t count);
double *conform_awkward(conform *c, const char *stream, size_t count);
double *conform_numbers(size_t count); /* zeros */

/* Fills `arg`. Values are rounded to the dtype, in the tensor's memory and in `values`. */
conform_tensor *conform_input(conform *c, tw_tensor_arg *arg, tw_dtype dtype, int rank, const int64_t *dim,
                              const conform_layout *layout, double *values);
conform_tensor *conform_output(conform *c, tw_tensor_arg *arg, tw_dtype dtype, int rank, const int64_t *dim,
                               const conform_layout *layout);

void conform_launch(conform *c, const conform_args *args, int64_t blocks_x, int64_t blocks_y);

/* Every element is `expected`, rounded to the tensor's dtype, to the bit (any NaN for a NaN); with a tolerance, its
 * value lies between the roundings of expected - tolerance and expected + tolerance. */
void conform_equal(conform *c, conform_tensor *tensor, const double *expected);
void conform_within(conform *c, conform_tensor *tensor, const double *expected, const double *tolerance);

/* The tensor's elements as the device left them, or NULL if the case has failed; free() them. */
double *conform_values(conform *c, conform_tensor *tensor);

/* Rounds values to a dtype, in place. */
void conform_round(tw_dtype dtype, double *values, size_t count);

/* The dtype's code in the kernels: TW_f32 of arch/dtypes.h and so on. */
int conform_code(tw_dtype dtype);

const char *conform_role_name(int role);
int64_t conform_blocks(int64_t size, int64_t origin, int tile); /* that cover [0, size) from `origin` <= 0 on */

#endif
