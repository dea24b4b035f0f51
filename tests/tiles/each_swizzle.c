/* SPDX-License-Identifier: MIT
 *
 * Where a machine puts the elements of shared tiles: every place once, and the accesses of the inner loops
 * without bank conflicts. Built once for each machine of arch/registry.def (-DTW_MACHINE).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <tilewright.h>

enum { TILE_BYTES_MAX = 65536, LINE = 128 };

/* {rows, columns, bytes of an element}: rows of 16 bytes to several panels, and of no power of two. */
static const int shapes[][3] = {
    {16, 8, 2},  {16, 16, 2}, {64, 32, 2}, {128, 64, 2}, {32, 128, 2}, {16, 48, 2},  {16, 80, 2},
    {48, 24, 2}, {64, 96, 2}, {1, 64, 2},  {1, 200, 2},  {16, 16, 4},  {64, 32, 4},  {32, 64, 4},
    {16, 12, 4}, {3, 64, 2},  {17, 32, 4}, {64, 64, 1},  {32, 16, 1},  {256, 64, 2},
};

enum { SHAPES = sizeof shapes / sizeof *shapes };

static void every_element_has_a_place_of_its_own(void **state)
{
    static uint8_t taken[TILE_BYTES_MAX];
    (void)state;
    for (int s = 0; s < SHAPES; s++) {
        int rows = shapes[s][0], cols = shapes[s][1], bytes = shapes[s][2];
        memset(taken, 0, sizeof taken);
        for (int i = 0; i < rows * cols; i++) {
            int at = tw__shared_offset(rows, cols, bytes, i / cols, i % cols);
            if (at < 0 || at % bytes || at + bytes > rows * cols * bytes || taken[at])
                fail_msg("%d x %d of %d bytes: (%d, %d) lies at %d", rows, cols, bytes, i / cols, i % cols,
                         at);
            taken[at] = 1;
        }
    }
}

/* A unit is what one access may move: it stays together, aligned to its size. Without a swizzle, a row does.
 */
static void units_stay_together(void **state)
{
    (void)state;
    for (int s = 0; s < SHAPES; s++) {
        int rows = shapes[s][0], cols = shapes[s][1], bytes = shapes[s][2];
        int unit = TW__SWIZZLE_UNIT == 0 || rows == 1 ? TW_CHUNK : (int)TW__SWIZZLE_UNIT;
        for (int i = 0; i < rows * cols; i++) {
            int row = i / cols, col = i % cols, first = col * bytes / unit * unit;
            int start = tw__shared_offset(rows, cols, bytes, row, first / bytes);
            assert_int_equal(start % unit, 0);
            assert_int_equal(tw__shared_offset(rows, cols, bytes, row, col), start + col * bytes - first);
        }
    }
}

/* PTX ISA, "Swizzling modes": of an address in a tile whose rows are 128, 64 or 32 bytes, the three, two or
 * one bits from bit 4 on are XORed with those from bit 7 on. Wider rows are panels of 128 bytes. */
static void nvidias_tiles_follow_the_copy_engines_swizzles(void **state)
{
    static const int masks[][2] = {{128, 0x70}, {64, 0x30}, {32, 0x10}};
    (void)state;
    if (strncmp(TW__TEXT(TW_MACHINE), "sm", 2) != 0)
        skip();
    for (int m = 0; m < 3; m++) {
        int rows = 64, cols = masks[m][0] / 2;
        for (int i = 0; i < rows * cols; i++) {
            int linear = i * 2, swizzled = linear ^ ((linear >> 3) & masks[m][1]);
            assert_int_equal(tw__shared_offset(rows, cols, 2, i / cols, i % cols), swizzled);
        }
    }
    for (int i = 0; i < 64 * 192; i++) {
        int row = i / 192, byte = i % 192 * 2, linear = row * LINE + byte % LINE;
        assert_int_equal(tw__shared_offset(64, 192, 2, row, i % 192),
                         byte / LINE * LINE * 64 + (linear ^ ((linear >> 3) & 0x70)));
    }
}

/* A copy instruction of CDNA fetches for a place in shared memory what belongs there: rows added bit by bit.
 */
