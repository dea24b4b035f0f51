/* SPDX-License-Identifier: MIT
 *
 * Source lines of instructions. An instruction of an inlined function has a line in each function round it;
 * the kernel's is the innermost that does not lie in the library's own folders.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asm.h"
#include "asm_tool.h"
#include "host/compile.h"

static int in_library(const char *file)
{
    static const char *const folders[] = {"/arch/", "/ops/", "/tiles/"};
    const char *root = tw_source_root();
    size_t length = strlen(root);
    if (strncmp(file, root, length) != 0)
        return 0;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        if (strncmp(file + length, folders[i], strlen(folders[i])) == 0)
            return 1;
    return 0;
}

/* A path without what leads to the library, and without "x/..". */
static char *short_path(const char *path)
{
    const char *root = tw_source_root();
    size_t length = strlen(root);
    char *text = tw_text_format(
        "%s", strncmp(path, root, length) == 0 && path[length] == '/' ? path + length + 1 : path);
    for (char *up = strstr(text, "/../"); up && up > text; up = strstr(text, "/../")) {
        char *start = up - 1;
        while (start > text && start[-1] != '/')
            start--;
        memmove(start, up + 4, strlen(up + 4) + 1);
    }
    return text;
}

/* The next frame outwards of an instruction. */
static void add_frame(asm_source *place, const char *file, int length, int line)
{
    if (line <= 0 || (place->file && !place->library) || (place->library && place->file))
        return;
    char *path = tw_text_format("%.*s", length, file);
    if (!in_library(path)) {
        place->file = short_path(path);
        place->line = line;
    } else if (!place->library) {
        place->library = short_path(path);
        place->library_line = line;
    }
    free(path);
}

/* A place that the library alone knows is the library's. */
static void settle(asm_source *place)
{
    if (place->file || !place->library)
        return;
    place->file = place->library;
    place->line = place->library_line;
    place->library = NULL;
}

/* llvm-symbolizer: the frames of an address from the innermost on, "file:line:column" a line, then an empty
 * line. */
static const char *read_symbolized(const char *text, asm_source *place)
{
    while (*text && *text != '\n') {
        int length = (int)strcspn(text, "\n"), end = length;
        for (int colons = 0; end > 0 && colons < 2;)
            colons += text[--end] == ':';
        if (end > 0)
            add_frame(place, text, end, atoi(text + end + 1));
        text += length + (text[length] == '\n');
    }
    settle(place);
    return text + (*text == '\n');
}

/* nvdisasm: //## File "isa.h", line 14 inlined at "gemm.c", line 19 */
static void read_frames(const char *text, asm_source *place)
{
    while (text && strncmp(text + strspn(text, " \t"), "//## File \"", 11) == 0) {
        const char *file = strchr(text, '"') + 1;
        int length = (int)strcspn(file, "\"\n");
        const char *line = strstr(file + length, "line ");
        add_frame(place, file, length, line ? atoi(line + 5) : 0);
        text = strchr(text, '\n');
        text += text != NULL;
    }
    settle(place);
}

static tw_status symbolize(const asm_listing *listing, asm_findings *findings)
{
    tw_list arguments = {0};
    char *printed;
    tw_list_add_words(&arguments, "--functions=none --inlining");
    tw_list_add(&arguments, "--obj=%s", listing->object);
    for (int i = 0; i < findings->count; i++)
        for (int other = 0; other < 2; other++) {
            const asm_finding *f = &findings->finding[i];
            const asm_instruction *at = other ? f->also : f->at;
            if (at)
                tw_list_add(&arguments, "0x%llx", (unsigned long long)at->address);
        }
    tw_status status = asm_tool_run_list(ASM_SYMBOLIZER, (const char *const *)arguments.item,
                                         (int)arguments.count, &printed);
    tw_list_free(&arguments);
    TW_TRY(status);
    const char *text = printed;
    for (int i = 0; i < findings->count; i++) {
        asm_finding *f = &findings->finding[i];
        if (f->at)
            text = read_symbolized(text, &f->place);
        if (f->also)
            text = read_symbolized(text, &f->other);
    }
    free(printed);
    return tw_ok();
}

static int same(const asm_finding *a, const asm_finding *b)
{
    return a->place.file && b->place.file && a->kernel == b->kernel && a->code == b->code &&
           a->place.line == b->place.line && strcmp(a->place.file, b->place.file) == 0;
}

/* A loop that the compiler made twice has its faults twice. */
static void drop_repeated(asm_findings *findings)
{
    int kept = 0;
    for (int i = 0; i < findings->count; i++) {
        int known = 0;
        for (int k = 0; k < kept; k++)
            known |= same(&findings->finding[k], &findings->finding[i]);
        if (known)
            asm_finding_free(&findings->finding[i]);
        else
            findings->finding[kept++] = findings->finding[i];
    }
    findings->count = kept;
}

tw_status asm_place(const asm_listing *listing, asm_findings *findings)
{
    if (findings->count == 0)
        return tw_ok();
    if (listing->is_amd)
        TW_TRY(symbolize(listing, findings));
    for (int i = 0; i < findings->count && !listing->is_amd; i++) {
        asm_finding *f = &findings->finding[i];
        if (f->at)
            read_frames(f->at->frames, &f->place);
        if (f->also)
            read_frames(f->also->frames, &f->other);
    }
    drop_repeated(findings);
    return tw_ok();
}
