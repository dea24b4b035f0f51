/* SPDX-License-Identifier: MIT
 *
 * The GEMM on tensors that do not lie row after row: columns first, gaps in both directions, backwards, one
 * row for all, bases at any element. Inputs are small integers, so c (f32) must equal the sums exactly; all
 * that lies between c's elements, and around it, must still be poison.
 */
#include "gemm_case.h"

enum { GUARD = 64, POISON = 0xff }; /* elements at each end; a NaN in f32 and bf16 */

/* The element (r, c) lies `first` + r * row + c * col behind the guard. */
typedef struct {
    int row, col, first;
} stride;

/* A tensor of ints on the host, and where its elements lie on the target. */
typedef struct {
    int rows, cols, bytes;
    stride at;
    double *value; /* rows x cols */
    unsigned char *image;
    size_t image_bytes;
    void *device;
} tensor;

static size_t place(const tensor *t, int r, int c)
{
    return (size_t)(GUARD + t->at.first + r * t->at.row + c * t->at.col);
}

static tensor make_tensor(int rows, int cols, tw_dtype dtype, stride at)
{
    tensor t = {.rows = rows, .cols = cols, .bytes = (int)tw_dtype_bytes(dtype), .at = at};
    size_t last = 0;
    for (int corner = 0; corner < 4; corner++) {
        size_t here = place(&t, corner % 2 * (rows - 1), corner / 2 * (cols - 1));
        last = here > last ? here : last;
    }
    t.image_bytes = (last + 1 + GUARD) * (size_t)t.bytes;
    t.image = malloc(t.image_bytes);
    t.value = malloc((size_t)(rows * cols) * sizeof *t.value);
    assert_non_null(t.image);
    assert_non_null(t.value);
    memset(t.image, POISON, t.image_bytes);
    for (int i = 0; i < rows * cols; i++)
        t.value[i] = small_integer(0, NULL);
    for (int i = 0; i < rows * cols; i++) /* where a stride is 0, the last one counts */
        tw_dtype_encode(dtype, &t.value[i], t.image + place(&t, i / cols, i % cols) * (size_t)t.bytes, 1);
    for (int i = 0; i < rows * cols; i++)
        tw_dtype_decode(dtype, t.image + place(&t, i / cols, i % cols) * (size_t)t.bytes, &t.value[i], 1);
    test_ok(tw_target_allocate(test_target, t.image_bytes, &t.device));
    test_ok(tw_target_write(test_target, t.device, t.image, t.image_bytes));
    return t;
}

static void free_tensor(tensor *t)
{
    tw_target_free(test_target, t->device);
    free(t->image);
    free(t->value);
}

static tw_tensor_arg argument(const tensor *t)
{
    return (tw_tensor_arg){.data = (char *)t->device + place(t, 0, 0) * (size_t)t->bytes,
                           .dim = {t->rows, t->cols},
                           .stride = {t->at.row, t->at.col}};
}

/* gemm_args of examples/gemm/gemm.h (arch/abi.h). */
typedef struct {
    tw_tensor_arg a, b, c, bias, residual;
    float alpha, beta;
} gemm_arguments;

static tw_instance *open_gemm(const char *trans_b)
{
    const tw_define defines[] = {{"GEMM_OUT", "f32"}, {"GEMM_TRANS_B", trans_b}};
    tw_instance_request request = {
        .kernel = "gemm", .source = "examples/gemm/gemm.c", .defines = defines, .define_count = 2};
    tw_instance *instance;
    test_ok(tw_instance_open(test_target, &request, &instance));
    return instance;
}

/* c = 2 a b - c_before, compared element by element and poison by poison. */
static void check_result(const tensor *a, const tensor *b, const tensor *c, int trans_b, const char *name)
{
    unsigned char *want = malloc(c->image_bytes), *got = malloc(c->image_bytes);
    assert_non_null(want);
    assert_non_null(got);
    memcpy(want, c->image, c->image_bytes);
    for (int i = 0; i < c->rows * c->cols; i++) {
        int row = i / c->cols, col = i % c->cols;
        double sum = 0;
        for (int k = 0; k < a->cols; k++)
            sum += a->value[row * a->cols + k] * b->value[trans_b ? col * b->cols + k : k * b->cols + col];
        sum = 2 * sum - c->value[i];
        tw_dtype_encode(TW_DTYPE_F32, &sum, want + place(c, row, col) * 4, 1);
    }
    test_ok(tw_target_read(test_target, got, c->device, c->image_bytes));
    for (size_t i = 0; i < c->image_bytes; i += 4) {
        float expected, found;
        memcpy(&expected, want + i, 4);
        memcpy(&found, got + i, 4);
        if (memcmp(want + i, got + i, 4) != 0)
            fail_msg("%s on %s, trans_b %d: element %zu of c's buffer is %g, not %g (TW_TEST_SEED=%llu)",
                     name, tw_target_identity(test_target)->name, trans_b, i / 4, (double)found,
                     (double)expected, (unsigned long long)test_seed());
    }
    free(want);
    free(got);
}

