/* SPDX-License-Identifier: MIT
 *
 * How an op learns what it was handed. Every noun (register tile, vector, shared tile, view, global
 * tensor) carries its kind, dtype, role and shape as the *types* of pointers that are never read:
 *
 *     char (*tw__tag)[code];   char (*tw__rows)[R];   char (*tw__cols)[C];
 *
 * They lie in a union with the data and cost nothing; sizeof gives them back, in C, CUDA and HIP alike.
 * An op's macro turns each operand into a tw__ref, a small struct of constants, and calls one ordinary
 * inline function: after inlining nothing of the ref is left.
 */
#ifndef TW_TILES_REF_H
#define TW_TILES_REF_H

#include "../arch/arch.h"

enum { TW__REGISTER = 1, TW__VECTOR, TW__SHARED, TW__VIEW, TW__GLOBAL, TW__STAGING }; /* kinds */
enum { TW__ROLE_acc = 0, TW__ROLE_a, TW__ROLE_b, TW__ROLE_line }; /* roles of register tiles */
enum {                                                            /* of vectors */
       TW__AXIS_row = 0,
       TW__AXIS_col,
       TW__AXIS_a_col,
       TW__AXIS_b_row,
       TW__AXIS_b_col,
       TW__AXIS_line_row,
       TW__AXIS_line_col
};

/* One code per operand: kind, dtype, and role, axis or rank. At least 1, being an array's size. */
#define TW__CODE(kind, dtype, detail) ((kind)*64 + (dtype)*8 + (detail))
#define TW__TAGS(code, rows, cols)                                                                           \
    char(*tw__tag)[code];                                                                                    \
    char(*tw__rows)[rows];                                                                                   \
    char(*tw__cols)[cols];                                                                                   \
    TW__EXTENTS(0, 0, 0, 0, 0, 0, 0, 0)

/* Dims and strides known at compile time (global tensors): the value v as the type char[v + 1]. */
#define TW__EXTENTS(d0, d1, d2, d3, s0, s1, s2, s3)                                                          \
    char(*tw__d0)[(d0) + 1];                                                                                 \
    char(*tw__d1)[(d1) + 1];                                                                                 \
    char(*tw__d2)[(d2) + 1];                                                                                 \
    char(*tw__d3)[(d3) + 1];                                                                                 \
    char(*tw__s0)[(s0) + 1];                                                                                 \
    char(*tw__s1)[(s1) + 1];                                                                                 \
    char(*tw__s2)[(s2) + 1];                                                                                 \
    char(*tw__s3)[(s3) + 1];

#define TW__CODE_OF(operand)   ((int)sizeof(*(operand).tw__tag))
#define TW__KIND_OF(operand)   (TW__CODE_OF(operand) / 64)
#define TW__DTYPE_OF(operand)  (TW__CODE_OF(operand) / 8 % 8)
#define TW__ROLE_OF(operand)   (TW__CODE_OF(operand) % 8)
#define TW__ROWS_OF(operand)   ((int)sizeof(*(operand).tw__rows))
#define TW__COLS_OF(operand)   ((int)sizeof(*(operand).tw__cols))
#define TW__IS(operand, kind)  (TW__KIND_OF(operand) == (kind))
#define TW__IS_SHARED(operand) (TW__IS(operand, TW__SHARED) || TW__IS(operand, TW__VIEW))
#define TW__SAME_SHAPE(x, y)   (TW__ROWS_OF(x) == TW__ROWS_OF(y) && TW__COLS_OF(x) == TW__COLS_OF(y))

/* A kernel's body knows it by a parameter of this name; code outside a body belongs to the team. */
enum { tw__loader = 0 };

typedef struct {
    void *data;           /* the operand itself */
    int code, rows, cols; /* rows x cols; a vector: 1 x n */
    int team_rows, team_cols, teams;
    int idle; /* 1 in the waves that only load, where a kernel has such: they hold no registers of tiles */
} tw__ref;

TW_FN tw__ref tw__make_ref(void *data, int code, int rows, int cols, int team_rows, int team_cols, int teams,
                           int idle)
{
    tw__ref ref;
    ref.data = data;
    ref.code = code;
    ref.rows = rows;
    ref.cols = cols;
    ref.team_rows = team_rows;
    ref.team_cols = team_cols;
    ref.teams = teams;
    ref.idle = idle;
    return ref;
}

