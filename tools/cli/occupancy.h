/* SPDX-License-Identifier: MIT
 *
 * How many blocks of a kernel a compute unit holds at a time, from the registers of the real compiler's code,
 * the shared memory and the waves of a block.
 */
#ifndef TW_TOOLS_OCCUPANCY_H
#define TW_TOOLS_OCCUPANCY_H

#include "cli.h"
#include "json.h"

typedef struct {
    int registers; /* of one lane, all kinds; 0: not known, and left out of account */
    int threads, shared_bytes;
    int blocks, waves, waves_most; /* on a unit; blocks 0: it does not fit */
    const char *limit;             /* what allows no more blocks */
    char missing[256];             /* why the registers are not known; empty where they are */
} cli_occupancy;

/* From the figures; 0 where nothing is known of the machine. */
int cli_occupancy_estimate(const tw_machine *machine, cli_occupancy *occupancy);

/* Of an open problem of an emulated machine: compiles the kernel for the machine itself, if its compiler is
 * here. */
int cli_occupancy_of(tw_problem *problem, const tw_machine *machine, cli_occupancy *occupancy);

void cli_occupancy_print(const cli_occupancy *occupancy);
void cli_occupancy_json(cJSON *json, const cli_occupancy *occupancy);

#endif
