/* SPDX-License-Identifier: MIT
 *
 * Tensor maps: which tensors and boxes have none and why, what a driver is asked for, and what the emulated
 * copy engine reads. What a map then does is tested in tests/emulator/test_sm90_tma.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/emulator/tensor_map.h"
#include "host/tensor_map.h"

/* 3 x 5 x 200 x 72 elements, rows padded to 80. */
static tw_tensor_arg tensor;
static tw_tensor_map_request request;
static tw_tensor_map map;

static void reset(void)
{
    static const int64_t dim[4] = {3, 5, 200, 72}, stride[4] = {80000, 16000, 80, 1};
    memset(&tensor, 0, sizeof tensor);
    memcpy(tensor.dim, dim, sizeof dim);
    memcpy(tensor.stride, stride, sizeof stride);
    tensor.data = (void *)(uintptr_t)0x12340;
    request = (tw_tensor_map_request){&tensor, 4, TW_DTYPE_BF16, 128, 64, 128};
}

static void refused(const char *why)
{
    tw_status status = tw_tensor_map_make(&request, NULL, &map);
    if (status.code != TW_INVALID || !strstr(status.message, why))
        fail_msg("code %d: %s", (int)status.code, status.message);
    reset();
}

static void tensors_and_boxes_without_a_map_are_named_with_the_rule(void **state)
{
    (void)state;
    reset();
    tensor.data = (char *)tensor.data + 8;
    refused("a tensor map for data at 0x12348: the address must be a multiple of 16 bytes");
    tensor.stride[3] = 2;
    refused(
        "a tensor map for axis 3 with a stride of 2 elements: elements of the last axis must be neighbours");
    tensor.stride[2] = 76;
    refused("a tensor map for axis 2 with a stride of 152 bytes: strides must be multiples of 16");
    tensor.stride[1] = -16000;
    refused("a tensor map for axis 1 with a stride of -32000 bytes");
    tensor.stride[0] = INT64_C(1) << 40;
    refused("a tensor map for axis 0 with a stride of 2199023255552 bytes");
    tensor.dim[2] = (INT64_C(1) << 32) + 1;
    refused("a tensor map for axis 2 of 4294967297 elements: 1 to 2^32");
    tensor.dim[3] = 0;
    refused("a tensor map for axis 3 of 0 elements");
    request.rank = 5;
    refused("a tensor map for 5 axes: there may be 1 to 4");
    request.box_rows = 257;
    refused("a tensor map's box of 257 x 64: each side has 1 to 256");
    request.box_cols = 0;
    refused("a tensor map's box of 128 x 0");
    request.swizzle_bytes = 256;
    refused("a tensor map's swizzle of 256 bytes: there are 0, 32, 64 and 128");
    request.swizzle_bytes = 64;
    refused("a tensor map's box with rows of 128 bytes and a swizzle of 64: the two must be equal");
    request.swizzle_bytes = 0;
    request.box_cols = 12;
    refused("a tensor map's box with rows of 24 bytes: they must be a multiple of 16");
}

/* ---- what the driver is asked for ---- */

static struct {
    int data_type, interleave, swizzle, promotion, fill, result;
    uint32_t rank, box[4], element_stride[4];
    void *map, *data;
    uint64_t dim[4], stride[3];
} asked;

static int encode(void *to, int data_type, uint32_t rank, void *data, const uint64_t *dim,
                  const uint64_t *stride_bytes, const uint32_t *box, const uint32_t *element_stride,
                  int interleave, int swizzle, int promotion, int fill)
{
    asked.map = to;
    asked.data_type = data_type;
    asked.rank = rank;
    asked.data = data;
    memcpy(asked.dim, dim, sizeof asked.dim);
    memcpy(asked.stride, stride_bytes, sizeof asked.stride);
    memcpy(asked.box, box, sizeof asked.box);
    memcpy(asked.element_stride, element_stride, sizeof asked.element_stride);
    asked.interleave = interleave;
    asked.swizzle = swizzle;
    asked.promotion = promotion;
    asked.fill = fill;
    return asked.result;
}

