/* SPDX-License-Identifier: MIT
 *
 * tw_grid_order: every block gets a place of its own, and neighbours share operands.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <tilewright.h>

static const int chiplet_counts[] = {1, 2, 3, 4, 6, 8};

enum { CHIPLET_COUNTS = sizeof chiplet_counts / sizeof *chiplet_counts, SIDE_MAX = 41 };

static void check_places(int rows, int cols, int chiplets)
{
    static uint8_t taken[SIDE_MAX * 400];
    memset(taken, 0, sizeof taken);
    for (int block = 0; block < rows * cols; block++) {
        tw_grid_place at = tw__grid_order(block, rows, cols, chiplets);
        if (at.row < 0 || at.row >= rows || at.col < 0 || at.col >= cols || taken[at.row * cols + at.col])
            fail_msg("block %d of %d x %d on %d chiplets gets (%d, %d)", block, rows, cols, chiplets, at.row,
                     at.col);
        taken[at.row * cols + at.col] = 1;
    }
}

static void every_place_is_taken_once(void **state)
{
    static const int odd[][2] = {{1, 400}, {400, 1}, {41, 397}, {8, 250}, {9, 251}, {17, 333}};
    (void)state;
    for (int c = 0; c < CHIPLET_COUNTS; c++) {
        for (int rows = 1; rows <= 20; rows++)
            for (int cols = 1; cols <= 20; cols++)
                check_places(rows, cols, chiplet_counts[c]);
        for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
            check_places(odd[i][0], odd[i][1], chiplet_counts[c]);
    }
}

/* Block b runs on chiplet b % chiplets; that chiplet's blocks, in turn, get consecutive work. */
static void a_chiplet_gets_one_stretch(void **state)
{
    (void)state;
    for (int c = 0; c < CHIPLET_COUNTS; c++) {
        int chiplets = chiplet_counts[c];
        for (int count = 1; count < 300; count++)
            for (int block = chiplets; block < count; block++)
                assert_int_equal(tw__chiplet_order(block, count, chiplets),
                                 tw__chiplet_order(block - chiplets, count, chiplets) + 1);
    }
}

/* 64 consecutive blocks of a large grid on one chiplet read at most this many rows and columns of operands;
 * row after row they would read 1 + 64, in a square 8 + 8. */
static void a_window_of_blocks_is_nearly_square(void **state)
{
    enum { ROWS = 41, COLS = 397, WINDOW = 64 };
    (void)state;
    for (int first = 0; first + WINDOW <= ROWS * COLS; first += 13) {
        uint8_t row[ROWS] = {0}, col[COLS] = {0};
        int distinct = 0;
        for (int block = first; block < first + WINDOW; block++) {
            tw_grid_place at = tw__grid_order(block, ROWS, COLS, 1);
            distinct += !row[at.row] + !col[at.col];
            row[at.row] = col[at.col] = 1;
        }
        /* the last band of 41 rows has one row; elsewhere 8 rows, 8 or 9 columns, twice where bands meet */
        assert_true(distinct <= (first + WINDOW > 40 * COLS ? 1 + WINDOW + 16 : 2 * (8 + 9)));
    }
}

/* Every place of every group once; each chiplet's blocks, in turn, walk through its own groups; where groups
 * come out even, every chiplet gets each place equally often: work that depends on the place is shared out.
 */
static void check_groups(int groups, int size, int chiplets)
{
    static uint8_t taken[SIDE_MAX * SIDE_MAX];
    static int given[SIDE_MAX][8];
    int even = chiplets > 1 ? groups / chiplets * chiplets : 0;
    tw_grid_place last[8] = {{0, 0}};
    memset(taken, 0, sizeof taken);
    memset(given, 0, sizeof given);
    for (int block = 0; block < groups * size; block++) {
        tw_grid_place at = tw__grid_groups(block, groups, size, chiplets);
        int chiplet = block % chiplets, first = block < chiplets;
        assert_in_range(at.row, 0, groups - 1);
        assert_in_range(at.col, 0, size - 1);
        assert_int_equal(taken[at.row * size + at.col]++, 0);
        given[at.col][chiplet]++;
        if (at.row < even) {
            assert_int_equal(at.row / (even / chiplets), chiplet);
            assert_true(first || at.row * size + at.col == last[chiplet].row * size + last[chiplet].col + 1);
        }
        last[chiplet] = at;
    }
    for (int col = 0; col < size && groups % chiplets == 0; col++)
        for (int c = 0; c < chiplets && chiplets > 1; c++)
            assert_int_equal(given[col][c], groups / chiplets);
}

