/* SPDX-License-Identifier: MIT
 *
 * What an instance of ssm and of ssm_step fixes, and the tiling that follows from it.
 */
#ifndef TW_EXAMPLES_SSM_OPTIONS_H
#define TW_EXAMPLES_SSM_OPTIONS_H

#include <tilewright.h>

#ifndef SSM_DTYPE /* bf16 or f16: of x, b, c, z, dt and y */
#define SSM_DTYPE bf16
#endif
#ifndef SSM_N /* 16, 32, 64, 128 or 256: the state's columns */
#define SSM_N 128
#endif
#ifndef SSM_SKIP /* 1: + D x */
#define SSM_SKIP 1
#endif
#ifndef SSM_GATE /* 1: times silu(z) */
#define SSM_GATE 0
#endif
#ifndef SSM_BIAS /* 1: dt + bias */
#define SSM_BIAS 1
#endif
#ifndef SSM_SOFTPLUS
#define SSM_SOFTPLUS 1
#endif
#ifndef SSM_VARLEN
#define SSM_VARLEN 0
#endif
#ifndef SSM_HEADS /* 1, 2, 4, 8 or 16: heads of a group that share b and c on the way; tune.def may have     \
                     fewer */
#define SSM_HEADS 1
#endif
#ifndef SSM_PASS /* whole, states or outputs (ssm.h) */
#define SSM_PASS whole
#endif

#define SSM_TUNE(machine, n, chunk, channels, rows, cols, stages, early, heads, buffers, blocks, teams,      \
                 team_chunk, team_channels, team_stages)                                                     \
    enum { SSM_T_##machine##_##n = chunk, SSM_P_##machine##_##n = channels };                                \
    enum { SSM_ROWS_##machine##_##n = rows, SSM_COLS_##machine##_##n = cols };                               \
    enum { SSM_STAGES_##machine##_##n = stages, SSM_EARLY_##machine##_##n = early };                         \
    enum { SSM_H_##machine##_##n = heads, SSM_BUFFERS_##machine##_##n = buffers };                           \
    enum { SSM_BLOCKS_##machine##_##n = blocks, SSM_TEAMS_##machine##_##n = teams };                         \
    enum { SSM_TEAM_T_##machine##_##n = team_chunk, SSM_TEAM_P_##machine##_##n = team_channels };            \
    enum { SSM_TEAM_STAGES_##machine##_##n = team_stages };                                                  \
    TW_STATIC_ASSERT(chunk % (16 * rows) == 0 && channels % (16 * rows) == 0 && chunk % (16 * cols) == 0 &&  \
                         channels % (16 * cols) == 0 && team_chunk % 16 == 0 && team_channels % 16 == 0,     \
                     "ssm/tune.def: tile of " #machine);
#include "tune.def"

enum { SSM_PASS_whole, SSM_PASS_states, SSM_PASS_outputs };
#define SSM_PASS_IS(wanted) ((int)TW__JOIN(SSM_PASS_, SSM_PASS) == (int)SSM_PASS_##wanted)
enum { SSM_STATES = SSM_PASS_IS(states), SSM_OUTPUTS = SSM_PASS_IS(outputs) };

#define SSM_TUNED(what)                                                                                      \
    (SSM_N <= 64    ? (int)TW__JOIN(TW_HERE(what), _64)                                                      \
     : SSM_N <= 128 ? (int)TW__JOIN(TW_HERE(what), _128)                                                     \
                    : (int)TW__JOIN(TW_HERE(what), _256))
enum {
    /* of a block; where there are several, each is one wave, and as many as hold 64 channels count for a head
     */
    SSM_TEAMS_MOST = SSM_HEADS > 1 ? SSM_HEADS *(64 / SSM_TUNED(SSM_TEAM_P_)) : 1,
    SSM_TEAMS = SSM_TUNED(SSM_TEAMS_) < SSM_TEAMS_MOST ? SSM_TUNED(SSM_TEAMS_) : SSM_TEAMS_MOST,
    SSM_T = SSM_TEAMS > 1 ? SSM_TUNED(SSM_TEAM_T_) : SSM_TUNED(SSM_T_),
    SSM_P = SSM_TEAMS > 1 ? SSM_TUNED(SSM_TEAM_P_) : SSM_TUNED(SSM_P_),
    SSM_ROWS = SSM_TEAMS > 1 ? 1 : SSM_TUNED(SSM_ROWS_),
    SSM_COLS = SSM_TEAMS > 1 || SSM_N % 32 != 0 ? 1 : SSM_TUNED(SSM_COLS_),
    SSM_STAGES = SSM_TEAMS > 1 ? SSM_TUNED(SSM_TEAM_STAGES_) : SSM_TUNED(SSM_STAGES_),
    SSM_EARLY = SSM_TEAMS > 1 ? 1 : SSM_TUNED(SSM_EARLY_),
    SSM_BLOCKS = SSM_TUNED(SSM_BLOCKS_) < SSM_HEADS ? SSM_TUNED(SSM_BLOCKS_) : SSM_HEADS,
    SSM_SHARE = SSM_BLOCKS * SSM_TEAMS, /* teams that share b and c */
    SSM_H_MOST = SSM_TEAMS > 1 ? 1 : SSM_HEADS / SSM_SHARE,
    SSM_H = SSM_TUNED(SSM_H_) < SSM_H_MOST ? SSM_TUNED(SSM_H_) : SSM_H_MOST,
    SSM_BUFFERS = SSM_TUNED(SSM_BUFFERS_) < SSM_H ? SSM_TUNED(SSM_BUFFERS_) : SSM_H,
    SSM_Z_AHEAD = SSM_GATE && !SSM_STATES ? SSM_TUNED(SSM_EARLY_) && SSM_STAGES > 1 : 0,
    SSM_Z_LATE = SSM_GATE && !SSM_STATES && !SSM_Z_AHEAD ? SSM_TEAMS > 1 : 0,
    SSM_Z_NOW = SSM_GATE && !SSM_STATES && !SSM_Z_AHEAD ? !SSM_Z_LATE : 0
};
TW_STATIC_ASSERT(SSM_N % 16 == 0 && SSM_N <= 256, "ssm: SSM_N must be a multiple of 16 up to 256");

/* dt as the tensor gives it, made what the model takes. */
TW_FN float ssm_dt(float given, float bias)
{
    return SSM_SOFTPLUS ? tw_softplusf(given + bias) : given + bias;
}

/* Base-2 logarithm of a step's decay. 2^-126 is 0 beside anything. */
TW_FN float ssm_rate(float dt, float a) { return tw_maxf(dt * a * TW_LOG2_E, -126.0f); }

#endif
