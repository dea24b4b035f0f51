/* SPDX-License-Identifier: MIT
 *
 * What a compiled kernel and the program that launches it agree on. Shared by device code and the host
 * library, so it depends on no machine and on nothing but fixed-width integers.
 *
 * A kernel `gemm` that ends with TW_EXPORT(gemm, ...) leaves these symbols in its object:
 *   gemm         the kernel itself                          (cubin, code object)
 *   gemm_info    a tw_kernel_info                           (all)
 *   gemm_launch  a tw_launch_fn that runs the whole grid    (shared objects of cpu and emulated machines)
 */
#ifndef TW_ARCH_ABI_H
#define TW_ARCH_ABI_H

#include <stdint.h>

#include "report.h"

enum { TW_ABI = 6, TW_INFO_TILES = 8, TW_RANK_MAX = 4 };

typedef struct {
    uint32_t abi;                /* TW_ABI of the headers the kernel was compiled with */
    uint32_t threads;            /* threads of a block */
    uint32_t shared_bytes;       /* dynamic shared memory a launch must ask for; 0 where it is static */
    uint32_t args_bytes;         /* sizeof the kernel's argument struct */
    uint32_t cluster;            /* blocks of a cluster, along the grid's first axis; 1: no clusters */
    int32_t tile[TW_INFO_TILES]; /* the kernel's own figures (tile sizes), for the host's grid */
} tw_kernel_info;

/* A global tensor as it travels in an argument struct, whatever its dtype and rank: every tw_gl(...) has
 * exactly this layout. Dims and strides in elements, outermost first, the first `rank` of them used.
 *
 * `map` is for machines whose copy engine works from a descriptor (Hopper's tensor map): one that moves
 * whole tiles of map_rows x map_cols elements of this very tensor, or of one that it was cut out of
 * (tw_narrow). 0 is always right, only slower. */
typedef struct {
    void *data;
    int64_t dim[TW_RANK_MAX];
    int64_t stride[TW_RANK_MAX];
    const void *map;
    int32_t map_rows, map_cols;
    int32_t map_first[TW_RANK_MAX]; /* where the tensor begins in the map */
    int32_t map_cut; /* a bit for each axis along which the map reaches further than the tensor */
} tw_tensor_arg;

/* What TW_STREAM(kernel, args_type, tensor, stage_type, tile) leaves as `<kernel>_stream_<tensor>`: the
 * tensor at this offset of the argument struct is loaded in tiles of this shape, so a map is worth making. */
typedef struct {
    uint32_t args_offset;
    int32_t rows, cols;
} tw_stream_info;

typedef struct {
    const void *args;    /* the kernel's argument struct */
    uint32_t grid[3];    /* blocks along each axis; 0 anywhere means no work */
    uint32_t os_threads; /* 0: as many as the process may use */
    uint64_t seed;       /* order in which an emulated machine runs its waves */
    char *message;       /* what went wrong, one line; may be NULL */
    uint32_t message_bytes;
    uint32_t
        unchecked; /* 1: an emulated machine lets races, missing waits and reads of what nobody wrote pass */
    tw_report *report; /* of an emulated machine: what it found and counted; may be NULL */
} tw_launch_request;

/* 0, or nonzero with `message` filled. */
typedef int tw_launch_fn(const tw_launch_request *request);

#endif
