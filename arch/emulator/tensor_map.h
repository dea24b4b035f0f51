/* SPDX-License-Identifier: MIT
 *
 * The tensor map of an emulated machine: what the host library puts into the 128 bytes that a GPU's driver
 * fills with its own encoding (host/tensor_map.c), and what the emulated copy engine reads (tma.h).
 */
#ifndef TW_ARCH_EMULATOR_TENSOR_MAP_H
#define TW_ARCH_EMULATOR_TENSOR_MAP_H

#include "../dialect.h"

#define TW__EMU_TENSOR_MAP_MAGIC UINT64_C(0x70616d726f736e74) /* "tnsormap" */

/* Axes innermost first. A box is box_rows x box_cols elements of the two innermost axes. */
typedef struct {
    uint64_t magic;
    char *data;
    uint64_t dim[4];
    int64_t stride[4]; /* bytes; of the innermost axis those of an element */
    int32_t box_cols, box_rows;
    int32_t swizzle_bytes; /* 0, 32, 64 or 128 */
    int32_t reserved[5];
} TW_ALIGN(64) tw__emu_tensor_map;

TW_STATIC_ASSERT(sizeof(tw__emu_tensor_map) == 128, "a tensor map has 128 bytes");

#endif
