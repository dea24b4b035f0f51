/* SPDX-License-Identifier: MIT
 *
 * NVIDIA's emulated matrix instructions against the tables of the PTX manual.
 */
#define TEST_LANES 32
#include "emulate.h"

#include "arch/emulator/isa_sm90.h"

#include "oracle.h"

enum { WARPS = 4 };

typedef struct {
    oracle_matrix a, b, d;
    int dtype;
} product;

static product wave;

static void multiply(const void *args)
{
    int lane = tw__isa_lane();
    float *d = wave.d.held[lane];
    const float *a = wave.a.held[lane], *b = wave.b.held[lane];
    uint32_t left[4], right[2];
    (void)args;
    if (wave.dtype == TW_f32) {
        for (int r = 0; r < 4; r++)
            left[r] = tw__isa_to_tf32(a[r]);
        for (int r = 0; r < 2; r++)
            right[r] = tw__isa_to_tf32(b[r]);
        tw__isa_mma_m16n8k8_tf32(d, left, right);
        return;
    }
    for (int r = 0; r < 4; r++)
        left[r] = oracle_pair(a + 2 * r, wave.dtype);
    for (int r = 0; r < 2; r++)
        right[r] = oracle_pair(b + 2 * r, wave.dtype);
    if (wave.dtype == TW_bf16)
        tw__isa_mma_m16n8k16_bf16(d, left, right);
    else
        tw__isa_mma_m16n8k16_f16(d, left, right);
}

static void mma_sync_holds_its_operands_as_drawn(void **state)
{
    static const int dtypes[] = {TW_bf16, TW_f16, TW_f32};
    (void)state;
    for (int i = 0; i < 3; i++) {
        int tf32 = dtypes[i] == TW_f32;
        wave.dtype = dtypes[i];
        oracle_fill(&wave.a, tf32 ? ptx_m16n8k8_a : ptx_m16n8k16_a, 16, tf32 ? 8 : 16);
        oracle_fill(&wave.b, tf32 ? ptx_m16n8k8_b : ptx_m16n8k16_b, tf32 ? 8 : 16, 8);
        oracle_fill(&wave.d, ptx_m16n8_d, 16, 8);
        assert_int_equal(test_run(multiply, NULL), 0);
        oracle_check(&wave.d, &wave.a, &wave.b, tf32 ? "m16n8k8.tf32" : "m16n8k16");
    }
}

/* Row r of matrix m holds 256 m + 16 r + column, at 16 bytes of its own; lane 8 m + r names it. */
static struct {
    int transposed;
    uint32_t loaded[TW_LANES][4], stored[TW_LANES][4]; /* each lane's registers; stored: its row afterwards */
} matrices;

static int matrix_value(int m, int row, int col) { return 256 * m + 16 * row + col; }

static void load_and_store(const void *args)
{
    int lane = tw__isa_lane();
    char *row = (char *)tw__isa_shared_base() + 16 * (TW_LANES - 1 - lane); /* rows lie anywhere */
    uint32_t words[4];
    (void)args;
    for (int w = 0; w < 4; w++)
        words[w] = (uint32_t)matrix_value(lane / 8, lane % 8, 2 * w) |
                   (uint32_t)matrix_value(lane / 8, lane % 8, 2 * w + 1) << 16;
    tw__isa_shared_store(row, words, 16);
    tw__isa_wave_barrier();
    if (matrices.transposed)
        tw__isa_ldmatrix_x4_trans(matrices.loaded[lane], row);
    else
        tw__isa_ldmatrix_x4(matrices.loaded[lane], row);
    tw__isa_wave_barrier();
    if (matrices.transposed)
        tw__isa_stmatrix_x4_trans(row, matrices.loaded[lane]);
    else
        tw__isa_stmatrix_x4(row, matrices.loaded[lane]);
    tw__isa_wave_barrier();
    tw__isa_shared_load(matrices.stored[lane], row, 16);
}

static void ldmatrix_and_stmatrix_hand_out_8_x_8_as_drawn(void **state)
{
    (void)state;
    for (matrices.transposed = 0; matrices.transposed < 2; matrices.transposed++) {
        assert_int_equal(test_run(load_and_store, NULL), 0);
        for (int m = 0; m < 4; m++)
            for (int r = 0; r < 8; r++)
                for (int c = 0; c < 8; c++) {
                    int lane, element,
                        value = matrices.transposed ? matrix_value(m, c, r) : matrix_value(m, r, c);
                    table_entry(ptx_matrix_8x8[r], c, &lane, &element);
                    assert_int_equal(matrices.loaded[lane][m] >> (16 * element) & 0xffff, value);
                    assert_int_equal(matrices.stored[8 * m + r][c / 2] >> (c % 2 * 16) & 0xffff,
                                     matrix_value(m, r, c));
                }
    }
}

/* wgmma.m64n16k16: A (64 x 16, K-major) and B (16 x 16, either major) in shared memory, or A in registers as
 * mma.m16n8k16's. Tiles in the lines of 128 bytes that a swizzling mode permutes, 8 rows of 16 bytes without.
 */
static struct {
    const char *const *swizzle; /* NULL: none */
    int lines, width;           /* of the pattern: lines; bytes of a row */
    int a_in_registers, b_mn_major;
    float a[64][16], b[16][16], d[64][16];
    float a_held[WARPS * TW_LANES][8], d_held[WARPS * TW_LANES][8];
} group;