static void check_strides(const char *name, int trans_b, int m, int n, int k, stride at_a, stride at_b,
                          stride at_c)
{
    tw_instance *instance = open_gemm(trans_b ? "1" : "0");
    const tw_kernel_info *info = tw_instance_info(instance);
    tensor a = make_tensor(m, k, TW_DTYPE_BF16, at_a), c = make_tensor(m, n, TW_DTYPE_F32, at_c);
    tensor b = make_tensor(trans_b ? n : k, trans_b ? k : n, TW_DTYPE_BF16, at_b);
    gemm_arguments g = {.a = argument(&a), .b = argument(&b), .c = argument(&c), .alpha = 2, .beta = -1};
    uint32_t grid[3] = {1, 1, 1};
    int rows = (m + info->tile[0] - 1) / info->tile[0], cols = (n + info->tile[1] - 1) / info->tile[1];
    test_ok(tw_instance_blocks(instance, rows * cols, &grid[0]));
    test_ok(tw_instance_launch(instance, &g, sizeof g, grid, test_seed()));
    test_ok(tw_target_synchronize(test_target));
    check_result(&a, &b, &c, trans_b, name);
    free_tensor(&a);
    free_tensor(&b);
    free_tensor(&c);
    tw_instance_close(instance);
}

enum { M = 150, N = 75, K = 83 };

/* Each tensor in turn takes the strange stride, the others lie row after row. */
static void check_each(const char *name, stride (*strange)(int rows, int cols))
{
    for (int trans_b = 0; trans_b < 2; trans_b++)
        for (int which = 0; which < 4; which++) {
            int rows_b = trans_b ? N : K, cols_b = trans_b ? K : N;
            stride a = which == 0 || which == 3 ? strange(M, K) : (stride){K, 1, 0};
            stride b = which == 1 || which == 3 ? strange(rows_b, cols_b) : (stride){cols_b, 1, 0};
            stride c = which == 2 || which == 3 ? strange(M, N) : (stride){N, 1, 0};
            check_strides(name, trans_b, M, N, K, a, b, c);
        }
}

static stride columns_first(int rows, int cols) { return (void)cols, (stride){1, rows + 5, 0}; }
static stride gaps(int rows, int cols) { return (void)rows, (stride){3 * cols + 4, 3, 0}; }
static stride rows_backwards(int rows, int cols) { return (stride){-(cols + 1), 1, (rows - 1) * (cols + 1)}; }
static stride cols_backwards(int rows, int cols) { return (void)rows, (stride){cols, -1, cols - 1}; }
static stride odd_base(int rows, int cols) { return (void)rows, (stride){(cols + 15) / 8 * 8, 1, 3}; }
static stride aligned(int rows, int cols) { return (void)rows, (stride){(cols + 7) / 8 * 8, 1, 0}; }

static void tensors_with_columns_first(void **state)
{
    (void)state;
    check_each("columns first", columns_first);
}

static void tensors_with_gaps(void **state)
{
    (void)state;
    check_each("gaps", gaps);
}

static void tensors_backwards(void **state)
{
    (void)state;
    check_each("rows backwards", rows_backwards);
    check_each("columns backwards", cols_backwards);
}

static void tensors_at_any_alignment(void **state)
{
    (void)state;
    check_each("aligned rows", aligned);
    check_each("an odd base", odd_base);
}

static void one_row_serves_for_all(void **state)
{
    (void)state;
    check_strides("a's rows at stride 0", 1, M, N, K, (stride){0, 1, 0}, (stride){K, 1, 0},
                  (stride){N, 1, 0});
    check_strides("b's rows at stride 0", 0, M, N, K, (stride){K, 1, 0}, (stride){0, 1, 0},
                  (stride){N, 1, 0});
}

/* Each seed orders an emulated machine's waves in another way; a GPU orders them as it likes. */
static void the_order_of_waves_does_not_show(void **state)
{
    enum { SIDE = 140, RUNS = 4, COUNT = SIDE * SIDE };
    static float first[COUNT], again[COUNT];
    static uint16_t bits[COUNT];
    static double values[COUNT];
    void *a, *c;
    tw_instance *instance = open_gemm("1");
    (void)state;
    tw_random_normal(test_seed(), "a", 0, values, COUNT);
    tw_dtype_encode(TW_DTYPE_BF16, values, bits, COUNT);
    test_ok(tw_target_allocate(test_target, sizeof bits, &a));
    test_ok(tw_target_allocate(test_target, sizeof first, &c));
    test_ok(tw_target_write(test_target, a, bits, sizeof bits));
    gemm_arguments g = {.a = {.data = a, .dim = {SIDE, SIDE}, .stride = {SIDE, 1}},
                        .c = {.data = c, .dim = {SIDE, SIDE}, .stride = {SIDE, 1}},
                        .alpha = 0.3f};
    const tw_kernel_info *info = tw_instance_info(instance);
    int rows = (SIDE + info->tile[0] - 1) / info->tile[0], cols = (SIDE + info->tile[1] - 1) / info->tile[1];
    uint32_t grid[3] = {1, 1, 1};
    test_ok(tw_instance_blocks(instance, rows * cols, &grid[0]));
    g.b = g.a;
    for (int run = 0; run < RUNS; run++) {
        memset(again, POISON, sizeof again);
        test_ok(tw_target_write(test_target, c, again, sizeof again));
        test_ok(tw_instance_launch(instance, &g, sizeof g, grid, test_seed() + (uint64_t)run));
        test_ok(tw_target_read(test_target, run ? again : first, c, sizeof first));
        if (run)
            assert_memory_equal(first, again, sizeof first);
    }
    tw_target_free(test_target, a);
    tw_target_free(test_target, c);
    tw_instance_close(instance);
}

static int run(const char *name)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tensors_with_columns_first), cmocka_unit_test(tensors_with_gaps),
        cmocka_unit_test(tensors_backwards),          cmocka_unit_test(tensors_at_any_alignment),
        cmocka_unit_test(one_row_serves_for_all),     cmocka_unit_test(the_order_of_waves_does_not_show),
    };
    target_name = name;
    return cmocka_run_group_tests_name(name, tests, open_target, close_target);
}

int main(int count, char **arguments) { return run_on_targets(count - 1, arguments + 1, run) != 0; }
