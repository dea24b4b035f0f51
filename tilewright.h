/* SPDX-License-Identifier: MIT
 *
 * Tilewright: tiles in registers and shared memory, and operations on them, in C.
 *
 * A kernel is written once and compiled for NVIDIA (sm80, sm90), AMD (gfx90a, gfx942, gfx950), the CPU, and
 * for each of those GPUs emulated lane by lane on the CPU. Compile with this directory on the include path
 * as C11, C17, C++17, CUDA or HIP; name the machine with -DTW_MACHINE=<name in arch/registry.def>, or let
 * the device compiler tell (a plain host compiler means the CPU).
 *
 *     #include <tilewright.h>
 *     typedef struct { tw_gl(bf16, 2) x; tw_gl(f32, 2) y; } scale_args;
 *     TW_TEAM(1, 1);                                    // waves that own a register tile: rows x columns
 *
 *     TW_KERNEL(scale, TW_TEAM_THREADS, (scale_args, g)) {
 *         tw_rt(f32, 16, 64, acc) t;                     // 16 x 64 in registers
 *         tw_load(t, g.x, tw_block(0) * 16, 0);          // from row block * 16, column 0 on; any size
 *         tw_map(t, x, 2.0f * x + 1.0f);
 *         tw_store(g.y, t, tw_block(0) * 16, 0);
 *     }
 *
 * Nouns   tiles/register.h  tw_rt, tw_rv     tiles/shared.h  tw_st, tw_sv, tw_view     tiles/global.h  tw_gl
 * Verbs   ops/load.h ops/store.h   tw_load, tw_store, tw_load_transposed
 *         ops/gather.h             tw_gather
 *         ops/random.h             tw_random_bits
 *         ops/store_async.h        tw_store_async, tw_staging
 *         ops/rotate.h ops/angle.h tw_rotate, tw_rotate_pairs, tw_turns, tw_cos_turns, tw_sin_turns
 *         ops/map.h                tw_map and its kin, the named maps, tw_fill, tw_broadcast
 *         ops/reduce.h             tw_row_max ... tw_tile_sum
 *         ops/dot.h                tw_row_dot, tw_col_dot, tw_dot, tw_outer_add
 *         ops/scan.h               tw_row_scan, tw_col_scan, tw_scan: running sums ... and linear recurrences
 *         ops/scan_shared.h        tw_col_scan_shared
 *         ops/convert.h            tw_convert, tw_transpose
 *         ops/tril_inverse.h       tw_tril_inverse
 *         ops/mask.h ops/decay.h   tw_tril, tw_mask_causal ..., tw_tril_decay
 *         ops/mma.h                tw_mma_AB, ABt, AtB, AtBt
 *         ops/mma_async.h          tw_mma_async, tw_mma_wait
 *         ops/pass.h               tw_pass, tw_passage, tw_mma_passed_A, tw_mm_passed_Bt
 *         ops/sync.h ops/grid.h    tw_sync, tw_meet, tw_block, tw_grid_order, TW_EACH_TILE
 * Shape   arch/native_kernel.h     TW_KERNEL, TW_SHARED, TW_EXPORT
 *
 * A mistake in shapes, roles or dtypes stops the build with one line that names the op, the operands as
 * written, the rule and the likely fix (TW001...). Dims, strides and coordinates are run-time values of any
 * size: what lies outside a tensor reads as zero and is never written.
 */
#ifndef TILEWRIGHT_H
#define TILEWRIGHT_H

#include "arch/arch.h"

#include "tiles/global.h"
#include "tiles/ref.h"
#include "tiles/register.h"
#include "tiles/shared.h"
#include "tiles/vector.h"

#include "ops/angle.h"
#include "ops/convert.h"
#include "ops/decay.h"
#include "ops/dot.h"
#include "ops/gather.h"
#include "ops/grid.h"
#include "ops/load.h"
#include "ops/map.h"
#include "ops/mask.h"
#include "ops/math.h"
#include "ops/mma.h"
#include "ops/mma_async.h"
#include "ops/pass.h"
#include "ops/pipeline.h"
#include "ops/random.h"
#include "ops/reduce.h"
#include "ops/rotate.h"
#include "ops/scan.h"
#include "ops/scan_shared.h"
#include "ops/softmax.h"
#include "ops/store.h"
#include "ops/store_async.h"
#include "ops/sync.h"
#include "ops/tril_inverse.h"

#endif
