/* SPDX-License-Identifier: MIT
 *
 * .npy files: what numpy writes is read as numpy means it, what is written is what numpy reads, and
 * everything else is refused by name.
 */
#include "scratch.h"

#include <math.h>

/* A file of format version `version` with this header text and these bytes behind it. */
static const char *write_npy(int version, const char *header, const void *bytes, size_t count)
{
    static unsigned char file[65536];
    size_t prefix = version == 2 ? 12 : 10;
    size_t padded = (prefix + strlen(header) + 64) / 64 * 64 - prefix;
    memcpy(file, "\x93NUMPY", 6);
    file[6] = (unsigned char)version;
    file[7] = 0;
    file[8] = (unsigned char)padded;
    file[9] = (unsigned char)(padded >> 8);
    file[10] = file[11] = 0;
    memset(file + prefix, ' ', padded);
    memcpy(file + prefix, header, strlen(header));
    file[prefix + padded - 1] = '\n';
    if (count)
        memcpy(file + prefix + padded, bytes, count);
    scratch_write("x.npy", file, prefix + padded + count);
    return scratch("x.npy");
}

static void c_order_floats_are_read_in_order(void **state)
{
    (void)state;
    const float values[6] = {1, -2, 3.5f, 4, 5, 6};
    float read[6];
    for (int version = 1; version <= 2; version++) {
        tw_npy npy;
        assert_ok(
            tw_npy_read(write_npy(version, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }",
                                  values, sizeof values),
                        &npy));
        assert_int_equal(npy.rank, 2);
        assert_int_equal(npy.dim[0], 2);
        assert_int_equal(npy.dim[1], 3);
        assert_ok(tw_npy_convert(&npy, TW_DTYPE_F32, read));
        assert_memory_equal(read, values, sizeof values);
        tw_npy_free(&npy);
    }
}

static void fortran_order_is_turned_into_c_order(void **state)
{
    (void)state;
    /* numpy.asfortranarray(numpy.arange(24).reshape(2, 3, 4)) */
    int32_t stored[24], read[24];
    for (int i = 0; i < 2; i++) {
        for (int j = 0; j < 3; j++) {
            for (int k = 0; k < 4; k++)
                stored[i + 2 * j + 6 * k] = 12 * i + 4 * j + k;
        }
    }
    tw_npy npy;
    assert_ok(tw_npy_read(
        write_npy(1, "{'descr': '<i4', 'fortran_order': True, 'shape': (2, 3, 4), }", stored, sizeof stored),
        &npy));
    assert_ok(tw_npy_convert(&npy, TW_DTYPE_I32, read));
    for (int i = 0; i < 24; i++)
        assert_int_equal(read[i], i);
    tw_npy_free(&npy);
}

static void every_readable_type_gives_its_values(void **state)
{
    (void)state;
    static const struct {
        const char *descr;
        unsigned char bytes[16];
        size_t count;
    } files[] = {
        {"<f2", {0x00, 0xc2, 0x00, 0x40}, 4},                                      /* -3, 2 */
        {"<f4", {0, 0, 0x40, 0xc0, 0, 0, 0, 0x40}, 8},                             /* -3, 2 */
        {"<f8", {0, 0, 0, 0, 0, 0, 0x08, 0xc0, 0, 0, 0, 0, 0, 0, 0x00, 0x40}, 16}, /* -3, 2 */
        {"|i1", {0xfd, 2}, 2},
        {"<i2", {0xfd, 0xff, 2, 0}, 4},
        {"<i4", {0xfd, 0xff, 0xff, 0xff, 2, 0, 0, 0}, 8},
        {"<i8", {0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 0, 0, 0}, 16},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char header[128];
        float read[2];
        tw_npy npy;
        snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (2,), }",
                 files[i].descr);
        assert_ok(tw_npy_read(write_npy(1, header, files[i].bytes, files[i].count), &npy));
        assert_ok(tw_npy_convert(&npy, TW_DTYPE_F32, read));
        assert_true(read[0] == -3 && read[1] == 2);
        tw_npy_free(&npy);
    }
}