static void the_swizzle_is_linear(void **state)
{
    (void)state;
    for (int panel = 32; panel <= 128; panel *= 2)
        for (int row = 0; row < 256 && TW__SWIZZLE_UNIT > 0; row++)
            for (int low = 1; low <= 128; low *= 2) {
                int units = panel / TW__PERMUTED_UNIT,
                    parts = (int)tw__swizzle(row & (low - 1), panel, units);
                assert_int_equal(tw__swizzle(row, panel, units),
                                 parts ^ tw__swizzle(row & -low, panel, units));
            }
}

/* One access of a wave to a tile of 16-bit elements: lane -> (row, column), each moving `bytes`. The hardware
 * serves `together` lanes at once, consecutive ones or in the order given; they meet each bank at most `ways`
 * times, or `wide_ways` where the tile's rows are longer than 128 bytes, `narrow_ways` where they are 32. */
typedef struct {
    const char *machine, *name;
    int bytes, together, banks, ways, wide_ways, narrow_ways;
    void (*place)(int lane, int row_bytes, int *row, int *col);
    const unsigned char *order;
} shared_access;

/* ds_read_b128 of CDNA4 serves 16 of these lanes at a time, then those 32 further on. */
static const unsigned char order_b128[] = {0, 1, 2, 3, 12, 13, 14, 15, 20, 21, 22, 23, 24, 25, 26, 27,
                                           4, 5, 6, 7, 8,  9,  10, 11, 16, 17, 18, 19, 28, 29, 30, 31};

/* Row l % 8 of an 8 x 8 matrix: both kinds of ldmatrix. */
static void place_matrix_rows(int lane, int row_bytes, int *row, int *col)
{
    (void)row_bytes;
    *row = lane % 8;
    *col = lane / 16 * 8;
}

/* Consecutive threads write consecutive 16-byte chunks of the tile, row after row: a whole one, or its half.
 */
static void place_chunk(int lane, int row_bytes, int *row, int *col)
{
    *row = lane / (row_bytes / TW_CHUNK);
    *col = lane % (row_bytes / TW_CHUNK) * TW_CHUNK / 2;
}

/* A core's runs, one a lane. */
static void place_run(int lane, int row_bytes, int *row, int *col)
{
    (void)row_bytes;
    *row = tw__core_outer(lane, 0);
    *col = tw__core_inner(lane, 0);
}

/* One element of a core across its tile: two bytes a lane. */
static void place_across(int lane, int row_bytes, int *row, int *col)
{
    (void)row_bytes;
    *row = tw__core_inner(lane, 0);
    *col = tw__core_outer(lane, 0);
}

/* What ds_read_b64_tr_b16 reads of a 16 x 16 core. */
static void place_transposing(int lane, int row_bytes, int *row, int *col)
{
    (void)row_bytes;
    *row = lane / 16 * 4 + lane % 16 / 4;
    *col = lane % 4 * 4;
}

/* Two neighbouring cores at once: a lane's eight elements of one row. */
static void place_two_runs(int lane, int row_bytes, int *row, int *col)
{
    *row = lane % 16;
    *col = row_bytes < 64 ? lane / 16 % 2 * 8 : lane / 16 * 8;
}

/* The first four of the same eight down the columns. */
static void place_transposing_two(int lane, int row_bytes, int *row, int *col)
{
    (void)row_bytes;
    *row = lane / 16 * 8 + lane % 16 / 4;
    *col = lane % 4 * 4;
}

/* NVIDIA: 32 banks, 128 bytes at a time. CDNA2 and 3: likewise, so 16 lanes of 8 bytes. CDNA4: reads 64
 * banks, writes 32 (ds_read_b64 in 2 turns of 32 lanes, ds_write_b64 in 4 of 16). What is not 1 is a known
 * cost: on CDNA2 and 3 a chunk is written in two halves, and the first halves of neighbouring panels share
 * banks, as do rows r and r + 4 of panels of 32 bytes; on CDNA4 a run is half a unit, and rows of 32 bytes
 * have too few units. */
