/* SPDX-License-Identifier: MIT
 *
 * What tw compile and tw check --asm compile: a kernel of the list with its options, or any source.
 */
#ifndef TW_TOOLS_SUBJECT_H
#define TW_TOOLS_SUBJECT_H

#include "cli.h"

enum { SUBJECT_DEFINES_MAX = 64 };

typedef struct {
    const tw_kernel *kernel; /* NULL with --source */
    tw_problem *problem;     /* holds the kernel's options */
    const char *source;      /* NULL without --source */
    tw_define define[SUBJECT_DEFINES_MAX];
    size_t define_count;
} cli_subject;

/* The options of both verbs: --source, --set, -D. */
/* clang-format off */
#define CLI_SUBJECT_OPTIONS                                                                                  \
    {"source", required_argument, NULL, 'f'}, {"set", required_argument, NULL, 's'},                          \
    {                                                                                                        \
        "define", required_argument, NULL, 'D'                                                               \
    }
/* clang-format on */

/* Goes through the arguments once for the kernel's name or the source, which the other options refer to; then
 * they can be gone through again. `optional`: neither need be there. */
TW_CHECKED tw_status cli_subject_find(int argc, char **argv, const struct option *options, int optional,
                                      cli_subject *subject);

/* Takes an option of CLI_SUBJECT_OPTIONS with its value in optarg. */
TW_CHECKED tw_status cli_subject_take(cli_subject *subject, int option);

/* Puts the kernel's options in front of the -D's, so that these may override. */
TW_CHECKED tw_status cli_subject_defines(cli_subject *subject);

/* The source's full path; free() it. */
TW_CHECKED tw_status cli_subject_source(const cli_subject *subject, char **path);

void cli_subject_free(cli_subject *subject);

#endif
