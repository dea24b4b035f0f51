/* SPDX-License-Identifier: MIT
 *
 * Running another program without a shell.
 */
#ifndef TW_HOST_PROCESS_H
#define TW_HOST_PROCESS_H

#include "status.h"
#include "text.h"

/* Runs `command` (its first item is searched on PATH) with no input and messages in English, waits, and gives
 * its exit status (128 + n when signal n ended it) and all it printed on both streams; free() `printed`.
 * Fails when it cannot be started. */
TW_CHECKED tw_status tw_process_run(const tw_list *command, int *exit_status, char **printed);

/* The full path of `program`, which is searched on PATH unless it has a slash; NULL when there is none.
 * free() it. */
char *tw_program_find(const char *program);

#endif
