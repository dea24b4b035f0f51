/* SPDX-License-Identifier: MIT
 *
 * A loop whose loads run ahead of its computation through a ring of shared stages.
 *
 *     typedef struct { tw_st(bf16, 64, 128) k, v; } kv_stage;
 *     typedef struct { tw_ring(kv_stage, STAGES) kv; } my_shared;     // given to TW_SHARED
 *
 *     TW_PIPE(pipe, shared->kv);
 *     TW_PIPELINE(pipe, count) {
 *         TW_LOAD(pipe, i, st) { tw_load_async(st->k, g.k, i * 64, 0); ... }
 *         TW_COMPUTE(pipe, i, st) { tw_mma_ABt(s, q, st->k); ... }
 *     }
 *
 * TW_LOAD and TW_COMPUTE, in this order, each name their own step i in [0, count) and stage st; both see
 * every step, one after another, TW_LOAD up to STAGES - 1 steps earlier. How far ahead, by which waves, and
 * what is waited for when is the machine's affair (arch/<machine>/pipeline.h). A pipe may run several
 * pipelines in turn. The whole team runs it with the same count; no tw_sync (but tw_meet), break or return
 * inside. After the pipeline the team has met: the stages may be used for anything.
 *
 *     TW_PIPE_IN_TURNS(pipe, shared->kv);
 *
 * is TW_PIPE with a promise: the last to use the stage in TW_COMPUTE is a tw_mma of a shared tile, and no op
 * there makes the team meet (tw_transpose does, and reductions across a team's columns). Then a machine may
 * let one half of the team multiply while the other reads and loads.
 */
#ifndef TW_OPS_PIPELINE_H
#define TW_OPS_PIPELINE_H

#include "computing.h"
#include "load.h"

/* A machine may take a ring of one stage, for what its shared memory does not hold twice: then nothing runs
 * ahead. */
#ifndef TW__RING_STAGES_MIN
#define TW__RING_STAGES_MIN 2
#endif
#define tw_ring(stage_type, stages)                                                                          \
    struct {                                                                                                 \
        TW_STATIC_ASSERT((stages) >= TW__RING_STAGES_MIN, "TW060 tw_ring(" #stage_type ", " #stages          \
                                                          "): needs two stages at least, on CDNA one");      \
        stage_type stage[stages];                                                                            \
        TW__RING_BARRIERS(stages)                                                                            \
    }

