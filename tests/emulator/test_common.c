/* SPDX-License-Identifier: MIT
 *
 * The instructions every machine has: shared memory in all widths and its checks, shuffles, conversions over
 * every 16-bit pattern, the scalar functions at their corners.
 */
#define TEST_LANES 64
#include "emulate.h"

#include "arch/emulator/isa_common.h"

enum { TW_SCRATCH_BYTES = 4096 };
#include "arch/emulator/global.h"

/* ---- shared memory ---- */

typedef struct {
    int bytes;
    uint8_t image[64]; /* shared memory after one store in its middle */
    uint32_t loaded[4];
} width_case;

static const uint8_t pattern[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

static void kernel_width(const void *args)
{
    width_case *test = *(width_case *const *)args;
    char *shared = (char *)tw__isa_shared_base();
    uint32_t words[4], word;
    if (tw__isa_lane() != 0)
        return;
    memcpy(words, pattern, 16);
    tw__isa_shared_store(shared + 16, words, test->bytes);
    tw__isa_shared_load(test->loaded, shared + 16, test->bytes);
    for (int i = 0; i < 16; i++) {
        tw__isa_shared_load(&word, shared + 4 * i, 4);
        memcpy(&test->image[4 * i], &word, 4);
    }
}

static void shared_memory_is_read_and_written_in_every_width(void **state)
{
    (void)state;
    for (int bytes = 1; bytes <= 16; bytes *= 2) {
        width_case test, *args = &test;
        uint8_t loaded[16];
        memset(&test, 0xee, sizeof test);
        test.bytes = bytes;
        assert_int_equal(test_run_unchecked(kernel_width, &args), 0);
        for (int i = 0; i < 64; i++)
            assert_int_equal(test.image[i], i >= 16 && i < 16 + bytes ? pattern[i - 16] : 0xff);
        memcpy(loaded, test.loaded, 16);
        for (int i = 0; i < 16; i++) /* up to a word is zero-extended; words beyond stay untouched */
            assert_int_equal(loaded[i], i < bytes ? pattern[i] : i < 4 ? 0 : 0xee);
    }
}

typedef struct {
    int offset, bytes, store;
} access_case;

static void kernel_access(const void *args)
{
    const access_case *test = (const access_case *)args;
    uint32_t words[4] = {0};
    if (tw__isa_wave() != 1 || tw__isa_lane() != 40)
        return;
    if (test->store)
        tw__isa_shared_store((char *)tw__isa_shared_base() + test->offset, words, test->bytes);
    else
        tw__isa_shared_load(words, (char *)tw__isa_shared_base() + test->offset, test->bytes);
}

static void an_access_outside_or_misaligned_is_reported_with_its_lane(void **state)
{
    static const struct {
        access_case access;
        const char *says;
    } cases[] = {
        {{1000, 4, 0}, "shared load: shared address 1000+4 is outside the block's 1000 bytes"},
        {{992, 16, 1}, "shared store: shared address 992+16 is outside the block's 1000 bytes"},
        {{-4, 4, 1}, "shared store: shared address -4+4 is outside the block's 1000 bytes"},
        {{1 << 30, 1, 0}, "shared load: shared address 1073741824+1 is outside the block's 1000 bytes"},
        {{2, 4, 0}, "shared load: shared address 2 is no multiple of 4"},
        {{8, 16, 1}, "shared store: shared address 8 is no multiple of 16"},
        {{997, 2, 0}, "shared load: shared address 997 is no multiple of 2"},
        {{996, 4, 1}, NULL},
        {{999, 1, 0}, NULL},
        {{984, 8, 0}, NULL},
    };
    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        test_launch how = {.threads = 2 * TW_LANES, .shared_bytes = 1000, .unchecked = 1};
        char expected[256] = "";
        if (cases[c].says)
            snprintf(expected, sizeof expected, "emulator: %s (block (0,0,0) wave 1 lane 40)", cases[c].says);
        assert_int_equal(test_run_with(kernel_access, &cases[c].access, how), cases[c].says != NULL);
        assert_string_equal(test_message, expected);
    }
}

typedef struct {
    uint8_t memory[32] __attribute__((aligned(16)));
    int offset, bytes, store;
} global_case;

