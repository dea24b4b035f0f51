/* SPDX-License-Identifier: MIT
 *
 * numpy's .npy files.
 */
#define _GNU_SOURCE
#include "npy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char magic[] = "\x93NUMPY";

enum { MAGIC_BYTES = 6, ALIGNMENT = 64, CHUNK = 4096 };

/* The value behind 'key': in the header, a Python dictionary; NULL when it is not there. */
static const char *header_value(const char *header, const char *key)
{
    size_t length = strlen(key);
    for (const char *at = header; (at = strstr(at, key)); at += length) {
        if (at == header || (at[-1] != '\'' && at[-1] != '"') || at[length] != at[-1])
            continue;
        at += length + 1;
        at += strspn(at, " ");
        if (*at != ':')
            continue;
        at++;
        return at + strspn(at, " ");
    }
    return NULL;
}

static tw_status parse_descr(const char *path, const char *value, tw_npy *npy)
{
    if (!value || (*value != '\'' && *value != '"')) {
        return tw_fail(TW_INVALID, "%s holds a structured array; save one plain array", path);
    }
    const char *end = strchr(value + 1, *value);
    int length = end ? (int)(end - value - 1) : 0;
    char order = length == 3 ? value[1] : '\0';
    npy->kind = length == 3 ? value[2] : '\0';
    npy->bytes = length == 3 ? value[3] - '0' : 0;
    int known = (npy->kind == 'f' && (npy->bytes == 2 || npy->bytes == 4 || npy->bytes == 8)) ||
                ((npy->kind == 'i' || npy->kind == 'u') &&
                 (npy->bytes == 1 || npy->bytes == 2 || npy->bytes == 4 || npy->bytes == 8));
    if (!known) {
        return tw_fail(TW_INVALID,
                       "%s holds elements of type '%.*s'; readable are f2 f4 f8 and i1 to i8, u1 to u8;"
                       " save x.astype('f4')",
                       path, length, value + 1);
    }
    if (order == '>' && npy->bytes > 1) {
        return tw_fail(TW_INVALID, "%s is big endian ('%.*s'); save x.astype('<%c%d')", path, length,
                       value + 1, npy->kind, npy->bytes);
    }
    return tw_ok();
}

static tw_status parse_shape(const char *path, const char *value, tw_npy *npy)
{
    if (!value || *value != '(')
        return tw_fail(TW_INVALID, "%s has no shape in its header", path);
    npy->count = 1;
    value++;
    for (;;) {
        value += strspn(value, " ,");
        if (*value == ')')
            return tw_ok();
        char *end;
        long long dim = strtoll(value, &end, 10);
        if (end == value || dim < 0)
            return tw_fail(TW_INVALID, "%s has a malformed shape in its header", path);
        if (npy->rank == TW_NPY_RANK)
            return tw_fail(TW_INVALID, "%s has more than %d dims", path, TW_NPY_RANK);
        if (__builtin_mul_overflow(npy->count, (size_t)dim, &npy->count)) {
            return tw_fail(TW_INVALID, "%s claims more elements than fit in 64 bits", path);
        }
        npy->dim[npy->rank++] = dim;
        value = *end == 'L' ? end + 1 : end;
    }
}

static tw_status parse(const char *path, size_t bytes, tw_npy *npy)
{
    const unsigned char *start = (const unsigned char *)npy->contents;
    if (bytes < MAGIC_BYTES + 4 || memcmp(start, magic, MAGIC_BYTES) != 0) {
        return tw_fail(TW_INVALID, "%s is no .npy file (its first bytes are not \\x93NUMPY)", path);
    }
    int version = start[MAGIC_BYTES];
    if (version != 1 && version != 2) {
        return tw_fail(TW_INVALID, "%s has .npy format version %d; readable are 1 and 2", path, version);
    }
    size_t prefix = MAGIC_BYTES + (version == 1 ? 4 : 6);
    size_t header_bytes = start[8] | (size_t)start[9] << 8;
    if (version == 2 && bytes >= prefix)
        header_bytes |= (size_t)start[10] << 16 | (size_t)start[11] << 24;
    if (bytes < prefix || bytes - prefix < header_bytes) {
        return tw_fail(TW_INVALID, "%s ends inside its header", path);
    }
    char *header = strndup(npy->contents + prefix, header_bytes);
    if (!header)
        return tw_fail(TW_NO_MEMORY, "no memory for the header of %s", path);
    const char *order = header_value(header, "fortran_order");
    tw_status status = parse_descr(path, header_value(header, "descr"), npy);
    if (status.code == TW_OK)
        status = parse_shape(path, header_value(header, "shape"), npy);
    if (status.code == TW_OK && (!order || (strncmp(order, "True", 4) && strncmp(order, "False", 5)))) {
        status = tw_fail(TW_INVALID, "%s does not say its fortran_order", path);
    }
    npy->fortran = order && *order == 'T';
    free(header);
    TW_TRY(status);

    npy->data = npy->contents + prefix + header_bytes;
    size_t present = bytes - prefix - header_bytes;
    size_t needed;
    if (__builtin_mul_overflow(npy->count, (size_t)npy->bytes, &needed) || present != needed) {
        return tw_fail(TW_INVALID,
                       "%s holds %zu bytes of elements where its header announces %zu of %d bytes each", path,
                       present, npy->count, npy->bytes);
    }
    return tw_ok();
}

tw_status tw_npy_read(const char *path, tw_npy *npy)
{
    *npy = (tw_npy){0};
    size_t bytes;
    TW_TRY(tw_file_read(path, &npy->contents, &bytes));
    tw_status status = parse(path, bytes, npy);
    if (status.code != TW_OK)
        tw_npy_free(npy);
    return status;
}