static void groups_stay_on_a_chiplet(void **state)
{
    (void)state;
    for (int c = 0; c < CHIPLET_COUNTS; c++)
        for (int groups = 1; groups < SIDE_MAX; groups++)
            for (int size = 1; size < SIDE_MAX; size += 1 + size / 4)
                check_groups(groups, size, chiplet_counts[c]);
}

/* The tiles that a cluster's blocks get at its n-th turn lie one below the other, or one by one where rows
 * are left; none twice, none forgotten, and as many turns for every block. */
static void check_tiles(int rows, int cols, int blocks)
{
    static uint8_t taken[SIDE_MAX * SIDE_MAX];
    int count = tw__grid_tiles(rows, cols, blocks), found = 0;
    memset(taken, 0, sizeof taken);
    assert_int_equal(count % blocks, 0);
    assert_true(count < rows * cols + blocks);
    for (int index = 0; index < count; index++) {
        tw_grid_tile at = tw__tile_at(index, rows, cols, blocks, 1);
        tw_grid_tile first = tw__tile_at(index / blocks * blocks, rows, cols, blocks, 1);
        assert_int_equal(at.count, count);
        assert_int_equal(at.together, first.together);
        if (at.together && (at.col != first.col || at.row != first.row + index % blocks))
            fail_msg("block %d of %d x %d in clusters of %d gets (%d, %d)", index, rows, cols, blocks, at.row,
                     at.col);
        assert_in_range(at.col, 0, cols - 1);
        assert_in_range(at.row, 0, rows); /* the row behind the last: none */
        if (at.row == rows)
            continue;
        assert_int_equal(taken[at.row * cols + at.col]++, 0);
        found++;
    }
    assert_int_equal(found, rows * cols);
}

static void clusters_get_every_tile_once(void **state)
{
    (void)state;
    for (int blocks = 1; blocks <= 8; blocks *= 2)
        for (int rows = 1; rows <= 20; rows++)
            for (int cols = 1; cols <= 20; cols++)
                check_tiles(rows, cols, blocks);
    check_tiles(SIDE_MAX, SIDE_MAX, 2);
}

/* The largest grid a launch takes. */
static void the_largest_grids_do_not_overflow(void **state)
{
    static const int grids[][2] = {
        {46340, 46340}, {1, INT32_MAX}, {INT32_MAX, 1}, {7, 306783378}, {306783378, 7}};
    (void)state;
    for (size_t g = 0; g < sizeof grids / sizeof *grids; g++)
        for (int c = 0; c < CHIPLET_COUNTS; c++) {
            int rows = grids[g][0], cols = grids[g][1], blocks = rows * cols;
            for (int i = 0; i < 100; i++) {
                tw_grid_place low = tw__grid_order(i, rows, cols, chiplet_counts[c]);
                tw_grid_place high = tw__grid_order(blocks - 1 - i, rows, cols, chiplet_counts[c]);
                assert_in_range(low.row, 0, rows - 1);
                assert_in_range(low.col, 0, cols - 1);
                assert_in_range(high.row, 0, rows - 1);
                assert_in_range(high.col, 0, cols - 1);
            }
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_place_is_taken_once),
        cmocka_unit_test(a_chiplet_gets_one_stretch),
        cmocka_unit_test(a_window_of_blocks_is_nearly_square),
        cmocka_unit_test(groups_stay_on_a_chiplet),
        cmocka_unit_test(clusters_get_every_tile_once),
        cmocka_unit_test(the_largest_grids_do_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