static void uint16_fills_bf16_as_bits_and_f16_as_values(void **state)
{
    (void)state;
    const uint16_t stored[2] = {0x3f80, 3};
    uint16_t read[2];
    tw_npy npy;
    assert_ok(tw_npy_read(
        write_npy(1, "{'descr': '<u2', 'fortran_order': False, 'shape': (2,), }", stored, sizeof stored),
        &npy));
    assert_ok(tw_npy_convert(&npy, TW_DTYPE_BF16, read));
    assert_memory_equal(read, stored, sizeof stored);
    assert_ok(tw_npy_convert(&npy, TW_DTYPE_F16, read));
    assert_int_equal(read[1], 0x4200); /* 3.0 */
    tw_npy_free(&npy);
}

static void f64_rounds_once_to_bf16(void **state)
{
    (void)state;
    /* 1 + 2^-8 + 2^-40: above the midpoint; through f32 it would be the midpoint, and round down to even. */
    const double stored[1] = {1 + 0x1p-8 + 0x1p-40};
    uint16_t read;
    tw_npy npy;
    assert_ok(tw_npy_read(
        write_npy(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }", stored, sizeof stored),
        &npy));
    assert_ok(tw_npy_convert(&npy, TW_DTYPE_BF16, &read));
    assert_int_equal(read, 0x3f81);
    tw_npy_free(&npy);
}

static void what_the_dtype_cannot_hold_is_refused_but_not_infinity(void **state)
{
    (void)state;
    const double stored[2] = {(double)INFINITY, 1e6};
    uint16_t read[2];
    tw_npy npy;
    assert_ok(tw_npy_read(
        write_npy(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }", stored, sizeof stored),
        &npy));
    assert_refused(tw_npy_convert(&npy, TW_DTYPE_F16, read), TW_INVALID,
                   "element 1 is 1e+06, beyond the range of f16");
    assert_refused(tw_npy_convert(&npy, TW_DTYPE_I32, read), TW_INVALID,
                   "holds floats (f8) where the tensor is i32");
    tw_npy_free(&npy);
}

static void what_is_written_is_read_back_bit_for_bit(void **state)
{
    (void)state;
    unsigned char elements[4 * 7 * 5];
    for (size_t i = 0; i < sizeof elements; i++)
        elements[i] = (unsigned char)(i * 37 % 113); /* no NaN in any float dtype */
    const int64_t dim[2] = {7, 5};
    for (int d = 0; d < TW_DTYPES; d++) {
        tw_dtype dtype = (tw_dtype)d;
        for (int rank = 1; rank <= 2; rank++) {
            unsigned char read[sizeof elements];
            tw_npy npy;
            assert_ok(tw_npy_save(scratch("y.npy"), dtype, rank, dim, elements));
            assert_ok(tw_npy_read(scratch("y.npy"), &npy));
            assert_int_equal(npy.rank, rank);
            assert_int_equal((npy.data - npy.contents) % 64, 0);
            assert_int_equal(npy.count, rank == 1 ? 7 : 35);
            assert_ok(tw_npy_convert(&npy, dtype, read));
            assert_memory_equal(read, elements, npy.count * tw_dtype_bytes(dtype));
            tw_npy_free(&npy);
        }
    }
    assert_int_equal(scratch_count(scratch_folder, ".tmp"), 0);
}

static void a_written_file_is_byte_for_byte_numpys(void **state)
{
    (void)state;
    /* numpy.save of numpy.array([[1, 2]], 'f4') */
    static const char expected[] =
        "\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }"
        "                                                          \n";
    char *contents;
    size_t bytes;
    assert_ok(tw_npy_save(scratch("z.npy"), TW_DTYPE_F32, 2, (int64_t[]){1, 2}, (float[]){1, 2}));
    assert_ok(tw_file_read(scratch("z.npy"), &contents, &bytes));
    assert_int_equal(bytes, 128 + 8);
    assert_memory_equal(contents, expected, sizeof expected - 1);
    free(contents);
}

