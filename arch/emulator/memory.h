/* SPDX-License-Identifier: MIT
 *
 * What the emulator knows of global memory, where the launch says which tensors there are: their bounds, row
 * by row, and of each element that may be written who wrote it and who read it last. Blocks are ordered by
 * nothing, so an element belongs to one of them; within a block the waves' clocks tell (clock.h).
 *
 *   tw__emu_memory_read(lane, address, bytes, what), _write    an access, checked and noted
 *
 * Findings: TW102, TW107, TW109. Of an element's readers the latest is remembered. OS threads run blocks side
 * by side: the notes of who came last are exchanged atomically.
 */
#ifndef TW_ARCH_EMULATOR_MEMORY_H
#define TW_ARCH_EMULATOR_MEMORY_H

#include "shadow.h"

/* The latest access of a kind to an element. */
typedef struct {
    uint64_t who;  /* 1 + the block's number << 8 | its wave; 0: nobody */
    uint64_t when; /* a stamp (shadow.h) */
} tw__emu_visit;

typedef struct {
    tw__emu_visit writer, reader;
} tw__emu_element_state;

enum { TW__EMU_ELEMENTS_MAX = 1 << 24 }; /* of a tensor; in larger ones races are not looked for */

typedef struct tw__emu_memory {
    const tw_memory *tensor;
    uintptr_t first;
    uint64_t bytes;                 /* to the end of the last row */
    tw__emu_element_state *element; /* NULL: not written, or too large */
} tw__emu_memory;

TW__EMU_FUNCTION void tw__emu_memory_close(tw__emu_memory *memory, uint32_t count)
{
    for (uint32_t i = 0; memory && i < count; i++)
        free(memory[i].element);
    free(memory);
}

/* The tensors of a launch; NULL where it names none. */
TW__EMU_FUNCTION tw__emu_memory *tw__emu_memory_open(const tw_report *asked)
{
    tw__emu_memory *memory;
    if (!asked || asked->memories == 0)
        return NULL;
    memory = (tw__emu_memory *)calloc(asked->memories, sizeof *memory);
    for (uint32_t i = 0; memory && i < asked->memories; i++) {
        const tw_memory *tensor = &asked->memory[i];
        uint64_t elements;
        memory[i].tensor = tensor;
        memory[i].first = (uintptr_t)tensor->data;
        memory[i].bytes = tensor->rows ? (tensor->rows - 1) * tensor->stride + tensor->row_bytes : 0;
        elements = memory[i].bytes / tensor->element_bytes + 1;
        if (tensor->is_output && elements <= TW__EMU_ELEMENTS_MAX)
            memory[i].element = (tw__emu_element_state *)calloc(elements, sizeof *memory[i].element);
    }
    return memory;
}

/* Ends the launch: the access lies in no row of any tensor. */
TW__EMU_FAILURE void tw__emu_fail_global(tw__emu_lane *lane, uintptr_t address, int bytes, const char *what)
{
    const tw__emu_block *block = lane->block;
    const tw__emu_memory *nearest = NULL;
    uint64_t distance = UINT64_MAX, inside;
    const char *where = "behind the end of";
    for (uint32_t i = 0; i < block->asked->memories; i++) {
        const tw__emu_memory *memory = &block->memory[i];
        uint64_t before = memory->first - address, behind = address - (memory->first + memory->bytes);
        if (address >= memory->first && address < memory->first + memory->bytes)
            before = behind = 0;
        if ((before < behind ? before : behind) < distance) {
            distance = before < behind ? before : behind;
            nearest = memory;
            where = before < behind ? "in front of" : "behind the end of";
        }
    }
    if (distance > 1u << 30 || !nearest)
        tw__emu_fail_as(lane, TW_FINDING_global_bounds, NULL, "%s: %d bytes at %p, where no tensor is", what,
                        bytes, (const void *)address);
    inside = address - nearest->first;
    if (distance == 0)
        tw__emu_fail_as(lane, TW_FINDING_global_bounds, NULL,
                        "%s: %d bytes from byte %llu on of row %llu of %s, which has %llu", what, bytes,
                        (unsigned long long)(inside % nearest->tensor->stride),
                        (unsigned long long)(inside / nearest->tensor->stride), nearest->tensor->name,
                        (unsigned long long)nearest->tensor->row_bytes);
    tw__emu_fail_as(lane, TW_FINDING_global_bounds, NULL, "%s: %d bytes, %llu bytes %s %s", what, bytes,
                    (unsigned long long)distance, where, nearest->tensor->name);
}

/* The tensor that holds the access. */
static inline const tw__emu_memory *tw__emu_memory_at(tw__emu_lane *lane, uintptr_t address, int bytes,
                                                      const char *what)
{
    tw__emu_block *block = lane->block;
    for (uint32_t i = 0; i < block->asked->memories; i++) {
        const tw__emu_memory *memory = &block->memory[(block->last_memory + i) % block->asked->memories];
        uint64_t offset = address - memory->first;
        const tw_memory *tensor = memory->tensor;
        if (offset >= memory->bytes)
            continue;
        block->last_memory = (uint32_t)(memory - block->memory);
        if (offset + (unsigned)bytes > memory->bytes ||
            (tensor->stride != tensor->row_bytes &&
             offset % tensor->stride + (unsigned)bytes > tensor->row_bytes))
            break;
        return memory;
    }
    tw__emu_fail_global(lane, address, bytes, what);
}

