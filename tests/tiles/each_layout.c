/* SPDX-License-Identifier: MIT
 *
 * Where a machine's lanes hold the elements of register tiles and vectors. Built once for each machine of
 * arch/registry.def (-DTW_MACHINE); what runs here is the machine's own fragment.h on emulated lanes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <tilewright.h>

#include "../emulator/fragment_tables.h"

enum { SIDE_MAX = 1536, AXES = 7, WAVES_MAX = 8 };

typedef struct {
    tw__ref tile;
    uint8_t held[SIDE_MAX][SIDE_MAX];  /* threads that hold the element */
    uint8_t owned[SIDE_MAX][SIDE_MAX]; /* of them those that store it */
    int outside;                       /* elements that no tile has */
    int vector_differs;                /* slots that disagree with their tile about a row or column */
    uint16_t slot_held[AXES][SIDE_MAX], slot_owned[AXES][SIDE_MAX]; /* by axis */
} layout;

static layout seen;

static tw__ref make_tile(int role, int rows, int cols, int team_rows, int team_cols)
{
    return (tw__ref){.code = TW__CODE(TW__REGISTER, TW_f32, role),
                     .rows = rows,
                     .cols = cols,
                     .team_rows = team_rows,
                     .team_cols = team_cols};
}

static tw__ref make_vector(int axis, int length, tw__ref tile)
{
    return (tw__ref){.code = TW__CODE(TW__VECTOR, TW_f32, axis),
                     .rows = 1,
                     .cols = length,
                     .team_rows = tile.team_rows,
                     .team_cols = tile.team_cols};
}

static void see_vector(tw__ref v)
{
    for (int n = 0; n < tw__vector_slots(v); n++) {
        int index = tw__slot_index(v, n);
        if (index < 0 || index >= v.cols) {
            seen.outside++;
            continue;
        }
        seen.slot_held[tw__role(v)][index]++;
        seen.slot_owned[tw__role(v)][index] += tw__slot_owner(v) != 0;
    }
}

/* One lane's view of seen.tile, its row vector and its column vector. */
static void see(const void *args)
{
    tw__ref t = seen.tile;
    tw__ref rows = make_vector(tw__row_axis(tw__role(t)), t.rows, t);
    tw__ref cols = make_vector(tw__col_axis(tw__role(t)), t.cols, t);
    (void)args;
    for (int n = 0; n < tw__elements(t); n++) {
        int r = tw__element_row(t, n), c = tw__element_col(t, n);
        if (r < 0 || r >= t.rows || c < 0 || c >= t.cols) {
            seen.outside++;
            continue;
        }
        seen.held[r][c]++;
        seen.owned[r][c] += tw__tile_owner(t) != 0;
        seen.vector_differs += tw__slot_index(rows, tw__row_slot(t, n)) != r;
        seen.vector_differs += tw__slot_index(cols, tw__col_slot(t, n)) != c;
    }
    see_vector(rows);
    see_vector(cols);
}

static void run(tw__native_kernel *kernel, int waves)
{
    tw_kernel_info info;
    tw_launch_request request;
    char message[256] = "";
    memset(&info, 0, sizeof info);
    memset(&request, 0, sizeof request);
    info.threads = (uint32_t)(waves * TW_LANES);
    request.grid[0] = request.grid[1] = request.grid[2] = 1;
    request.os_threads = 1;
    request.message = message;
    request.message_bytes = sizeof message;
    if (tw__native_launch(&request, &info, kernel))
        fail_msg("%s", message);
}

/* Every team of up to 8 waves; one lane alone makes no team of several. */
static int team_fits(int rows, int cols) { return rows * cols <= (TW_LANES == 1 ? 1 : WAVES_MAX); }

