/* SPDX-License-Identifier: MIT
 *
 * Disassembled kernels as `tw check --asm` looks at them, whichever vendor's they are: instructions by what
 * they do to memory, matrices and the flow of control; loops; findings.
 *
 *   reading   asm_amd.c (llvm-objdump), asm_nvidia.c (nvdisasm)
 *   flow      asm_flow.c
 *   rules     asm_waits.c (copies and reads of shared memory), asm_rules.c (matrices, spills)
 *   places    asm_place.c (source lines)
 */
#ifndef TW_TOOLS_ASM_H
#define TW_TOOLS_ASM_H

#include <stdint.h>

#include "host/status.h"
#include "host/text.h"

enum { ASM_NO_WAIT = -1 };

typedef enum {
    ASM_OTHER,
    ASM_MATRIX,   /* MFMA, HMMA, HGMMA */
    ASM_MULTIPLY, /* adds a product of single numbers to a sum */
    ASM_COPY,   /* global to shared memory past the registers: CDNA's buffer_load ... lds, Ampere's LDGSTS */
    ASM_MEMORY, /* other memory that counts as copies do (CDNA: vmcnt) */
    ASM_SHARED_READ, /* of shared memory */
    ASM_SHARED_WRITE,
    ASM_SHARED_OTHER, /* counts as those do and touches no memory: exchanges between lanes */
    ASM_SCALAR_LOAD,  /* counts as those do, and returns in any order */
    ASM_BARRIER,      /* the block meets */
    ASM_WAIT,
    ASM_BRANCH, /* the next instruction, or the target */
    ASM_JUMP,
    ASM_END
} asm_kind;

typedef struct {
    uint64_t address;
    asm_kind kind;
    int copies_left;    /* of a wait: copies it leaves under way (CDNA: vmcnt), or ASM_NO_WAIT */
    int shared_left;    /* accesses of shared memory (lgkmcnt) */
    int matrix_left;    /* groups of wgmma */
    int bytes;          /* of a copy: of one lane */
    int stack;          /* 1: touches the lane's stack */
    int target;         /* of a branch: the number of the instruction, -1: none */
    const char *text;   /* mnemonic and operands, in the listing */
    char result[16];    /* of a matrix instruction: registers that its sum goes to, */
    char sum[16];       /* and comes from */
    const char *frames; /* NVIDIA: where the listing says its source lines, else NULL */
} asm_instruction;

/* What the compiler says that it uses; -1: not known. */
typedef struct {
    int registers, accumulators, scalars, spills, scalar_spills, stack_bytes, shared_bytes, threads;
} asm_figures;

typedef struct {
    char name[64];
    asm_instruction *instruction;
    int count, capacity;
    asm_figures figures;
} asm_kernel;

typedef struct {
    int is_amd;
    int lanes;           /* of a wave */
    const char *machine; /* gfx942, sm90 */
    const char *object;  /* the file */
    char *skipped;       /* NULL, or why the instructions could not be read, only figures */
    char *text;          /* the disassembler's listing, cut up */
    tw_list strings;     /* or, where it stays whole, the instructions' texts */
    asm_kernel *kernel;
    int kernels;
} asm_listing;

typedef struct {
    int header; /* the instruction that every turn comes through */
    int size;   /* instructions */
    int outer;  /* number of the smallest loop round this one, -1: none */
    char *in;   /* one per instruction: is it in the loop? */
} asm_loop;

typedef struct {
    const asm_kernel *kernel;
    int *before, *before_at; /* of instruction i: before[before_at[i]] up to before[before_at[i + 1]] */
    asm_loop *loop;
    int loops;
} asm_flow;

/* Printed as TW201 and so on. */
typedef enum {
#define ASM_FINDING_ROW(number, name, title) ASM_FOUND_##name = number,
#include "asm_findings.def"
} asm_code;

/* A source line: of the kernel, and of the library's header that an instruction comes from, NULL where they
 * are one. */
typedef struct {
    char *file, *library;
    int line, library_line;
} asm_source;

typedef struct {
    asm_code code;
    const asm_kernel *kernel;
    const asm_instruction *at, *also; /* `also` may be NULL; at NULL: the whole kernel */
    char *what, *fix;
    asm_source place, other; /* of `at` and of `also` */
} asm_finding;

typedef struct {
    asm_finding *finding;
    int count, capacity;
} asm_findings;

/* Reading. `log` is what the compiler printed, NULL where there is none. */
TW_CHECKED tw_status asm_read_amd(const char *object, asm_listing *listing);
TW_CHECKED tw_status asm_read_nvidia(const char *object, const char *log, asm_listing *listing);
asm_kernel *asm_add_kernel(asm_listing *listing, const char *name, int length);
asm_instruction *asm_add_instruction(asm_kernel *kernel);
void asm_listing_free(asm_listing *listing);

/* The flow of control. */
void asm_flow_make(const asm_kernel *kernel, asm_flow *flow);
void asm_flow_free(asm_flow *flow);

/* reached[i] = 1 for the instructions to which (from which, backwards) a way of one step or more leads from
 * `start` that stays where `inside` is 1 (NULL: anywhere) and goes through no instruction for which `closed`
 * is 1. */
void asm_walk(const asm_flow *flow, int start, int backwards, const char *inside, const char *closed,
              char *reached);

/* The smallest loop round `i` that also holds an instruction of `kind`; -1: none. */
int asm_loop_round(const asm_flow *flow, int i, asm_kind kind);
int asm_loop_count(const asm_flow *flow, int loop, asm_kind kind);

/* The instructions of the loop's longest turn, by copies and then by other memory, in their order from the
 * header; returns how many. `turn` has room for the loop's size. */
int asm_loop_turn(const asm_flow *flow, int loop, int *turn);

/* Rules. `stages`: of the kernel's ring where the caller knows, else 0. */
void asm_check_waits(const asm_listing *listing, const asm_flow *flow, int stages, asm_findings *findings);
void asm_check_matrices(const asm_listing *listing, const asm_flow *flow, const char *log,
                        asm_findings *findings);
void asm_check_stack(const asm_listing *listing, const asm_flow *flow, asm_findings *findings);

/* nvcc's intermediate files: copies the PTX of `source` from the folder, and removes a folder of files. */
TW_CHECKED tw_status asm_keep_ptx(const char *folder, const char *source, const char *to);
void asm_remove_folder(const char *folder);

const char *asm_title(asm_code code);

/* Adds a finding; `what` and `fix` become its own. */
asm_finding *asm_find(asm_findings *findings, asm_code code, const asm_kernel *kernel, int at, int also,
                      char *what, char *fix);
void asm_finding_free(asm_finding *finding);
void asm_findings_free(asm_findings *findings);

/* The source lines of the findings, by the line tables of the object; drops those of the same code and line.
 */
TW_CHECKED tw_status asm_place(const asm_listing *listing, asm_findings *findings);

#endif
