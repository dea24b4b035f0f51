/* SPDX-License-Identifier: MIT
 *
 * Compiling one kernel source for one target. The table in compile.c is the one place that knows the
 * compilers and the flags of every target.
 *
 * Environment: TW_CC, then CC (cpu and emulated machines), TW_NVCC (cuda) and TW_CLANG_AMDGPU (hip) name a
 * compiler, with further words as its first arguments; TW_CFLAGS adds flags on cpu and emulated machines (a
 * sanitizer build's, for instance); TW_SOURCE_ROOT replaces the folder of the headers.
 */
#ifndef TW_HOST_COMPILE_H
#define TW_HOST_COMPILE_H

#include "target.h"
#include "text.h"

typedef struct {
    const char *name; /* GEMM_OUT, or with parameters: GEMM_EPILOGUE(x, r, c) */
    const char *value;
} tw_define;

typedef struct {
    const char *source; /* path, as given to the compiler */
    const tw_define *defines;
    size_t define_count;
    const char *output;         /* the object file */
    const char *depfile;        /* where to write a make rule of what was read; may be NULL */
    const char *depfile_target; /* the rule's target; NULL: `output` */
    int report_resources; /* 1: have the compiler print registers, spills and shared memory of each kernel */
    const char *keep; /* a folder for nvcc's intermediate files, <stem of the source>.ptx among them; may be NULL */
    int line_tables;      /* 1: let the object name its instructions' source lines; the code is the same */
} tw_compilation;

typedef struct {
    char *program; /* full path */
    tw_list words; /* the command's first words: the program and arguments that came with its name */
} tw_compiler;

/* The compiler for targets of `kind`. Its absence is TW_UNAVAILABLE and names what to install; `compiler` is
 * then empty and may be freed. */
TW_CHECKED tw_status tw_compiler_find(tw_target_kind kind, tw_compiler *compiler);
void tw_compiler_free(tw_compiler *compiler);

/* What it prints for --version, its first line shortened into `version`; the hash covers all of it. */
TW_CHECKED tw_status tw_compiler_version(const tw_compiler *compiler, char *version, size_t bytes,
                                         uint64_t *hash);

/* The name's ending for objects of `kind`: so, cubin or co. */
const char *tw_object_extension(tw_target_kind kind);

/* The folder that holds tilewright.h. */
const char *tw_source_root(void);

/* The flags alone, with {root} in place of the folder of the headers: what an instance's key covers. */
void tw_compile_flags(const tw_target_id *id, tw_list *flags);

/* The whole command. Where the compiler is missing its usual name stands in its place, so the command can be
 * shown. `id->machine` must be known. */
void tw_compile_command(const tw_target_id *id, const tw_compilation *compilation, tw_list *command);

/* Runs the command. `log` receives all that the compiler printed (free() it; never NULL on TW_OK or
 * TW_NO_COMPILE); the message of TW_NO_COMPILE holds its first error. */
TW_CHECKED tw_status tw_compile(const tw_target_id *id, const tw_compilation *compilation, char **log);

/* Compiles a plain C source, no kernel, into a shared object for this processor (the reference's
 * expressions). */
TW_CHECKED tw_status tw_compile_plain(const char *source, const char *output, char **log);

#endif
