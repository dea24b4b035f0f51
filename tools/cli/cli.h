/* SPDX-License-Identifier: MIT
 *
 * What the verbs of `tw` share. A verb is one function, main's tail: it reads its own options, and returns
 * the exit status. Nothing is written before every argument has been checked; a refusal is one line on
 * stderr.
 */
#ifndef TW_TOOLS_CLI_H
#define TW_TOOLS_CLI_H

#include <getopt.h>

#include "host/text.h"
#include "host/tilewright_host.h"

enum {
    CLI_PASS = 0,
    CLI_FAIL = 1,   /* the work was done and the result is wrong: --check, verify, a fault of a kernel */
    CLI_REFUSE = 2, /* the work could not be done: a wrong argument, file or target, a missing compiler */
};

int cli_targets(int argc, char **argv);
int cli_kernels(int argc, char **argv);
int cli_run(int argc, char **argv);
int cli_compile(int argc, char **argv);
int cli_verify(int argc, char **argv);
int cli_check(int argc, char **argv);

/* Prints "tw: <message>" and returns the exit status that fits. */
int cli_fail(const tw_status *status);

/* For long-running steps: a line on stderr when a person is watching. */
void cli_progress(void *context, const char *line);

/* The next option as getopt_long would give it, -1 after the last; a wrong one is a failure that suggests. */
TW_CHECKED tw_status cli_option(int argc, char **argv, const struct option *options, int *option);

/* What says which problem a kernel is given: rows of a verb's table of options, and what takes them. */
#define CLI_PROBLEM_OPTIONS                                                                                  \
    {"in", required_argument, NULL, 'i'}, {"set", required_argument, NULL, 's'},                             \
    {                                                                                                        \
        "shape", required_argument, NULL, 'S'                                                                \
    }
TW_CHECKED tw_status cli_problem_option(tw_problem *problem, int option, char *text);

/* The kernel is named somewhere between the options, which need it: this goes through them once, before. */
TW_CHECKED tw_status cli_find_kernel(int argc, char **argv, const struct option *options,
                                     const tw_kernel **kernel);

/* The text before and after the first '=' of `text`, which stays cut in two. */
TW_CHECKED tw_status cli_split(const char *option, const char *form, char *text, char **name, char **value);

TW_CHECKED tw_status cli_integer(const char *what, const char *text, long long least, long long most,
                                 long long *value);

/* The kernels of examples/kernels.def, ended by NULL. */
extern const tw_kernel *const cli_kernel_list[];
TW_CHECKED tw_status cli_kernel(const char *name, const tw_kernel **kernel);

/* The one positional argument behind the options, `what` in messages. */
TW_CHECKED tw_status cli_positional(int argc, char **argv, const char *what, const char **value);

#endif
