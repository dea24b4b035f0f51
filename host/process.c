/* SPDX-License-Identifier: MIT
 *
 * Running another program without a shell.
 */
#define _GNU_SOURCE
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* All that comes out of `descriptor` until it closes, as text. */
static char *drain(int descriptor)
{
    size_t used = 0, room = 4096;
    char *text = malloc(room);
    while (text) {
        ssize_t got = read(descriptor, text + used, room - used - 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        used += (size_t)got;
        if (room - used < 2) {
            char *larger = realloc(text, room *= 2);
            if (!larger)
                break;
            text = larger;
        }
    }
    if (text)
        text[used] = '\0';
    return text;
}

/* The environment with LC_ALL=C: what compilers print is searched and quoted. */
static tw_list english_environment(void)
{
    tw_list list = {0};
    for (char **entry = environ; *entry; entry++) {
        if (strncmp(*entry, "LC_ALL=", 7) != 0)
            tw_list_add(&list, "%s", *entry);
    }
    tw_list_add(&list, "LC_ALL=C");
    return list;
}

tw_status tw_process_run(const tw_list *command, int *exit_status, char **printed)
{
    int ends[2];
    *printed = NULL;
    if (pipe2(ends, O_CLOEXEC))
        return tw_fail(TW_IO, "no pipe for %s: %s", command->item[0], strerror(errno));
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    pid_t child;
    tw_list environment = english_environment();
    int error = posix_spawnp(&child, command->item[0], &actions, NULL, command->item, environment.item);
    tw_list_free(&environment);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (error) {
        close(ends[0]);
        return tw_fail(TW_UNAVAILABLE, "%s cannot be started: %s", command->item[0], strerror(error));
    }
    *printed = drain(ends[0]);
    close(ends[0]);
    int state;
    while (waitpid(child, &state, 0) < 0) {
        if (errno == EINTR)
            continue;
        free(*printed);
        *printed = NULL;
        return tw_fail(TW_IO, "%s was lost: %s", command->item[0], strerror(errno));
    }
    if (!*printed)
        return tw_fail(TW_NO_MEMORY, "no memory for what %s printed", command->item[0]);
    *exit_status = WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
    return tw_ok();
}

static int is_program(const char *path)
{
    struct stat found;
    return stat(path, &found) == 0 && S_ISREG(found.st_mode) && access(path, X_OK) == 0;
}

char *tw_program_find(const char *program)
{
    if (strchr(program, '/'))
        return is_program(program) ? tw_text_format("%s", program) : NULL;
    const char *folder = getenv("PATH");
    while (folder && *folder) {
        size_t length = strcspn(folder, ":");
        char *path = tw_text_format("%.*s/%s", length ? (int)length : 1, length ? folder : ".", program);
        if (is_program(path))
            return path;
        free(path);
        folder += length;
        if (*folder)
            folder++;
    }
    return NULL;
}
