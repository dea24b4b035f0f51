/* SPDX-License-Identifier: MIT
 *
 * Pipelines whose loads are counted (CDNA): every number of stages, tiles whose rows are no multiple of what
 * the waves copy together, no step up to many, ragged edges, rows that can be copied past the registers and
 * rows that cannot, two rings in one kernel, a pipeline used twice; teams of four waves, and of eight whose
 * halves take turns. Small whole numbers: every sum is exact.
 */
#include "tests/examples/kernel_case.h"

enum { SCRATCH = 4096, BM_MAX = 128, BN_MAX = 64, COLS = 576, STRIDE = COLS + 8, VALUES = 7 };

/* pipeline_shapes_args of pipeline_shapes.c. */
typedef struct {
    tw_tensor_arg a, b, weights, terms, sum, weighted, total;
    int32_t every;
} arguments;

typedef struct {
    int rows, cols; /* the team */
    int bm, bn, depth, stages;
} shape;

/* Copies of a step per wave, in order: fewer than one and a part, several, two turns a product, many stages.
 */
static const shape shapes[] = {
    {2, 2, 32, 32, 32, 2}, {4, 1, 64, 48, 48, 5},  {2, 4, 32, 64, 32, 2},   {2, 4, 32, 64, 48, 3},
    {4, 2, 64, 32, 80, 3}, {8, 1, 128, 16, 32, 4}, {8, 1, 128, 64, 128, 2}, {4, 2, 64, 32, 48, 1},
};

typedef struct {
    int m, n, k, t; /* of the tensors; up to BM, BN, any, any */
    int more;       /* elements that a row is longer than what is aligned */
    int every;
} sizes;

static double a[BM_MAX * STRIDE], b[BN_MAX * STRIDE], terms[BM_MAX * STRIDE];
static float weights[COLS / 16 * BN_MAX];

static void fill(double *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        values[i] = test_random(VALUES) - VALUES / 2;
}

/* A tensor of `rows` x `cols` in bf16, rows `stride` apart; outside it NaN, which must not leak. */
static tw_tensor_arg operand(const double *values, int rows, int cols, int stride)
{
    static double laid[BM_MAX * STRIDE];
    static uint16_t encoded[BM_MAX * STRIDE];
    tw_tensor_arg tensor = {.dim = {rows, cols}, .stride = {stride, 1}};
    for (int i = 0; i < BM_MAX * STRIDE; i++)
        laid[i] = NAN;
    for (int i = 0; i < rows * cols; i++)
        laid[i / cols * stride + i % cols] = values[i / cols * STRIDE + i % cols];
    tw_dtype_encode(TW_DTYPE_BF16, laid, encoded, BM_MAX * STRIDE);
    test_ok(tw_target_allocate(test_target, sizeof encoded, &tensor.data));
    test_ok(tw_target_write(test_target, tensor.data, encoded, sizeof encoded));
    return tensor;
}

static tw_tensor_arg numbers(const float *values, int rows, int cols, int rank)
{
    size_t bytes = (size_t)rows * (size_t)cols * sizeof(float);
    tw_tensor_arg tensor = {.dim = {rows, cols}, .stride = {cols, 1}};
    if (rank == 1)
        tensor = (tw_tensor_arg){.dim = {cols}, .stride = {1}};
    test_ok(tw_target_allocate(test_target, bytes, &tensor.data));
    test_ok(tw_target_write(test_target, tensor.data, values, bytes));
    return tensor;
}

static void compare(const char *what, const shape *s, const sizes *z, int row, int col, double found,
                    double expected)
{
    if (found != expected)
        fail_msg(
            "%s: team %d x %d, tile %d x %d x %d, %d stages; m %d, n %d, k %d, t %d, rows %d longer, every %d: "
            "(%d, %d) of %s is %g, not %g (TW_TEST_SEED=%llu)",
            tw_target_identity(test_target)->name, s->rows, s->cols, s->bm, s->bn, s->depth, s->stages, z->m,
            z->n, z->k, z->t, z->more, z->every, row, col, what, found, expected,
            (unsigned long long)test_seed());
}

/* Element (row, col) of the sum: of every step all but its first 16 k, and these where the step counts. */
static double product(const shape *s, const sizes *z, int row, int col)
{
    double total = 0;
    if (row >= z->m || col >= z->n)
        return 0;
    for (int k = 0; k < z->k; k++)
        if (k / s->depth % z->every == 0 || k % s->depth >= 16)
            total += 2 * a[row * STRIDE + k] * b[col * STRIDE + k];
    return total;
}

