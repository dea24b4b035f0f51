/* SPDX-License-Identifier: MIT
 *
 * Which piece of work a block does.
 *
 *   tw_block(axis)            this block's index along axis 0, 1, 2
 *   tw_blocks(axis)           how many there are
 *   tw_grid_order(rows, cols) on a 1-D grid of rows * cols blocks: the (row, col) this block works on. Blocks
 *                             that run at the same time get neighbouring work, so that they share operands
 *                             in the cache: consecutive blocks go round the chiplets, so each chiplet gets
 *                             one contiguous stretch, and a stretch is walked in bands of rows.
 * tw_grid_order_at(index, rows, cols)   the same for piece `index` of rows * cols
 *
 * tw_grid_groups(groups, size)     on a 1-D grid of groups * size blocks: the (row, col) that are this
 * block's group and its place in it. Blocks of a group share operands, as do neighbouring groups: a chiplet
 * gets whole groups, one after another, for as long as they come out even. The rest, and all of them on a
 * machine without chiplets, go place by place: the first places of all groups come first.
 *
 * TW_EACH(index, count) { body }   a block's pieces of `count`, on a 1-D grid. With at least `count` blocks
 * that is one piece a block, everywhere. Where loads have waves of their own (Hopper), fewer blocks are
 * better still: a block goes on to its next piece, and the loads run ahead into it while the team finishes
 * this one. Elsewhere too few blocks are refused: the kernel stops with a fault. Not in clusters.
 *
 * TW_EACH_TILE(tile, rows, cols) { body }   the same where the pieces are the tiles of rows x cols, in the
 * order of tw_grid_order: tile.row, tile.col. The blocks of a cluster (TW_TEAM) get tiles one below the
 * other, and tile.together is 1: what depends on the column alone is the same for all, and tw_load_multicast
 * may bring it. Rows that make no full cluster are given out one tile a block (tile.together is 0). That is
 * rows * cols pieces, rounded up to a multiple of the cluster: some may lie below the last row, where
 * everything reads as zero and nothing is written. The grid is a multiple of the cluster.
 */
#ifndef TW_OPS_GRID_H
#define TW_OPS_GRID_H

#include "../tiles/ref.h"

#define tw_block(axis)  tw__isa_block_index(axis)
#define tw_blocks(axis) tw__isa_grid_size(axis)

typedef struct {
    int row, col;
} tw_grid_place;

enum { TW__GRID_BAND = 8 }; /* rows of blocks walked together, column by column */

/* A number that is not negative, and that the compiler then knows not to be: what a coordinate below 0 would
 * ask for is not computed. */
TW_FN int tw_natural(int x) { return x & 0x7fffffff; }

/* Bijection on [0, count): block b runs on chiplet b % chiplets; chiplet x gets the x-th stretch, the first
 * count % chiplets of which are one longer. */
TW_FN int tw__chiplet_order(int block, int count, int chiplets)
{
    int chiplet = block % chiplets, turn = block / chiplets, longer = count % chiplets;
    return chiplet * (count / chiplets) + (chiplet < longer ? chiplet : longer) + turn;
}

/* A division leaves its result in vector registers on AMD; everything that follows from it would stay there.
 */
TW_FN tw_grid_place tw__grid_order(int block, int rows, int cols, int chiplets)
{
    int index = tw__chiplet_order(block, rows * cols, chiplets);
    int band =
        rows <= TW__GRID_BAND ? 0 : index / (TW__GRID_BAND * cols); /* no product exceeds rows * cols */
    int first = band * TW__GRID_BAND, inside = index - first * cols;
    int high = rows - first < TW__GRID_BAND ? rows - first : TW__GRID_BAND;
    tw_grid_place place;
    place.row = tw_natural(tw__isa_uniform(first + inside % high));
    place.col = tw_natural(tw__isa_uniform(inside / high));
    return place;
}

/* Block b runs on chiplet b % chiplets, which gets `whole` groups. Work that is not the same at all places of
 * a group is shared out evenly nevertheless: in whole groups, and in the rest place by place. */
TW_FN tw_grid_place tw__grid_groups(int block, int groups, int size, int chiplets)
{
    int whole = chiplets > 1 ? groups / chiplets : 0, even = whole * chiplets;
    int turn = block / chiplets, rest = block - even * size;
    tw_grid_place place;
    if (rest < 0) {
        place.row = tw_natural(tw__isa_uniform(block % chiplets * whole + turn / size));
        place.col = tw_natural(tw__isa_uniform(turn % size));
    } else {
        place.row = tw_natural(tw__isa_uniform(even + rest % (groups - even)));
        place.col = tw_natural(tw__isa_uniform(rest / (groups - even)));
    }
    return place;
}

#define tw_grid_groups(groups, size)        tw__grid_groups(tw__isa_block_index(0), groups, size, TW_CHIPLETS)
#define tw_grid_order(rows, cols)           tw_grid_order_at(tw__isa_block_index(0), rows, cols)
#define tw_grid_order_at(index, rows, cols) tw__grid_order(index, rows, cols, TW_CHIPLETS)

#define TW_EACH(index, count)                                                                                \
    for (int index = tw__first_piece(count); index < (count); index = tw__next_piece(index, count))

/* A loop round the whole kernel costs registers; only machines that gain from it have one. */
enum { TW__BLOCKS_GO_ON = TW__PRODUCER_THREADS > 0 };

TW_FN int tw__first_piece(int count)
{
    if (!TW__BLOCKS_GO_ON && tw_blocks(0) < count)
        tw__isa_fault();
    return tw_block(0);
}

TW_FN int tw__next_piece(int index, int count) { return TW__BLOCKS_GO_ON ? index + tw_blocks(0) : count; }

typedef struct {
    int row, col, together;
    int index, count; /* of the pieces */
} tw_grid_tile;

#define TW_EACH_TILE(tile, rows, cols)                                                                       \
    for (tw_grid_tile tile = tw__first_tile(rows, cols, tw_cluster_blocks); tile.index < tile.count;         \
         tile = tw__next_tile(tile, rows, cols, tw_cluster_blocks))

TW_FN int tw__grid_tiles(int rows, int cols, int blocks)
{
    int left = rows * cols % blocks;
    return rows * cols + (left ? blocks - left : 0);
}

TW_FN tw_grid_tile tw__tile_at(int index, int rows, int cols, int blocks, int chiplets)
{
    int group = index / blocks, rank = index % blocks, high = rows / blocks;
    tw_grid_place place;
    tw_grid_tile tile;
    tile.index = index;
    tile.count = tw__grid_tiles(rows, cols, blocks);
    tile.together = blocks > 1 && group < high * cols;
    if (blocks == 1 || tile.together) {
        place = tw__grid_order(group, high, cols, chiplets);
        tile.row = place.row * blocks + rank;
        tile.col = place.col;
    } else {
        int loose = (group - high * cols) * blocks + rank, below = loose / cols;
        tile.row = high * blocks + (below < rows % blocks ? below : rows % blocks);
        tile.col = loose % cols;
    }
    return tile;
}

TW_FN tw_grid_tile tw__first_tile(int rows, int cols, int blocks)
{
    return tw__tile_at(tw__first_piece(tw__grid_tiles(rows, cols, blocks)), rows, cols, blocks, TW_CHIPLETS);
}

TW_FN tw_grid_tile tw__next_tile(tw_grid_tile tile, int rows, int cols, int blocks)
{
    int next = tw__next_piece(tile.index, tile.count);
    if (TW__BLOCKS_GO_ON)
        return tw__tile_at(next, rows, cols, blocks, TW_CHIPLETS);
    tile.index = next;
    return tile;
}

#endif
