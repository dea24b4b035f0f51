/* SPDX-License-Identifier: MIT
 *
 * Tensors of a case: an image of device memory in which only the tensor's elements hold numbers. All other
 * bytes are 0xff, a NaN in every float dtype: an element read from outside shows in the result, one written
 * outside shows in the image read back.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suite_state.h"

enum { POISON = 0xff, GUARD_BYTES = 512 };

struct conform_tensor {
    tw_dtype dtype;
    int rank;
    int64_t dim[TW_RANK_MAX], stride[TW_RANK_MAX]; /* elements */
    size_t count, bytes, first;                    /* elements; of the image; where element 0... lies in it */
    unsigned char *image;
    void *device;
};

const conform_layout conform_layouts[CONFORM_LAYOUTS] = {
    {.step = 1},
    {.pad = 5, .shift = 3, .step = 1},
    {.pad = 8, .shift = 1, .step = 1},
    {.pad = 3, .shift = 2, .step = 2},
    {.pad = 1, .shift = 7, .step = 1, .backward = 0x3},
};

void conform_round(tw_dtype dtype, double *values, size_t count)
{
    unsigned char *packed = malloc(count * tw_dtype_bytes(dtype) + 1);
    tw_dtype_encode(dtype, values, packed, count);
    tw_dtype_decode(dtype, packed, values, count);
    free(packed);
}

double *conform_numbers(size_t count) { return calloc(count + 1, sizeof(double)); }

double *conform_normal(conform *c, const char *stream, size_t count)
{
    char name[NAME_BYTES + 32];
    double *values = conform_numbers(count);
    snprintf(name, sizeof name, "%s %s", c->name, stream);
    tw_random_normal(c->seed, name, 0, values, count);
    return values;
}

double *conform_awkward(conform *c, const char *stream, size_t count)
{
    /* ties and neighbours of ties, the last finite values and the first that overflow, subnormals */
    static const double hard[] = {
        0.0,
        -0.0,
        1 + 0x1p-8,
        1 + 0x3p-8,
        1 + 0x1p-8 + 0x1p-23,
        1 + 0x1p-8 - 0x1p-23,
        1 + 0x1p-11,
        1 + 0x3p-11,
        1 + 0x1p-11 + 0x1p-23,
        2047.5,
        2048.5,
        2049,
        2051,
        65504,
        65519.99609375,
        65520,
        65536,
        1e6,
        0x1.fep127,
        0x1.fefffep127,
        0x1.ffp127,
        0x1.fffffep127,
        INFINITY,
        0x1p-14,
        0x1.ffcp-15,
        0x1.ffep-15,
        0x1p-24,
        0x1p-25,
        0x1.000002p-25,
        0x1.8p-24,
        0x5p-25,
        0x1p-126,
        0x1.8p-127,
        0x1p-133,
        0x1p-134,
        0x3p-134,
        0x1p-149,
        3e-39,
        NAN,
    };
    enum { HARD = sizeof hard / sizeof *hard };
    double *values = conform_normal(c, stream, count), *choice = conform_normal(c, "choice", count);
    for (size_t i = 0; i < count; i++) {
        double scaled = fabs(choice[i]) * 1e6;
        if (choice[i] > 0)
            values[i] = copysign(hard[(size_t)scaled % HARD], values[i]);
    }
    free(choice);
    return values;
}

/* Address of logical element `index` (row-major), in elements from element 0... */
static int64_t place(const conform_tensor *t, size_t index)
{
    int64_t offset = 0;
    for (int axis = t->rank - 1; axis >= 0; axis--) {
        offset += (int64_t)(index % (size_t)t->dim[axis]) * t->stride[axis];
        index /= (size_t)t->dim[axis];
    }
    return offset;
}

static unsigned char *element(const conform_tensor *t, unsigned char *image, size_t index)
{
    return image + (int64_t)t->first + place(t, index) * (int64_t)tw_dtype_bytes(t->dtype);
}

/* Strides, and the image's size. An aligned layout gets rows of whole 16 bytes. */
static void lay_out(conform_tensor *t, const conform_layout *layout)
{
    int64_t width = (int64_t)tw_dtype_bytes(t->dtype), span = 0, below = 0;
    int64_t pitch = layout->step;
    for (int axis = t->rank - 1; axis >= 0; axis--) {
        t->stride[axis] = layout->backward >> axis & 1 ? -pitch : pitch;
        span += (t->dim[axis] - 1) * pitch;
        if (t->stride[axis] < 0)
            below += (t->dim[axis] - 1) * pitch;
        pitch *= t->dim[axis];
        if (axis == t->rank - 1)
            pitch = layout->pad ? pitch + layout->pad : (pitch * width + 15) / 16 * 16 / width;
        else
            pitch += layout->pad * 3;
    }
    t->first = (size_t)(GUARD_BYTES + (layout->shift + below) * width);
    t->bytes = (size_t)(2 * GUARD_BYTES + (layout->shift + span + 1) * width);
}

