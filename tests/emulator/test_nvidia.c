/* SPDX-License-Identifier: MIT
 *
 * NVIDIA's emulated instructions against the fragment tables of the PTX ISA manual, written down here
 * element by element as the manual gives them ("Matrix Fragments for mma.m16n8k16 with floating point type",
 * "... mma.m16n8k8", "ldmatrix").
 */
#define TEST_LANES 32
#include "emulate.h"

#include "arch/emulator/isa_nvidia.h"

enum { M = 16, N = 8, K_MAX = 16 };

typedef struct {
    float a[M * K_MAX], b[K_MAX * N], d[M * N]; /* dense; what the elements hold after rounding */
    float result[M * N];
    int dtype;
} mma_case;

static float rounded(float value, int dtype)
{
    switch (dtype) {
    case TW_bf16: return tw__float_of(tw__bf16_of(value) << 16);
    case TW_f16: return tw__f16_to_f32(tw__f16_of(value));
    default: return value;
    }
}

static uint32_t bits16(float value, int dtype)
{
    return dtype == TW_bf16 ? tw__bf16_of(value) : tw__f16_of(value);
}

static void random_case(mma_case *test, int dtype, int depth)
{
    for (int i = 0; i < M * depth; i++)
        test->a[i] = rounded(test_value(), dtype);
    for (int i = 0; i < depth * N; i++)
        test->b[i] = rounded(test_value(), dtype);
    for (int i = 0; i < M * N; i++) {
        test->d[i] = test_value();
        test->result[i] = NAN;
    }
    test->dtype = dtype;
}

static void check_case(const mma_case *test, int depth)
{
    double want[M * N], magnitude[M * N];
    test_product(want, magnitude, test->d, test->a, test->b, M, N, depth);
    test_matrix(test->result, want, magnitude, M * N, (depth + 1) * 0x1p-24);
}

/* C and D of every m16n8: row = groupID for c0, c1, groupID + 8 for c2, c3; col = threadID_in_group * 2 + (i
 * & 1). */
static int row_of_d(int lane, int i) { return i < 2 ? lane >> 2 : (lane >> 2) + 8; }

static int col_of_d(int lane, int i) { return lane % 4 * 2 + (i & 1); }

static void kernel_m16n8k16(const void *args)
{
    mma_case *test = *(mma_case *const *)args;
    int lane = tw__isa_lane(), group = lane >> 2, place = lane % 4;
    uint32_t a[4] = {0}, b[2] = {0};
    float d[4];
    for (int i = 0; i < 8; i++) {
        int row = i < 2 || (i >= 4 && i < 6) ? group : group + 8;
        int col = i < 4 ? place * 2 + (i & 1) : place * 2 + (i & 1) + 8;
        a[i / 2] |= bits16(test->a[row * 16 + col], test->dtype) << i % 2 * 16;
    }
    for (int i = 0; i < 4; i++) {
        int row = i < 2 ? place * 2 + (i & 1) : place * 2 + (i & 1) + 8;
        b[i / 2] |= bits16(test->b[row * N + group], test->dtype) << i % 2 * 16;
    }
    for (int i = 0; i < 4; i++)
        d[i] = test->d[row_of_d(lane, i) * N + col_of_d(lane, i)];
    if (test->dtype == TW_bf16)
        tw__isa_mma_m16n8k16_bf16(d, a, b);
    else
        tw__isa_mma_m16n8k16_f16(d, a, b);
    for (int i = 0; i < 4; i++)
        test->result[row_of_d(lane, i) * N + col_of_d(lane, i)] = d[i];
}

