/* SPDX-License-Identifier: MIT
 *
 * Whole files, read in one go and replaced in one step.
 */
#define _GNU_SOURCE
#include "file.h"

#include <errno.h>
#include <libgen.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text.h"

char *tw_temporary_name(const char *path)
{
    static atomic_uint serial;
    return tw_text_format("%s.%ld.%u.tmp", path, (long)getpid(), atomic_fetch_add(&serial, 1));
}

/* A file renamed over a device or a pipe would take its place. */
static tw_status check_replaceable(const char *path)
{
    struct stat found;
    if (stat(path, &found) || S_ISREG(found.st_mode))
        return tw_ok();
    if (S_ISDIR(found.st_mode))
        return tw_fail(TW_INVALID, "%s is a folder; name a file", path);
    return tw_fail(TW_INVALID, "%s is not a regular file, and only those are replaced; name another", path);
}

/* Where a link leads, so that the file is replaced and not the link. */
static char *place_of(const char *path)
{
    struct stat found;
    char *place = lstat(path, &found) == 0 && S_ISLNK(found.st_mode) ? realpath(path, NULL) : NULL;
    return place ? place : tw_text_format("%s", path);
}

tw_status tw_output_open(tw_output *output, const char *path)
{
    *output = (tw_output){0};
    TW_TRY(check_replaceable(path));
    output->path = place_of(path);
    output->temporary = tw_temporary_name(output->path);
    output->stream = fopen(output->temporary, "wbx");
    if (output->stream)
        return tw_ok();
    int reason = errno;
    free(output->temporary);
    free(output->path);
    *output = (tw_output){0};
    return tw_fail(TW_IO, "%s cannot be written: %s", path, strerror(reason));
}

tw_status tw_output_close(tw_output *output)
{
    int failed = ferror(output->stream);
    int reason = errno;
    if (fclose(output->stream)) {
        failed = 1;
        reason = errno;
    }
    output->stream = NULL;
    if (!failed)
        return tw_ok();
    tw_status status = tw_fail(TW_IO, "%s cannot be written: %s", output->path, strerror(reason));
    tw_output_discard(output);
    return status;
}

tw_status tw_output_commit(tw_output *output)
{
    if (rename(output->temporary, output->path)) {
        tw_status status = tw_fail(TW_IO, "%s cannot be replaced: %s", output->path, strerror(errno));
        tw_output_discard(output);
        return status;
    }
    free(output->temporary);
    free(output->path);
    *output = (tw_output){0};
    return tw_ok();
}

void tw_output_discard(tw_output *output)
{
    if (output->stream)
        fclose(output->stream);
    if (output->temporary)
        unlink(output->temporary);
    free(output->temporary);
    free(output->path);
    *output = (tw_output){0};
}

tw_status tw_output_allowed(const char *path)
{
    struct stat found;
    if (!*path)
        return tw_fail(TW_INVALID, "an output file needs a name");
    TW_TRY(check_replaceable(path));
    char *copy = tw_text_format("%s", path);
    const char *folder = dirname(copy);
    tw_status status = tw_ok();
    if (stat(folder, &found) || !S_ISDIR(found.st_mode)) {
        status = tw_fail(TW_IO, "%s cannot be written: there is no folder %s", path, folder);
    } else if (access(folder, W_OK | X_OK)) {
        status = tw_fail(TW_IO, "%s cannot be written: %s", path, strerror(errno));
    }
    free(copy);
    return status;
}

int tw_same_file(const char *a, const char *b)
{
    struct stat found_a, found_b;
    return strcmp(a, b) == 0 || (stat(a, &found_a) == 0 && stat(b, &found_b) == 0 &&
                                 found_a.st_dev == found_b.st_dev && found_a.st_ino == found_b.st_ino);
}

tw_status tw_file_read(const char *path, char **contents, size_t *bytes)
{
    *contents = NULL;
    FILE *stream = fopen(path, "rb");
    if (!stream)
        return tw_fail(TW_IO, "%s cannot be opened: %s", path, strerror(errno));
    struct stat found;
    if (fstat(fileno(stream), &found) || !S_ISREG(found.st_mode)) {
        fclose(stream);
        return tw_fail(TW_IO, "%s is not a regular file", path);
    }
    size_t size = (size_t)found.st_size;
    char *memory = malloc(size + 1);
    if (!memory) {
        fclose(stream);
        return tw_fail(TW_NO_MEMORY, "%s has %zu bytes, more than memory is left", path, size);
    }
    size_t got = fread(memory, 1, size, stream);
    fclose(stream);
    if (got != size) {
        free(memory);
        return tw_fail(TW_IO, "%s: read %zu of its %zu bytes", path, got, size);
    }
    memory[size] = '\0';
    *contents = memory;
    *bytes = size;
    return tw_ok();
}

tw_status tw_folder_create(const char *path)
{
    char *copy = tw_text_format("%s", path);
    for (char *slash = strchr(copy + 1, '/');; slash = strchr(slash + 1, '/')) {
        if (slash)
            *slash = '\0';
        struct stat found;
        int failed = mkdir(copy, 0777) ? errno : 0;
        if (failed == EEXIST)
            failed = stat(copy, &found) || S_ISDIR(found.st_mode) ? 0 : ENOTDIR;
        if (failed) {
            tw_status status = tw_fail(TW_IO, "the folder %s cannot be created: %s", copy, strerror(failed));
            free(copy);
            return status;
        }
        if (!slash)
            break;
        *slash = '/';
    }
    free(copy);
    return tw_ok();
}