void tw_npy_free(tw_npy *npy)
{
    free(npy->contents);
    *npy = (tw_npy){0};
}

/* Element `index` of the file; integers of 64 bits lose what a double cannot hold. */
static double element(const tw_npy *npy, size_t index)
{
    const char *at = npy->data + index * (size_t)npy->bytes;
    uint64_t bits = 0;
    memcpy(&bits, at, (size_t)npy->bytes);
    if (npy->kind == 'u')
        return (double)bits;
    if (npy->kind == 'i') {
        int unused = 64 - 8 * npy->bytes;
        return (double)((int64_t)(bits << unused) >> unused);
    }
    double value;
    if (npy->bytes == 2) {
        tw_dtype_decode(TW_DTYPE_F16, at, &value, 1);
    } else if (npy->bytes == 4) {
        float single;
        memcpy(&single, at, sizeof single);
        value = (double)single;
    } else {
        memcpy(&value, at, sizeof value);
    }
    return value;
}

/* Where the element that is number `index` in C order lies in a Fortran-order file. */
static size_t fortran_index(const tw_npy *npy, size_t index)
{
    size_t at = 0;
    size_t stride = npy->count;
    for (int d = npy->rank - 1; d >= 0; d--) {
        stride /= (size_t)npy->dim[d];
        at += index % (size_t)npy->dim[d] * stride;
        index /= (size_t)npy->dim[d];
    }
    return at;
}

tw_status tw_npy_convert(const tw_npy *npy, tw_dtype dtype, void *elements)
{
    size_t bytes = tw_dtype_bytes(dtype);
    int as_bits = npy->kind == 'u' && npy->bytes == (int)bytes &&
                  (dtype == TW_DTYPE_BF16 || dtype == TW_DTYPE_E4M3 || dtype == TW_DTYPE_E5M2);
    int same = as_bits || (npy->kind == 'f' && npy->bytes == (int)bytes &&
                           (dtype == TW_DTYPE_F32 || dtype == TW_DTYPE_F16));
    if (!tw_dtype_is_float(dtype) && npy->kind == 'f') {
        return tw_fail(TW_INVALID, "holds floats (f%d) where the tensor is %s; save x.astype('i%zu')",
                       npy->bytes, tw_dtype_name(dtype), bytes);
    }
    double largest = tw_dtype_largest(dtype);
    double lowest = tw_dtype_is_float(dtype) ? -largest : -largest - 1;
    double chunk[CHUNK];
    for (size_t start = 0; start < npy->count; start += CHUNK) {
        size_t n = npy->count - start < CHUNK ? npy->count - start : CHUNK;
        char *to = (char *)elements + start * bytes;
        if (same && !npy->fortran) {
            memcpy(to, npy->data + start * bytes, n * bytes);
            continue;
        }
        for (size_t i = 0; i < n; i++) {
            size_t from = npy->fortran ? fortran_index(npy, start + i) : start + i;
            if (same) {
                memcpy(to + i * bytes, npy->data + from * bytes, bytes);
                continue;
            }
            chunk[i] = element(npy, from);
            if (isfinite(chunk[i]) && (chunk[i] > largest || chunk[i] < lowest)) {
                return tw_fail(TW_INVALID, "element %zu is %g, beyond the range of %s (%g to %g)", start + i,
                               chunk[i], tw_dtype_name(dtype), lowest, largest);
            }
        }
        if (!same)
            tw_dtype_encode(dtype, chunk, to, n);
    }
    return tw_ok();
}

tw_status tw_npy_write(tw_output *output, tw_dtype dtype, int rank, const int64_t *dim, const void *elements)
{
    static const char *const descr[TW_DTYPES] = {
        [TW_DTYPE_F32] = "<f4",  [TW_DTYPE_F16] = "<f2", [TW_DTYPE_BF16] = "<u2", [TW_DTYPE_E4M3] = "|u1",
        [TW_DTYPE_E5M2] = "|u1", [TW_DTYPE_I8] = "|i1",  [TW_DTYPE_I32] = "<i4",
    };
    char header[256];
    size_t count = 1;
    int length =
        snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (", descr[dtype]);
    for (int d = 0; d < rank; d++) {
        length += snprintf(header + length, sizeof header - (size_t)length, d ? " %lld," : "%lld,",
                           (long long)dim[d]);
        count *= (size_t)dim[d];
    }
    if (rank > 1)
        length--; /* (2, 3) but (2,) */
    length += snprintf(header + length, sizeof header - (size_t)length, "), }");
    int padded = (MAGIC_BYTES + 4 + length + 1 + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT - MAGIC_BYTES - 4;
    unsigned char prefix[4] = {1, 0, (unsigned char)(padded & 255), (unsigned char)(padded >> 8)};
    fwrite(magic, 1, MAGIC_BYTES, output->stream);
    fwrite(prefix, 1, sizeof prefix, output->stream);
    fprintf(output->stream, "%-*s\n", padded - 1, header);
    fwrite(elements, tw_dtype_bytes(dtype), count, output->stream);
    if (ferror(output->stream))
        return tw_fail(TW_IO, "%s cannot be written: the disk refused it", output->path);
    return tw_ok();
}

tw_status tw_npy_save(const char *path, tw_dtype dtype, int rank, const int64_t *dim, const void *elements)
{
    tw_output output;
    TW_TRY(tw_output_open(&output, path));
    tw_status status = tw_npy_write(&output, dtype, rank, dim, elements);
    if (status.code != TW_OK) {
        tw_output_discard(&output);
        return status;
    }
    TW_TRY(tw_output_close(&output));
    return tw_output_commit(&output);
}
