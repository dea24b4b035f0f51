/* SPDX-License-Identifier: MIT
 *
 * Compilers, their flags, and running them.
 */
#define _GNU_SOURCE
#include "compile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hash.h"
#include "process.h"

#ifndef TW_SOURCE_ROOT
#define TW_SOURCE_ROOT "."
#endif

enum { NAMES_MAX = 4, FLAGS_MAX = 16 };

/* In flags {machine} is the registry's name, {code} its code, {number} its code without "sm_", {root} the
 * folder of the headers. */
typedef struct {
    const char *extension;
    const char
        *variables[NAMES_MAX]; /* environment variables that name the compiler, the first one set wins */
    const char *programs[NAMES_MAX]; /* where to look otherwise */
    const char *install;             /* what brings it, for the message */
    const char *extra_flags;         /* environment variable with further flags, or NULL */
    const char *flags[FLAGS_MAX];
    const char *resources[NAMES_MAX]; /* flags that print what a kernel uses */
    const char *line_tables;          /* flag that keeps source lines */
    const char *keep;                 /* flag in front of a folder for intermediate files */
    const char *comma;                /* how a comma inside -D is written */
} compiler_row;

/* clang-format off */
static const compiler_row rows[TW_TARGET_KINDS] = {
    [TW_TARGET_CPU] = {
        .extension = "so",
        .variables = { "TW_CC", "CC" },
        .programs = { "gcc", "cc", "clang" },
        .install = "gcc",
        .extra_flags = "TW_CFLAGS",
        /* -std=c17 turns contraction off in gcc; a * b + c as one fma is what every GPU does. */
        .flags = { "-x", "c", "-std=c17", "-O3", "-march=native", "-ffp-contract=fast", "-fno-math-errno",
                   "-fPIC", "-shared", "-fopenmp", "-DTW_MACHINE={machine}", "-I{root}" },
        .comma = ",",
    },
    [TW_TARGET_EMULATED] = {
        .extension = "so",
        .variables = { "TW_CC", "CC" },
        .programs = { "gcc", "cc", "clang" },
        .install = "gcc",
        .extra_flags = "TW_CFLAGS",
        /* Most of the time goes into compiling: -O1 halves it and runs as fast; -g1 has the lines of inlined calls. */
        .flags = { "-x", "c", "-std=c17", "-O1", "-g1", "-fPIC", "-shared", "-fopenmp",
                   "-DTW_MACHINE={machine}", "-I{root}" },
        .comma = ",",
    },
    [TW_TARGET_CUDA] = {
        .extension = "cubin",
        .variables = { "TW_NVCC" },
        .programs = { "nvcc", "/usr/local/cuda/bin/nvcc" },
        .install = "the CUDA toolkit",
        .flags = { "-x", "cu", "-std=c++17", "-O3", "-cubin", "-gencode=arch=compute_{number},code={code}",
                   "-DTW_MACHINE={machine}", "-I{root}" },
        .resources = { "-Xptxas", "-v" },
        .line_tables = "-lineinfo",
        .keep = "--keep-dir",
        .comma = "\\,",
    },
    [TW_TARGET_HIP] = {
        .extension = "co",
        .variables = { "TW_CLANG_AMDGPU" },
        .programs = { "clang-22", "/opt/rocm/llvm/bin/clang" },
        .install = "clang-22 and lld-22",
        .flags = { "-x", "c", "--target=amdgcn-amd-amdhsa", "-mcpu={code}", "-nogpulib", "-ffreestanding",
                   "-std=c11", "-O3", "-DTW_MACHINE={machine}", "-I{root}" },
        .resources = { "-Rpass-analysis=kernel-resource-usage" },
        .line_tables = "-gline-tables-only",
        .comma = ",",
    },
};
/* clang-format on */

/* Where an installed program's headers are, PREFIX/include/tilewright beside PREFIX/bin; "" if not there. */
static const char *installed_root(void)
{
    static _Thread_local char root[4096];
    static _Thread_local int known;
    if (known)
        return root;
    known = 1;
    ssize_t length = readlink("/proc/self/exe", root, sizeof root - 64);
    root[length > 0 ? length : 0] = '\0';
    for (int parents = 0; parents < 2 && strrchr(root, '/'); parents++)
        *strrchr(root, '/') = '\0';
    strcat(root, "/include/tilewright/tilewright.h");
    int there = access(root, R_OK) == 0;
    *strrchr(root, '/') = '\0';
    if (!there)
        root[0] = '\0';
    return root;
}

