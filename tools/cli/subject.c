/* SPDX-License-Identifier: MIT
 *
 * What tw compile and tw check --asm compile.
 */
#define _GNU_SOURCE
#include "subject.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static tw_status add_define(cli_subject *subject, char *text)
{
    if (subject->define_count == SUBJECT_DEFINES_MAX)
        return tw_fail(TW_INVALID, "more than %d macros", SUBJECT_DEFINES_MAX);
    char *equals = strchr(text, '=');
    if (equals)
        *equals = '\0';
    if (!*text)
        return tw_fail(TW_INVALID, "-D needs NAME or NAME=TEXT");
    subject->define[subject->define_count++] = (tw_define){text, equals ? equals + 1 : "1"};
    return tw_ok();
}

static tw_status take_setting(cli_subject *subject, char *text)
{
    char *name, *value;
    TW_TRY(cli_split("--set", "NAME=VALUE", text, &name, &value));
    if (!subject->problem)
        return tw_fail(TW_INVALID, "--set %s: a --source has no options; use -D MACRO=TEXT", name);
    return tw_problem_set(subject->problem, name, value);
}

tw_status cli_subject_take(cli_subject *subject, int option)
{
    switch (option) {
    case 's': return take_setting(subject, optarg);
    case 'D': return add_define(subject, optarg);
    default: return tw_ok();
    }
}

tw_status cli_subject_find(int argc, char **argv, const struct option *options, int optional,
                           cli_subject *subject)
{
    int option;
    const char *name;
    for (;;) {
        TW_TRY(cli_option(argc, argv, options, &option));
        if (option < 0)
            break;
        if (option == 'f')
            subject->source = optarg;
    }
    int named = optind < argc;
    if (subject->source && named)
        return tw_fail(TW_INVALID, "'%s' and --source %s: name a kernel or a source, not both", argv[optind],
                       subject->source);
    if (!subject->source && (named || !optional)) {
        TW_TRY(cli_positional(argc, argv, "KERNEL", &name));
        TW_TRY(cli_kernel(name, &subject->kernel));
        TW_TRY(tw_problem_create(subject->kernel, &subject->problem));
    }
    optind = 0; /* glibc: start again */
    return tw_ok();
}

tw_status cli_subject_defines(cli_subject *subject)
{
    const tw_define *defines;
    size_t count;
    if (!subject->problem)
        return tw_ok();
    tw_problem_defines(subject->problem, &defines, &count);
    if (subject->define_count + count > SUBJECT_DEFINES_MAX)
        return tw_fail(TW_INVALID, "more than %d macros", SUBJECT_DEFINES_MAX);
    memmove(subject->define + count, subject->define, subject->define_count * sizeof *defines);
    memcpy(subject->define, defines, count * sizeof *defines);
    subject->define_count += count;
    return tw_ok();
}

tw_status cli_subject_source(const cli_subject *subject, char **path)
{
    struct stat found;
    if (!subject->source) {
        *path = tw_text_format("%s/%s", tw_source_root(), subject->kernel->source);
        return tw_ok();
    }
    *path = NULL;
    if (stat(subject->source, &found) == 0 && !S_ISREG(found.st_mode))
        return tw_fail(TW_INVALID, "--source %s is not a regular file", subject->source);
    *path = realpath(subject->source, NULL);
    return *path ? tw_ok() : tw_fail(TW_IO, "--source %s: there is no such file", subject->source);
}

void cli_subject_free(cli_subject *subject) { tw_problem_free(subject->problem); }
