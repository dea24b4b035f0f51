/* SPDX-License-Identifier: MIT
 *
 * Code addresses as lines of source, by the tool that every C compiler comes with.
 */
#define _GNU_SOURCE
#include "places.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "process.h"

/* Both print, for each address behind -a, the address and then a line with the function and one with
 * file:line for every inlined call, innermost first. addr2line comes last: it finds no inlined calls in what
 * clang has unrolled. */
static const char *const symbolizers[][5] = {
    {"llvm-symbolizer", "--output-style=GNU", "-aif", "-e"},
    {"llvm-symbolizer-22", "--output-style=GNU", "-aif", "-e"},
    {"addr2line", "-aif", "-e"},
};

enum { SYMBOLIZERS = sizeof symbolizers / sizeof *symbolizers };

/* The file that holds the address, and where the file lies in memory; 0 where no file does. */
static int find_object(const void *address, const char **path, uintptr_t *base)
{
    Dl_info object, program;
    if (!address || !dladdr(address, &object) || !object.dli_fname)
        return 0;
    *base = (uintptr_t)object.dli_fbase;
    *path = object.dli_fname;
    if (dladdr((const void *)symbolizers, &program) && program.dli_fbase == object.dli_fbase)
        *path = "/proc/self/exe"; /* dladdr has it as it was typed */
    return 1;
}

/* `file` without "folder/../"; free() it. */
static char *straighten(const char *file)
{
    char *path = tw_text_format("%s", file), *back;
    while ((back = strstr(path, "/../"))) {
        char *folder = back;
        while (folder > path && folder[-1] != '/')
            folder--;
        memmove(folder, back + 4, strlen(back + 4) + 1);
    }
    return path;
}

static int is_in(const char *file, const char *folder) { return strncmp(file, folder, strlen(folder)) == 0; }

static const char emulator[] = "arch/emulator/";

/* The folder that the emulator's headers lay in when the object was compiled: the paths' common root. */
static void find_root(const char *printed, char root[PATH_MAX])
{
    root[0] = '\0';
    for (const char *line = printed; line && !root[0]; line = strchr(line, '\n'), line += line != NULL) {
        char *text = tw_text_format("%.*s", (int)strcspn(line, "\n"), line), *path = straighten(text);
        const char *inside = strstr(path, emulator);
        if (inside)
            snprintf(root, PATH_MAX, "%.*s", (int)(inside - path), path);
        free(path);
        free(text);
    }
}

/* A line "file:line" of the output, innermost calls first. */
static void take_frame(tw_place *place, char *line, const char *root)
{
    line[strcspn(line, " \n")] = '\0'; /* "(discriminator 2)" */
    char *colon = strrchr(line, ':');
    if (!colon || line[0] == '?' || colon[1] == '?' || colon[1] == '0')
        return;
    char *path = straighten(line);
    char *file = tw_text_format("%s", is_in(path, root) ? path + strlen(root) : path);
    free(path);
    if (is_in(file, emulator)) {
        free(file);
    } else if (is_in(file, "arch/") || is_in(file, "ops/") || is_in(file, "tiles/")) {
        if (!place->library && !place->kernel)
            place->library = file;
        else
            free(file);
    } else if (!place->kernel) {
        place->kernel = file;
    } else {
        free(file);
    }
}

static void take_output(char *printed, const size_t *index, size_t count, tw_place *place)
{
    size_t at = 0;
    char root[PATH_MAX];
    int frames = 0;
    tw_place *now = NULL;
    find_root(printed, root);
    for (char *rest = printed, *line; (line = strsep(&rest, "\n"));) {
        if (strncmp(line, "0x", 2) == 0) {
            now = at < count ? &place[index[at++]] : NULL;
            frames = 0;
        } else if (now && frames++ % 2 == 1) {
            take_frame(now, line, root);
        }
    }
}

/* The addresses index[0..count) all lie in one file. */
static void look_up(const char *path, uintptr_t base, const void *const *address, const size_t *index,
                    size_t count, tw_place *place)
{
    for (int s = 0; s < SYMBOLIZERS; s++) {
        tw_list command = {0};
        for (int i = 0; symbolizers[s][i]; i++)
            tw_list_add(&command, "%s", symbolizers[s][i]);
        char *file = realpath(path, NULL);
        tw_list_add(&command, "%s", file ? file : path);
        free(file);
        for (size_t i = 0; i < count; i++)
            tw_list_add(&command, "0x%lx", (unsigned long)((uintptr_t)address[index[i]] - base));
        int exit_status;
        char *printed;
        tw_status status = tw_process_run(&command, &exit_status, &printed);
        tw_list_free(&command);
        if (status.code == TW_OK && exit_status == 0) {
            take_output(printed, index, count, place);
            free(printed);
            return;
        }
        free(printed);
    }
}

void tw_places_find(const void *const *address, size_t count, tw_place *place)
{
    size_t *index = calloc(count + 1, sizeof *index);
    char *done = calloc(count + 1, 1);
    memset(place, 0, count * sizeof *place);
    for (size_t first = 0; index && done && first < count; first++) {
        const char *path, *other_path;
        uintptr_t base, other_base;
        size_t together = 0;
        if (done[first] || !find_object(address[first], &path, &base))
            continue;
        for (size_t i = first; i < count; i++) {
            if (!done[i] && find_object(address[i], &other_path, &other_base) && other_base == base) {
                index[together++] = i;
                done[i] = 1;
            }
        }
        look_up(path, base, address, index, together, place);
    }
    free(index);
    free(done);
}

void tw_place_free(tw_place *place)
{
    free(place->kernel);
    free(place->library);
    *place = (tw_place){0};
}

char *tw_place_text(const tw_place *place)
{
    if (place->kernel && place->library)
        return tw_text_format("%s (%s)", place->kernel, place->library);
    if (place->kernel || place->library)
        return tw_text_format("%s", place->kernel ? place->kernel : place->library);
    return NULL;
}