static conform_tensor *make(conform *c, tw_tensor_arg *arg, tw_dtype dtype, int rank, const int64_t *dim,
                            const conform_layout *layout, const double *values)
{
    conform_tensor *t = calloc(1, sizeof *t);
    *arg = (tw_tensor_arg){0};
    t->dtype = dtype;
    t->rank = rank;
    t->count = 1;
    for (int axis = 0; axis < rank; axis++) {
        t->dim[axis] = dim[axis];
        t->count *= (size_t)dim[axis];
    }
    lay_out(t, layout);
    t->image = malloc(t->bytes);
    memset(t->image, POISON, t->bytes);
    if (values) {
        size_t width = tw_dtype_bytes(dtype);
        unsigned char *packed = malloc(t->count * width + 1);
        tw_dtype_encode(dtype, values, packed, t->count);
        for (size_t i = 0; i < t->count; i++)
            memcpy(element(t, t->image, i), packed + i * width, width);
        free(packed);
    }
    c->tensor[c->tensors++] = t;
    tw_status status = tw_target_allocate(c->target, t->bytes, &t->device);
    if (status.code == TW_OK)
        status = tw_target_write(c->target, t->device, t->image, t->bytes);
    if (status.code != TW_OK) {
        conform_problem(c, "%s", status.message);
        return t;
    }
    arg->data = (char *)t->device + t->first;
    memcpy(arg->dim, t->dim, sizeof arg->dim);
    memcpy(arg->stride, t->stride, sizeof arg->stride);
    return t;
}

conform_tensor *conform_input(conform *c, tw_tensor_arg *arg, tw_dtype dtype, int rank, const int64_t *dim,
                              const conform_layout *layout, double *values)
{
    conform_tensor *t = make(c, arg, dtype, rank, dim, layout, values);
    conform_round(dtype, values, t->count);
    return t;
}

conform_tensor *conform_output(conform *c, tw_tensor_arg *arg, tw_dtype dtype, int rank, const int64_t *dim,
                               const conform_layout *layout)
{
    return make(c, arg, dtype, rank, dim, layout, NULL);
}

void conform_free_tensors(conform *c)
{
    for (int i = 0; i < c->tensors; i++) {
        tw_target_free(c->target, c->tensor[i]->device);
        free(c->tensor[i]->image);
        free(c->tensor[i]);
    }
    c->tensors = 0;
}

/* The tensor's elements as the device left them, packed; NULL where they cannot be had or something beside
 * them was written. free() them. */
static unsigned char *fetch(conform *c, conform_tensor *t)
{
    size_t width = tw_dtype_bytes(t->dtype);
    unsigned char *image = malloc(t->bytes), *packed = malloc(t->count * width + 1);
    tw_status status = tw_target_read(c->target, image, t->device, t->bytes);
    if (status.code != TW_OK)
        conform_problem(c, "%s", status.message);
    for (size_t i = 0; i < t->count; i++) {
        memcpy(packed + i * width, element(t, image, i), width);
        memset(element(t, image, i), POISON, width);
    }
    for (size_t i = 0; i < t->bytes && status.code == TW_OK; i++) {
        if (image[i] == POISON)
            continue;
        conform_problem(c, "wrote outside the tensor, %lld bytes from its first element",
                        (long long)i - (long long)t->first);
        break;
    }
    free(image);
    if (!c->problem[0])
        return packed;
    free(packed);
    return NULL;
}

double *conform_values(conform *c, conform_tensor *t)
{
    unsigned char *packed = c->problem[0] ? NULL : fetch(c, t);
    double *values = packed ? conform_numbers(t->count) : NULL;
    if (values)
        tw_dtype_decode(t->dtype, packed, values, t->count);
    free(packed);
    return values;
}

static void tell_place(const conform_tensor *t, size_t index, char *text, size_t bytes)
{
    int64_t at[TW_RANK_MAX];
    for (int axis = t->rank - 1; axis >= 0; axis--) {
        at[axis] = (int64_t)(index % (size_t)t->dim[axis]);
        index /= (size_t)t->dim[axis];
    }
    *text = '\0';
    for (int axis = 0; axis < t->rank; axis++)
        snprintf(text + strlen(text), bytes - strlen(text), "%s%lld", axis ? ", " : "", (long long)at[axis]);
}

static int same_bits(const unsigned char *x, const unsigned char *y, size_t width)
{
    return memcmp(x, y, width) == 0;
}

/* Between what the bounds become in the dtype; a NaN for a NaN. */
static int holds(double got, double expected, double low, double high)
{
    return isnan(expected) ? isnan(got) : got >= low && got <= high;
}

void conform_within(conform *c, conform_tensor *t, const double *expected, const double *tolerance)
{
    size_t width = tw_dtype_bytes(t->dtype), wrong = 0, first = 0;
    unsigned char *packed = c->problem[0] ? NULL : fetch(c, t);
    if (!packed)
        return;
    double *got = conform_numbers(t->count), *low = conform_numbers(t->count),
           *high = conform_numbers(t->count);
    unsigned char *exact = malloc(t->count * width + 1);
    for (size_t i = 0; i < t->count; i++) {
        low[i] = expected[i] - (tolerance ? tolerance[i] : 0);
        high[i] = expected[i] + (tolerance ? tolerance[i] : 0);
    }
    tw_dtype_encode(t->dtype, expected, exact, t->count);
    tw_dtype_decode(t->dtype, packed, got, t->count);
    conform_round(t->dtype, low, t->count);
    conform_round(t->dtype, high, t->count);
    for (size_t i = t->count; i-- > 0;) {
        int right = tolerance || isnan(expected[i]) ? holds(got[i], expected[i], low[i], high[i])
                                                    : same_bits(packed + i * width, exact + i * width, width);
        wrong += !right;
        first = right ? first : i;
    }
    if (wrong) {
        char at[96];
        tell_place(t, first, at, sizeof at);
        conform_problem(c, "(%s) is %.9g, expected %.9g%s%.3g; %zu of %zu wrong; seed %llu", at, got[first],
                        expected[first], tolerance ? " within " : " exactly, off by ",
                        tolerance ? tolerance[first] : fabs(got[first] - expected[first]), wrong, t->count,
                        (unsigned long long)c->seed);
    }
    free(exact);
    free(got);
    free(low);
    free(high);
    free(packed);
}

void conform_equal(conform *c, conform_tensor *t, const double *expected)
{
    conform_within(c, t, expected, NULL);
}
