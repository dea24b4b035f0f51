/* SPDX-License-Identifier: MIT
 *
 * Making tensor maps. The rules checked here are those of cuTensorMapEncodeTiled (CUDA Driver API, "Tensor
 * Map Object Management"), which itself only says "invalid value".
 */
#include "tensor_map.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <string.h>

#include "arch/emulator/tensor_map.h"

enum { RANK = 4, BOX_MAX = 256, GRANULE = 16 };

static const int64_t DIM_MAX = INT64_C(1) << 32;
static const int64_t STRIDE_MAX = INT64_C(1) << 40; /* bytes */

/* cuda.h: CUtensorMapDataType by tw_dtype; CUtensorMapInterleave, CUtensorMapL2promotion and
 * CUtensorMapFloatOOBfill as used here. 8-bit floats are bytes to the copy engine. */
static const int DATA_TYPE[TW_DTYPES] = {
    [TW_DTYPE_F32] = 7,  [TW_DTYPE_F16] = 6, [TW_DTYPE_BF16] = 9, [TW_DTYPE_E4M3] = 0,
    [TW_DTYPE_E5M2] = 0, [TW_DTYPE_I8] = 0,  [TW_DTYPE_I32] = 3,
};
enum { INTERLEAVE_NONE = 0, PROMOTION_L2_128B = 2, FILL_ZEROS = 0 };

/* CUtensorMapSwizzle: 0 for none, 1, 2, 3 for 32, 64, 128 bytes; -1 for what there is not. */
static int swizzle_code(int bytes)
{
    return bytes == 0 ? 0 : bytes == 32 ? 1 : bytes == 64 ? 2 : bytes == 128 ? 3 : -1;
}

/* The tensor with four axes, innermost first, strides in bytes. An axis of one element may have any stride;
 * it gets that of a packed tensor, which a map can hold. */
static void axes(const tw_tensor_map_request *request, int64_t dim[RANK], int64_t stride[RANK])
{
    int64_t bytes = (int64_t)tw_dtype_bytes(request->dtype), packed = bytes;
    for (int axis = 0; axis < RANK; axis++) {
        int from = request->rank - 1 - axis;
        dim[axis] = from >= 0 ? request->tensor->dim[from] : 1;
        stride[axis] = dim[axis] == 1 ? packed : request->tensor->stride[from] * bytes;
        if (dim[axis] > 0 && dim[axis] <= DIM_MAX && stride[axis] > 0 &&
            stride[axis] < STRIDE_MAX / dim[axis] - GRANULE)
            packed = (dim[axis] * stride[axis] + GRANULE - 1) / GRANULE * GRANULE;
    }
}

static tw_status check_box(const tw_tensor_map_request *request)
{
    int rows = request->box_rows, cols = request->box_cols, swizzle = request->swizzle_bytes;
    int row_bytes = cols * (int)tw_dtype_bytes(request->dtype);
    if (rows < 1 || rows > BOX_MAX || cols < 1 || cols > BOX_MAX)
        return tw_fail(TW_INVALID, "a tensor map's box of %d x %d: each side has 1 to %d elements", rows,
                       cols, BOX_MAX);
    if (swizzle_code(swizzle) < 0)
        return tw_fail(TW_INVALID, "a tensor map's swizzle of %d bytes: there are 0, 32, 64 and 128",
                       swizzle);
    if (swizzle && row_bytes != swizzle)
        return tw_fail(TW_INVALID,
                       "a tensor map's box with rows of %d bytes and a swizzle of %d: the two must be equal",
                       row_bytes, swizzle);
    if (row_bytes % GRANULE)
        return tw_fail(TW_INVALID, "a tensor map's box with rows of %d bytes: they must be a multiple of %d",
                       row_bytes, GRANULE);
    return tw_ok();
}

