/* SPDX-License-Identifier: MIT
 *
 * tw_sync()   the team's threads meet: loads into shared memory that any of them issued have landed, and
 *             what any wrote to shared memory before, all read after.
 * tw_meet()   likewise, but loads under way stay so: it may stand in a TW_COMPUTE.
 */
#ifndef TW_OPS_SYNC_H
#define TW_OPS_SYNC_H

#include "../arch/arch.h"

#define tw_sync() tw__sync(TW_TEAM_THREADS)
#define tw_meet() tw__publish(TW_TEAM_THREADS)

#endif