static void check(tw_instance *instance, const shape *s, const sizes *z)
{
    static float sum[BM_MAX * BN_MAX], weighted[BN_MAX], total[BM_MAX * BN_MAX];
    int steps = (z->k + s->depth - 1) / s->depth, count = steps * s->bn - (steps > 0 ? 3 : 0);
    memset(sum, 0xff, sizeof sum);
    memset(weighted, 0xff, sizeof weighted);
    memset(total, 0xff, sizeof total);
    arguments g = {
        .a = operand(a, z->m, z->k, (z->k + 7) / 8 * 8 + z->more),
        .b = operand(b, z->n, z->k, (z->k + 7) / 8 * 8 + z->more),
        .weights = numbers(weights, 1, count > 0 ? count : 1, 1),
        .terms = operand(terms, z->m, z->t, (z->t + 7) / 8 * 8 + z->more),
        .sum = numbers(sum, s->bm, s->bn, 2),
        .weighted = numbers(weighted, 1, s->bn, 1),
        .total = numbers(total, s->bm, s->bn, 2),
        .every = z->every,
    };
    tw_tensor_arg *tensors[] = {&g.a, &g.b, &g.weights, &g.terms, &g.sum, &g.weighted, &g.total};
    size_t bytes = (size_t)s->bm * (size_t)s->bn * sizeof(float);
    g.weights.dim[0] = count;
    test_ok(tw_instance_launch(instance, &g, sizeof g, (const uint32_t[3]){1, 1, 1},
                               test_seed() + (uint64_t)(z->k + z->t)));
    test_ok(tw_target_synchronize(test_target));
    test_ok(tw_target_read(test_target, sum, g.sum.data, bytes));
    test_ok(tw_target_read(test_target, total, g.total.data, bytes));
    test_ok(tw_target_read(test_target, weighted, g.weighted.data, (size_t)s->bn * sizeof(float)));
    for (int col = 0; col < s->bn; col++) {
        double expected = 0;
        for (int i = col; i < count; i += s->bn)
            expected += 2 * (double)weights[i];
        compare("weighted", s, z, 0, col, (double)weighted[col], expected);
        for (int row = 0; row < s->bm; row++) {
            expected = 0;
            for (int t = col; t < z->t && row < z->m; t += s->bn)
                expected += terms[row * STRIDE + t];
            compare("total", s, z, row, col, (double)total[row * s->bn + col], expected);
            compare("sum", s, z, row, col, (double)sum[row * s->bn + col], product(s, z, row, col));
        }
    }
    for (size_t i = 0; i < sizeof tensors / sizeof *tensors; i++)
        tw_target_free(test_target, tensors[i]->data);
}

static void check_shape(const shape *s)
{
    const sizes all[] = {
        {1, 1, 1, 1, 0, 1},
        {s->bm, s->bn, 0, 1, 0, 1},
        {s->bm, s->bn, s->depth, s->bn, 0, 1},
        {s->bm - 5, s->bn - 3, 2 * s->depth, 2 * s->bn + 1, 2, 2},
        {s->bm, s->bn - 1, (s->stages - 1) * s->depth % COLS + 8, 4 * s->bn, 8, 3},
        {s->bm - 1, s->bn, 5 * s->depth % COLS - 9, 3 * s->bn - 8, 1, 1},
        {s->bm, s->bn, COLS, COLS, 0, 2},
    };
    const char *names[] = {"SHAPE_ROWS", "SHAPE_COLS", "SHAPE_BM", "SHAPE_BN", "SHAPE_DEPTH", "SHAPE_STAGES"};
    const int values[] = {s->rows, s->cols, s->bm, s->bn, s->depth, s->stages};
    char texts[6][12];
    tw_define defines[6];
    int stage = (s->bm + s->bn) * s->depth * 2 + s->bn * 4 + 1024, other = s->bm * s->bn * 2;
    if (s->stages * stage + 3 * other > tw_target_identity(test_target)->machine->shared_bytes - SCRATCH)
        return;
    tw_instance *instance;
    tw_instance_request request = {.kernel = "pipeline_shapes",
                                   .source = "tests/ops/pipeline_shapes.c",
                                   .defines = defines,
                                   .define_count = 6};
    for (int i = 0; i < 6; i++) {
        snprintf(texts[i], sizeof texts[i], "%d", values[i]);
        defines[i] = (tw_define){names[i], texts[i]};
    }
    test_ok(tw_instance_open(test_target, &request, &instance));
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        check(instance, s, &all[i]);
    tw_instance_close(instance);
}

static void pipelines_of_every_shape_are_exact(void **state)
{
    (void)state;
    fill(a, sizeof a / sizeof *a);
    fill(b, sizeof b / sizeof *b);
    fill(terms, sizeof terms / sizeof *terms);
    for (size_t i = 0; i < sizeof weights / sizeof *weights; i++)
        weights[i] = (float)(test_random(VALUES) - VALUES / 2);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        check_shape(&shapes[i]);
}

static int run(const char *name)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(pipelines_of_every_shape_are_exact)};
    target_name = name;
    return cmocka_run_group_tests_name(name, tests, open_target, close_target);
}

int main(int count, char **names)
{
    static char *counted[] = {"emu:gfx90a", "emu:gfx942", "emu:gfx950"};
    return run_on_targets(count > 1 ? count - 1 : 3, count > 1 ? names + 1 : counted, run) != 0;
}
