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
    uint64_t copied_bytes;                            /* of those read: to shared memory past the registers */
    uint64_t matrix_instructions;                     /* of waves */
    uint64_t matrix_flops;                            /* theirs: two for each product */
    uint64_t exponentials;                            /* exp2 of lanes */
} tw_traffic;

/* How shared memory is reached. */
typedef enum {
    TW_SHARED_load, /* by the lanes */
    TW_SHARED_store,
    TW_SHARED_matrix_load,  /* by the lanes, who exchange what they read: ldmatrix, ds_read_b64_tr_b16 */
    TW_SHARED_matrix_store, /* stmatrix */
    TW_SHARED_copy,         /* copies of lanes past their registers: cp.async, buffer_load ... lds */
    TW_SHARED_engine,       /* the copy engine: TMA */
    TW_SHARED_operand,      /* a matrix unit's operands: wgmma */
    TW_SHARED_KINDS
} tw_shared_kind;

/* All instructions of one kind and width at one place in the code. */
typedef struct {
    const void *place;
    uint32_t kind;         /* tw_shared_kind */
    uint32_t bytes;        /* of a lane */
    uint64_t instructions; /* of waves */
    uint64_t moved;        /* bytes */
    uint64_t cycles;       /* by the machine's bank rule, */
    uint64_t ideal;        /* and without conflicts */
} tw_shared_row;

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
    tw_shared_row *row; /* room for row_capacity of them; 0: not asked for, and nothing is counted */
    uint32_t row_capacity, rows;
    uint32_t rows_lost; /* that found no room */
} tw_report;

#endif
