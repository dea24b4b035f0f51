/* SPDX-License-Identifier: MIT
 *
 * Code objects for CDNA, as llvm-objdump and llvm-readelf show them:
 *
 *   0000000000001800 <gemm>:
 *           s_waitcnt vmcnt(16)                                  // 000000002D14: BF8C4F70
 *           s_cbranch_vccnz 1                                    // 000000002D20: BF870001 <gemm+0x1528>
 *           buffer_load_dword v79, s[0:3], 0 offen lds           // 000000002DD4: E0511000 8000004F
 *
 * vmcnt and lgkmcnt: CDNA3 ISA guide, 4.4 "Data dependency resolution".
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asm.h"
#include "asm_tool.h"
#include "host/file.h"

static int starts(const char *text, const char *with) { return strncmp(text, with, strlen(with)) == 0; }

/* The count behind `name` of a wait, "vmcnt(16)". */
static int count_of(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    return at ? atoi(at + strlen(name)) : ASM_NO_WAIT;
}

static int copied_bytes(const char *text)
{
    return strstr(text, "dwordx4")   ? 16
           : strstr(text, "dwordx3") ? 12
           : strstr(text, "ubyte")   ? 1
           : strstr(text, "ushort")  ? 2
                                     : 4;
}

/* An addition of a product to a running sum: fmac, or where a product's result is also what is added to. */
static int is_multiply(const char *text)
{
    static const char *const names[] = {"v_fma_", "v_mad_", "v_pk_fma_", "v_dot"};
    char result[16], sum[16];
    if (starts(text, "v_fmac_") || starts(text, "v_mac_"))
        return 1;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (starts(text, names[i]) && sscanf(text, "%*s %15[^,], %*[^,], %*[^,], %15s", result, sum) == 2)
            return strcmp(result, sum) == 0;
    return 0;
}

static asm_kind kind_of(const char *text)
{
    if (starts(text, "v_mfma_") || starts(text, "v_smfmac_"))
        return ASM_MATRIX;
    if (starts(text, "buffer_") || starts(text, "global_") || starts(text, "scratch_") ||
        starts(text, "flat_")) {
        if (starts(text, "buffer_wb") || starts(text, "buffer_inv") || starts(text, "buffer_gl"))
            return ASM_OTHER;
        size_t length = strlen(text);
        int ends_lds = length > 4 && strcmp(text + length - 4, " lds") == 0;
        return ends_lds || starts(text, "global_load_lds") ? ASM_COPY : ASM_MEMORY;
    }
    if (starts(text, "ds_")) {
        if (starts(text, "ds_read") || starts(text, "ds_load"))
            return ASM_SHARED_READ;
        return starts(text, "ds_bpermute") || starts(text, "ds_permute") || starts(text, "ds_swizzle") ||
                       starts(text, "ds_nop")
                   ? ASM_SHARED_OTHER
                   : ASM_SHARED_WRITE;
    }
    if (starts(text, "s_load_") || starts(text, "s_buffer_load") || starts(text, "s_memtime"))
        return ASM_SCALAR_LOAD;
    if (starts(text, "s_barrier"))
        return ASM_BARRIER;
    if (starts(text, "s_waitcnt"))
        return ASM_WAIT;
    if (starts(text, "s_cbranch_"))
        return ASM_BRANCH;
    if (starts(text, "s_branch"))
        return ASM_JUMP;
    if (starts(text, "s_endpgm") || starts(text, "s_setpc"))
        return ASM_END;
    return is_multiply(text) ? ASM_MULTIPLY : ASM_OTHER;
}

/* "v_mfma_f32_16x16x16_bf16 v[2:5], v[116:117], v[120:121], v[6:9]": v[2:5] and v[6:9]. */
static void read_matrix(asm_instruction *at)
{
    if (sscanf(at->text, "%*s %15[^,], %*[^,], %*[^,], %15s", at->result, at->sum) != 2)
        at->result[0] = at->sum[0] = '\0';
}

/* One line of the listing, which ends here; `address` receives a branch's target. */
static void read_line(asm_kernel *kernel, char *line, uint64_t base, uint64_t *address)
{
    char *comment = strstr(line, "//");
    char *text = line + strspn(line, " \t");
    asm_instruction *at = asm_add_instruction(kernel);
    at->address = strtoull(comment + 2, NULL, 16);
    *comment = '\0';
    for (size_t length = strlen(text); length && strchr(" \t", text[length - 1]);)
        text[--length] = '\0';
    at->text = text;
    at->kind = kind_of(text);
    at->stack = starts(text, "scratch_");
    at->bytes = at->kind == ASM_COPY ? copied_bytes(text) : 0;
    if (at->kind == ASM_WAIT) {
        at->copies_left = count_of(text, "vmcnt(");
        at->shared_left = count_of(text, "lgkmcnt(");
    }
    if (at->kind == ASM_MATRIX)
        read_matrix(at);
    const char *target = strrchr(comment + 1, '<');
    *address = 0;
    if (target && (at->kind == ASM_BRANCH || at->kind == ASM_JUMP)) {
        const char *plus = strstr(target, "+0x");
        *address = base + (plus ? strtoull(plus + 3, NULL, 16) : 0);
    }
}

static int compare_addresses(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = ((const asm_instruction *)right)->address;
    return (a > b) - (a < b);
}