static void kernel_m16n8k8(const void *args)
{
    mma_case *test = *(mma_case *const *)args;
    int lane = tw__isa_lane(), group = lane >> 2, place = lane % 4;
    uint32_t a[4], b[2];
    float d[4];
    for (int i = 0; i < 4; i++) {
        int row = i == 0 || i == 2 ? group : group + 8;
        int col = i < 2 ? place : place + 4;
        a[i] = tw__bits_of(test->a[row * 8 + col]);
    }
    for (int i = 0; i < 2; i++)
        b[i] = tw__bits_of(test->b[(i == 0 ? place : place + 4) * N + group]);
    for (int i = 0; i < 4; i++)
        d[i] = test->d[row_of_d(lane, i) * N + col_of_d(lane, i)];
    tw__isa_mma_m16n8k8_tf32(d, a, b);
    for (int i = 0; i < 4; i++)
        test->result[row_of_d(lane, i) * N + col_of_d(lane, i)] = d[i];
}

static void mma_m16n8k16_equals_the_float64_product(void **state)
{
    static const int dtypes[] = {TW_bf16, TW_f16};
    (void)state;
    for (int t = 0; t < 2; t++) {
        mma_case test, *args = &test;
        random_case(&test, dtypes[t], 16);
        assert_int_equal(test_run(kernel_m16n8k16, &args), 0);
        check_case(&test, 16);
    }
}

static void mma_m16n8k8_tf32_ignores_the_low_13_bits(void **state)
{
    mma_case test, *args = &test;
    (void)state;
    random_case(&test, TW_f32, 8);
    assert_int_equal(test_run(kernel_m16n8k8, &args), 0);
    for (int i = 0; i < M * 8; i++)
        test.a[i] = tw__float_of(tw__bits_of(test.a[i]) & 0xffffe000u);
    for (int i = 0; i < 8 * N; i++)
        test.b[i] = tw__float_of(tw__bits_of(test.b[i]) & 0xffffe000u);
    check_case(&test, 8);
}

/* One infinity and one NaN in A reach exactly their own row of D. */
static void mma_keeps_infinity_and_nan_in_their_row(void **state)
{
    static const int dtypes[] = {TW_bf16, TW_f16};
    (void)state;
    for (int t = 0; t < 2; t++) {
        mma_case test, *args = &test;
        random_case(&test, dtypes[t], 16);
        for (int i = 0; i < 16 * N; i++)
            test.b[i] = 1.0f;
        test.a[3 * 16 + 5] = INFINITY;
        test.a[11 * 16 + 14] = NAN;
        assert_int_equal(test_run(kernel_m16n8k16, &args), 0);
        for (int i = 0; i < M; i++)
            for (int j = 0; j < N; j++) {
                float got = test.result[i * N + j];
                assert_true(i == 3 ? got == INFINITY : i == 11 ? isnan(got) : isfinite(got));
            }
    }
}

static void to_tf32_rounds_to_nearest_ties_away(void **state)
{
    (void)state;
    assert_int_equal(tw__isa_to_tf32(1.0f), 0x3f800000u);
    assert_int_equal(tw__isa_to_tf32(tw__float_of(0x3f800fffu)), 0x3f800000u);
    assert_int_equal(tw__isa_to_tf32(tw__float_of(0x3f801000u)), 0x3f802000u); /* tie */
    assert_int_equal(tw__isa_to_tf32(tw__float_of(0xbf801000u)), 0xbf802000u);
    assert_int_equal(tw__isa_to_tf32(tw__float_of(0x3fffffffu)), 0x40000000u); /* carry into the exponent */
    assert_int_equal(tw__isa_to_tf32(tw__float_of(0x7f7fffffu)), 0x7f800000u); /* overflow */
    assert_int_equal(tw__isa_to_tf32(-INFINITY), 0xff800000u);
    assert_true(isnan(tw__float_of(tw__isa_to_tf32(NAN))));
}

/* ---- ldmatrix ---- */

typedef struct {
    uint16_t stored[4][8][8]; /* matrix, row, column */
    uint32_t r[TW_LANES][4];
    int matrices, transposed;
} ldmatrix_case;

