/* SPDX-License-Identifier: MIT
 *
 * Rules that need no count of what is under way:
 *
 *   - TW206: a loop adds up products of what it reads from shared memory, and the kernel has no matrix
 *     instruction.
 *   - TW207: on Hopper a wait stands between two wgmma that add to the same sum, and
 *     nothing looks at it, or ptxas says that it serialised them (C7510); on CDNA every MFMA of the hot loop
 *     needs the result of the one before.
 *   - TW208, TW209: registers that were sent to memory; a lane's stack that holds anything else.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asm.h"

enum { PRODUCTS_MIN = 16, CHAIN_MIN = 4 };

static int first_of(const asm_flow *flow, int loop, asm_kind kind)
{
    for (int i = 0; i < flow->kernel->count; i++)
        if (flow->loop[loop].in[i] && flow->kernel->instruction[i].kind == kind)
            return i;
    return -1;
}

/* "v_fmac_f32_e32 v7, v1, v2", "ds_read_b64 v[6:7], v9", "FFMA R7, R1, R2, R7": is register 7 (of sort v, v
 * and R) the first operand? Those of stores, which nothing is written to, count too. */
static int names_first(const char *text, char sort, int number)
{
    const char *at = text + strcspn(text, " \t");
    at += strspn(at, " \t");
    int range = *at == sort && at[1] == '[', first = 0, last = 0;
    if (*at != sort || sscanf(at + 1 + range, "%d:%d", &first, &last) < 1 + range) /* vmcnt, vcc */
        return 0;
    return first <= number && number <= (range ? last : first);
}

/* Is instruction i, a product and a sum, all that writes the sum in the loop? Then it goes on from turn to
 * turn. */
static int is_running_sum(const asm_flow *flow, int loop, int i)
{
    const char *text = flow->kernel->instruction[i].text, *result = text + strcspn(text, " \t");
    result += strspn(result, " \t");
    const char sort = *result;
    const int number = atoi(result + 1 + (result[1] == '['));
    for (int j = 0; j < flow->kernel->count; j++) {
        const asm_instruction *other = &flow->kernel->instruction[j];
        if (flow->loop[loop].in[j] && other->kind != ASM_MULTIPLY && names_first(other->text, sort, number))
            return 0;
    }
    return 1;
}

static int count_running_sums(const asm_flow *flow, int loop)
{
    int sums = 0;
    for (int i = 0; i < flow->kernel->count; i++)
        sums += flow->loop[loop].in[i] && flow->kernel->instruction[i].kind == ASM_MULTIPLY &&
                is_running_sum(flow, loop, i);
    return sums;
}

/* The loop with the most products whose factors may come from shared memory. */
static void check_missing(const asm_flow *flow, asm_findings *findings)
{
    int best = -1, most = PRODUCTS_MIN - 1;
    for (int i = 0; i < flow->kernel->count; i++)
        if (flow->kernel->instruction[i].kind == ASM_MATRIX)
            return;
    for (int l = 0; l < flow->loops; l++) {
        int products = asm_loop_count(flow, l, ASM_SHARED_READ) ? count_running_sums(flow, l) : 0;
        if (products > most)
            best = l, most = products;
    }
    if (best < 0)
        return;
    asm_find(
        findings, ASM_FOUND_matrix_missing, flow->kernel, first_of(flow, best, ASM_MULTIPLY), -1,
        tw_text_format("the loop adds up %d products one by one, and the kernel has no matrix instruction",
                       most),
        tw_text_format("a dtype and a tile shape that the machine's matrix instructions take (tw_mma_*)"));
}

/* Does the text name a register that "HGMMA.64x64x16.F32.BF16 R24, ..." adds to: R24 and the 31 behind it? */
static int names_sum(const char *text, const asm_instruction *matrix)
{
    int cols = 0, first = atoi(matrix->result + 1);
    if (sscanf(matrix->text, "HGMMA.64x%d", &cols) != 1)
        return 1;
    for (const char *at = strchr(text, 'R'); at; at = strchr(at + 1, 'R')) {
        int own = at > text && strchr(" ,[-|~", at[-1]) && at[1] >= '0' && at[1] <= '9';
        int number = own ? atoi(at + 1) : -1;
        if (number >= first && number < first + cols / 2)
            return 1;
    }
    return 0;
}

/* The loop's instructions in the listing's order: a wait for all between two that add to the same sum, and
 * nothing that looks at the sum. */