const char *tw_source_root(void)
{
    const char *root = getenv("TW_SOURCE_ROOT");
    if (root && *root)
        return root;
    root = installed_root();
    return *root ? root : TW_SOURCE_ROOT;
}

const char *tw_object_extension(tw_target_kind kind) { return rows[kind].extension; }

/* The words that name the compiler: an environment variable's, or NULL. */
static const char *named_by_environment(const compiler_row *row, const char **variable)
{
    for (int i = 0; i < NAMES_MAX && row->variables[i]; i++) {
        const char *value = getenv(row->variables[i]);
        *variable = row->variables[i];
        if (value && *value)
            return value;
    }
    return NULL;
}

tw_status tw_compiler_find(tw_target_kind kind, tw_compiler *compiler)
{
    const compiler_row *row = &rows[kind];
    *compiler = (tw_compiler){0};
    const char *variable;
    const char *named = named_by_environment(row, &variable);
    if (named) {
        tw_list_add_words(&compiler->words, named);
        if (compiler->words.count)
            compiler->program = tw_program_find(compiler->words.item[0]);
        if (compiler->program)
            return tw_ok();
        tw_compiler_free(compiler);
        return tw_fail(TW_UNAVAILABLE, "no compiler '%s' here (named by %s)", named, variable);
    }
    for (int i = 0; i < NAMES_MAX && row->programs[i]; i++) {
        compiler->program = tw_program_find(row->programs[i]);
        if (!compiler->program)
            continue;
        tw_list_add(&compiler->words, "%s", row->programs[i]);
        return tw_ok();
    }
    return tw_fail(TW_UNAVAILABLE, "no %s here; install %s or name one by %s", row->programs[0], row->install,
                   row->variables[0]);
}

void tw_compiler_free(tw_compiler *compiler)
{
    free(compiler->program);
    compiler->program = NULL;
    tw_list_free(&compiler->words);
}

tw_status tw_compiler_version(const tw_compiler *compiler, char *version, size_t bytes, uint64_t *hash)
{
    tw_list command = {0};
    for (size_t i = 0; i < compiler->words.count; i++)
        tw_list_add(&command, "%s", compiler->words.item[i]);
    tw_list_add(&command, "--version");
    int exit_status;
    char *printed;
    tw_status status = tw_process_run(&command, &exit_status, &printed);
    tw_list_free(&command);
    TW_TRY(status);
    if (exit_status) {
        status =
            tw_fail(TW_UNAVAILABLE, "%s --version failed (exit status %d)", compiler->program, exit_status);
    }
    snprintf(version, bytes, "%.*s", (int)strcspn(printed, "\n"), printed);
    *hash = tw_hash_text(tw_hash_start(), printed);
    free(printed);
    return status;
}

/* `pattern` with its {names} replaced; root may be NULL, which leaves {root}. */
static void add_flag(tw_list *list, const char *pattern, const tw_machine *machine, const char *root)
{
    const char *code = machine->code;
    const struct {
        const char *name, *value;
    } names[] = {
        {"{machine}", machine->name},
        {"{code}", code},
        {"{number}", strncmp(code, "sm_", 3) == 0 ? code + 3 : code},
        {"{root}", root ? root : "{root}"},
    };
    char *flag = tw_text_format("%s", pattern);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *at = strstr(flag, names[i].name);
        if (!at)
            continue;
        char *next =
            tw_text_format("%.*s%s%s", (int)(at - flag), flag, names[i].value, at + strlen(names[i].name));
        free(flag);
        flag = next;
    }
    tw_list_add(list, "%s", flag);
    free(flag);
}

static void add_flags(tw_list *list, const tw_target_id *id, const char *root)
{
    const compiler_row *row = &rows[id->kind];
    for (int i = 0; i < FLAGS_MAX && row->flags[i]; i++)
        add_flag(list, row->flags[i], id->machine, root);
    if (row->extra_flags)
        tw_list_add_words(list, getenv(row->extra_flags));
}

void tw_compile_flags(const tw_target_id *id, tw_list *flags) { add_flags(flags, id, NULL); }

static void add_define(tw_list *command, const tw_define *define, const char *comma)
{
    char *whole = tw_text_format("-D%s=%s", define->name, define->value);
    const char *text = whole;
    char *flag = tw_text_format("%s", "");
    while (*text) {
        size_t length = strcspn(text, ",");
        char *next = tw_text_format("%s%.*s%s", flag, (int)length, text, text[length] ? comma : "");
        free(flag);
        flag = next;
        text += length + (text[length] == ',');
    }
    tw_list_add(command, "%s", flag);
    free(flag);
    free(whole);
}

