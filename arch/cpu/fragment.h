/* SPDX-License-Identifier: MIT
 *
 * The one lane holds whole 16x16 cores, row by row, in the dtype's own storage, so that the compiler can
 * vectorise along a row. See arch/nvidia/common/fragment.h for what each name means.
 */
#ifndef TW_ARCH_CPU_FRAGMENT_H
#define TW_ARCH_CPU_FRAGMENT_H

#include "../convert.h"
#include "isa.h"

enum {
    TW__SWIZZLE_UNIT = 0,
    TW__INNER_RUN = TW_CORE,
    TW__LINE_RUN = TW_CORE,
    TW__OUTER_SLOTS = TW_CORE,
    TW__INNER_SLOTS = TW_CORE,
    TW__OUTER_LANES = 0,
    TW__INNER_LANES = 0,
    TW__B_TRANSPOSED = 0,
    TW__CORES_MAX = 64 /* cores a wave may hold along one side of a tile */
};

#include "../shared.h"

#define TW__FRAGMENT_STORAGE(dtype, cores) tw_##dtype tw__cores[(cores)*TW_CORE * TW_CORE]

TW_FN int tw__core_outer(int lane, int element) { return (void)lane, element / TW_CORE; }
TW_FN int tw__core_inner(int lane, int element) { return (void)lane, element % TW_CORE; }
TW_FN int tw__outer_slot(int element) { return element / TW_CORE; }
TW_FN int tw__inner_slot(int element) { return element % TW_CORE; }
TW_FN int tw__outer_element(int slot) { return slot * TW_CORE; }
TW_FN int tw__inner_element(int slot) { return slot; }

TW_FN float tw__element(const void *tile, int dtype, int element)
{
    if (dtype == TW_f32)
        return ((const float *)tile)[element];
    return tw__value_of(((const uint16_t *)tile)[element], dtype);
}

TW_FN void tw__set_element(void *tile, int dtype, int element, float value)
{
    if (dtype == TW_f32)
        ((float *)tile)[element] = value;
    else
        ((uint16_t *)tile)[element] = (uint16_t)tw__bits_in(value, dtype);
}

TW_FN void tw__set_pair(void *tile, int dtype, int element, float low, float high)
{
    tw__set_element(tile, dtype, element, low);
    tw__set_element(tile, dtype, element + 1, high);
}

TW_FN void *tw__core_of(void *tile, int dtype, int core)
{
    return (char *)tile + core * TW_CORE * TW_CORE * tw__bytes(dtype);
}

/* `count` raw elements, packed in words as memory holds them, into the lane's elements from `element`. */
TW_FN void tw__set_raw(void *tile, int dtype, int element, const uint32_t *words, int count)
{
    memcpy((char *)tile + element * tw__bytes(dtype), words, (size_t)(count * tw__bytes(dtype)));
}

TW_FN void tw__get_raw(uint32_t *words, const void *tile, int dtype, int element, int count)
{
    memcpy(words, (const char *)tile + element * tw__bytes(dtype), (size_t)(count * tw__bytes(dtype)));
}

/* A run of f32 elements out of, or into, words that hold 16-bit ones as memory does: loops over whole
 * elements, which the compiler vectorises, where it does not pack pairs. */
#define TW_NATIVE_CONVERT_RUN
TW_FN void tw__narrow_run(uint32_t *words, const float *elements, int dtype, int count)
{
    uint16_t packed[TW_CORE];
    for (int q = 0; q < count; q++)
        packed[q] = (uint16_t)tw__bits_in(elements[q], dtype);
    memcpy(words, packed, (size_t)count * sizeof *packed);
}

TW_FN void tw__widen_run(float *elements, const uint32_t *words, int dtype, int count)
{
    uint16_t packed[TW_CORE];
    memcpy(packed, words, (size_t)count * sizeof *packed);
    for (int q = 0; q < count; q++)
        elements[q] = tw__value_of(packed[q], dtype);
}

#endif