static void resolve(asm_kernel *kernel, const uint64_t *targets)
{
    for (int i = 0; i < kernel->count; i++) {
        const asm_instruction *found = targets[i]
                                           ? bsearch(&targets[i], kernel->instruction, (size_t)kernel->count,
                                                     sizeof *found, compare_addresses)
                                           : NULL;
        kernel->instruction[i].target = found ? (int)(found - kernel->instruction) : -1;
    }
}

static void read_text(asm_listing *listing)
{
    asm_kernel *kernel = NULL;
    uint64_t base = 0, *targets = NULL;
    int room = 0;
    for (char *line = listing->text, *next; line && *line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        char *name = strchr(line, '<'), *end = strstr(line, ">:");
        if (name && end && *line >= '0' && *line <= '9') {
            if (kernel)
                resolve(kernel, targets);
            base = strtoull(line, NULL, 16);
            kernel = asm_add_kernel(listing, name + 1, (int)(end - name - 1));
        } else if (kernel && *line == '\t' && strstr(line, "//")) {
            if (kernel->count == room)
                targets = realloc(targets, (size_t)(room = 2 * room + 256) * sizeof *targets);
            uint64_t target;
            read_line(kernel, line, base, &target);
            targets[kernel->count - 1] = target;
        }
    }
    if (kernel)
        resolve(kernel, targets);
    free(targets);
}

static int note(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    return at ? atoi(at + strlen(name)) : -1;
}

/* The notes hold an entry a kernel, with its figures in alphabetical order behind ".agpr_count". */
static void read_notes(asm_listing *listing, char *notes)
{
    for (char *entry = strstr(notes, ".agpr_count:"), *next; entry; entry = next) {
        next = strstr(entry + 1, ".agpr_count:");
        char *text = tw_text_format("%.*s", next ? (int)(next - entry) : (int)strlen(entry), entry);
        const char *symbol = strstr(text, ".symbol:");
        symbol = symbol ? symbol + 8 + strspn(symbol + 8, " ") : "";
        int length = (int)strcspn(symbol, ".\n");
        for (int k = 0; k < listing->kernels; k++) {
            asm_kernel *kernel = &listing->kernel[k];
            if ((int)strlen(kernel->name) != length || strncmp(kernel->name, symbol, (size_t)length) != 0)
                continue;
            kernel->figures = (asm_figures){
                .registers = note(text, ".vgpr_count:"),
                .accumulators = note(text, ".agpr_count:"),
                .scalars = note(text, ".sgpr_count:"),
                .spills = note(text, ".vgpr_spill_count:"),
                .scalar_spills = note(text, ".sgpr_spill_count:"),
                .stack_bytes = note(text, ".private_segment_fixed_size:"),
                .shared_bytes = note(text, ".group_segment_fixed_size:"),
                .threads = note(text, ".max_flat_workgroup_size:"),
            };
        }
        free(text);
    }
}

/* Up to gfx90a a lane's stack is reached through a buffer that stays in s[0:3]. */
static void find_stack(asm_kernel *kernel)
{
    for (int i = 0; kernel->figures.stack_bytes > 0 && i < kernel->count; i++)
        if (starts(kernel->instruction[i].text, "buffer_") && strstr(kernel->instruction[i].text, " s[0:3],"))
            kernel->instruction[i].stack = 1;
}

/* What is no file for an AMD GPU by its ELF header, or of another machine by its note "amdhsa.target:
 * amdgcn-amd-amdhsa--gfx90a:sramecc+"; a hand-written one may be without. */
static tw_status check_machine(const asm_listing *listing, const char *notes)
{
    enum { MACHINE_AT = 18, MACHINE_AMDGPU = 224 }; /* e_machine, EM_AMDGPU */
    const char *target = strstr(notes, "amdhsa.target:"), *name = target ? strstr(target, "--") : NULL;
    char *bytes;
    size_t count;
    TW_TRY(tw_file_read(listing->object, &bytes, &count));
    int is_amd = count > MACHINE_AT + 1 && (unsigned char)bytes[MACHINE_AT] == MACHINE_AMDGPU &&
                 bytes[MACHINE_AT + 1] == 0;
    free(bytes);
    if (!is_amd)
        return tw_fail(TW_INVALID, "%s is no code object for an AMD GPU", listing->object);
    if (!name)
        return tw_ok();
    int length = (int)strcspn(name + 2, ":' \n");
    if ((int)strlen(listing->machine) != length || strncmp(name + 2, listing->machine, (size_t)length) != 0)
        return tw_fail(TW_INVALID, "%s is compiled for %.*s, not for %s; say so by --target", listing->object,
                       length, name + 2, listing->machine);
    return tw_ok();
}

tw_status asm_read_amd(const char *object, asm_listing *listing)
{
    char *notes = NULL;
    listing->is_amd = 1;
    TW_TRY(asm_tool_run(ASM_READELF, &notes, "--notes", object, NULL));
    tw_status status = check_machine(listing, notes);
    if (status.code == TW_OK)
        status = asm_tool_run(ASM_OBJDUMP, &listing->text, "-d", object, NULL);
    if (status.code == TW_OK) {
        read_text(listing);
        read_notes(listing, notes);
        for (int k = 0; k < listing->kernels; k++)
            find_stack(&listing->kernel[k]);
    }
    free(notes);
    return status;
}
