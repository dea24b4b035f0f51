/* SPDX-License-Identifier: MIT
 *
 * Reading compilers' reports. NVIDIA's, one kernel:
 *   ptxas info    : Compiling entry function 'gemm' for 'sm_80'
 *       0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
 *   ptxas info    : Used 128 registers, used 1 barriers, 32 bytes smem, 480 bytes cmem[0]
 * AMD's, a remark a line, from "Function Name: gemm" on:
 *   TotalSGPRs, VGPRs, AGPRs, ScratchSize [bytes/lane], Occupancy [waves/SIMD], SGPRs Spill, VGPRs Spill,
 *   LDS Size [bytes/block]
 */
#include "resources.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/text.h"

/* The number behind `label` in the line, or 0. */
static int number_after(const char *line, const char *label)
{
    const char *at = strstr(line, label);
    return at ? atoi(at + strlen(label)) : 0;
}

/* The number in front of `label` in the line, or 0. */
static int number_before(const char *line, const char *label)
{
    const char *at = strstr(line, label);
    while (at && at > line && at[-1] >= '0' && at[-1] <= '9')
        at--;
    return at ? atoi(at) : 0;
}

static void read_line(const char *line, cli_resources *kernel)
{
    kernel->stack_bytes +=
        number_before(line, " bytes stack frame") + number_after(line, "ScratchSize [bytes/lane]: ");
    kernel->spills += number_before(line, " bytes spill stores") + number_before(line, " bytes spill loads");
    kernel->spills += number_after(line, "VGPRs Spill: ");
    kernel->scalar_spills += number_after(line, "SGPRs Spill: ");
    kernel->registers += number_after(line, "ptxas info    : Used ") + number_after(line, " VGPRs: ");
    kernel->accumulators += number_after(line, " AGPRs: ");
    kernel->scalars += number_after(line, "TotalSGPRs: ");
    kernel->shared_bytes +=
        number_before(line, " bytes smem") + number_after(line, "LDS Size [bytes/block]: ");
    kernel->occupancy += number_after(line, "Occupancy [waves/SIMD]: ");
}

int cli_resources_parse(const char *log, cli_resources *kernels)
{
    int count = 0;
    while (*log) {
        int length = (int)strcspn(log, "\n");
        char line[512];
        snprintf(line, sizeof line, "%.*s", length, log);
        const char *name = strstr(line, "Compiling entry function '");
        name = name ? strchr(name, '\'') + 1 : strstr(line, "Function Name: ");
        if (name && count < RESOURCE_KERNELS_MAX) {
            if (strncmp(name, "Function Name: ", 15) == 0)
                name += 15;
            kernels[count] = (cli_resources){0};
            snprintf(kernels[count++].kernel, sizeof kernels->kernel, "%.*s", (int)strcspn(name, "' "), name);
        }
        if (count)
            read_line(line, &kernels[count - 1]);
        log += length + (log[length] == '\n');
    }
    return count;
}

void cli_print_warnings(const char *log)
{
    while (*log) {
        int length = (int)strcspn(log, "\n");
        char *line = tw_text_format("%.*s", length, log);
        if (strstr(line, "warning") || strstr(line, "Performance Loss"))
            fprintf(stderr, "%s\n", line);
        free(line);
        log += length + (log[length] == '\n');
    }
}