static void check_tile(int role, int rows, int cols, int team_rows, int team_cols)
{
    int copies = role == TW__ROLE_a ? team_cols : role == TW__ROLE_b ? team_rows : 1;
    memset(&seen, 0, sizeof seen);
    seen.tile = make_tile(role, rows, cols, team_rows, team_cols);
    run(see, team_rows * team_cols);
    assert_int_equal(seen.outside, 0);
    assert_int_equal(seen.vector_differs, 0);
    for (int i = 0; i < rows * cols; i++) {
        int r = i / cols, c = i % cols;
        if (seen.held[r][c] != copies || seen.owned[r][c] != 1)
            fail_msg("role %d, %d x %d, team %d x %d: (%d, %d) is held %d times, not %d, and stored %d times",
                     role, rows, cols, team_rows, team_cols, r, c, seen.held[r][c], copies, seen.owned[r][c]);
    }
    for (int axis = 0; axis < AXES; axis++) {
        int is_row = axis == tw__row_axis(role), length = is_row ? rows : cols;
        if (!is_row && axis != tw__col_axis(role))
            continue;
        for (int i = 0; i < length; i++)
            if (seen.slot_held[axis][i] < 1 || seen.slot_owned[axis][i] != 1)
                fail_msg("axis %d, length %d, team %d x %d: index %d is held %d times and stored %d times",
                         axis, length, team_rows, team_cols, i, seen.slot_held[axis][i],
                         seen.slot_owned[axis][i]);
    }
}

/* Once in an acc or line tile; in every column of the team for an a tile, every row for a b tile; stored
 * once. */
static void every_element_and_slot_is_held_and_stored_once(void **state)
{
    static const int teams[][2] = {{1, 1}, {2, 1}, {1, 2}, {2, 2}, {4, 1}, {1, 4}, {2, 4}, {4, 2}};
    (void)state;
    for (int t = 0; t < (int)(sizeof teams / sizeof *teams); t++) {
        int rows = teams[t][0], cols = teams[t][1];
        for (int role = TW__ROLE_acc; role <= TW__ROLE_b && team_fits(rows, cols); role++) {
            check_tile(role, 16 * rows, 16 * cols, rows, cols);
            check_tile(role, 32 * rows, 16 * cols, rows, cols);
            if (rows <= 2 && cols <= 2)
                check_tile(role, 48 * rows, 64 * cols, rows, cols);
        }
        if (team_fits(rows, cols)) {
            check_tile(TW__ROLE_line, rows, 2 * TW_LANES * cols, rows, cols);
            check_tile(TW__ROLE_line, 3 * rows, 6 * TW_LANES * cols, rows, cols);
            if (cols <= 2)
                check_tile(TW__ROLE_line, 2 * rows, 12 * TW_LANES * cols, rows, cols);
        }
    }
}

/* By a manual's tables: the lane that holds (row, col) of a 16 x 16 core of each role, and as which element.
 */
typedef struct {
    const char *machine;
    void (*holder)(int role, int row, int col, int *lane, int *e);
} manual;

/* A core of b or acc is two n8 halves: acc holds c0-c3 of the left one, then of the right one; b holds b0, b1
 * of both, then b2, b3. */
static void holder_ptx(int role, int row, int col, int *lane, int *e)
{
    int half = col / 8;
    if (role == TW__ROLE_a) {
        table_entry(ptx_m16n8k16_a[row], col, lane, e);
    } else if (role == TW__ROLE_acc) {
        table_entry(ptx_m16n8_d[row], col % 8, lane, e);
        *e += 4 * half;
    } else {
        table_entry(ptx_m16n8k16_b[row], col % 8, lane, e);
        *e = *e % 2 + *e / 2 * 4 + 2 * half;
    }
}

/* The library multiplies B^T A^T, so that A is the instruction's B, and acc is D transposed. */
static void holder_mfma(int role, int row, int col, int *lane, int *e)
{
    const char *const *table = role == TW__ROLE_a   ? mfma_16x16x16_b
                               : role == TW__ROLE_b ? mfma_16x16x16_a
                                                    : mfma_16x16_d;
    table_entry(table[col], row, lane, e);
}

static void holder_in_rows(int role, int row, int col, int *lane, int *e)
{
    (void)role;
    *lane = 0;
    *e = row * TW_CORE + col;
}