static void check_waits_between(const asm_flow *flow, int loop, asm_findings *findings)
{
    const asm_instruction *last = NULL;
    int wait = -1, waits = 0, pairs = 0, first_wait = -1, first = -1, seen = 0;
    for (int i = 0; i < flow->kernel->count; i++) {
        const asm_instruction *at = &flow->kernel->instruction[i];
        if (!flow->loop[loop].in[i])
            continue;
        if (at->kind == ASM_WAIT && at->matrix_left == 0)
            wait = i;
        if (at->kind != ASM_MATRIX) {
            seen |= last && names_sum(at->text, last);
            continue;
        }
        int pair = last && strcmp(last->result, at->sum) == 0;
        pairs += pair;
        if (pair && wait >= 0 && !seen && !waits++)
            first_wait = wait, first = i;
        last = at;
        wait = -1, seen = 0;
    }
    if (waits)
        asm_find(findings, ASM_FOUND_matrix_serialised, flow->kernel, first_wait, first,
                 tw_text_format(
                     "%d of %d times the loop waits for a wgmma before the next that adds to the same sum",
                     waits, pairs),
                 tw_text_format("issue them all, then commit and wait once"));
}

/* Is what each MFMA adds to the result of the one before? */
static void check_chain(const asm_flow *flow, int loop, asm_findings *findings)
{
    const asm_instruction *last = NULL;
    int matrices = 0, chained = 0, first = -1;
    for (int i = 0; i < flow->kernel->count; i++) {
        const asm_instruction *at = &flow->kernel->instruction[i];
        if (!flow->loop[loop].in[i] || at->kind != ASM_MATRIX)
            continue;
        matrices++;
        first = first < 0 ? i : first;
        chained += last && last->result[0] && strcmp(last->result, at->sum) == 0;
        last = at;
    }
    if (matrices >= CHAIN_MIN && chained == matrices - 1)
        asm_find(findings, ASM_FOUND_matrix_serialised, flow->kernel, first, -1,
                 tw_text_format("all %d MFMAs of the loop add to one sum: each waits for the one before",
                                matrices),
                 tw_text_format("a larger tile a wave, so that several sums take turns"));
}

void asm_check_matrices(const asm_listing *listing, const asm_flow *flow, const char *log,
                        asm_findings *findings)
{
    int found = findings->count;
    char *done = calloc((size_t)flow->loops + 1, 1);
    check_missing(flow, findings);
    for (int i = 0; i < flow->kernel->count; i++) {
        int loop = flow->kernel->instruction[i].kind == ASM_MATRIX ? asm_loop_round(flow, i, ASM_MATRIX) : -1;
        if (loop < 0 || done[loop]++)
            continue;
        if (listing->is_amd)
            check_chain(flow, loop, findings);
        else
            check_waits_between(flow, loop, findings);
    }
    free(done);
    const char *said = log ? strstr(log, "C7510") : NULL;
    char *name = tw_text_format("'%s'", flow->kernel->name);
    if (said && strstr(said, name) && found == findings->count)
        asm_find(findings, ASM_FOUND_matrix_serialised, flow->kernel, -1, -1,
                 tw_text_format("ptxas waits behind each wgmma (%.*s)", (int)strcspn(said, "\n"), said),
                 tw_text_format(
                     "keep the sums in registers between issue and wait: no call, no branch that only some "
                     "lanes take, no tile that does not fit"));
    free(name);
}

void asm_check_stack(const asm_listing *listing, const asm_flow *flow, asm_findings *findings)
{
    const asm_kernel *kernel = flow->kernel;
    const asm_figures *figures = &kernel->figures;
    int accesses = 0, hot = 0, at = -1, at_hot = 0;
    (void)listing;
    for (int i = 0; i < kernel->count; i++) {
        if (!kernel->instruction[i].stack)
            continue;
        int loop = asm_loop_round(flow, i, ASM_MATRIX);
        accesses++;
        hot += loop >= 0;
        if (at < 0 || (loop >= 0 && !at_hot))
            at = i, at_hot = loop >= 0;
    }
    if (figures->spills > 0)
        asm_find(findings, ASM_FOUND_spill, kernel, at, -1,
                 tw_text_format("%d %s spilled to memory; %d accesses of the stack, %d in loops with matrix "
                                "instructions",
                                figures->spills, listing->is_amd ? "registers" : "bytes", accesses, hot),
                 tw_text_format("a smaller tile, or more waves to share it"));
    else if (figures->stack_bytes > 0 || (figures->stack_bytes < 0 && accesses > 0))
        asm_find(
            findings, ASM_FOUND_stack, kernel, at, -1,
            tw_text_format("%d bytes of stack; %d accesses, %d in loops with matrix instructions",
                           figures->stack_bytes, accesses, hot),
            tw_text_format(
                "a tile left the registers: an index that is not constant, a loop that was not unrolled"));
}
