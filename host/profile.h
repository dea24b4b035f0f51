/* SPDX-License-Identifier: MIT
 *
 * What launches on emulated machines did to shared memory, by source line.
 *
 *   tw_profile profile = {0};
 *   tw_problem_profile(problem, &profile);     before tw_problem_run
 *   profile.row[0 .. profile.count)            most cycles first
 *   tw_profile_free(&profile);
 */
#ifndef TW_HOST_PROFILE_H
#define TW_HOST_PROFILE_H

#include <stddef.h>
#include <stdint.h>

#include "arch/report.h"
#include "places.h"
#include "status.h"

typedef struct {
    tw_place place;
    uint32_t kind;  /* tw_shared_kind */
    uint32_t bytes; /* of a lane */
    uint64_t instructions, moved, cycles, ideal;
} tw_profile_row;

typedef struct {
    tw_profile_row *row;
    size_t count;
    uint64_t lost; /* places in the code that no report had room for */
} tw_profile;

enum { TW_PROFILE_PLACES = 8192 }; /* room in a launch's report, before places of one line come together */

/* "load", "ldmatrix" and so on. */
const char *tw_shared_kind_name(uint32_t kind);

/* Takes over the rows of a launch's report. */
TW_CHECKED tw_status tw_profile_add(tw_profile *profile, const tw_report *report);
void tw_profile_free(tw_profile *profile);

#endif
