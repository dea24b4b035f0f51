/* SPDX-License-Identifier: MIT
 *
 * tw_convert(dst, src)   register tile to register tile of the same shape: another dtype (rounded to
 *                        nearest even), another role, or both.
 *
 * acc -> a keeps every element in its lane: the accumulator of one MMA is the left operand of the next.
 * The team must then have one column, because an a tile is not divided along its columns. The b role holds
 * its elements transposed on most machines: go through shared memory (tw_transpose, tw_load).
 *
 * tw_transpose(dst, src, via)   dst, R x C, gets src, C x R, transposed, through the shared tile `via`
 *                               (C x R, any dtype). The team calls it together; it holds two barriers.
 */
#ifndef TW_OPS_CONVERT_H
#define TW_OPS_CONVERT_H

#include "load.h"
#include "map.h"
#include "store.h"
#include "sync.h"

#define TW__HELD_ALIKE(d, s)                                                                                 \
    (TW__ROLE_OF(d) == TW__ROLE_OF(s) ||                                                                     \
     (tw_team_cols == 1 && TW__ROLE_OF(d) <= TW__ROLE_a && TW__ROLE_OF(s) <= TW__ROLE_a))

#define tw_convert(d, s)                                                                                     \
    do {                                                                                                     \
        TW_STATIC_ASSERT(TW__IS(d, TW__REGISTER) && TW__IS(s, TW__REGISTER) && TW__SAME_SHAPE(d, s),         \
                         "TW041 tw_convert(" #d ", " #s "): takes two register tiles of one shape");         \
        TW_STATIC_ASSERT(TW__HELD_ALIKE(d, s),                                                               \
                         "TW042 tw_convert(" #d ", " #s                                                      \
                         "): between acc and a the team must have one column; b and line "                   \
                         "change lanes; go through shared memory (tw_store, tw_sync, tw_load)");             \
        tw__unary(TW__REF(d), TW__REF(s), TW__OP_copy);                                                      \
    } while (0)

#define tw_transpose(d, s, via)                                                                              \
    do {                                                                                                     \
        TW_STATIC_ASSERT(TW__IS(d, TW__REGISTER) && TW__IS(s, TW__REGISTER) &&                               \
                             TW__ROWS_OF(d) == TW__COLS_OF(s) && TW__COLS_OF(d) == TW__ROWS_OF(s) &&         \
                             TW__IS_SHARED(via) && TW__SAME_SHAPE(via, s),                                   \
                         "TW043 tw_transpose(" #d ", " #s ", " #via                                          \
                         "): takes R x C and C x R register tiles and a C x R shared tile");                 \
        tw_store(via, s);                                                                                    \
        tw_sync();                                                                                           \
        tw_load_transposed(d, via);                                                                          \
        tw_sync();                                                                                           \
    } while (0)

#endif
