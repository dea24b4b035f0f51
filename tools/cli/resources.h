/* SPDX-License-Identifier: MIT
 *
 * What a compiler says a kernel uses: ptxas -v, and clang's kernel-resource-usage remarks.
 */
#ifndef TW_TOOLS_RESOURCES_H
#define TW_TOOLS_RESOURCES_H

enum { RESOURCE_KERNELS_MAX = 16 };

typedef struct {
    char kernel[64];
    int registers;     /* vector registers of one lane (AMD: VGPRs) */
    int accumulators;  /* AMD: AGPRs */
    int scalars;       /* AMD: SGPRs */
    int spills;        /* to memory: bytes stored and loaded (NVIDIA), VGPRs (AMD) */
    int scalar_spills; /* AMD: SGPRs kept in lanes of a VGPR, no memory */
    int stack_bytes;   /* of one lane */
    int shared_bytes;  /* static, of one block */
    int occupancy;     /* AMD: waves on a SIMD; 0: not said */
} cli_resources;

/* The kernels that `log` reports on; returns how many, at most RESOURCE_KERNELS_MAX. */
int cli_resources_parse(const char *log, cli_resources *kernels);

/* Prints, of a report on resources, warnings, and what ptxas calls information though it costs speed (C7508,
 * C7510). */
void cli_print_warnings(const char *log);

#endif