static const shared_access accesses[] = {
    {"sm80", "ldmatrix", 16, 8, 32, 1, 1, 1, place_matrix_rows, NULL},
    {"sm80", "cp.async", 16, 8, 32, 1, 1, 1, place_chunk, NULL},
    {"sm90", "ldmatrix", 16, 8, 32, 1, 1, 1, place_matrix_rows, NULL},
    {"sm90", "cp.async", 16, 8, 32, 1, 1, 1, place_chunk, NULL},
    {"gfx90a", "ds_read_b64", 8, 16, 32, 1, 1, 1, place_run, NULL},
    {"gfx90a", "ds_write_b64", 8, 16, 32, 1, 2, 1, place_chunk, NULL},
    {"gfx90a", "ds_read_u16", 2, 32, 32, 1, 1, 2, place_across, NULL},
    {"gfx942", "ds_read_b64", 8, 16, 32, 1, 1, 1, place_run, NULL},
    {"gfx942", "ds_write_b64", 8, 16, 32, 1, 2, 1, place_chunk, NULL},
    {"gfx942", "ds_read_u16", 2, 32, 32, 1, 1, 2, place_across, NULL},
    {"gfx950", "ds_read_b64", 8, 32, 64, 1, 1, 1, place_run, NULL},
    {"gfx950", "ds_read_b128", 16, 16, 64, 1, 1, 2, place_two_runs, order_b128},
    {"gfx950", "ds_read_b64_tr_b16", 8, 32, 64, 1, 1, 1, place_transposing, NULL},
    {"gfx950", "ds_read_b64_tr_b16 for two cores", 8, 32, 64, 1, 1, 2, place_transposing_two, NULL},
    {"gfx950", "ds_write_b64", 8, 16, 32, 2, 2, 2, place_run, NULL},
};

/* How often the busiest bank is met when lanes first .. first + together - 1 access a tile of `cols` columns
 * whose element (row, col) is the access's origin. */
static int conflict_ways(const shared_access *a, int cols, int first, int row, int col)
{
    int met[64] = {0}, words[256], count = 0, most = 0;
    for (int lane = first; lane < first + a->together; lane++) {
        int r, c;
        a->place(a->order ? a->order[lane % 32] + lane / 32 * 32 : lane, cols * 2, &r, &c);
        int at = tw__shared_offset(256, cols, 2, row + r, col + c);
        for (int byte = 0; byte < a->bytes; byte += 4) {
            int word = (at + byte) / 4, known = 0;
            for (int i = 0; i < count; i++)
                known |= words[i] == word; /* lanes share it */
            if (known)
                continue;
            words[count++] = word;
            int ways = ++met[word % a->banks];
            most = ways > most ? ways : most;
        }
    }
    return most;
}

static void the_inner_loops_meet_each_bank_once(void **state)
{
    static const int widths[] = {16, 32, 64, 128, 256}; /* columns: rows of 32 to 512 bytes */
    int known = TW_LANES == 1;
    (void)state;
    for (size_t i = 0; i < sizeof accesses / sizeof *accesses; i++) {
        const shared_access *a = &accesses[i];
        if (strcmp(a->machine, TW__TEXT(TW_MACHINE)) != 0)
            continue;
        known = 1;
        for (int w = 0; w < 5; w++)
            for (int first = 0; first < TW_LANES; first += a->together)
                for (int at = 0; at < 2 * widths[w] / TW_CORE; at++) {
                    int row = a->place == place_chunk ? 0 : at % 2 * TW_CORE;
                    int col = a->place == place_chunk ? 0 : at / 2 * TW_CORE;
                    int ways = conflict_ways(a, widths[w], first, row, col);
                    int row_bytes = widths[w] * 2;
                    if (ways > (row_bytes > LINE ? a->wide_ways : row_bytes == 32 ? a->narrow_ways : a->ways))
                        fail_msg("%s, %d columns, lanes from %d, at (%d, %d): a bank is met %d times",
                                 a->name, widths[w], first, row, col, ways);
                }
    }
    if (!known)
        fail_msg("machine %s has no row in `accesses`: say how its inner loops read and write shared memory",
                 TW__TEXT(TW_MACHINE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_element_has_a_place_of_its_own),
        cmocka_unit_test(units_stay_together),
        cmocka_unit_test(nvidias_tiles_follow_the_copy_engines_swizzles),
        cmocka_unit_test(the_swizzle_is_linear),
        cmocka_unit_test(the_inner_loops_meet_each_bank_once),
    };
    return cmocka_run_group_tests_name(TW__TEXT(TW_MACHINE), tests, NULL, NULL);
}
