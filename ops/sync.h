/* SPDX-License-Identifier: MIT
 *
 * tw_sync()   the team's threads meet: loads into shared memory that any of them issued have landed, and
 *             what any wrote to shared memory before, all read after.
 * tw_meet()   likewise, but loads under way stay so: it may stand in a TW_COMPUTE.
 * Of several teams in a block (TW_TEAM), tw_sync is all teams', tw_meet each one's own.
 */
#ifndef TW_OPS_SYNC_H
#define TW_OPS_SYNC_H

#include "../tiles/ref.h"

#define tw_sync() tw__sync(TW_TEAM_THREADS)
#define tw_meet() tw__meet_team(TW_TEAM_THREADS, tw_block_teams)

/* One of several teams in a block is a wave. */
TW_FN void tw__meet_team(int threads, int teams)
{
    if (teams > 1)
        tw__isa_wave_barrier();
    else
        tw__publish(threads);
}

#endif
