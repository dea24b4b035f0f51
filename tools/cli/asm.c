/* SPDX-License-Identifier: MIT
 *
 * Listings and lists of findings.
 */
#include "asm.h"

#include <stdio.h>
#include <stdlib.h>

static void *grown(void *list, int count, int *capacity, size_t size)
{
    if (count < *capacity)
        return list;
    *capacity = 2 * *capacity + 64;
    list = realloc(list, (size_t)*capacity * size);
    if (!list)
        abort();
    return list;
}

asm_kernel *asm_add_kernel(asm_listing *listing, const char *name, int length)
{
    listing->kernel = realloc(listing->kernel, (size_t)(listing->kernels + 1) * sizeof *listing->kernel);
    if (!listing->kernel)
        abort();
    asm_kernel *kernel = &listing->kernel[listing->kernels++];
    *kernel = (asm_kernel){.figures = {-1, -1, -1, -1, -1, -1, -1, -1}};
    snprintf(kernel->name, sizeof kernel->name, "%.*s", length, name);
    return kernel;
}

asm_instruction *asm_add_instruction(asm_kernel *kernel)
{
    kernel->instruction =
        grown(kernel->instruction, kernel->count, &kernel->capacity, sizeof *kernel->instruction);
    asm_instruction *added = &kernel->instruction[kernel->count++];
    *added = (asm_instruction){
        .target = -1, .copies_left = ASM_NO_WAIT, .shared_left = ASM_NO_WAIT, .matrix_left = ASM_NO_WAIT};
    return added;
}

void asm_listing_free(asm_listing *listing)
{
    for (int k = 0; k < listing->kernels; k++)
        free(listing->kernel[k].instruction);
    free(listing->kernel);
    free(listing->text);
    free(listing->skipped);
    tw_list_free(&listing->strings);
}

const char *asm_title(asm_code code)
{
    static const struct {
        asm_code code;
        const char *title;
    } row[] = {
#define ASM_FINDING_ROW(number, name, title) {ASM_FOUND_##name, title},
#include "asm_findings.def"
    };
    size_t i = 0;
    while (row[i].code != code)
        i++;
    return row[i].title;
}

asm_finding *asm_find(asm_findings *findings, asm_code code, const asm_kernel *kernel, int at, int also,
                      char *what, char *fix)
{
    findings->finding =
        grown(findings->finding, findings->count, &findings->capacity, sizeof *findings->finding);
    asm_finding *finding = &findings->finding[findings->count++];
    *finding = (asm_finding){
        .code = code,
        .kernel = kernel,
        .at = at < 0 ? NULL : &kernel->instruction[at],
        .also = also < 0 ? NULL : &kernel->instruction[also],
        .what = what,
        .fix = fix,
    };
    return finding;
}

void asm_finding_free(asm_finding *finding)
{
    free(finding->what);
    free(finding->fix);
    free(finding->place.file);
    free(finding->place.library);
    free(finding->other.file);
    free(finding->other.library);
}

void asm_findings_free(asm_findings *findings)
{
    for (int i = 0; i < findings->count; i++)
        asm_finding_free(&findings->finding[i]);
    free(findings->finding);
}
