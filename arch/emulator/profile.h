/* SPDX-License-Identifier: MIT
 *
 * What a launch that asks for it (tw_report.row) is told of shared memory: a row for each place in the code
 * and kind of access, with the instructions, the bytes and the cycles by the machine's bank rule.
 *
 * Lanes run one after the other, so an instruction of a wave is put together again: what its lanes did since
 * the wave last met is logged, and the n-th access of each lane at the same place is one instruction. A wave
 * that meets often keeps the log short.
 */
#ifndef TW_ARCH_EMULATOR_PROFILE_H
#define TW_ARCH_EMULATOR_PROFILE_H

#include <stdlib.h>
#include <string.h>

#include "banks.h"
#include "machine.h"

enum { TW__EMU_PROFILE_ROWS = 4096 }; /* a power of two */

typedef struct {
    const void *place;
    uint32_t offset, order; /* order: of all the wave's entries */
    uint16_t lane;
    uint8_t bytes, kind;
} tw__emu_access;

/* Of a wave, since it last met. */
typedef struct tw__emu_access_log {
    tw__emu_access *access;
    uint32_t count, capacity;
} tw__emu_access_log;

/* The row of a place in a hash table of TW__EMU_PROFILE_ROWS; a full table gives NULL. */
TW__EMU_FUNCTION tw_shared_row *tw__emu_profile_row(tw_shared_row *table, const void *place, uint32_t kind,
                                                    uint32_t bytes)
{
    uintptr_t hash = ((uintptr_t)place * 2654435761u) ^ (kind * 97u) ^ (bytes * 31u);
    for (uint32_t step = 0; step < TW__EMU_PROFILE_ROWS; step++) {
        tw_shared_row *row = &table[(hash + step) % TW__EMU_PROFILE_ROWS];
        if (row->instructions && (row->place != place || row->kind != kind || row->bytes != bytes))
            continue;
        row->place = place;
        row->kind = kind;
        row->bytes = bytes;
        return row;
    }
    return NULL;
}

/* One instruction more. */
TW__EMU_FUNCTION void tw__emu_profile_add(tw__emu_block *block, const void *place, uint32_t kind,
                                          uint32_t bytes, uint64_t moved, uint64_t cycles, uint64_t ideal)
{
    tw_shared_row *row = tw__emu_profile_row(block->profile, place, kind, bytes);
    if (!row)
        return;
    row->instructions++;
    row->moved += moved;
    row->cycles += cycles;
    row->ideal += ideal;
}

TW__EMU_FUNCTION void tw__emu_profile_log(tw__emu_lane *lane, const void *shared, int bytes,
                                          tw_shared_kind kind)
{
    tw__emu_access_log *log = lane->wave->log;
    tw__emu_access *access;
    if (log->count == log->capacity) {
        uint32_t capacity = log->capacity ? 2 * log->capacity : 1024;
        void *grown = realloc(log->access, capacity * sizeof *log->access);
        if (!grown)
            return;
        log->access = (tw__emu_access *)grown;
        log->capacity = capacity;
    }
    access = &log->access[log->count];
    access->place = lane->site;
    access->offset = (uint32_t)((const char *)shared - lane->block->shared);
    access->order = log->count++;
    access->lane = (uint16_t)lane->index;
    access->bytes = (uint8_t)bytes;
    access->kind = (uint8_t)kind;
}

/* An access of one lane, which stands at its place. */
static inline void tw__emu_profile_access(tw__emu_lane *lane, const void *shared, int bytes,
                                          tw_shared_kind kind)
{
    if (__builtin_expect(lane->wave->log != NULL, 0))
        tw__emu_profile_log(lane, shared, bytes, kind);
}

/* What a unit beside the lanes moved, in whole lines of banks. */
static inline void tw__emu_profile_unit(tw__emu_lane *lane, uint64_t bytes, tw_shared_kind kind)
{
    uint64_t lines = (bytes + TW_BANKS * TW__EMU_BANK_WORD - 1) / (TW_BANKS * TW__EMU_BANK_WORD);
    if (__builtin_expect(lane->wave->log != NULL, 0))
        tw__emu_profile_add(lane->block, lane->site, kind, 16, bytes, lines, lines);
}

/* A wave multiplies m x k by k x n. */
static inline void tw__emu_count_product(tw__emu_block *block, int m, int n, int k)
{
    block->traffic.matrix_instructions++;
    block->traffic.matrix_flops += 2u * (uint64_t)m * (uint64_t)n * (uint64_t)k;
}

