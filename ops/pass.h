/* SPDX-License-Identifier: MIT
 *
 * From the accumulator of one product to an operand of the next, whatever the team. A wave holds what it
 * multiplies if it is the team; of several, each has but its share of the rows and columns, so that the
 * accumulator has to go through shared memory.
 *
 *     typedef struct { ...; tw_passage(bf16, 64, 128) state; } my_shared;         // given to TW_SHARED
 *
 *     tw_pass(shared->state, state);                  // rounded to the passage's dtype
 *     tw_meet();
 *     tw_mm_passed_Bt(y, stage->c, state, shared->state);
 *
 *   tw_passage(dtype, R, C)
 *       shared memory for an accumulator of R x C; next to nothing where the team is a wave
 *   tw_pass(via, acc)
 *       acc starts on its way
 *   tw_mma_passed_A(d, acc, via, b)       d += acc B, as tw_mma_AB
 *   tw_mm_passed_Bt(d, a, acc, via)       d = A acc^T, as tw_mm_ABt
 *       Between tw_pass and the product the team has met (tw_meet), and acc has not changed. Before the next
 *       tw_pass through `via` it meets again.
 */
#ifndef TW_OPS_PASS_H
#define TW_OPS_PASS_H

#include "convert.h"
#include "mma.h"
#include "store.h"

/* A CPU's lane reads its own tile as fast from memory, and does not hold cores of role b transposed. */
#define TW__PASSES_NOTHING (TW_LANES > 1 && tw_team_rows * tw_team_cols == 1 && TW__B_TRANSPOSED == 1)

#define tw_passage(dtype, R, C) TW__PASSAGE(dtype, R, C)
#define TW__PASSAGE(dtype, R, C)                                                                             \
    struct {                                                                                                 \
        TW_STATIC_ASSERT((R) > 0 && (R) % TW_CORE == 0 && (C) > 0 && (C) % TW_CORE == 0,                     \
                         "TW066 tw_passage(" #dtype ", " #R ", " #C                                          \
                         "): rows and columns must be multiples of 16");                                     \
        union {                                                                                              \
            TW_ALIGN(TW__PASSES_NOTHING ? 16 : TW__SHARED_ALIGN)                                             \
            tw_##dtype tw__data[TW__PASSES_NOTHING ? TW_CORE : (R) * (C)];                                   \
            TW__TAGS(TW__CODE(TW__SHARED, TW_##dtype, 0), R, C)                                              \
        };                                                                                                   \
    }

#define tw_pass(via, acc)                                                                                    \
    do {                                                                                                     \
        TW_STATIC_ASSERT(                                                                                    \
            TW__IS(via, TW__SHARED) && TW__IS_TILE(acc, TW__ROLE_acc) && TW__SAME_SHAPE(via, acc),           \
            "TW067 tw_pass(" #via ", " #acc "): takes a tw_passage and an accumulator of its shape");        \
        if (!TW__PASSES_NOTHING)                                                                             \
            tw_store(via, acc);                                                                              \
    } while (0)

#define tw_mma_passed_A(d, acc, via, b)                                                                      \
    TW__MMA_BY("tw_mma_passed_A", d, via, b, 0, 0,                                                           \
               tw__mma_passed_a(TW__REF(d), TW__REF(acc), TW__REF(via), TW__REF(b), TW__PASSES_NOTHING,      \
                                TW__MMA_FORM_OF(d, via, 0, 0), tw__is_pipeline(tw__computing),               \
                                tw__pipeline_of(tw__computing)))
#define tw_mm_passed_Bt(d, a, acc, via)                                                                      \
    TW__MMA_BY("tw_mm_passed_Bt", d, a, via, 0, 1,                                                           \
               tw__mm_passed_bt(TW__REF(d), TW__REF(a), TW__REF(acc), TW__REF(via), TW__PASSES_NOTHING,      \
                                TW__MMA_FORM_OF(d, a, 0, 1), tw__is_pipeline(tw__computing),                 \
                                tw__pipeline_of(tw__computing)))

/* `deep` cores, along the contraction, of an accumulator as an operand of `dtype`, into `cores`. A core of a
 * b tile is held as that of the transposed one: every element stays where it is. */
TW_FN void tw__pass_cores(uint32_t *cores, tw__ref acc, int dtype, int other, int k, int deep)
{
    int first = tw__core_index(acc, other, k) * TW_CORE_ELEMENTS;
    TW_UNROLL
    for (int n = 0; n < deep * TW_CORE_ELEMENTS; n += 2)
        tw__set_pair(cores, dtype, n, tw__element(acc.data, TW_f32, first + n),
                     tw__element(acc.data, TW_f32, first + n + 1));
}

/* d (+)= A B, one of which is an accumulator of this wave, B's transposed; it is rounded core by core, so
 * that few registers hold it twice. */
TW_FN void tw__mma_of_wave(tw__ref d, tw__ref a, tw__ref b, int dtype, int accumulate)
{
    int depth = tw__mma_depth(dtype), passes_a = tw__kind(a) == TW__REGISTER, cores_k = a.cols / TW_CORE;
    uint32_t left[TW__CORES_MAX][2 * TW_CORE_ELEMENTS], right[2 * TW_CORE_ELEMENTS];
    TW_UNROLL
    for (int n = 0, elements = tw__elements(d); n < elements && !accumulate; n += 2)
        tw__set_pair(d.data, TW_f32, n, 0.0f, 0.0f);
    TW_UNROLL
    for (int k = 0; k < cores_k; k += depth) {
        int deep = cores_k - k < depth ? 1 : depth;
        TW_UNROLL
        for (int i = 0, rows = tw__core_rows(d); i < rows; i++) {
            if (passes_a)
                tw__pass_cores(left[i], a, dtype, i, k, deep);
            else
                tw__operand_cores(a, left[i], 0, i, k, deep, 0, 0);
        }
        TW_UNROLL
        for (int j = 0, cols = tw__core_cols(d); j < cols; j++) {
            if (passes_a)
                tw__operand_cores(b, right, 1, j, k, deep, 0, 0);
            else
                tw__pass_cores(right, b, dtype, j, k, deep);
            TW_UNROLL
            for (int i = 0, rows = tw__core_rows(d); i < rows; i++)
                tw__mma_core(tw__core_of(d.data, TW_f32, tw__core_index(d, i, j)), left[i], right, dtype,
                             deep);
        }
    }
}

TW_FN void tw__mma_passed_a(tw__ref d, tw__ref acc, tw__ref via, tw__ref b, int of_wave, int form,
                            int in_step, tw__pipeline *pipe)
{
    if (of_wave)
        tw__mma_of_wave(d, acc, b, tw__dtype(via), 1);
    else
        tw__mma(d, via, b, 0, 0, form, 1, in_step, pipe);
}

TW_FN void tw__mm_passed_bt(tw__ref d, tw__ref a, tw__ref acc, tw__ref via, int of_wave, int form,
                            int in_step, tw__pipeline *pipe)
{
    if (of_wave)
        tw__mma_of_wave(d, a, acc, tw__dtype(via), 0);
    else
        tw__mma(d, a, via, 0, 1, form, 0, in_step, pipe);
}

#endif