static void add_compiler(tw_list *command, tw_target_kind kind)
{
    tw_compiler compiler;
    const char *variable;
    const char *named = named_by_environment(&rows[kind], &variable);
    if (tw_compiler_find(kind, &compiler).code == TW_OK) {
        for (size_t i = 0; i < compiler.words.count; i++)
            tw_list_add(command, "%s", compiler.words.item[i]);
    } else if (named) {
        tw_list_add_words(command, named);
    } else {
        tw_list_add(command, "%s", rows[kind].programs[0]);
    }
    tw_compiler_free(&compiler);
}

void tw_compile_command(const tw_target_id *id, const tw_compilation *compilation, tw_list *command)
{
    const compiler_row *row = &rows[id->kind];
    add_compiler(command, id->kind);
    add_flags(command, id, tw_source_root());
    for (size_t i = 0; i < compilation->define_count; i++) {
        add_define(command, &compilation->defines[i], row->comma);
    }
    if (compilation->report_resources) {
        for (int i = 0; i < NAMES_MAX && row->resources[i]; i++)
            tw_list_add(command, "%s", row->resources[i]);
    }
    if (compilation->keep && row->keep) {
        tw_list_add(command, "--keep");
        tw_list_add(command, "%s", row->keep);
        tw_list_add(command, "%s", compilation->keep);
    }
    if (compilation->line_tables && row->line_tables)
        tw_list_add(command, "%s", row->line_tables);
    if (compilation->depfile) {
        const char *target = compilation->depfile_target ? compilation->depfile_target : compilation->output;
        tw_list_add(command, "-MMD");
        tw_list_add(command, "-MF");
        tw_list_add(command, "%s", compilation->depfile);
        tw_list_add(command, "-MT");
        tw_list_add(command, "%s", target);
    }
    tw_list_add(command, "-o");
    tw_list_add(command, "%s", compilation->output);
    tw_list_add(command, "%s", compilation->source);
    if (id->kind == TW_TARGET_CPU || id->kind == TW_TARGET_EMULATED)
        tw_list_add(command, "-lm");
}

/* The first line of `log` that reports an error, or else its first line; free() it. */
static char *first_error(const char *log)
{
    const char *marks[] = {"error", "undefined reference", "fatal"};
    const char *best = NULL;
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        const char *at = strstr(log, marks[i]);
        if (at && (!best || at < best))
            best = at;
    }
    if (!best)
        best = log;
    while (best > log && best[-1] != '\n')
        best--;
    return tw_text_format("%.*s", (int)strcspn(best, "\n"), best);
}

static tw_status run(const tw_list *command, const char *what, char **log)
{
    int exit_status;
    TW_TRY(tw_process_run(command, &exit_status, log));
    if (exit_status == 0)
        return tw_ok();
    char *error = first_error(*log);
    tw_status status = tw_fail(TW_NO_COMPILE, "%s does not compile (%s exits %d): %s", what, command->item[0],
                               exit_status, error);
    free(error);
    return status;
}

tw_status tw_compile(const tw_target_id *id, const tw_compilation *compilation, char **log)
{
    *log = NULL;
    tw_compiler compiler;
    tw_status status = tw_compiler_find(id->kind, &compiler);
    tw_compiler_free(&compiler);
    TW_TRY(status);
    tw_list command = {0};
    tw_compile_command(id, compilation, &command);
    char *what = tw_text_format("%s for %s", compilation->source, id->name);
    status = run(&command, what, log);
    free(what);
    tw_list_free(&command);
    return status;
}

tw_status tw_compile_plain(const char *source, const char *output, char **log)
{
    *log = NULL;
    tw_compiler compiler;
    TW_TRY(tw_compiler_find(TW_TARGET_CPU, &compiler));
    tw_list command = compiler.words;
    compiler.words = (tw_list){0};
    tw_compiler_free(&compiler);
    tw_list_add_words(&command, "-x c -std=c17 -O2 -fPIC -shared -o");
    tw_list_add(&command, "%s", output);
    tw_list_add(&command, "%s", source);
    tw_list_add(&command, "-lm");
    tw_status status = run(&command, source, log);
    tw_list_free(&command);
    return status;
}
