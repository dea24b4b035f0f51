/* SPDX-License-Identifier: MIT
 *
 * Cubins, as `nvdisasm -gi` shows them:
 *
 *   .text.gemm:
 *           //## File "/.../arch/nvidia/sm90/isa.h", line 194 inlined at "/.../arch/nvidia/sm90/kernel.h",
 * line 33
 *           //## File "/.../arch/nvidia/sm90/kernel.h", line 33 inlined at "/.../examples/gemm/gemm.c", line
 * 19
 *           //## File "/.../examples/gemm/gemm.c", line 19
 *           /\*0080*\/              @!P0 BRA `(.L_x_1) ;
 *   .L_x_1:
 *
 * A line's places hold until the next places. Figures are ptxas's own (-v).
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asm.h"
#include "asm_tool.h"
#include "resources.h"

enum { LABELS_MAX = 65536 };

static int starts(const char *text, const char *with) { return strncmp(text, with, strlen(with)) == 0; }

/* "FFMA R0, R4, R5, R0": is what the product is added to also the result? */
static int is_multiply(const char *text)
{
    char result[16], sum[16];
    if (!starts(text, "FFMA") && !starts(text, "HFMA2"))
        return 0;
    return sscanf(text, "%*s %15[^,], %*[^,], %*[^,], %15s", result, sum) == 2 && strcmp(result, sum) == 0;
}

static asm_kind kind_of(const char *text, int predicated)
{
    static const char *const matrices[] = {"HMMA", "HGMMA", "IMMA", "IGMMA", "QGMMA", "DMMA", "OMMA"};
    for (size_t i = 0; i < sizeof matrices / sizeof *matrices; i++)
        if (starts(text, matrices[i]))
            return ASM_MATRIX;
    if (starts(text, "LDGSTS"))
        return ASM_COPY;
    if (starts(text, "LDS"))
        return ASM_SHARED_READ;
    if (starts(text, "STS"))
        return ASM_SHARED_WRITE;
    if (starts(text, "BAR."))
        return ASM_BARRIER;
    if (starts(text, "DEPBAR") || starts(text, "WARPGROUP.DEPBAR"))
        return ASM_WAIT;
    if (starts(text, "BRA"))
        return predicated || text[strcspn(text, " ")] == '\0' || text[strcspn(text, " ") + 1] != '`'
                   ? ASM_BRANCH
                   : ASM_JUMP;
    if (starts(text, "EXIT") || starts(text, "RET") || starts(text, "BRX"))
        return predicated ? ASM_OTHER : ASM_END;
    return is_multiply(text) ? ASM_MULTIPLY : ASM_OTHER;
}

/* "HGMMA.64x256x16.F32.BF16 R24, gdesc[UR16], R24, gsb0", "... R24, R4, gdesc[UR16], RZ, !UPT": the sum goes
 * to the first operand and comes from the last register, RZ where it begins. */
static void read_matrix(asm_instruction *at)
{
    if (sscanf(at->text, "%*s %15[^,]", at->result) != 1)
        return;
    for (const char *operand = strstr(at->text, ", R"); operand; operand = strstr(operand + 1, ", R"))
        snprintf(at->sum, sizeof at->sum, "%.*s", (int)strspn(operand + 2, "RZ0123456789"), operand + 2);
}

static int count_behind(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    return at ? (int)strtol(at + strlen(name), NULL, 16) : ASM_NO_WAIT;
}

static void read_instruction(asm_listing *listing, asm_kernel *kernel, const char *line, const char *frames)
{
    const char *text = strstr(line, "*/") + 2;
    asm_instruction *at = asm_add_instruction(kernel);
    at->address = strtoull(strstr(line, "/*") + 2, NULL, 16);
    text += strspn(text, " \t{");
    int predicated = *text == '@';
    if (predicated)
        text += strcspn(text, " ") + strspn(text + strcspn(text, " "), " ");
    tw_list_add(&listing->strings, "%.*s", (int)strcspn(text, ";\n"), text);
    at->text = listing->strings.item[listing->strings.count - 1];
    at->kind = kind_of(at->text, predicated);
    at->stack = starts(at->text, "LDL") || starts(at->text, "STL");
    at->bytes = at->kind != ASM_COPY ? 0 : strstr(at->text, ".128") ? 16 : strstr(at->text, ".64") ? 8 : 4;
    at->frames = frames;
    if (at->kind == ASM_MATRIX)
        read_matrix(at);
    if (at->kind == ASM_WAIT) {
        at->copies_left = count_behind(at->text, "SB0, 0x");
        at->matrix_left = count_behind(at->text, "gsb0, 0x");
    }
}

