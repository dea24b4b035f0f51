/* SPDX-License-Identifier: MIT
 *
 * Whole files: read in one go, and replaced in one step, so that a reader (or a failure) never sees half a
 * file.
 *
 *   tw_output out;
 *   TW_TRY(tw_output_open(&out, path));     a new file beside `path`
 *   fwrite(..., out.stream);
 *   TW_TRY(tw_output_close(&out));          flushed; any write error shows here, and discards the file
 *   TW_TRY(tw_output_commit(&out));         renamed over `path`; or tw_output_discard(&out)
 */
#ifndef TW_HOST_FILE_H
#define TW_HOST_FILE_H

#include <stdio.h>

#include "status.h"

typedef struct {
    FILE *stream;
    char *path;      /* where it goes */
    char *temporary; /* where it is now; NULL once committed or discarded */
} tw_output;

TW_CHECKED tw_status tw_output_open(tw_output *output, const char *path);
TW_CHECKED tw_status tw_output_close(tw_output *output);
TW_CHECKED tw_status tw_output_commit(tw_output *output);
void tw_output_discard(tw_output *output); /* harmless after a commit, a failure, or on { 0 } */

/* Whether a file could be created at `path`: its folder exists and is writable, and what it would replace is
 * a regular file. */
TW_CHECKED tw_status tw_output_allowed(const char *path);

/* Do both names lead to one file? */
int tw_same_file(const char *a, const char *b);

/* The whole file with a zero behind it; free() it. */
TW_CHECKED tw_status tw_file_read(const char *path, char **contents, size_t *bytes);

/* Creates the folder and those above it. */
TW_CHECKED tw_status tw_folder_create(const char *path);

/* A name beside `path` that no other process or thread uses; free() it. */
char *tw_temporary_name(const char *path);

#endif
