/* SPDX-License-Identifier: MIT
 *
 * Conformance of the inverse of a triangular tile: out = (I + x below its diagonal)^-1.
 */
#include "kernel.h"

typedef struct {
    tw_st(f32, CONFORM_ROWS, CONFORM_ROWS) via;
} tril_shared;

TW_KERNEL(conform_tril_inverse, TW_TEAM_THREADS, (conform_args, g))
{
    tw_rt(f32, CONFORM_ROWS, CONFORM_ROWS, acc) t;
    TW_SHARED(tril_shared, shared);

    tw_load(t, g.x.f32, 0, 0);
    tw_tril_inverse(t, shared->via);
    tw_store(g.out.f32, t, 0, 0);
}

TW_EXPORT(conform_tril_inverse, conform_args, tril_shared, CONFORM_ROWS, CONFORM_ROWS)
