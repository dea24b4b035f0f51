/* SPDX-License-Identifier: MIT
 *
 * Tensor maps: the 128 bytes from which Hopper's copy engine (TMA) moves a box of a tensor between global and
 * shared memory. Device code passes their address to tw__isa_tma_load and tw__isa_tma_store.
 *
 *   tw_tensor_map map;
 *   tw_tensor_map_request request = { .tensor = &arg, .rank = 2, .dtype = TW_DTYPE_BF16,
 *                                     .box_rows = 128, .box_cols = 64, .swizzle_bytes = 128 };
 *   TW_TRY(tw_tensor_map_make(&request, NULL, &map));
 *
 * A map always has rank 4, missing outer axes being 1. The box is box_rows x box_cols of the two innermost
 * axes: one panel of a shared tile (arch/shared.h), which is as wide as its swizzle.
 */
#ifndef TW_HOST_TENSOR_MAP_H
#define TW_HOST_TENSOR_MAP_H

#include <stdint.h>

#include "arch/abi.h"
#include "dtype.h"
#include "status.h"

typedef struct {
    _Alignas(64) uint64_t word[16];
} tw_tensor_map;

typedef struct {
    const tw_tensor_arg *tensor;
    int rank;
    tw_dtype dtype;
    int box_rows, box_cols; /* elements */
    int swizzle_bytes;      /* 128, 64 or 32; 0: rows follow one another */
} tw_tensor_map_request;

/* cuTensorMapEncodeTiled. CUDA Driver API, "Tensor Map Object Management". */
typedef int tw_tensor_map_encode(void *map, int data_type, uint32_t rank, void *data, const uint64_t *dim,
                                 const uint64_t *stride_bytes, const uint32_t *box,
                                 const uint32_t *element_stride, int interleave, int swizzle, int promotion,
                                 int fill);

/* TW_OK, or why this tensor or box can have no map (TW_INVALID). Such a tensor is copied another way. */
TW_CHECKED tw_status tw_tensor_map_check(const tw_tensor_map_request *request);

/* Makes a map for a GPU by its driver's `encode`, or for an emulated machine where that is NULL. */
TW_CHECKED tw_status tw_tensor_map_make(const tw_tensor_map_request *request, tw_tensor_map_encode *encode,
                                        tw_tensor_map *map);

/* The driver's encoder; TW_UNAVAILABLE where there is no NVIDIA driver or it is older than CUDA 12. */
TW_CHECKED tw_status tw_tensor_map_driver(tw_tensor_map_encode **encode);

#endif
