/* SPDX-License-Identifier: MIT
 *
 * Conversions, exhaustively: every code of every narrow float, every midpoint between two neighbours.
 */
#include "scratch.h"

#include <math.h>

typedef struct {
    tw_dtype dtype;
    int bytes, exponent_bits, mantissa_bits, bias;
    uint32_t largest; /* code of the largest finite value */
    int saturates;    /* 1: what is beyond stays there; 0: becomes infinite */
} format;

static const format formats[] = {
    {TW_DTYPE_F16, 2, 5, 10, 15, 0x7bff, 0},
    {TW_DTYPE_BF16, 2, 8, 7, 127, 0x7f7f, 0},
    {TW_DTYPE_E4M3, 1, 4, 3, 7, 0x7e, 1},
    {TW_DTYPE_E5M2, 1, 5, 2, 15, 0x7b, 1},
};

enum { FORMATS = sizeof formats / sizeof *formats };

static double decode(const format *f, uint32_t code)
{
    uint16_t element16 = (uint16_t)code;
    uint8_t element8 = (uint8_t)code;
    double value;
    tw_dtype_decode(f->dtype, f->bytes == 2 ? (void *)&element16 : (void *)&element8, &value, 1);
    return value;
}

static uint32_t encode(const format *f, double value)
{
    uint16_t element16 = 0;
    uint8_t element8 = 0;
    tw_dtype_encode(f->dtype, &value, f->bytes == 2 ? (void *)&element16 : (void *)&element8, 1);
    return f->bytes == 2 ? element16 : element8;
}

/* IEEE 754 section 3.4, by libm instead of bits. */
static double by_definition(const format *f, uint32_t code)
{
    int field = (int)(code >> f->mantissa_bits);
    int fraction = (int)(code & ((1u << f->mantissa_bits) - 1));
    if (field == 0)
        return ldexp(fraction, 1 - f->bias - f->mantissa_bits);
    return ldexp(fraction + (1 << f->mantissa_bits), field - f->bias - f->mantissa_bits);
}

static void every_finite_code_decodes_by_the_definition_and_survives_encoding(void **state)
{
    (void)state;
    for (int i = 0; i < FORMATS; i++) {
        const format *f = &formats[i];
        uint32_t sign = 1u << (8 * f->bytes - 1);
        for (uint32_t code = 0; code <= f->largest; code++) {
            double value = by_definition(f, code);
            assert_true(decode(f, code) == value);
            assert_true(decode(f, code | sign) == -value);
            assert_int_equal(encode(f, value), code);
            assert_int_equal(encode(f, -value), code | sign);
        }
    }
}

static void codes_beyond_the_largest_are_infinity_or_nan(void **state)
{
    (void)state;
    for (int i = 0; i < FORMATS; i++) {
        const format *f = &formats[i];
        uint32_t last = (1u << (8 * f->bytes - 1)) - 1;
        for (uint32_t code = f->largest + 1; code <= last; code++) {
            double value = decode(f, code);
            int infinity = f->dtype != TW_DTYPE_E4M3 && code == f->largest + 1;
            assert_true(infinity ? isinf(value) && value > 0 : isnan(value));
        }
        assert_true(isnan(decode(f, encode(f, (double)NAN))));
    }
}

static void midpoints_round_to_even_and_their_neighbours_to_the_nearest(void **state)
{
    (void)state;
    for (int i = 0; i < FORMATS; i++) {
        const format *f = &formats[i];
        for (uint32_t code = 0; code < f->largest; code++) {
            double middle = (by_definition(f, code) + by_definition(f, code + 1)) / 2;
            assert_int_equal(encode(f, middle), code + (code & 1));
            assert_int_equal(encode(f, nextafter(middle, 0)), code);
            assert_int_equal(encode(f, nextafter(middle, (double)INFINITY)), code + 1);
        }
    }
}

static void what_is_too_large_becomes_infinite_or_stays_at_the_largest(void **state)
{
    (void)state;
    for (int i = 0; i < FORMATS; i++) {
        const format *f = &formats[i];
        uint32_t sign = 1u << (8 * f->bytes - 1);
        double largest = by_definition(f, f->largest);
        double step = largest - by_definition(f, f->largest - 1);
        uint32_t beyond = f->saturates ? f->largest : f->largest + 1;
        assert_true(tw_dtype_largest(f->dtype) == largest);
        assert_int_equal(encode(f, nextafter(largest + step / 2, 0)), f->largest);
        assert_int_equal(encode(f, largest + step / 2), beyond);
        assert_int_equal(encode(f, 1e300), beyond);
        assert_int_equal(encode(f, -(double)INFINITY), beyond | sign);
        assert_int_equal(encode(f, 5e-324), 0);
        assert_int_equal(encode(f, -5e-324), sign);
    }
}

static void integers_round_to_even_and_saturate(void **state)
{
    (void)state;
    const double values[] = {0.5, 1.5, -2.5, 127.4, 1e9, -1e9, (double)NAN};
    const int8_t expected[] = {0, 2, -2, 127, 127, -128, 0};
    int8_t bytes[7];
    int32_t words[2];
    tw_dtype_encode(TW_DTYPE_I8, values, bytes, 7);
    assert_memory_equal(bytes, expected, sizeof bytes);
    tw_dtype_encode(TW_DTYPE_I32, (double[]){3e9, -3e9}, words, 2);
    assert_int_equal(words[0], INT32_MAX);
    assert_int_equal(words[1], INT32_MIN);
}

static void names_and_widths_agree_with_each_other(void **state)
{
    (void)state;
    for (int i = 0; i < TW_DTYPES; i++) {
        tw_dtype found;
        assert_ok(tw_dtype_parse(tw_dtype_name((tw_dtype)i), &found));
        assert_int_equal(found, i);
        assert_in_range(tw_dtype_bytes((tw_dtype)i), 1, 4);
    }
    tw_dtype unused;
    assert_refused(tw_dtype_parse("fp16", &unused), TW_INVALID, "'fp16' is no dtype; there are f32 f16");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_finite_code_decodes_by_the_definition_and_survives_encoding),
        cmocka_unit_test(codes_beyond_the_largest_are_infinity_or_nan),
        cmocka_unit_test(midpoints_round_to_even_and_their_neighbours_to_the_nearest),
        cmocka_unit_test(what_is_too_large_becomes_infinite_or_stays_at_the_largest),
        cmocka_unit_test(integers_round_to_even_and_saturate),
        cmocka_unit_test(names_and_widths_agree_with_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