static void kernel_ldmatrix(const void *args)
{
    ldmatrix_case *test = *(ldmatrix_case *const *)args;
    char *shared = (char *)tw__isa_shared_base();
    int lane = tw__isa_lane(), m = lane / 8, row = lane % 8;
    int place = (lane * 5 + 3) % TW_LANES; /* rows lie anywhere */
    char *mine = shared + place * 16;
    uint32_t words[4];
    memcpy(words, test->stored[m][row], 16);
    tw__isa_shared_store(mine, words, 16);
    tw__isa_wave_barrier();
    if (test->matrices == 2 && lane >= 16)
        mine = NULL; /* the x2 forms do not look at it */
    if (test->matrices == 4 && test->transposed)
        tw__isa_ldmatrix_x4_trans(test->r[lane], mine);
    else if (test->matrices == 4)
        tw__isa_ldmatrix_x4(test->r[lane], mine);
    else if (test->transposed)
        tw__isa_ldmatrix_x2_trans(test->r[lane], mine);
    else
        tw__isa_ldmatrix_x2(test->r[lane], mine);
}

static void ldmatrix_gives_each_lane_its_pair_of_each_matrix(void **state)
{
    ldmatrix_case test, *args = &test;
    (void)state;
    for (int form = 0; form < 4; form++) {
        test.matrices = form % 2 ? 2 : 4;
        test.transposed = form / 2;
        for (int i = 0; i < 4 * 64; i++)
            test.stored[i / 64][i / 8 % 8][i % 8] = (uint16_t)test_random();
        memset(test.r, 0xa5, sizeof test.r);
        assert_int_equal(test_run(kernel_ldmatrix, &args), 0);
        /* Element (i, j) of a matrix goes to lane 4 * i + j / 2, half j % 2; (j, i) when transposed. */
        for (int m = 0; m < test.matrices; m++)
            for (int i = 0; i < 8; i++)
                for (int j = 0; j < 8; j++) {
                    uint32_t r = test.r[4 * i + j / 2][m];
                    uint16_t want = test.transposed ? test.stored[m][j][i] : test.stored[m][i][j];
                    assert_int_equal(r >> j % 2 * 16 & 0xffffu, want);
                }
        for (int lane = 0; lane < TW_LANES; lane++)
            for (int m = test.matrices; m < 4; m++)
                assert_int_equal(test.r[lane][m], 0xa5a5a5a5u);
    }
}

static void kernel_ldmatrix_outside(const void *args)
{
    uint32_t r[4];
    char *row = (char *)tw__isa_shared_base() + 16 * tw__isa_lane();
    if (tw__isa_lane() == 9)
        row = (char *)tw__isa_shared_base() + *(const int *)args;
    tw__isa_ldmatrix_x4(r, row);
}

static void ldmatrix_reports_the_lane_whose_row_is_outside_or_misaligned(void **state)
{
    int offset = TW_SHARED_BYTES - 8;
    (void)state;
    offset = TW_SHARED_BYTES;
    assert_int_equal(test_run_unchecked(kernel_ldmatrix_outside, &offset), 1);
    assert_string_equal(test_message,
                        "emulator: ldmatrix.x4: shared address 65536+16 is outside the block's 65536 "
                        "bytes (block (0,0,0) wave 0 lane 9)");
    offset = 8;
    assert_int_equal(test_run_unchecked(kernel_ldmatrix_outside, &offset), 1);
    assert_string_equal(test_message, "emulator: ldmatrix.x4: shared address 8 is no multiple of 16 "
                                      "(block (0,0,0) wave 0 lane 9)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mma_m16n8k16_equals_the_float64_product),
        cmocka_unit_test(mma_m16n8k8_tf32_ignores_the_low_13_bits),
        cmocka_unit_test(mma_keeps_infinity_and_nan_in_their_row),
        cmocka_unit_test(to_tf32_rounds_to_nearest_ties_away),
        cmocka_unit_test(ldmatrix_gives_each_lane_its_pair_of_each_matrix),
        cmocka_unit_test(ldmatrix_reports_the_lane_whose_row_is_outside_or_misaligned),
    };
    return cmocka_run_group_tests_name("emulator nvidia", tests, NULL, NULL);
}
