/* SPDX-License-Identifier: MIT
 *
 * Rotary position embedding of queries and keys.
 */
#include "rotary.h"

TW_KERNEL(rotary, TW_TEAM_THREADS, (rotary_args, g))
{
    const rotary_work w = rotary_plan(&g);
    const int heads = (int)tw_dim(g.q, 1);
    rotary_turn turn;
    TW_SHARED(rotary_shared, shared);

    for (int pair = 0; pair < g.pairs; pair += ROTARY_COLS) {
        rotary_angles(&turn, &g, shared, w, pair);
        TW_ROLLED
        for (int head = w.first; head < w.last; head++) {
            const int of_q = head < heads;
            rotary_head(&turn, of_q ? &g.q : &g.k, of_q ? &g.q_out : &g.k_out, w,
                        tw_natural(of_q ? head : head - heads), pair, g.pairs);
        }
    }
    TW_ROLLED
    for (int head = w.first; head < w.last; head++) {
        const int of_q = head < heads;
        rotary_rest(of_q ? &g.q : &g.k, of_q ? &g.q_out : &g.k_out, w, tw_natural(of_q ? head : head - heads),
                    g.pairs);
    }
}

TW_EXPORT(rotary, rotary_args, rotary_shared, ROTARY_ROWS, ROTARY_COLS, ROTARY_BLOCKS)
