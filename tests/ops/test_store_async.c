/* SPDX-License-Identifier: MIT
 *
 * tw_store_async on every target that needs no device: tiles that follow one another through the same strips,
 * an odd and an even number of them, edges inside a strip, tensors with and without a map; nothing else is
 * written.
 */
#include "tests/examples/kernel_case.h"

enum { PLANES = 2, ROWS_MAX = 150, COLS_MAX = 700, BUFFER = PLANES * (ROWS_MAX + 1) * (COLS_MAX + 24) };

/* store_async_args of store_async_tiles.c. */
typedef struct {
    tw_tensor_arg x, out;
} arguments;

typedef struct {
    const char *dtype, *cols; /* of the instance's tile */
} variant;

typedef struct {
    int rows, cols, pad, shift; /* elements behind a row and before the first; pad or shift 1: no map */
} place;

static float x[PLANES * ROWS_MAX * COLS_MAX];
static unsigned char image[BUFFER * 4];
static double found[BUFFER];

static tw_instance *open_variant(const variant *v)
{
    tw_instance *instance;
    const tw_define defines[] = {{"STORE_DTYPE", v->dtype}, {"STORE_COLS", v->cols}};
    tw_instance_request request = {.kernel = "store_async_tiles",
                                   .source = "tests/ops/store_async_tiles.c",
                                   .defines = defines,
                                   .define_count = 2};
    test_ok(tw_instance_open(test_target, &request, &instance));
    return instance;
}

static void *on_target(const void *values, size_t bytes)
{
    void *address;
    test_ok(tw_target_allocate(test_target, bytes, &address));
    test_ok(tw_target_write(test_target, address, values, bytes));
    return address;
}

/* Stores x in a buffer full of ones, and requires its every element. Whole numbers below 256 are exact in
 * bf16. */
static void check_place(tw_instance *instance, const variant *v, const place *p)
{
    tw_dtype dtype;
    test_ok(tw_dtype_parse(v->dtype, &dtype));
    size_t bytes = tw_dtype_bytes(dtype);
    int64_t stride = p->cols + p->pad, plane = stride * (p->rows + 1);
    const double one = 1;
    for (int i = 0; i < PLANES * p->rows * p->cols; i++)
        x[i] = (float)(test_random(254) + 2) * (test_random(2) ? 1.0f : -1.0f);
    for (size_t i = 0; i < BUFFER; i++)
        tw_dtype_encode(dtype, &one, image + i * bytes, 1);
    char *buffer = on_target(image, BUFFER * bytes);
    arguments g = {
        .x = {.data = on_target(x, sizeof x),
              .dim = {PLANES, p->rows, p->cols},
              .stride = {p->rows * p->cols, p->cols, 1}},
        .out = {.data = buffer + (size_t)p->shift * bytes,
                .dim = {PLANES, p->rows, p->cols},
                .stride = {plane, stride, 1}},
    };
    const tw_kernel_info *info = tw_instance_info(instance);
    const uint32_t grid[] = {(uint32_t)((p->rows + info->tile[0] - 1) / info->tile[0]), PLANES, 1};
    test_ok(tw_instance_stream(instance, "out", dtype, 3, &g));
    int qualifies = p->shift == 0 && stride * (int64_t)bytes % 16 == 0;
    if (strstr(tw_target_identity(test_target)->name, "sm90"))
        assert_int_equal(g.out.map != NULL, qualifies);
    test_ok(tw_instance_launch(instance, &g, sizeof g, grid, test_seed()));
    test_ok(tw_target_synchronize(test_target));
    test_ok(tw_target_read(test_target, image, buffer, BUFFER * bytes));
    tw_dtype_decode(dtype, image, found, BUFFER);
    for (int64_t i = 0; i < BUFFER; i++) {
        int64_t at = i - p->shift, index = at / plane, row = at % plane / stride, col = at % stride;
        int inside = at >= 0 && index < PLANES && row < p->rows && col < p->cols;
        double expected = inside ? (double)x[(index * p->rows + row) * p->cols + col] : 1;
        if (found[i] != expected)
            fail_msg("%s, %s x %s, %d x %d, pad %d, shift %d: element (%d, %d, %d) is %g, not %g "
                     "(TW_TEST_SEED=%llu)",
                     tw_target_identity(test_target)->name, v->dtype, v->cols, p->rows, p->cols, p->pad,
                     p->shift, (int)index, (int)row, (int)col, found[i], expected,
                     (unsigned long long)test_seed());
    }
    tw_target_free(test_target, g.x.data);
    tw_target_free(test_target, buffer);
}

static void tiles_arrive_and_nothing_else(void **state)
{
    static const variant variants[] = {{"bf16", "96"}, {"f16", "256"}, {"f32", "96"}};
    static const place places[] = {
        {64, 96, 0, 0}, {150, 700, 4, 0}, {77, 300, 4, 1}, {1, 1, 7, 0}, {33, 519, 1, 0}, {130, 264, 24, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
        tw_instance *instance = open_variant(&variants[i]);
        for (size_t n = 0; n < sizeof places / sizeof *places; n++)
            check_place(instance, &variants[i], &places[n]);
        tw_instance_close(instance);
    }
}

static int run(const char *name)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(tiles_arrive_and_nothing_else)};
    target_name = name;
    return cmocka_run_group_tests_name(name, tests, open_target, close_target);
}

int main(int count, char **names) { return run_on_targets(count - 1, names + 1, run) != 0; }