/* By place, kind, width, lane, order. */
TW__EMU_FUNCTION int tw__emu_profile_compare(const void *left, const void *right)
{
    const tw__emu_access *a = (const tw__emu_access *)left, *b = (const tw__emu_access *)right;
    if (a->place != b->place)
        return (uintptr_t)a->place < (uintptr_t)b->place ? -1 : 1;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->bytes != b->bytes)
        return a->bytes < b->bytes ? -1 : 1;
    if (a->lane != b->lane)
        return a->lane < b->lane ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

/* Accesses first[0 .. count) of one place, kind and width, by lane: their n-th ones are one instruction. */
TW__EMU_FUNCTION void tw__emu_profile_place(tw__emu_block *block, const tw__emu_access *first, uint32_t count)
{
    int writes = first->kind != TW_SHARED_load && first->kind != TW_SHARED_matrix_load;
    const tw__emu_bank_rule *rule = tw__emu_bank_rule_of(TW_LANES, TW_BANKS, writes, first->bytes);
    uint32_t start[TW_LANES + 1], at = 0;
    for (int lane = 0; lane < TW_LANES; lane++) {
        start[lane] = at;
        while (at < count && first[at].lane == lane)
            at++;
    }
    start[TW_LANES] = count;
    for (uint32_t n = 0;; n++) {
        int64_t offset[TW_LANES];
        int lanes = 0, cycles = 1, ideal = 1;
        for (int lane = 0; lane < TW_LANES; lane++) {
            int takes_part = start[lane] + n < start[lane + 1];
            offset[lane] = takes_part ? (int64_t)first[start[lane] + n].offset : -1;
            lanes += takes_part;
        }
        if (lanes == 0)
            return;
        if (rule)
            cycles = tw__emu_bank_cycles(rule, offset, first->bytes, &ideal);
        tw__emu_profile_add(block, first->place, first->kind, first->bytes, (uint64_t)lanes * first->bytes,
                            (uint64_t)cycles, (uint64_t)ideal);
    }
}

/* The wave meets: its log becomes instructions. */
TW__EMU_FUNCTION void tw__emu_profile_flush(tw__emu_block *block, tw__emu_access_log *log)
{
    uint32_t first = 0;
    qsort(log->access, log->count, sizeof *log->access, tw__emu_profile_compare);
    for (uint32_t i = 1; i <= log->count; i++) {
        const tw__emu_access *a = &log->access[first], *b = &log->access[i];
        if (i < log->count && a->place == b->place && a->kind == b->kind && a->bytes == b->bytes)
            continue;
        tw__emu_profile_place(block, a, i - first);
        first = i;
    }
    log->count = 0;
}

static inline void tw__emu_profile_met(tw__emu_block *block, tw__emu_access_log *log)
{
    if (__builtin_expect(log != NULL, 0) && log->count > 0)
        tw__emu_profile_flush(block, log);
}

/* Before a workspace's first block: what the launch asks for. 0, or 1 without memory. */
TW__EMU_FUNCTION int tw__emu_profile_open(tw__emu_block *block)
{
    block->profile = (tw_shared_row *)calloc(TW__EMU_PROFILE_ROWS, sizeof *block->profile);
    for (int w = 0; w < block->waves; w++) {
        block->wave[w].log = (tw__emu_access_log *)calloc(1, sizeof *block->wave[w].log);
        if (!block->wave[w].log || !block->profile)
            return 1;
    }
    return 0;
}

TW__EMU_FUNCTION void tw__emu_profile_close(tw__emu_block *block)
{
    for (int w = 0; w < block->waves; w++) {
        if (block->wave[w].log)
            free(block->wave[w].log->access);
        free(block->wave[w].log);
    }
    free(block->profile);
}

/* Adds a block's rows to the report's list. */
TW__EMU_FUNCTION void tw__emu_profile_hand_in(tw_report *report, const tw__emu_block *block)
{
    for (uint32_t i = 0; i < TW__EMU_PROFILE_ROWS && block->profile; i++) {
        const tw_shared_row *row = &block->profile[i];
        uint32_t at = 0;
        if (!row->instructions)
            continue;
        while (at < report->rows &&
               (report->row[at].place != row->place || report->row[at].kind != row->kind ||
                report->row[at].bytes != row->bytes))
            at++;
        if (at == report->row_capacity) {
            report->rows_lost++;
        } else if (at == report->rows) {
            report->row[report->rows++] = *row;
        } else {
            report->row[at].instructions += row->instructions;
            report->row[at].moved += row->moved;
            report->row[at].cycles += row->cycles;
            report->row[at].ideal += row->ideal;
        }
    }
}

#endif
