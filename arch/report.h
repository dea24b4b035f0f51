/* SPDX-License-Identifier: MIT
 *
 * What an emulated machine is told of a launch's memory, and what it tells of the launch. Part of arch/abi.h.
 *
 * A finding names places as code addresses inside the kernel's object; host/findings.h turns them into lines.
 */
#ifndef TW_ARCH_REPORT_H
#define TW_ARCH_REPORT_H

#include <stdint.h>

enum { TW_FINDING_TEXT = 480, TW_FINDING_PLACES = 6 };

typedef enum {
#define TW_FINDING_ROW(number, name, title, fix) TW_FINDING_##name = number,
#include "findings.def"
} tw_finding_code;

/* One thing found, however often; of the first time in the order of the grid. */
typedef struct {
    uint32_t code;  /* tw_finding_code */
    uint32_t count; /* times that it was found with the same code and the same first two places */
    uint32_t block[3], wave, lane;
    const void *place[TW_FINDING_PLACES]; /* [0]: where it was noticed; others as the text says; NULL: none */
    char text[TW_FINDING_TEXT];           /* " at {1}" stands for place[1] */
} tw_finding;

/* Global memory that a kernel may touch: `rows` rows of row_bytes bytes, stride bytes apart, of elements of
 * element_bytes. */
typedef struct {
    const char *name;
    void *data;
    uint64_t rows, row_bytes, stride;
    uint32_t element_bytes;
    uint32_t is_input;  /* holds values before the launch */
    uint32_t is_output; /* may be written */
} tw_memory;

/* What a launch has moved. */
typedef struct {
    uint64_t global_read_bytes, global_written_bytes; /* that lanes and copy engines asked for */
} tw_traffic;

typedef struct {
    /* given */
    uint32_t keep_going;     /* 0: the first finding ends the launch */
    uint32_t memories;       /* 0: not known, and global accesses are not checked against it */
    const tw_memory *memory; /* all that the kernel may touch */
    /* filled */
    tw_finding *finding; /* room for `capacity` of them, in the order of the grid */
    uint32_t capacity, findings;
    uint32_t lost; /* findings that found no room */
    tw_traffic traffic;
} tw_report;

#endif