static void kernel_global(const void *args)
{
    global_case *test = *(global_case *const *)args;
    uint32_t words[4] = {0x04030201u, 0x08070605u, 0x0c0b0a09u, 0x100f0e0du};
    if (tw__isa_lane() != 0)
        return;
    if (test->store)
        tw__isa_global_store(test->memory + test->offset, words, test->bytes);
    else
        tw__isa_global_load(words, test->memory + test->offset, test->bytes);
    tw__isa_global_store(test->memory + 16, words, 16);
}

static void global_memory_is_read_and_written_in_every_width_if_aligned(void **state)
{
    (void)state;
    for (int bytes = 1; bytes <= 16; bytes *= 2)
        for (int offset = 0; offset + bytes <= 16; offset++)
            for (int store = 0; store < 2; store++) {
                global_case test, *args = &test;
                char address[64];
                for (int i = 0; i < 32; i++)
                    test.memory[i] = (uint8_t)(100 + i);
                test.offset = offset;
                test.bytes = bytes;
                test.store = store;
                snprintf(address, sizeof address,
                         "emulator: global %s: global address %p is no multiple of %d ",
                         store ? "store" : "load", (void *)(test.memory + offset), bytes);
                assert_int_equal(test_run(kernel_global, &args), offset % bytes != 0);
                if (offset % bytes != 0) {
                    assert_memory_equal(test_message, address, strlen(address));
                    continue;
                }
                for (int i = 0; i < 16; i++) {
                    int read = i < bytes ? 100 + offset + i : i < 4 ? 0 : pattern[i];
                    int stored = i >= offset && i < offset + bytes ? pattern[i - offset] : 100 + i;
                    assert_int_equal(test.memory[16 + i], store ? pattern[i] : read);
                    assert_int_equal(test.memory[i], store ? stored : 100 + i);
                }
            }
}

/* ---- shuffles ---- */

typedef struct {
    uint32_t value[TW_LANES], gathered[TW_LANES], crossed[TW_LANES];
    int source[TW_LANES], mask;
} shuffle_case;

static void kernel_shuffle(const void *args)
{
    shuffle_case *test = *(shuffle_case *const *)args;
    int lane = tw__isa_lane();
    test->gathered[lane] = tw__isa_shuffle(test->value[lane], test->source[lane]);
    test->crossed[lane] = tw__isa_shuffle_xor(test->value[lane], test->mask);
}

static void shuffles_read_any_lane_modulo_the_wave(void **state)
{
    (void)state;
    for (int mask = 0; mask < TW_LANES; mask++) {
        shuffle_case test, *args = &test;
        memset(&test, 0, sizeof test);
        test.mask = mask;
        for (int lane = 0; lane < TW_LANES; lane++) {
            test.value[lane] = (uint32_t)test_random();
            test.source[lane] = (int)(test_random() % (4 * TW_LANES)) - 2 * TW_LANES;
        }
        assert_int_equal(test_run(kernel_shuffle, &args), 0);
        for (int lane = 0; lane < TW_LANES; lane++) {
            assert_int_equal(test.gathered[lane], test.value[(test.source[lane] + 2 * TW_LANES) % TW_LANES]);
            assert_int_equal(test.crossed[lane], test.value[lane ^ mask]);
        }
    }
}

/* ---- conversions ---- */

/* A 16-bit float's value by its definition. `mantissa` bits: 10 of f16, 7 of bf16. */
static double value_of(uint32_t bits, int mantissa)
{
    int exponent_max = (1 << (15 - mantissa)) - 1, bias = exponent_max / 2;
    int exponent = (int)(bits >> mantissa) & exponent_max, fraction = (int)bits & ((1 << mantissa) - 1);
    double magnitude = exponent == exponent_max ? (fraction ? (double)NAN : (double)INFINITY)
                       : exponent               ? ldexp(1.0 + ldexp(fraction, -mantissa), exponent - bias)
                                                : ldexp(fraction, 1 - bias - mantissa);
    return bits >> 15 ? -magnitude : magnitude;
}

static uint32_t pack(float value, int mantissa)
{
    uint32_t pair = mantissa == 10 ? tw__isa_pack_f16(value, -value) : tw__isa_pack_bf16(value, -value);
    if (value == value) /* the high half is converted like the low one */
        assert_int_equal(pair >> 16, (pair & 0xffffu) ^ 0x8000u);
    return pair & 0xffffu;
}

