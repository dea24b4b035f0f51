/* SPDX-License-Identifier: MIT
 *
 * The PTX on nvcc's way to a cubin.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "asm.h"
#include "host/file.h"

tw_status asm_keep_ptx(const char *folder, const char *source, const char *to)
{
    const char *name = strrchr(source, '/') ? strrchr(source, '/') + 1 : source;
    char *path = tw_text_format("%s/%.*s.ptx", folder, (int)strcspn(name, "."), name), *text = NULL;
    size_t bytes;
    tw_output output;
    tw_status status = tw_file_read(path, &text, &bytes);
    free(path);
    if (status.code == TW_OK)
        status = tw_output_open(&output, to);
    if (status.code == TW_OK) {
        fwrite(text, 1, bytes, output.stream);
        status = tw_output_close(&output);
        if (status.code == TW_OK)
            status = tw_output_commit(&output);
    }
    free(text);
    return status;
}

void asm_remove_folder(const char *folder)
{
    DIR *stream = opendir(folder);
    for (struct dirent *entry; stream && (entry = readdir(stream));) {
        char *path = tw_text_format("%s/%s", folder, entry->d_name);
        unlink(path);
        free(path);
    }
    if (stream)
        closedir(stream);
    rmdir(folder);
}