static const manual manuals[] = {
    {"cpu", holder_in_rows}, {"sm80", holder_ptx},    {"sm90", holder_ptx},
    {"gfx90a", holder_mfma}, {"gfx942", holder_mfma}, {"gfx950", holder_mfma},
};

static const manual *manual_here;
static int manual_differs;

static void compare_with_manual(const void *args)
{
    (void)args;
    for (int role = TW__ROLE_acc; role <= TW__ROLE_b; role++) {
        tw__ref t = make_tile(role, TW_CORE, TW_CORE, 1, 1);
        for (int e = 0; e < tw__elements(t); e++) {
            int lane = -1, element = -1;
            manual_here->holder(role, tw__element_row(t, e), tw__element_col(t, e), &lane, &element);
            manual_differs += lane != tw__isa_lane() || element != e;
        }
    }
}

static void a_core_lies_as_the_manual_draws_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof manuals / sizeof *manuals; i++)
        if (strcmp(manuals[i].machine, TW__TEXT(TW_MACHINE)) == 0)
            manual_here = &manuals[i];
    if (!manual_here)
        fail_msg(
            "machine %s has no row in `manuals`: write its fragments down from its manual (fragment_tables.h)",
            TW__TEXT(TW_MACHINE));
    manual_differs = 0;
    run(compare_with_manual, 1);
    assert_int_equal(manual_differs, 0);
}

/* What reductions rely on: lanes that differ in INNER_LANES alone share the rows they hold, and between them
 * have all columns; with OUTER_LANES the other way round. */
static void lane_bits_move_along_one_index(void **state)
{
    (void)state;
    assert_int_equal((int)TW__OUTER_LANES & (int)TW__INNER_LANES, 0);
    assert_int_equal((int)TW__OUTER_LANES | (int)TW__INNER_LANES, TW_LANES - 1);
    for (int lane = 0; lane < TW_LANES; lane++)
        for (int e = 0; e < TW_CORE_ELEMENTS; e++) {
            assert_int_equal(tw__core_outer(lane, e), tw__core_outer(lane & TW__OUTER_LANES, e));
            assert_int_equal(tw__core_inner(lane, e), tw__core_inner(lane & TW__INNER_LANES, e));
            assert_int_equal(tw__core_outer(lane, tw__outer_element(tw__outer_slot(e))),
                             tw__core_outer(lane, e));
            assert_int_equal(tw__core_inner(lane, tw__inner_element(tw__inner_slot(e))),
                             tw__core_inner(lane, e));
            assert_int_equal(tw__core_inner(lane, e),
                             tw__core_inner(lane, e / TW__INNER_RUN * TW__INNER_RUN) + e % TW__INNER_RUN);
        }
}

/* What loads and stores rely on: the runs of a line tile are neighbours in a row, and lane after lane has the
 * next run. */
static int line_differs;

static void see_runs(const void *args)
{
    (void)args;
    for (int share = 2; share <= 48; share += 2) {
        tw__ref t = make_tile(TW__ROLE_line, 2, share * TW_LANES, 1, 1);
        int run = tw__run(t);
        line_differs += run < 2 || run > TW__LINE_RUN || (run & (run - 1)) != 0 || share % run != 0;
        for (int n = 0; n < tw__elements(t); n++) {
            int first = n / run * run, chunk = n % share / run;
            line_differs += tw__element_row(t, n) != n / share;
            line_differs += tw__element_col(t, n) != (chunk * TW_LANES + tw__isa_lane()) * run + (n - first);
        }
    }
}

static void lanes_hold_neighbouring_runs_of_a_line(void **state)
{
    (void)state;
    line_differs = 0;
    run(see_runs, 1);
    assert_int_equal(line_differs, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_element_and_slot_is_held_and_stored_once),
        cmocka_unit_test(a_core_lies_as_the_manual_draws_it),
        cmocka_unit_test(lane_bits_move_along_one_index),
        cmocka_unit_test(lanes_hold_neighbouring_runs_of_a_line),
    };
    return cmocka_run_group_tests_name(TW__TEXT(TW_MACHINE), tests, NULL, NULL);
}
