/* SPDX-License-Identifier: MIT
 *
 * numpy's .npy files, format versions 1.0 and 2.0, little endian, C or Fortran order, up to TW_NPY_RANK dims.
 * Read: f2 f4 f8, signed and unsigned integers of 1 to 8 bytes. Anything else is refused with the reason.
 * Source: numpy.lib.format, "A simple format for saving numpy arrays to disk" (NEP 1).
 *
 * How a file fills a tensor:
 *   f32 f16 e4m3 e5m2   from floats and integers by value; e4m3 and e5m2 from u1 as bits
 *   bf16                from floats and integers by value, except u2, which is taken as bits
 *   i8 i32              from integers in range
 * A finite value that the tensor's dtype cannot hold is refused, not made infinite.
 *
 * How a tensor is written: f32 as f4, f16 as f2, bf16 as u2 bits, e4m3 and e5m2 as u1 bits, i8 as i1, i32 as
 * i4; C order. In numpy, bf16 bits become floats by (x.astype('u4') << 16).view('f4').
 */
#ifndef TW_HOST_NPY_H
#define TW_HOST_NPY_H

#include <stddef.h>
#include <stdint.h>

#include "dtype.h"
#include "file.h"

enum { TW_NPY_RANK = 8 };

typedef struct {
    char kind;   /* f, i or u */
    int bytes;   /* of one element */
    int fortran; /* 1: the first dim is innermost */
    int rank;    /* 0: a scalar */
    int64_t dim[TW_NPY_RANK];
    size_t count;     /* elements */
    const char *data; /* count * bytes, inside `contents` */
    char *contents;   /* the file */
} tw_npy;

TW_CHECKED tw_status tw_npy_read(const char *path, tw_npy *npy);
void tw_npy_free(tw_npy *npy); /* harmless on { 0 } */

/* The elements as `dtype`, C order, packed: `elements` has room for count * tw_dtype_bytes(dtype). The
 * message of a failure leaves the file's name to the caller. */
TW_CHECKED tw_status tw_npy_convert(const tw_npy *npy, tw_dtype dtype, void *elements);

/* Writes into `output`, which the caller opened and commits. `elements` are packed in C order. */
TW_CHECKED tw_status tw_npy_write(tw_output *output, tw_dtype dtype, int rank, const int64_t *dim,
                                  const void *elements);

/* The three steps at once: a file that is complete or untouched. */
TW_CHECKED tw_status tw_npy_save(const char *path, tw_dtype dtype, int rank, const int64_t *dim,
                                 const void *elements);

#endif