static inline uint64_t tw__emu_block_number(const tw__emu_block *block)
{
    return ((uint64_t)block->index[2] * block->grid[1] + block->index[1]) * block->grid[0] + block->index[0];
}

TW__EMU_FUNCTION void tw__emu_found_global(tw__emu_lane *lane, const tw__emu_memory *memory, uint64_t element,
                                           tw__emu_visit visit, const char *how, const char *other)
{
    uint64_t number = (visit.who >> 8) - 1;
    const uint32_t *grid = lane->block->grid;
    tw__emu_found(
        lane, TW_FINDING_global_race, tw__emu_stamp_place(visit.when),
        "wave %d %s element %llu of %s, which wave %d of block (%llu,%llu,%llu) %s at {1}: %s",
        lane->wave->index, how, (unsigned long long)element, memory->tensor->name, (int)(visit.who & 255),
        (unsigned long long)(number % grid[0]), (unsigned long long)(number / grid[0] % grid[1]),
        (unsigned long long)(number / grid[0] / grid[1]), other,
        number == tw__emu_block_number(lane->block) ? "they have not met since" : "blocks meet nowhere");
}

/* Did somebody come before, whom this wave has not seen? */
static inline int tw__emu_visited(const tw__emu_lane *lane, tw__emu_visit visit, uint64_t mine)
{
    if (visit.who == 0)
        return 0;
    return visit.who >> 8 != mine >> 8 ||
           tw__emu_unseen(tw__emu_seen(&lane->wave->times.clock, lane->block), visit.when);
}

static inline tw__emu_visit tw__emu_last_visit(const tw__emu_visit *place)
{
    tw__emu_visit visit;
    visit.who = __atomic_load_n(&place->who, __ATOMIC_RELAXED);
    visit.when = __atomic_load_n(&place->when, __ATOMIC_RELAXED);
    return visit;
}

static inline tw__emu_visit tw__emu_exchange_visit(tw__emu_visit *place, tw__emu_visit next)
{
    tw__emu_visit visit;
    visit.who = __atomic_exchange_n(&place->who, next.who, __ATOMIC_RELAXED);
    visit.when = __atomic_exchange_n(&place->when, next.when, __ATOMIC_RELAXED);
    return visit;
}

TW__EMU_FUNCTION void tw__emu_memory_visit(tw__emu_lane *lane, const void *address, int bytes, int writes,
                                           tw__emu_stamp when, const char *what)
{
    const tw__emu_memory *memory = tw__emu_memory_at(lane, (uintptr_t)address, bytes, what);
    uint64_t offset = (uintptr_t)address - memory->first, width = memory->tensor->element_bytes, last;
    tw__emu_visit mine, other;
    if (writes && !memory->tensor->is_output)
        tw__emu_fail_as(lane, TW_FINDING_global_bounds, NULL, "%s: %s is an input", what,
                        memory->tensor->name);
    if (!memory->element)
        return;
    mine.who = (tw__emu_block_number(lane->block) + 1) << 8 | (unsigned)lane->wave->index;
    mine.when = when;
    last = (offset + (unsigned)bytes - 1) / width;
    for (uint64_t e = offset / width; e <= last; e++) {
        tw__emu_element_state *state = &memory->element[e];
        if (!writes) {
            other = tw__emu_last_visit(&state->writer);
            if (other.who == 0 && !memory->tensor->is_input)
                tw__emu_found(lane, TW_FINDING_uninitialised, NULL,
                              "%s: element %llu of %s is read, which nothing has written", what,
                              (unsigned long long)e, memory->tensor->name);
            if (tw__emu_visited(lane, other, mine.who))
                tw__emu_found_global(lane, memory, e, other, "reads", "wrote");
            tw__emu_exchange_visit(&state->reader, mine);
            continue;
        }
        other = tw__emu_exchange_visit(&state->writer, mine);
        if (tw__emu_visited(lane, other, mine.who)) {
            tw__emu_found_global(lane, memory, e, other, "writes", "wrote");
            continue;
        }
        other = tw__emu_last_visit(&state->reader);
        if (tw__emu_visited(lane, other, mine.who))
            tw__emu_found_global(lane, memory, e, other, "writes", "read");
    }
}

static inline void tw__emu_memory_read(tw__emu_lane *lane, const void *address, int bytes, const char *what)
{
    if (lane->block->memory && bytes > 0)
        tw__emu_memory_visit(lane, address, bytes, 0, tw__emu_stamp_of(lane, TW__EMU_EVERY_BYTE), what);
}

/* For a copy whose end others see by other means than the wave that issued it: an agent that lands (clock.h),
 * at its time. */
static inline void tw__emu_memory_read_by(tw__emu_lane *lane, int agent, uint32_t time, const void *address,
                                          int bytes, const char *what)
{
    if (lane->block->memory && bytes > 0)
        tw__emu_memory_visit(lane, address, bytes, 0,
                             tw__emu_make_stamp(time, agent, lane->site, TW__EMU_EVERY_BYTE), what);
}

static inline void tw__emu_memory_write(tw__emu_lane *lane, const void *address, int bytes, const char *what)
{
    if (lane->block->memory && bytes > 0)
        tw__emu_memory_visit(lane, address, bytes, 1, tw__emu_stamp_of(lane, TW__EMU_EVERY_BYTE), what);
}

#endif
