/* SPDX-License-Identifier: MIT
 *
 * For tests of the tool: runs $TW_BINARY in the scratch folder and keeps what it printed.
 */
#ifndef TW_TESTS_HOST_COMMAND_H
#define TW_TESTS_HOST_COMMAND_H

#include "scratch.h"

#include "host/file.h"

static char *command_out, *command_err; /* what the last command printed */
static char command_environment[1024];  /* assignments in front of the command, for the shell */

static inline int command_run(const char *program, const char *arguments)
{
    char *line = tw_text_format("cd %s && %s '%s' %s >.out 2>.err </dev/null", scratch_folder,
                                command_environment, program, arguments);
    int status = system(line);
    size_t bytes;
    free(line);
    free(command_out);
    free(command_err);
    assert_ok(tw_file_read(scratch(".out"), &command_out, &bytes));
    assert_ok(tw_file_read(scratch(".err"), &command_err, &bytes));
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static inline void command_expect(const char *arguments, int expected)
{
    int status = command_run(getenv("TW_BINARY"), arguments);
    if (status != expected)
        fail_msg("tw %s exits %d, not %d\n%s%s", arguments, status, expected, command_out, command_err);
}

/* The tool refuses: exit status 2, one line on stderr that contains `words`, nothing on stdout, no new file.
 */
static inline void command_refused(const char *arguments, const char *words)
{
    int files = scratch_count(scratch_folder, "");
    command_expect(arguments, 2);
    const char *newline = strchr(command_err, '\n');
    if (strncmp(command_err, "tw: ", 4) != 0 || !newline || newline[1])
        fail_msg("tw %s does not say one line:\n%s", arguments, command_err);
    if (!strstr(command_err, words))
        fail_msg("tw %s says\n%snot '%s'", arguments, command_err, words);
    if (*command_out)
        fail_msg("tw %s also prints\n%s", arguments, command_out);
    if (scratch_count(scratch_folder, "") != files)
        fail_msg("tw %s leaves a file", arguments);
}

static inline int command_create(void **state)
{
    command_out = command_err = NULL;
    return scratch_create(state);
}

static inline int command_remove(void **state)
{
    free(command_out);
    free(command_err);
    return scratch_remove(state);
}

#endif