static void the_driver_is_asked_with_axes_innermost_first_and_strides_in_bytes(void **state)
{
    static const uint64_t dim[4] = {72, 200, 5, 3}, stride[3] = {160, 32000, 160000};
    static const uint32_t box[4] = {64, 128, 1, 1}, ones[4] = {1, 1, 1, 1};
    (void)state;
    reset();
    assert_int_equal((uintptr_t)&map % 64, 0);
    assert_int_equal(tw_tensor_map_make(&request, encode, &map).code, TW_OK);
    assert_ptr_equal(asked.map, &map);
    assert_ptr_equal(asked.data, tensor.data);
    assert_int_equal(asked.data_type, 9); /* CU_TENSOR_MAP_DATA_TYPE_BFLOAT16 */
    assert_int_equal(asked.rank, 4);
    assert_memory_equal(asked.dim, dim, sizeof dim);
    assert_memory_equal(asked.stride, stride, sizeof stride);
    assert_memory_equal(asked.box, box, sizeof box);
    assert_memory_equal(asked.element_stride, ones, sizeof ones);
    assert_int_equal(asked.interleave, 0);
    assert_int_equal(asked.swizzle, 3); /* CU_TENSOR_MAP_SWIZZLE_128B */
    assert_int_equal(asked.fill, 0);    /* zeros */
}

/* Whatever the strides of axes that are not there or have one element. */
static void axes_of_one_element_get_strides_that_a_driver_takes(void **state)
{
    static const uint64_t dim[4] = {72, 1, 1, 1};
    (void)state;
    reset();
    tensor.dim[0] = 1;
    tensor.dim[1] = 72;
    tensor.stride[0] = 7;
    tensor.stride[1] = 1;
    request.rank = 2;
    assert_int_equal(tw_tensor_map_make(&request, encode, &map).code, TW_OK);
    assert_memory_equal(asked.dim, dim, sizeof dim);
    for (int axis = 0; axis < 3; axis++) {
        assert_int_equal(asked.stride[axis] % 16, 0);
        assert_true(asked.stride[axis] >= 72 * 2);
    }
}

static void a_refusal_of_the_driver_is_told(void **state)
{
    tw_status status;
    (void)state;
    reset();
    asked.result = 1;
    status = tw_tensor_map_make(&request, encode, &map);
    asked.result = 0;
    assert_int_equal(status.code, TW_DEVICE);
    assert_string_equal(status.message,
                        "the NVIDIA driver refuses a tensor map of bf16, boxes of 128 x 64, swizzle 128 "
                        "bytes (error 1)");
}

static void a_missing_driver_is_told(void **state)
{
    tw_tensor_map_encode *found = NULL;
    tw_status status = tw_tensor_map_driver(&found);
    (void)state;
    if (status.code == TW_OK)
        assert_non_null(found);
    else
        assert_non_null(strstr(status.message, "NVIDIA driver"));
}

/* ---- the emulator's ---- */

static void an_emulated_map_holds_the_same(void **state)
{
    static const uint64_t dim[4] = {72, 200, 5, 3};
    static const int64_t stride[4] = {2, 160, 32000, 160000};
    tw__emu_tensor_map emulated;
    (void)state;
    reset();
    assert_int_equal(tw_tensor_map_make(&request, NULL, &map).code, TW_OK);
    memcpy(&emulated, &map, sizeof emulated);
    assert_true(emulated.magic == TW__EMU_TENSOR_MAP_MAGIC);
    assert_ptr_equal(emulated.data, tensor.data);
    assert_memory_equal(emulated.dim, dim, sizeof dim);
    assert_memory_equal(emulated.stride, stride, sizeof stride);
    assert_int_equal(emulated.box_rows, 128);
    assert_int_equal(emulated.box_cols, 64);
    assert_int_equal(emulated.swizzle_bytes, 128);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tensors_and_boxes_without_a_map_are_named_with_the_rule),
        cmocka_unit_test(the_driver_is_asked_with_axes_innermost_first_and_strides_in_bytes),
        cmocka_unit_test(axes_of_one_element_get_strides_that_a_driver_takes),
        cmocka_unit_test(a_refusal_of_the_driver_is_told),
        cmocka_unit_test(a_missing_driver_is_told),
        cmocka_unit_test(an_emulated_map_holds_the_same),
    };
    return cmocka_run_group_tests_name("tensor maps", tests, NULL, NULL);
}
