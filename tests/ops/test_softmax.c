/* SPDX-License-Identifier: MIT
 *
 * Online softmax against its definition in float64, on every target that needs no device: any split of the
 * columns, merged in any grouping, gives the softmax over all of them; rows that are masked in part or whole,
 * huge scores, ties.
 */
#include "tests/examples/kernel_case.h"

enum { ROWS = 150, COLS = 32, TILES = 7, WIDTH = TILES * COLS, PARTS = 3 };

/* softmax_parts_args of softmax_parts.c. */
typedef struct {
    tw_tensor_arg scores, o, lse;
    float scale;
    int32_t cut[PARTS + 1], from_right;
} parts_arguments;

typedef struct {
    float o[ROWS][COLS], lse[ROWS];
} result;

static float scores[ROWS][WIDTH];
static const float scale = 1.25f;

static const int32_t cuts[][PARTS + 1] = {
    {0, TILES, TILES, TILES}, {0, 0, 0, TILES}, {0, 0, TILES, TILES},
    {0, 1, 2, TILES},         {0, 5, 6, TILES}, {0, 3, 3, TILES},
};

enum { CUTS = sizeof cuts / sizeof *cuts };

static void *on_target(const void *values, size_t bytes)
{
    void *address;
    test_ok(tw_target_allocate(test_target, bytes, &address));
    test_ok(tw_target_write(test_target, address, values, bytes));
    return address;
}

static void compute(const int32_t cut[PARTS + 1], int from_right, result *got)
{
    tw_instance *instance;
    tw_instance_request request = {.kernel = "softmax_parts", .source = "tests/ops/softmax_parts.c"};
    test_ok(tw_instance_open(test_target, &request, &instance));
    memset(got, 0xff, sizeof *got);
    parts_arguments g = {
        .scores = {.data = on_target(scores, sizeof scores), .dim = {ROWS, WIDTH}, .stride = {WIDTH, 1}},
        .o = {.data = on_target(got->o, sizeof got->o), .dim = {ROWS, COLS}, .stride = {COLS, 1}},
        .lse = {.data = on_target(got->lse, sizeof got->lse), .dim = {ROWS}, .stride = {1}},
        .scale = scale,
        .from_right = from_right,
    };
    memcpy(g.cut, cut, sizeof g.cut);
    uint32_t rows = (uint32_t)tw_instance_info(instance)->tile[0];
    test_ok(tw_instance_launch(instance, &g, sizeof g, (const uint32_t[3]){(ROWS + rows - 1) / rows, 1, 1},
                               test_seed()));
    test_ok(tw_target_synchronize(test_target));
    test_ok(tw_target_read(test_target, got->o, g.o.data, sizeof got->o));
    test_ok(tw_target_read(test_target, got->lse, g.lse.data, sizeof got->lse));
    tw_target_free(test_target, g.scores.data);
    tw_target_free(test_target, g.o.data);
    tw_target_free(test_target, g.lse.data);
    tw_instance_close(instance);
}

/* The row's softmax in float64, its probabilities summed over the tiles; the natural log-sum-exp of
 * ln 2 * scale * score, as the scale is in base 2. */
static double define_row(int row, double o[COLS])
{
    double largest = -(double)INFINITY, sum = 0;
    memset(o, 0, COLS * sizeof *o);
    for (int i = 0; i < WIDTH; i++)
        largest = fmax(largest, (double)scale * (double)scores[row][i]);
    if (largest == -(double)INFINITY)
        return largest;
    for (int i = 0; i < WIDTH; i++) {
        double p = exp2((double)scale * (double)scores[row][i] - largest);
        sum += p;
        o[i % COLS] += p;
    }
    for (int c = 0; c < COLS; c++)
        o[c] /= sum;
    return (largest + log2(sum)) * log(2);
}