enum { B_AT = 8192 };

/* Where element (row, col) of a tile lies: K-major operands have k along the row, MN-major ones m or n. */
static int place_of(int row, int col)
{
    int at = row * group.width + col * 2, unit = at % 128 / 16, line = at / 128, lane, place;
    if (!group.swizzle)
        return row / 8 * 256 + col / 8 * 128 + row % 8 * 16 + col % 8 * 2; /* two core matrices a row */
    for (place = 0; place < 8; place++) {
        int element;
        table_entry(group.swizzle[line % group.lines], place, &lane, &element);
        if (lane == unit)
            break;
    }
    return line * 128 + place * 16 + at % 16;
}

static void put_element(int at, float value)
{
    uint32_t bits = tw__bf16_of(value);
    tw__isa_shared_store((char *)tw__isa_shared_base() + at, &bits, 2);
}

static void multiply_group(const void *args)
{
    int thread = tw__isa_wave() * TW_LANES + tw__isa_lane();
    char *shared = (char *)tw__isa_shared_base();
    int stride = group.swizzle ? 8 * group.width : 256;
    uint32_t left[4];
    (void)args;
    for (int i = thread; i < 64 * 16; i += WARPS * TW_LANES)
        put_element(place_of(i / 16, i % 16), group.a[i / 16][i % 16]);
    for (int i = thread; i < 16 * 16; i += WARPS * TW_LANES)
        put_element(B_AT + (group.b_mn_major ? place_of(i / 16, i % 16) : place_of(i % 16, i / 16)),
                    group.b[i / 16][i % 16]);
    for (int r = 0; r < 4; r++)
        left[r] = oracle_pair(&group.a_held[thread][2 * r], TW_bf16);
    tw__isa_fence_async_proxy();
    tw__isa_barrier();
    tw__isa_wgmma_fence();
    uint64_t a = tw__isa_wgmma_descriptor(shared, 128, stride, group.swizzle ? group.width : 0);
    int leading = 128;
    if (group.b_mn_major && !group.swizzle) /* of the manual's two distances they are exchanged */
        leading = 256, stride = 128;
    uint64_t b = tw__isa_wgmma_descriptor(shared + B_AT, leading, stride, group.swizzle ? group.width : 0);
    if (group.a_in_registers)
        tw__isa_wgmma_rs(group.d_held[thread], left, b, 16, TW_bf16, group.b_mn_major, 1);
    else
        tw__isa_wgmma_ss(group.d_held[thread], a, b, 16, TW_bf16, 0, group.b_mn_major, 1);
    tw__isa_wgmma_commit();
    tw__isa_wgmma_wait(0);
}

static void fill_group(void)
{
    int lane, element;
    for (int r = 0; r < 64; r++)
        for (int c = 0; c < 16; c++) {
            int warp = r / 16;
            group.a[r][c] = (float)(int)(test_random() % 17) - 8;
            group.d[r][c] = (float)(int)(test_random() % 17) - 8;
            table_entry(ptx_m16n8k16_a[r % 16], c, &lane, &element);
            group.a_held[warp * TW_LANES + lane][element] = group.a[r][c];
            table_entry(ptx_wgmma_d[r % 16], c, &lane, &element);
            group.d_held[warp * TW_LANES + lane][element] = group.d[r][c];
            if (r < 16)
                group.b[r][c] = (float)(int)(test_random() % 17) - 8;
        }
}

static void check_group(void)
{
    for (int r = 0; r < 64; r++)
        for (int c = 0; c < 16; c++) {
            int lane, element;
            float sum = group.d[r][c];
            for (int k = 0; k < 16; k++)
                sum += group.a[r][k] * group.b[k][c];
            table_entry(ptx_wgmma_d[r % 16], c, &lane, &element);
            if (group.d_held[r / 16 * TW_LANES + lane][element] != sum)
                fail_msg("wgmma, swizzle of %d bytes: (%d, %d) is %g, not %g",
                         group.swizzle ? group.width : 0, r, c,
                         (double)group.d_held[r / 16 * TW_LANES + lane][element], (double)sum);
        }
}

static void wgmma_reads_swizzled_tiles_and_holds_d_as_drawn(void **state)
{
    static const struct {
        const char *const *swizzle;
        int lines, width;
    } modes[] = {{NULL, 1, 32}, {ptx_swizzle_32, 2, 32}, {ptx_swizzle_64, 4, 64}, {ptx_swizzle_128, 8, 128}};
    const test_launch how = {.threads = WARPS * TW_LANES, .shared_bytes = 2 * B_AT};
    (void)state;
    for (int form = 0; form < 16; form++) {
        group.swizzle = modes[form / 2 % 4].swizzle;
        group.lines = modes[form / 2 % 4].lines;
        group.width = modes[form / 2 % 4].width;
        group.a_in_registers = form % 2;
        group.b_mn_major = form / 8;
        fill_group();
        if (test_run_with(multiply_group, NULL, how))
            fail_msg("%s", test_message);
        check_group();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mma_sync_holds_its_operands_as_drawn),
        cmocka_unit_test(ldmatrix_and_stmatrix_hand_out_8_x_8_as_drawn),
        cmocka_unit_test(wgmma_reads_swizzled_tiles_and_holds_d_as_drawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
