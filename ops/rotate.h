/* SPDX-License-Identifier: MIT
 *
 * Points in the plane, turned: (x, y) becomes (x cos - y sin, x sin + y cos).
 *
 *   tw_rotate(x, y, cos, sin)   in place; four register tiles, or vectors, alike. The points' coordinates
 * stand in two tiles tw_rotate_pairs(t, turn)    in place; the points are the pairs of columns 2k, 2k + 1 of
 * t, their angle's cos and sin the same columns of turn, a tile like t. Not for b tiles
 */
#ifndef TW_OPS_ROTATE_H
#define TW_OPS_ROTATE_H

#include "map.h"

TW_FN void tw__rotate(tw__ref x, tw__ref y, tw__ref cosine, tw__ref sine)
{
    TW_UNROLL
    for (int n = 0, count = tw__count(x); n < count; n++) {
        float a = tw__get(x, n), b = tw__get(y, n), c = tw__get(cosine, n), s = tw__get(sine, n);
        tw__set_one(x, n, a * c - b * s);
        tw__set_one(y, n, a * s + b * c);
    }
}

TW_FN void tw__rotate_pairs(tw__ref t, tw__ref turn)
{
    TW_UNROLL
    for (int n = 0, elements = tw__elements(t); n < elements; n += 2) {
        float a = tw__get(t, n), b = tw__get(t, n + 1), c = tw__get(turn, n), s = tw__get(turn, n + 1);
        tw__put(t, n, a * c - b * s, a * s + b * c);
    }
}

#define tw_rotate(x, y, cosine, sine)                                                                        \
    do {                                                                                                     \
        TW__CHECK_ALIKE("tw_rotate", x, y);                                                                  \
        TW__CHECK_ALIKE("tw_rotate", x, cosine);                                                             \
        TW__CHECK_ALIKE("tw_rotate", x, sine);                                                               \
        tw__rotate(TW__REF(x), TW__REF(y), TW__REF(cosine), TW__REF(sine));                                  \
    } while (0)
#define tw_rotate_pairs(t, turn)                                                                             \
    do {                                                                                                     \
        TW__CHECK_ALIKE("tw_rotate_pairs", t, turn);                                                         \
        TW_STATIC_ASSERT(TW__IS(t, TW__REGISTER) && TW__ROLE_OF(t) != TW__ROLE_b,                            \
                         "TW047 tw_rotate_pairs(" #t ", " #turn                                              \
                         "): a b tile does not hold neighbouring columns in one lane; use another role");    \
        tw__rotate_pairs(TW__REF(t), TW__REF(turn));                                                         \
    } while (0)

#endif