#define TW__REF(operand)                                                                                     \
    tw__make_ref((void *)&(operand), TW__CODE_OF(operand), TW__ROWS_OF(operand), TW__COLS_OF(operand),       \
                 tw_team_rows, tw_team_cols, tw_block_teams, tw__loader)

TW_FN int tw__kind(tw__ref x) { return x.code / 64; }
TW_FN int tw__dtype(tw__ref x) { return x.code / 8 % 8; }
TW_FN int tw__role(tw__ref x) { return x.code % 8; }
TW_FN int tw__is_shared(tw__ref x) { return tw__kind(x) == TW__SHARED || tw__kind(x) == TW__VIEW; }

/* The team: the waves that own a register tile together, team_rows x team_cols of them. Wave w stands at
 * row w % team_rows, column w / team_rows. TW_TEAM declares it for the scope it stands in; on a machine of
 * one lane a team is one wave whatever is asked.
 *
 * TW_TEAM(rows, cols, blocks) also asks for clusters: that many blocks, neighbours on the grid's first axis,
 * run together and bring each other what tw_load_multicast loads. Where the machine has none, a cluster is
 * one block. tw_cluster_blocks says how many it is. All blocks of a cluster run the same pipelines with the
 * same counts.
 *
 * TW_TEAM(1, 1, blocks, teams) also asks for several teams in a block, each a wave with tiles of its own: one
 * body, run by all of them. They share the block's pipelines: tw_load_async brings a tile of the wave's team,
 * by that wave alone, and tw_load_multicast one that all teams of the block read. tw_meet is the team's own.
 * tw_team says which of the tw_block_teams teams this wave is. All take the same steps. Where waves only load
 * (Hopper), and on a machine of one lane, a block has one team. */
#define TW_TEAM_THREADS (tw_block_teams * tw_team_rows * tw_team_cols * TW_LANES)
/* Threads of a block whose kernel has a pipeline: the teams', and those the machine wants for loading. */
#define TW_PIPELINED_THREADS (TW_TEAM_THREADS + TW__PRODUCER_THREADS)
#define TW_TEAM(...)         TW__TEAM(__VA_ARGS__, 1, 1, 0)
#define TW__TEAM(rows, cols, blocks, teams, ...)                                                             \
    enum {                                                                                                   \
        tw_team_rows = TW_LANES == 1 ? 1 : (rows),                                                           \
        tw_team_cols = TW_LANES == 1 ? 1 : (cols),                                                           \
        tw_cluster_blocks = (int)TW__CLUSTER_BLOCKS_MAX < (blocks) ? (int)TW__CLUSTER_BLOCKS_MAX : (blocks), \
        tw_block_teams = TW_LANES == 1 || (int)TW__PRODUCER_THREADS > 0 ? 1 : (teams)                        \
    };                                                                                                       \
    TW_STATIC_ASSERT((teams) == 1 || ((rows) * (cols) == 1 && (teams) <= 16),                                \
                     "TW009 TW_TEAM(" #rows ", " #cols ", ...): a block has one team of several waves, or "  \
                     "up to 16 teams of one wave; make both 1")
#define tw_team (tw_block_teams == 1 ? 0 : tw__isa_wave())

TW_FN int tw__wave_row(tw__ref x) { return x.team_rows == 1 ? 0 : tw__isa_wave() % x.team_rows; }
TW_FN int tw__wave_col(tw__ref x) { return x.team_cols == 1 ? 0 : tw__isa_wave() / x.team_rows; }
TW_FN int tw__team_threads(tw__ref x) { return x.team_rows * x.team_cols * TW_LANES; }

/* A wave that only loads (TW_PIPELINED_THREADS) runs the kernel's body too, but is in no team. Ops on
 * registers are empty there because of `idle`, which is a constant in each role's copy of the body; those
 * with an effect outside registers ask here, so that they are right in helper functions too. */
TW_FN int tw__outside_team(tw__ref x)
{
    return x.idle || (TW__PRODUCER_THREADS > 0 && tw__isa_wave() >= x.team_rows * x.team_cols);
}

/* This thread's number in its team. */
TW_FN int tw__team_thread(tw__ref x)
{
    return (x.teams == 1 ? tw__isa_wave() * TW_LANES : 0) + tw__isa_lane();
}

#endif