static void every_16_bit_value_survives_a_round_trip(void **state)
{
    (void)state;
    for (int mantissa = 7; mantissa <= 10; mantissa += 3)
        for (uint32_t bits = 0; bits < 0x10000u; bits++) {
            double value = value_of(bits, mantissa);
            float unpacked =
                mantissa == 10 ? tw__isa_unpack_f16(bits | 0xabcd0000u) : tw__float_of(bits << 16);
            if (value != value) {
                assert_true(isnan(unpacked));
                assert_true(isnan(value_of(pack(unpacked, mantissa), mantissa)));
            } else {
                assert_true((double)unpacked == value);
                assert_int_equal(pack((float)value, mantissa), bits);
            }
        }
}

/* Between every two neighbours: the midpoint goes to the even one, the floats next to it to the nearer. The
 * last finite value's upper neighbour is the first power of two that does not fit. */
static void every_value_between_neighbours_rounds_to_nearest_even(void **state)
{
    (void)state;
    for (int mantissa = 7; mantissa <= 10; mantissa += 3) {
        uint32_t infinity = ((1u << (15 - mantissa)) - 1) << mantissa;
        for (uint32_t low = 0; low < infinity; low++) {
            double below = value_of(low, mantissa), above = value_of(low + 1, mantissa);
            double beyond = 2 * below - value_of(low - 1, mantissa);
            float middle = (float)((below + (low + 1 == infinity ? beyond : above)) / 2);
            assert_int_equal(pack(middle, mantissa), low % 2 ? low + 1 : low);
            assert_int_equal(pack(nextafterf(middle, 0.0f), mantissa), low);
            assert_int_equal(pack(nextafterf(middle, INFINITY), mantissa), low + 1);
            assert_int_equal(pack(-middle, mantissa), (low % 2 ? low + 1 : low) | 0x8000u);
        }
        assert_int_equal(pack(INFINITY, mantissa), infinity);
        assert_int_equal(pack(-INFINITY, mantissa), infinity | 0x8000u);
        assert_int_equal(pack(tw__float_of(1), mantissa), 0); /* the smallest subnormal */
        for (uint32_t nan = 1; nan < 0x800000u; nan = nan * 2 + 1) {
            uint32_t packed = pack(tw__float_of(0x7f800000u | nan), mantissa);
            assert_true(isnan(value_of(packed, mantissa)));
            assert_true(packed >> (mantissa - 1) & 1u); /* quiet */
        }
    }
}

static void scalar_functions_keep_their_corners(void **state)
{
    (void)state;
    assert_true(tw__isa_exp2(-INFINITY) == 0.0f && tw__isa_exp2(INFINITY) == INFINITY);
    assert_true(tw__isa_log2(0.0f) == -INFINITY && isnan(tw__isa_log2(-1.0f)));
    assert_true(tw__isa_rcp(0.0f) == INFINITY && tw__isa_rcp(-INFINITY) == 0.0f &&
                tw__isa_rcp(4.0f) == 0.25f);
    assert_true(tw__isa_sqrt(9.0f) == 3.0f && isnan(tw__isa_sqrt(-1.0f)));
    assert_true(tw__isa_rsqrt(16.0f) == 0.25f && tw__isa_rsqrt(0.0f) == INFINITY);
    /* (1 + e)(1 - e) - 1 = -e^2 only if the product is not rounded */
    assert_true(tw__isa_fma(1.0f + 0x1p-23f, 1.0f - 0x1p-23f, -1.0f) == -0x1p-46f);
    for (int i = 0; i < 1000; i++) {
        float x = test_value() * 100.0f;
        double power = exp2((double)x), logarithm = log2(fabs((double)x));
        assert_true(fabs(tw__isa_exp2(x) - power) <= 0x1p-23 * power);
        assert_true(fabs(tw__isa_log2(fabsf(x)) - logarithm) <= 0x1p-23 * fmax(1.0, fabs(logarithm)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shared_memory_is_read_and_written_in_every_width),
        cmocka_unit_test(an_access_outside_or_misaligned_is_reported_with_its_lane),
        cmocka_unit_test(global_memory_is_read_and_written_in_every_width_if_aligned),
        cmocka_unit_test(shuffles_read_any_lane_modulo_the_wave),
        cmocka_unit_test(every_16_bit_value_survives_a_round_trip),
        cmocka_unit_test(every_value_between_neighbours_rounds_to_nearest_even),
        cmocka_unit_test(scalar_functions_keep_their_corners),
    };
    return cmocka_run_group_tests_name("emulator common", tests, NULL, NULL);
}