#define TW_PIPE(pipe, ring)          TW__PIPE(pipe, ring, 0)
#define TW_PIPE_IN_TURNS(pipe, ring) TW__PIPE(pipe, ring, 1)
#define TW__PIPE(pipe, ring, in_turns)                                                                       \
    enum { tw__stages_##pipe = (int)(sizeof((ring).stage) / sizeof((ring).stage[0])) };                      \
    struct {                                                                                                 \
        tw__pipeline state;                                                                                  \
        __typeof__(&(ring).stage[0]) stage;                                                                  \
    } pipe;                                                                                                  \
    pipe.state =                                                                                             \
        tw__pipeline_make(tw__stages_##pipe, (int)sizeof((ring).stage[0]), TW__RING_BARRIERS_OF(ring),       \
                          TW_TEAM_THREADS, tw__block_threads, tw__loader, tw_cluster_blocks);                \
    pipe.stage = (ring).stage;                                                                               \
    tw__pipeline_may_take_turns(&pipe.state, in_turns)

#ifndef TW_NATIVE_TURNS
TW_FN void tw__pipeline_may_take_turns(tw__pipeline *pipe, int may) { (void)pipe, (void)may; }
#endif

/* The steps, in one stretch or more: a machine that claims TW__PIPELINE_STRETCHES can have the steps that
 * only load apart from the others, so that what is computed in registers passes through one loop alone; it
 * says without effect whether there is a next step, so that the loop is one to the compiler too. */
#ifndef TW__PIPELINE_STRETCHES
#define TW__FIRST_STRETCH(stages)                  0
#define TW__PIPELINE_STRETCHES(stages)             1
#define tw__pipeline_stretch(pipe, count, stretch) tw__pipeline_begin(pipe, count)
#define tw__pipeline_does_load(pipe, i)            ((i) >= 0)
#define tw__pipeline_does_compute(pipe, i)         ((i) >= 0)
#define tw__pipeline_has_next(pipe)                1
#define tw__pipeline_step_done(pipe)               ((void)0)
#define tw__pipeline_stretch_done(pipe)            ((void)0)
#endif
#define TW_PIPELINE(pipe, count)                                                                             \
    TW_UNROLL                                                                                                \
    for (int tw__stretch = TW__FIRST_STRETCH(tw__stages_##pipe);                                             \
         tw__stretch < TW__PIPELINE_STRETCHES(tw__stages_##pipe);                                            \
         tw__pipeline_stretch_done(&(pipe).state), tw__stretch++)                                            \
        for (tw__pipeline_stretch(&(pipe).state, count, tw__stretch);                                        \
             tw__pipeline_has_next(&(pipe).state) && tw__pipeline_next(&(pipe).state);                       \
             tw__pipeline_step_done(&(pipe).state))

/* The inner loops run once; they declare the step's index, its stage, and the pipe, for tw_load_async by its
 * address, for tw_mma as computing.h tells: nvcc keeps the one in registers, clang the other. */
#define TW__STEP(pipe, i, st, which, pointer)                                                                \
    for (int i = (pipe).state.which, tw__once_##i = tw__pipeline_does_##which(&(pipe).state, i);             \
         tw__once_##i; tw__once_##i = 0)                                                                     \
        for (__typeof__((pipe).stage) st = (pipe).stage + (pipe).state.which##_slot, tw__end_##st = st + 1,  \
                                      *pointer TW_UNUSED = &(pipe).stage;                                    \
             st < tw__end_##st; st = tw__end_##st, (void)pointer)
#define TW_LOAD(pipe, i, st)                                                                                 \
    for (tw__pipeline *tw__loading = &(pipe).state, *tw__loaded = tw__loading + 1; tw__loading < tw__loaded; \
         tw__loading = tw__loaded)                                                                           \
    TW__STEP(pipe, i, st, load, tw__ring)
#define TW_COMPUTE(pipe, i, st) TW__STEP(pipe, i, st, compute, tw__computing)

/* tw_load_async(tile of the stage, global tensor, coordinates...)   stands inside TW_LOAD; has landed when
 * the step's TW_COMPUTE runs. Same dtypes; otherwise as tw_load. */
#define tw_load_async(...) TW__LOAD_ASYNC(__VA_ARGS__, 0, 0, 0, 0, 0)
#define TW__LOAD_ASYNC(dst, src, i, j, k, l, ...)                                                            \
    do {                                                                                                     \
        TW_STATIC_ASSERT(TW__IS_SHARED(dst) && TW__IS(src, TW__GLOBAL) &&                                    \
                             TW__DTYPE_OF(dst) == TW__DTYPE_OF(src),                                         \
                         "TW061 tw_load_async(" #dst ", " #src                                               \
                         "): takes a shared tile of the stage and a global tensor of "                       \
                         "its dtype");                                                                       \
        TW__CHECK_COORDINATES("tw_load_async(" #dst ", " #src ", ...)", src, __VA_ARGS__);                   \
        tw__pipeline_load(tw__loading, TW__REF(dst), TW__WINDOW(src, i, j, k, l), 1, 0);                     \
    } while (0)

/* tw_load_multicast(together, tile of the stage, global tensor, coordinates...)   the same where a cluster's
 * blocks load the same: if `together` is not 0, every block of the cluster asks for this very tile in this
 * step, and each brings a part of it to all. 0: they do not, now. All blocks give the same `together`. The
 * teams of a block (TW_TEAM) likewise. */
#define tw_load_multicast(...) TW__LOAD_MULTICAST(__VA_ARGS__, 0, 0, 0, 0, 0)
#define TW__LOAD_MULTICAST(together, dst, src, i, j, k, l, ...)                                              \
    do {                                                                                                     \
        TW_STATIC_ASSERT(TW__IS_SHARED(dst) && TW__IS(src, TW__GLOBAL) &&                                    \
                             TW__DTYPE_OF(dst) == TW__DTYPE_OF(src),                                         \
                         "TW065 tw_load_multicast(" #together ", " #dst ", " #src                            \
                         "): takes a shared tile of the stage and a global tensor of "                       \
                         "its dtype");                                                                       \
        TW__CHECK_COORDINATES("tw_load_multicast(" #together ", " #dst ", " #src ", ...)", src,              \
                              __VA_ARGS__);                                                                  \
        tw__pipeline_load(tw__loading, TW__REF(dst), TW__WINDOW(src, i, j, k, l),                            \
                          TW__MULTICAST_PARTS(TW__ROWS_OF(dst)), together);                                  \
    } while (0)

/* Parts of a tile of `rows` rows, one a block of the cluster; rows go by eights, as swizzles repeat. */
#define TW__MULTICAST_PARTS(rows) ((rows) % (8 * tw_cluster_blocks) == 0 ? (int)tw_cluster_blocks : 1)

#ifdef TW_NATIVE_TILE_COPY
enum { TW__COPIES_TILES = 1 };
#else
enum { TW__COPIES_TILES = 0 };
/* A machine may copy a tile past the registers; told in arch/amd/common/pipeline.h, which does. */
TW_FN int tw__pipeline_copy(tw__pipeline *pipe, tw__shared_tile tile, int plain, int begins,
                            tw__copy_source from, int alone)
{
    (void)pipe, (void)tile, (void)plain, (void)begins, (void)from, (void)alone;
    return 0;
}
#endif

/* Whole tiles of a tensor with a map may go by the machine's copy engine. What of several teams in a block
 * one alone reads, its wave loads alone. */
TW_FN void tw__pipeline_load(tw__pipeline *pipe, tw__ref s, tw__window w, int parts, int together)
{
    int plain = tw__kind(s) == TW__SHARED ? tw__has_dense_rows(w) & (w.col_low == 0) : 0;
    int whole = TW__STREAMS && tw__kind(s) == TW__SHARED && w.map_rows == s.rows / parts &&
                w.map_cols == s.cols && tw__map_fits(w, s.rows, s.cols);
    int alone = s.teams > 1 && !together, loader, loaders;
    if (tw__pipeline_stream(pipe, tw__shared_of(s).tile, whole ? w.map : 0, parts, together, w.at_col,
                            w.at_row, w.at_plane, w.at_volume))
        return;
    if (TW_LIKELY(
            tw__pipeline_copy(pipe, tw__shared_of(s).tile, plain, w.row_low == 0, tw__source_of(w), alone)))
        return;
    loader = alone ? tw__isa_lane() : tw__pipeline_loader(pipe);
    loaders = alone ? TW_LANES : tw__pipeline_loaders(pipe);
    if (TW__COPIES_TILES)
        tw__load_shared_by_words(s, tw__rare_window(w), loader, loaders);
    else if (TW__STREAMS)
        tw__load_shared_slowly(s, w, loader, loaders);
    else
        tw__load_shared_global(s, w, loader, loaders);
}

/* arch/native_kernel.h tells what they are for. A tile loaded by tw_load_multicast comes in parts. */
#define TW_STREAM(name, args_type, tensor, stage_type, tile)                                                 \
    TW__STREAM(name, args_type, tensor, stage_type, tile, 1)
#define TW_STREAM_MULTICAST(name, args_type, tensor, stage_type, tile)                                       \
    TW__STREAM(name, args_type, tensor, stage_type, tile,                                                    \
               TW__MULTICAST_PARTS(TW__ROWS_OF(((stage_type *)0)->tile)))
#define TW__STREAM_INFO(args_type, tensor, stage_type, tile, parts)                                          \
    {                                                                                                        \
        offsetof(args_type, tensor), TW__ROWS_OF(((stage_type *)0)->tile) / (parts),                         \
            TW__COLS_OF(((stage_type *)0)->tile)                                                             \
    }

#endif
