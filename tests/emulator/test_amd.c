/* SPDX-License-Identifier: MIT
 *
 * AMD's emulated instructions against the register layouts of AMD's matrix instruction calculator, written
 * down here from matrix element to (lane, register), the way the calculator prints them; the emulator goes
 * the other way.
 */
#define TEST_LANES 64
#include "emulate.h"

#include "arch/emulator/isa_amd.h"

enum { SIDE_MAX = 32, DEPTH_MAX = 32 };

typedef struct {
    int side, depth, dtype;
    float a[SIDE_MAX * DEPTH_MAX], b[DEPTH_MAX * SIDE_MAX], d[SIDE_MAX * SIDE_MAX],
        result[SIDE_MAX * SIDE_MAX];
    float a_of[TW_LANES][8], b_of[TW_LANES][8], d_of[TW_LANES][16]; /* the registers of each lane */
} mfma_case;

/* D[i][j] of 16 x 16: lane j + 16 * (i / 4), register i % 4.
 * D[i][j] of 32 x 32: lane j + 32 * (i / 4 % 2), register 4 * (i / 8) + i % 4. */
static float *d_place(mfma_case *test, int i, int j)
{
    if (test->side == 16)
        return &test->d_of[j + 16 * (i / 4)][i % 4];
    return &test->d_of[j + 32 * (i / 4 % 2)][4 * (i / 8) + i % 4];
}

static uint32_t pair(const float *values, int dtype)
{
    return dtype == TW_bf16 ? tw__isa_pack_bf16(values[0], values[1])
                            : tw__isa_pack_f16(values[0], values[1]);
}

static void kernel_mfma(const void *args)
{
    mfma_case *test = *(mfma_case *const *)args;
    int lane = tw__isa_lane(), bf16 = test->dtype == TW_bf16;
    uint32_t a[4], b[4];
    float *d = test->d_of[lane];
    for (int r = 0; r < 4; r++) {
        a[r] = pair(&test->a_of[lane][2 * r], test->dtype);
        b[r] = pair(&test->b_of[lane][2 * r], test->dtype);
    }
    if (test->dtype == TW_f32)
        tw__isa_mfma_f32_16x16x4_f32(d, test->a_of[lane][0], test->b_of[lane][0]);
    else if (test->side == 32)
        bf16 ? tw__isa_mfma_f32_32x32x8_bf16(d, a, b) : tw__isa_mfma_f32_32x32x8_f16(d, a, b);
    else if (test->depth == 32)
        bf16 ? tw__isa_mfma_f32_16x16x32_bf16(d, a, b) : tw__isa_mfma_f32_16x16x32_f16(d, a, b);
    else
        bf16 ? tw__isa_mfma_f32_16x16x16_bf16(d, a, b) : tw__isa_mfma_f32_16x16x16_f16(d, a, b);
}

static float random_value(int dtype)
{
    float value = test_value();
    return dtype == TW_bf16  ? tw__float_of(tw__bf16_of(value) << 16)
           : dtype == TW_f16 ? tw__f16_to_f32(tw__f16_of(value))
                             : value;
}

static void mfma_equals_the_float64_product(void **state)
{
    /*                             side depth run: consecutive k of a lane */
    static const int shapes[][4] = {{16, 16, 4, TW_bf16}, {16, 16, 4, TW_f16}, {16, 32, 8, TW_bf16},
                                    {16, 32, 8, TW_f16},  {32, 8, 4, TW_bf16}, {32, 8, 4, TW_f16},
                                    {16, 4, 1, TW_f32}};
    static mfma_case test;
    mfma_case *args = &test;
    double want[SIDE_MAX * SIDE_MAX], magnitude[SIDE_MAX * SIDE_MAX];
    (void)state;
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        int side = shapes[s][0], depth = shapes[s][1], run = shapes[s][2], dtype = shapes[s][3];
        test.side = side;
        test.depth = depth;
        test.dtype = dtype;
        for (int i = 0; i < side; i++)
            for (int k = 0; k < depth; k++) {
                test.a_of[i + side * (k / run)][k % run] = test.a[i * depth + k] = random_value(dtype);
                test.b_of[i + side * (k / run)][k % run] = test.b[k * side + i] = random_value(dtype);
            }
        for (int i = 0; i < side; i++)
            for (int j = 0; j < side; j++)
                *d_place(&test, i, j) = test.d[i * side + j] = test_value();
        assert_int_equal(test_run(kernel_mfma, &args), 0);
        for (int i = 0; i < side; i++)
            for (int j = 0; j < side; j++)
                test.result[i * side + j] = *d_place(&test, i, j);
        test_product(want, magnitude, test.d, test.a, test.b, side, side, depth);
        test_matrix(test.result, want, magnitude, side * side, (depth + 1) * 0x1p-24);
    }
}

typedef struct {
    uint16_t stored[TW_LANES][4]; /* what each lane reads before the exchange */
    uint32_t r[TW_LANES][2];
} transpose_case;

static void kernel_transposing_read(const void *args)
{
    transpose_case *test = *(transpose_case *const *)args;
    int lane = tw__isa_lane();
    char *mine = (char *)tw__isa_shared_base() + 8 * ((lane * 7 + 5) % TW_LANES);
    uint32_t words[2];
    memcpy(words, test->stored[lane], 8);
    tw__isa_shared_store(mine, words, 8);
    tw__isa_wave_barrier();
    tw__isa_ds_read_tr16_b64(test->r[lane], mine);
}

/* Within 16 lanes: element n of lane l comes from lane 4 * n + l / 4, halfword l % 4. So 16 lanes that read
 * 16 rows of 4 hand each lane 4 rows of one column. */
static void ds_read_tr16_transposes_within_sixteen_lanes(void **state)
{
    transpose_case test, *args = &test;
    (void)state;
    for (int i = 0; i < TW_LANES * 4; i++)
        test.stored[i / 4][i % 4] = (uint16_t)test_random();
    assert_int_equal(test_run(kernel_transposing_read, &args), 0);
    for (int lane = 0; lane < TW_LANES; lane++)
        for (int n = 0; n < 4; n++) {
            int group = lane - lane % 16, l = lane % 16;
            assert_int_equal(test.r[lane][n / 2] >> n % 2 * 16 & 0xffffu,
                             test.stored[group + 4 * n + l / 4][l % 4]);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mfma_equals_the_float64_product),
        cmocka_unit_test(ds_read_tr16_transposes_within_sixteen_lanes),
    };
    return cmocka_run_group_tests_name("emulator amd", tests, NULL, NULL);
}
