/* SPDX-License-Identifier: MIT
 *
 * tw_narrow: what is left of a tensor, and which of its tiles its map may still move: those that touch
 * nothing of what was cut away.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <tilewright.h>

TW_TEAM(1, 1);

enum { HEADS = 3, ROWS = 100, COLS = 64, TILE = 32 };

typedef struct {
    tw_gl(bf16, 3) x; /* HEADS x ROWS x COLS */
} narrow_args;

static tw_bf16 elements[HEADS * ROWS * COLS];
static const int a_map;

static narrow_args whole(void)
{
    narrow_args g;
    memset(&g, 0, sizeof g);
    g.x.data = elements;
    g.x.dim[0] = HEADS;
    g.x.dim[1] = ROWS;
    g.x.dim[2] = COLS;
    g.x.stride[0] = ROWS * COLS;
    g.x.stride[1] = COLS;
    g.x.stride[2] = 1;
    g.x.map = &a_map;
    g.x.map_rows = TILE;
    g.x.map_cols = COLS;
    return g;
}

/* Rows `first` to `first + count` of each head, and a tile of TILE rows from `row` on: it is where the map is
 * asked for it, and the map is asked only if all of it is there. */
static void check_tile(int first, int count, int64_t head, int64_t row)
{
    narrow_args g = whole();
    int inside = head >= 0 && head < HEADS && row >= 0 && row + TILE <= count, moved;
    tw_narrow(g.x, 1, first, count);
    tw__window w = TW__WINDOW(g.x, head, row, 0, 0);
    moved = w.map != 0 && tw__map_fits(w, TILE, COLS);
    if (moved != inside)
        fail_msg("rows %d to %d, head %d, tile from %d: %s by the map", first, first + count, (int)head,
                 (int)row, moved ? "moved" : "not moved");
    assert_int_equal(w.at_row, first + row);
    assert_int_equal(w.at_plane, head);
    assert_int_equal(w.at_col, 0);
    assert_ptr_equal(w.data, elements + (head * ROWS + first + row) * COLS);
}

static void only_tiles_wholly_inside_go_by_the_map(void **state)
{
    (void)state;
    for (int first = 0; first < ROWS; first += 7)
        for (int count = first == 0 ? ROWS - 1 : ROWS - first; count > 0; count -= 9)
            for (int row = -TILE - 3; row < count + 3; row += 5)
                for (int head = 0; head < HEADS; head++)
                    check_tile(first, count, head, row);
}

/* The head behind the last is another tensor's, or nothing. */
static void a_plane_outside_does_not_go_by_the_map(void **state)
{
    narrow_args g = whole();
    (void)state;
    tw_narrow(g.x, 0, 1, 1);
    assert_ptr_equal(TW__WINDOW(g.x, 0, 0, 0, 0).map, &a_map);
    assert_int_equal(TW__WINDOW(g.x, 0, 0, 0, 0).at_plane, 1);
    assert_null(TW__WINDOW(g.x, 1, 0, 0, 0).map);
    assert_null(TW__WINDOW(g.x, -1, 0, 0, 0).map);
}

/* Beyond the tensor's own edge there is nothing to touch: the map brings zeros. */
static void what_is_not_cut_keeps_its_map_at_the_edge(void **state)
{
    narrow_args g = whole();
    (void)state;
    tw_narrow(g.x, 1, 0, ROWS);
    tw_narrow(g.x, 1, 0, ROWS + 1);
    assert_true(tw__map_fits(TW__WINDOW(g.x, 0, ROWS - 3, 0, 0), TILE, COLS));
    assert_true(tw__map_fits(TW__WINDOW(g.x, 0, -3, 0, 0), TILE, COLS));
}

static void cuts_of_cuts_add_up(void **state)
{
    narrow_args g = whole();
    (void)state;
    tw_narrow(g.x, 1, 20, 70);
    tw_narrow(g.x, 1, 5, 40);
    assert_int_equal(g.x.dim[1], 40);
    assert_int_equal(TW__WINDOW(g.x, 2, 8, 0, 0).at_row, 33);
    assert_ptr_equal(TW__WINDOW(g.x, 2, 8, 0, 0).data, elements + (2 * ROWS + 33) * COLS);
    assert_true(tw__map_fits(TW__WINDOW(g.x, 2, 8, 0, 0), TILE, COLS));
    assert_false(tw__map_fits(TW__WINDOW(g.x, 2, 9, 0, 0), TILE, COLS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_tiles_wholly_inside_go_by_the_map),
        cmocka_unit_test(a_plane_outside_does_not_go_by_the_map),
        cmocka_unit_test(what_is_not_cut_keeps_its_map_at_the_edge),
        cmocka_unit_test(cuts_of_cuts_add_up),
    };
    return cmocka_run_group_tests_name("tiles narrow", tests, NULL, NULL);
}