typedef struct {
    char name[24];
    int at;
} label;

static void resolve(asm_kernel *kernel, const label *labels, int count)
{
    for (int i = 0; i < kernel->count; i++) {
        asm_instruction *at = &kernel->instruction[i];
        const char *name = at->kind == ASM_BRANCH || at->kind == ASM_JUMP ? strstr(at->text, "`(") : NULL;
        for (int l = 0; name && l < count; l++) {
            size_t length = strlen(labels[l].name);
            if (strncmp(name + 2, labels[l].name, length) == 0 && name[2 + length] == ')')
                at->target = labels[l].at < kernel->count ? labels[l].at : -1;
        }
    }
}

static void read_text(asm_listing *listing)
{
    label *labels = malloc(LABELS_MAX * sizeof *labels);
    asm_kernel *kernel = NULL;
    const char *frames = NULL;
    int count = 0, in_frames = 0;
    for (const char *line = listing->text; line && *line; line = strchr(line, '\n'), line += line != NULL) {
        const char *text = line + strspn(line, " \t");
        if (starts(line, ".text.")) {
            if (kernel)
                resolve(kernel, labels, count);
            kernel = asm_add_kernel(listing, line + 6, (int)strcspn(line + 6, ":\n"));
            count = 0;
        } else if (kernel && starts(line, ".L_") && count < LABELS_MAX) {
            snprintf(labels[count].name, sizeof labels->name, "%.*s", (int)strcspn(line, ":\n"), line);
            labels[count++].at = kernel->count;
        } else if (starts(text, "//## File")) {
            frames = in_frames ? frames : line;
            in_frames = 1;
            continue;
        } else if (kernel && starts(text, "/*") && isxdigit((unsigned char)text[2])) {
            read_instruction(listing, kernel, line, frames);
        }
        in_frames = 0;
    }
    if (kernel)
        resolve(kernel, labels, count);
    free(labels);
}

static void read_figures(asm_listing *listing, const char *log)
{
    cli_resources found[RESOURCE_KERNELS_MAX];
    int count = cli_resources_parse(log, found);
    for (int i = 0; i < count; i++)
        for (int k = 0; k < listing->kernels; k++)
            if (strcmp(listing->kernel[k].name, found[i].kernel) == 0) {
                asm_figures *figures = &listing->kernel[k].figures;
                figures->registers = found[i].registers;
                figures->accumulators = figures->scalars = figures->scalar_spills = 0;
                figures->spills = found[i].spills;
                figures->stack_bytes = found[i].stack_bytes;
                figures->shared_bytes = found[i].shared_bytes;
            }
}

/* Without nvdisasm: the kernels that ptxas reports on, without instructions. */
static void name_kernels(asm_listing *listing, const char *log)
{
    cli_resources found[RESOURCE_KERNELS_MAX];
    int count = cli_resources_parse(log, found);
    for (int i = 0; i < count; i++)
        asm_add_kernel(listing, found[i].kernel, (int)strlen(found[i].kernel));
}

/* ".target sm_90a" */
static tw_status check_machine(const asm_listing *listing)
{
    const char *target = strstr(listing->text, ".target"), *name = target ? strstr(target, "sm_") : NULL;
    if (name && atoi(name + 3) != atoi(listing->machine + 2))
        return tw_fail(TW_INVALID, "%s is compiled for sm%d, not for %s; say so by --target", listing->object,
                       atoi(name + 3), listing->machine);
    return tw_ok();
}

tw_status asm_read_nvidia(const char *object, const char *log, asm_listing *listing)
{
    char *why;
    if (asm_tool_here(ASM_NVDISASM, &why)) {
        TW_TRY(asm_tool_run(ASM_NVDISASM, &listing->text, "-gi", "-c", object, NULL));
        TW_TRY(check_machine(listing));
        read_text(listing);
    } else if (log) {
        name_kernels(listing, log);
    } else {
        tw_status status = tw_fail(TW_UNAVAILABLE, "%s", why);
        free(why);
        return status;
    }
    listing->skipped = why;
    if (log)
        read_figures(listing, log);
    return tw_ok();
}