/* f32 sums of f32 exponentials: 2e-6 of 1, the row's sum. */
static void require_row(const result *got, int row, const char *what)
{
    double o[COLS], lse = define_row(row, o), found = (double)got->lse[row];
    int same = lse == found || fabs(found - lse) <= 1e-6 * (1 + fabs(lse));
    for (int c = 0; c < COLS; c++)
        same &=
            fabs((double)got->o[row][c] - o[c]) <= 2e-6 && (lse != -(double)INFINITY || got->o[row][c] == 0);
    if (!same)
        fail_msg("%s on %s: row %d is wrong, its log-sum-exp %.9g, not %.9g (TW_TEST_SEED=%llu)", what,
                 tw_target_identity(test_target)->name, row, found, lse, (unsigned long long)test_seed());
}

static void check_every_split(const char *what)
{
    for (int i = 0; i < CUTS; i++)
        for (int from_right = 0; from_right < 2; from_right++) {
            result got;
            compute(cuts[i], from_right, &got);
            for (int row = 0; row < ROWS; row++)
                require_row(&got, row, what);
        }
}

static void fill(float size)
{
    double values[WIDTH];
    for (int row = 0; row < ROWS; row++) {
        tw_random_normal(test_seed(), "scores", (uint64_t)row * WIDTH, values, WIDTH);
        for (int i = 0; i < WIDTH; i++)
            scores[row][i] = size * (float)values[i];
    }
}

static void any_split_and_grouping_gives_the_whole(void **state)
{
    (void)state;
    fill(1);
    check_every_split("normal scores");
}

static void scores_of_1e4(void **state)
{
    (void)state;
    fill(1e4f);
    check_every_split("scores of 1e4");
    for (int row = 0; row < ROWS; row++) { /* two that count, where f32 knows 1e4 * scale to 2^-10 */
        float largest = scores[row][0];
        for (int i = 1; i < WIDTH; i++)
            largest = fmaxf(largest, scores[row][i]);
        scores[row][row % WIDTH] = largest - 0.01f * (float)(row + 1);
    }
    check_every_split("near ties at 1e4");
    for (int row = 0; row < ROWS; row++) /* ever larger: the maximum moves with each tile */
        for (int i = 0; i < WIDTH; i++)
            scores[row][i] = (float)(row % 2 ? i : WIDTH - i) * 90.0f;
    check_every_split("scores that rise or fall");
}

static void ties(void **state)
{
    (void)state;
    for (int row = 0; row < ROWS; row++)
        for (int i = 0; i < WIDTH; i++)
            scores[row][i] = row % 3 == 0 ? -12345.678f : (float)((i * 7 + row) % 3) * 1e4f;
    check_every_split("ties");
}

/* Row r: every column masked (0), the first tiles (1), the last (2), every other (3), all but one (4). */
static int is_masked(int row, int i)
{
    switch (row % 5) {
    case 0: return 1;
    case 1: return i < 3 * COLS + 5;
    case 2: return i >= 2 * COLS - 7;
    case 3: return i / COLS % 2 == 0;
    default: return i != row % WIDTH;
    }
}

static void masked_rows(void **state)
{
    (void)state;
    fill(30);
    for (int row = 0; row < ROWS; row++)
        for (int i = 0; i < WIDTH; i++)
            if (is_masked(row, i))
                scores[row][i] = -INFINITY;
    check_every_split("masked scores");
}

static void nan_spoils_its_row_alone(void **state)
{
    (void)state;
    fill(1);
    for (int row = 3; row < ROWS; row += 17)
        scores[row][row % WIDTH] = NAN;
    for (int i = 0; i < CUTS; i++) {
        result got;
        compute(cuts[i], i % 2, &got);
        for (int row = 0; row < ROWS; row++) {
            if (row % 17 != 3) {
                require_row(&got, row, "rows beside one with a NaN");
                continue;
            }
            assert_true(isnan(got.lse[row]));
            for (int c = 0; c < COLS; c++)
                assert_true(isnan(got.o[row][c]));
        }
    }
}

static int run(const char *name)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_split_and_grouping_gives_the_whole),
        cmocka_unit_test(scores_of_1e4),
        cmocka_unit_test(ties),
        cmocka_unit_test(masked_rows),
        cmocka_unit_test(nan_spoils_its_row_alone),
    };
    target_name = name;
    return cmocka_run_group_tests_name(name, tests, open_target, close_target);
}

int main(int count, char **arguments) { return run_on_targets(count - 1, arguments + 1, run) != 0; }
