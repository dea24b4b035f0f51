/* SPDX-License-Identifier: MIT
 *
 * For tests: a folder of their own and files in it. Included first, for it asks for POSIX.
 */
#ifndef TW_TESTS_HOST_SCRATCH_H
#define TW_TESTS_HOST_SCRATCH_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/text.h"
#include "host/tilewright_host.h"

#define assert_ok(call)                                                                                      \
    do {                                                                                                     \
        tw_status assert_status = (call);                                                                    \
        if (assert_status.code != TW_OK)                                                                     \
            fail_msg("%s: %s", #call, assert_status.message);                                                \
    } while (0)

/* The call fails with `expected` code, and its message contains `words`. */
#define assert_refused(call, expected, words)                                                                \
    do {                                                                                                     \
        tw_status assert_status = (call);                                                                    \
        assert_int_equal(assert_status.code, expected);                                                      \
        if (!strstr(assert_status.message, words))                                                           \
            fail_msg("%s says '%s', not '%s'", #call, assert_status.message, words);                         \
    } while (0)

static char scratch_folder[64];

/* cmocka group fixtures. */
static inline int scratch_create(void **state)
{
    (void)state;
    strcpy(scratch_folder, "/tmp/tilewright-test-XXXXXX");
    return mkdtemp(scratch_folder) ? 0 : -1;
}

static inline void scratch_empty(const char *folder)
{
    DIR *stream = opendir(folder);
    for (struct dirent *entry; stream && (entry = readdir(stream));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        char *path = tw_text_format("%s/%s", folder, entry->d_name);
        struct stat found;
        if (lstat(path, &found) == 0 && S_ISDIR(found.st_mode)) {
            scratch_empty(path);
            rmdir(path);
        } else {
            unlink(path);
        }
        free(path);
    }
    if (stream)
        closedir(stream);
}

static inline int scratch_remove(void **state)
{
    (void)state;
    scratch_empty(scratch_folder);
    return rmdir(scratch_folder);
}

/* A path in the scratch folder; valid for the next seven calls. */
static inline const char *scratch(const char *name)
{
    static char path[8][256];
    static int next;
    next = (next + 1) % 8;
    snprintf(path[next], sizeof path[next], "%s/%s", scratch_folder, name);
    return path[next];
}

static inline void scratch_write(const char *name, const void *bytes, size_t count)
{
    FILE *stream = fopen(scratch(name), "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(bytes, 1, count, stream), count);
    fclose(stream);
}

/* How many files a folder has whose names contain `part`. */
static inline int scratch_count(const char *folder, const char *part)
{
    int count = 0;
    DIR *stream = opendir(folder);
    for (struct dirent *entry; stream && (entry = readdir(stream));)
        count += entry->d_name[0] != '.' && strstr(entry->d_name, part);
    if (stream)
        closedir(stream);
    return count;
}

static inline int scratch_exists(const char *path) { return access(path, F_OK) == 0; }

#endif