static void malformed_and_foreign_files_are_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *header, *says;
        size_t bytes;
    } files[] = {
        {"{'descr': '>f4', 'fortran_order': False, 'shape': (2,), }",
         "big endian ('>f4'); save x.astype('<f4')", 8},
        {"{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", "elements of type '<c8'", 8},
        {"{'descr': '|b1', 'fortran_order': False, 'shape': (1,), }", "elements of type '|b1'", 1},
        {"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "elements of type '|O'", 8},
        {"{'descr': '<U10', 'fortran_order': False, 'shape': (1,), }", "elements of type '<U10'", 40},
        {"{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (1,), }", "structured array", 4},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", "holds 4 bytes of elements", 4},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", "holds 12 bytes of elements", 12},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }", "malformed shape", 8},
        {"{'descr': '<f4', 'fortran_order': False, }", "no shape", 8},
        {"{'descr': '<f4', 'shape': (2,), }", "fortran_order", 8},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }",
         "more elements than fit", 8},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904,), }", "holds 8 bytes", 8},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 1, 1, 1, 1, 1, 1, 1), }",
         "more than 8 dims", 4},
    };
    const char zeros[64] = {0};
    tw_npy npy;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const char *path = write_npy(1, files[i].header, zeros, files[i].bytes);
        assert_refused(tw_npy_read(path, &npy), TW_INVALID, files[i].says);
        assert_refused(tw_npy_read(path, &npy), TW_INVALID, path);
        assert_null(npy.contents);
    }
    assert_refused(tw_npy_read(write_npy(3, "{}", zeros, 0), &npy), TW_INVALID, "format version 3");
    scratch_write("text", "hello", 5);
    assert_refused(tw_npy_read(scratch("text"), &npy), TW_INVALID, "is no .npy file");
    scratch_write("short", "\x93NUMPY\x01\x00\xff\x00{", 11);
    assert_refused(tw_npy_read(scratch("short"), &npy), TW_INVALID, "ends inside its header");
    scratch_write("shorter", "\x93NUMPY\x02\x00\xff\x00", 10);
    assert_refused(tw_npy_read(scratch("shorter"), &npy), TW_INVALID, "ends inside its header");
    assert_refused(tw_npy_read(scratch("absent"), &npy), TW_IO, "No such file");
    assert_refused(tw_npy_read(scratch_folder, &npy), TW_IO, "not a regular file");
}

static void no_truncation_of_a_good_file_is_accepted(void **state)
{
    (void)state;
    const float values[3] = {1, 2, 3};
    char *contents;
    size_t bytes;
    assert_ok(tw_file_read(
        write_npy(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", values, sizeof values),
        &contents, &bytes));
    for (size_t length = 0; length < bytes; length++) {
        tw_npy npy;
        scratch_write("cut.npy", contents, length);
        assert_refused(tw_npy_read(scratch("cut.npy"), &npy), TW_INVALID, "cut.npy");
    }
    free(contents);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(c_order_floats_are_read_in_order),
        cmocka_unit_test(fortran_order_is_turned_into_c_order),
        cmocka_unit_test(every_readable_type_gives_its_values),
        cmocka_unit_test(uint16_fills_bf16_as_bits_and_f16_as_values),
        cmocka_unit_test(f64_rounds_once_to_bf16),
        cmocka_unit_test(what_the_dtype_cannot_hold_is_refused_but_not_infinity),
        cmocka_unit_test(what_is_written_is_read_back_bit_for_bit),
        cmocka_unit_test(a_written_file_is_byte_for_byte_numpys),
        cmocka_unit_test(malformed_and_foreign_files_are_refused_by_name),
        cmocka_unit_test(no_truncation_of_a_good_file_is_accepted),
    };
    return cmocka_run_group_tests(tests, scratch_create, scratch_remove);
}