tw_status tw_tensor_map_check(const tw_tensor_map_request *request)
{
    const tw_tensor_arg *tensor = request->tensor;
    int64_t dim[RANK], stride[RANK];
    if (request->rank < 1 || request->rank > RANK)
        return tw_fail(TW_INVALID, "a tensor map for %d axes: there may be 1 to %d", request->rank, RANK);
    TW_TRY(check_box(request));
    axes(request, dim, stride);
    if ((uintptr_t)tensor->data % GRANULE)
        return tw_fail(TW_INVALID, "a tensor map for data at %p: the address must be a multiple of %d bytes",
                       tensor->data, GRANULE);
    if (stride[0] != (int64_t)tw_dtype_bytes(request->dtype))
        return tw_fail(TW_INVALID,
                       "a tensor map for axis %d with a stride of %" PRId64
                       " elements: elements of the last axis must be neighbours (stride 1)",
                       request->rank - 1, tensor->stride[request->rank - 1]);
    for (int axis = 0; axis < RANK; axis++) {
        int named = request->rank - 1 - axis;
        if (dim[axis] < 1 || dim[axis] > DIM_MAX)
            return tw_fail(TW_INVALID,
                           "a tensor map for axis %d of %" PRId64 " elements: 1 to 2^32 may be there", named,
                           dim[axis]);
        if (axis > 0 && (stride[axis] < 0 || stride[axis] >= STRIDE_MAX || stride[axis] % GRANULE))
            return tw_fail(TW_INVALID,
                           "a tensor map for axis %d with a stride of %" PRId64
                           " bytes: strides must be multiples of %d, from 0 to less than 2^40; pad the rows",
                           named, stride[axis], GRANULE);
    }
    return tw_ok();
}

static void make_emulated(const tw_tensor_map_request *request, tw_tensor_map *map)
{
    int64_t dim[RANK];
    tw__emu_tensor_map emulated = {
        .magic = TW__EMU_TENSOR_MAP_MAGIC,
        .data = request->tensor->data,
        .box_cols = request->box_cols,
        .box_rows = request->box_rows,
        .swizzle_bytes = request->swizzle_bytes,
    };
    axes(request, dim, emulated.stride);
    for (int axis = 0; axis < RANK; axis++)
        emulated.dim[axis] = (uint64_t)dim[axis];
    memcpy(map, &emulated, sizeof *map);
}

tw_status tw_tensor_map_make(const tw_tensor_map_request *request, tw_tensor_map_encode *encode,
                             tw_tensor_map *map)
{
    int64_t dim[RANK], stride[RANK];
    uint64_t extent[RANK], stride_bytes[RANK];
    const uint32_t box[RANK] = {(uint32_t)request->box_cols, (uint32_t)request->box_rows, 1, 1};
    const uint32_t element_stride[RANK] = {1, 1, 1, 1};
    TW_TRY(tw_tensor_map_check(request));
    if (!encode) {
        make_emulated(request, map);
        return tw_ok();
    }
    axes(request, dim, stride);
    for (int axis = 0; axis < RANK; axis++) {
        extent[axis] = (uint64_t)dim[axis];
        stride_bytes[axis] = (uint64_t)stride[axis];
    }
    /* The driver takes no stride for the innermost axis. */
    int error = encode(map, DATA_TYPE[request->dtype], RANK, request->tensor->data, extent, stride_bytes + 1,
                       box, element_stride, INTERLEAVE_NONE, swizzle_code(request->swizzle_bytes),
                       PROMOTION_L2_128B, FILL_ZEROS);
    if (error)
        return tw_fail(
            TW_DEVICE,
            "the NVIDIA driver refuses a tensor map of %s, boxes of %d x %d, swizzle %d bytes (error %d)",
            tw_dtype_name(request->dtype), request->box_rows, request->box_cols, request->swizzle_bytes,
            error);
    return tw_ok();
}

tw_status tw_tensor_map_driver(tw_tensor_map_encode **encode)
{
    static const char library_name[] = "libcuda.so.1";
    void *library =
        dlopen(library_name, RTLD_NOW | RTLD_LOCAL); /* open already where a target is; never closed */
    void *symbol = library ? dlsym(library, "cuTensorMapEncodeTiled") : NULL;
    if (!library)
        return tw_fail(TW_UNAVAILABLE, "no NVIDIA driver here (%s not found)", library_name);
    if (!symbol)
        return tw_fail(TW_UNAVAILABLE,
                       "the NVIDIA driver has no cuTensorMapEncodeTiled; CUDA 12 or newer is needed");
    memcpy(encode, &symbol, sizeof symbol); /* ISO C has no cast from object to function pointer */
    return tw_ok();
}
