/* SPDX-License-Identifier: MIT
 *
 * Cycles of shared memory's accesses: the banks' rules against patterns whose cycles are known from their
 * sources (arch/emulator/banks.h), and what a launch reports of a kernel.
 */
#define TEST_LANES 32
#include "emulate.h"

#include "arch/emulator/isa_nvidia.h"

/* Lane l at l * stride, but for `active` lanes. */
static void strided(int machine_lanes, int machine_banks, int writes, int bytes, int stride, int active,
                    int cycles, int ideal)
{
    const tw__emu_bank_rule *rule = tw__emu_bank_rule_of(machine_lanes, machine_banks, writes, bytes);
    int64_t offset[64];
    int without;
    assert_non_null(rule);
    for (int lane = 0; lane < machine_lanes; lane++)
        offset[lane] = lane < active ? (int64_t)lane * stride : -1;
    assert_int_equal(tw__emu_bank_cycles(rule, offset, bytes, &without), cycles);
    assert_int_equal(without, ideal);
}

static void neighbours_have_no_conflicts(void **state)
{
    (void)state;
    for (int bytes = 4; bytes <= 16; bytes *= 2)
        for (int writes = 0; writes < 2; writes++) {
            strided(32, 32, writes, bytes, bytes, 32, bytes / 4, bytes / 4);
            strided(64, 32, writes, bytes, bytes, 64, bytes / 2, bytes / 2);
            strided(64, 64, writes, bytes, bytes, 64, writes ? bytes / 2 : bytes / 4,
                    writes ? bytes / 2 : bytes / 4);
        }
}

/* Rows of 128 bytes, a lane in each, all in one bank (of 32), two (of 64); and all lanes at one word. */
static void columns_of_wide_rows_have_conflicts(void **state)
{
    (void)state;
    strided(32, 32, 0, 4, 128, 32, 32, 1);
    strided(32, 32, 0, 16, 128, 8, 8, 1);
    strided(64, 32, 0, 4, 128, 64, 64, 2);
    strided(64, 32, 1, 16, 128, 64, 64, 8);
    strided(64, 64, 0, 4, 128, 64, 32, 1);
    strided(64, 64, 0, 8, 128, 64, 32, 2);
    strided(64, 64, 0, 4, 0, 64, 1, 1);
    strided(32, 32, 0, 4, 0, 32, 1, 1);
    strided(32, 32, 0, 2, 2, 32, 1, 1); /* two lanes a word */
}

/* Lanes that share a phase of ds_read_b128 meet one bank, those that do not, none: lanes 0-3 with 20-23 (32
 * banks), with 12-15 and 20-27 (64). */
static void wide_reads_of_cdna_go_by_their_own_phases(void **state)
{
    static const struct {
        int banks, lane, together;
    } pairs[] = {{32, 20, 1}, {32, 23, 1}, {32, 4, 0}, {32, 16, 0}, {32, 28, 0}, {32, 52, 0}, {64, 12, 1},
                 {64, 20, 1}, {64, 27, 1}, {64, 4, 0}, {64, 16, 0}, {64, 28, 0}, {64, 32, 0}};
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        int64_t offset[64];
        int ideal;
        const tw__emu_bank_rule *rule = tw__emu_bank_rule_of(64, pairs[i].banks, 0, 16);
        for (int lane = 0; lane < 64; lane++)
            offset[lane] = -1;
        offset[0] = 0;
        offset[pairs[i].lane] = 4096;
        assert_int_equal(tw__emu_bank_cycles(rule, offset, 16, &ideal), 2);
        assert_int_equal(ideal, pairs[i].together ? 1 : 2);
    }
}

/* Two instructions a lane at one place, the second by the even lanes alone and with conflicts; then a matrix
 * load of rows without a swizzle. */
static void kernel(const void *args)
{
    char *shared = tw__emu_lane_state->block->shared;
    int lane = tw__isa_lane();
    uint32_t word[4] = {0, 0, 0, 0};
    (void)args;
    for (int i = 0; i < 4; i++)
        tw__isa_shared_store(shared + lane * 128 + i * 16, word, 16);
    tw__isa_wave_barrier();
    for (int i = 0; i < (lane % 2 ? 1 : 2); i++)
        tw__isa_shared_load(word, shared + lane * (i ? 64 : 4), 4);
    tw__isa_ldmatrix_x4(word, shared + lane * 128);
}

static const tw_shared_row *row_of(const tw_report *report, uint32_t kind)
{
    const tw_shared_row *found = NULL;
    for (uint32_t i = 0; i < report->rows; i++)
        if (report->row[i].kind == kind) {
            assert_null(found);
            found = &report->row[i];
        }
    assert_non_null(found);
    return found;
}

static void a_launch_reports_instructions_and_cycles(void **state)
{
    static tw_shared_row rows[64];
    static tw_finding finding[1];
    tw_report report = {.finding = finding, .capacity = 1, .row = rows, .row_capacity = 64};
    tw_kernel_info info = {.abi = TW_ABI, .threads = 2 * TW_LANES, .shared_bytes = 8192};
    tw_launch_request request = {
        .grid = {3, 1, 1}, .message = test_message, .message_bytes = sizeof test_message};
    const tw_shared_row *row;
    (void)state;
    request.report = &report;
    request.unchecked = 1; /* both waves use the same places, some of which nobody wrote */
    assert_int_equal(tw__emu_launch(&request, &info, kernel), 0);
    assert_int_equal(report.rows_lost, 0);
    row = row_of(&report, TW_SHARED_load); /* of six waves: one cycle, and 16 lanes in 2 banks */
    assert_int_equal(row->instructions, 12);
    assert_int_equal(row->moved, 6 * (32 + 16) * 4);
    assert_int_equal(row->cycles, 6 * (1 + 16));
    assert_int_equal(row->ideal, 12);
    row = row_of(&report, TW_SHARED_matrix_load);
    assert_int_equal(row->instructions, 6);
    assert_int_equal(row->cycles, 6 * 32);
    assert_int_equal(row->ideal, 6 * 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(neighbours_have_no_conflicts),
        cmocka_unit_test(columns_of_wide_rows_have_conflicts),
        cmocka_unit_test(wide_reads_of_cdna_go_by_their_own_phases),
        cmocka_unit_test(a_launch_reports_instructions_and_cycles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
