/* SPDX-License-Identifier: MIT
 *
 * AMD's emulated matrix instructions against the tables of AMD's manuals.
 */
#define TEST_LANES 64
#include "emulate.h"

#include "arch/emulator/isa_amd.h"

#include "oracle.h"

static struct {
    oracle_matrix a, b, d;
    int dtype, depth;
} wave;

static void multiply(const void *args)
{
    int lane = tw__isa_lane();
    float *d = wave.d.held[lane];
    uint32_t a[4], b[4];
    (void)args;
    for (int r = 0; r < 4; r++) {
        a[r] = oracle_pair(&wave.a.held[lane][2 * r], wave.dtype);
        b[r] = oracle_pair(&wave.b.held[lane][2 * r], wave.dtype);
    }
    if (wave.dtype == TW_f32)
        tw__isa_mfma_f32_16x16x4_f32(d, wave.a.held[lane][0], wave.b.held[lane][0]);
    else if (wave.depth == 16)
        (wave.dtype == TW_bf16 ? tw__isa_mfma_f32_16x16x16_bf16 : tw__isa_mfma_f32_16x16x16_f16)(d, a, b);
    else
        (wave.dtype == TW_bf16 ? tw__isa_mfma_f32_16x16x32_bf16 : tw__isa_mfma_f32_16x16x32_f16)(d, a, b);
}

static void mfma_holds_its_operands_as_drawn(void **state)
{
    static const struct {
        const char *what;
        int dtype, depth;
        const char *const *a, *const *b;
    } forms[] = {
        {"16x16x16_bf16", TW_bf16, 16, mfma_16x16x16_a, mfma_16x16x16_b},
        {"16x16x16_f16", TW_f16, 16, mfma_16x16x16_a, mfma_16x16x16_b},
        {"16x16x4_f32", TW_f32, 4, mfma_16x16x4_a, mfma_16x16x4_b},
        {"16x16x32_bf16", TW_bf16, 32, mfma_16x16x32_a, mfma_16x16x32_b},
        {"16x16x32_f16", TW_f16, 32, mfma_16x16x32_a, mfma_16x16x32_b},
    };
    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        wave.dtype = forms[i].dtype;
        wave.depth = forms[i].depth;
        oracle_fill(&wave.a, forms[i].a, 16, wave.depth);
        oracle_fill(&wave.b, forms[i].b, wave.depth, 16);
        oracle_fill(&wave.d, mfma_16x16_d, 16, 16);
        assert_int_equal(test_run(multiply, NULL), 0);
        oracle_check(&wave.d, &wave.a, &wave.b, forms[i].what);
    }
}

/* Each group of 16 lanes has 4 rows of 16 elements of its own: element (r, c) of group g is 256 g + 16 r + c.
 */
static uint32_t received[TW_LANES][2];

static void read_transposed(const void *args)
{
    int lane = tw__isa_lane(), row = lane % 16 / 4, col = lane % 4 * 4;
    char *mine = (char *)tw__isa_shared_base() + 8 * (TW_LANES - 1 - lane);
    uint32_t words[2];
    (void)args;
    for (int w = 0; w < 2; w++) {
        uint32_t first = (uint32_t)(256 * (lane / 16) + 16 * row + col + 2 * w);
        words[w] = first | (first + 1) << 16;
    }
    tw__isa_shared_store(mine, words, 8);
    tw__isa_wave_barrier();
    tw__isa_ds_read_tr16_b64(received[lane], mine);
}

static void the_transposing_read_hands_out_4_x_16_as_drawn(void **state)
{
    (void)state;
    assert_int_equal(test_run(read_transposed, NULL), 0);
    for (int g = 0; g < TW_LANES / 16; g++)
        for (int r = 0; r < 4; r++)
            for (int c = 0; c < 16; c++) {
                int lane, element;
                table_entry(ds_read_tr_4x16[r], c, &lane, &element);
                assert_int_equal(received[16 * g + lane][element / 2] >> (element % 2 * 16) & 0xffff,
                                 256 * g + 16 * r + c);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mfma_holds_its_operands_as_drawn),
        cmocka_unit_test(the_transposing_read_hands_out_4_x_16_as_drawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
