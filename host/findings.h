/* SPDX-License-Identifier: MIT
 *
 * What emulated machines found in launches, as lines for people: the code, the place, what happened, the fix
 * to try.
 *
 *   tw_findings all = {0};
 *   tw_findings_add(&all, &report);      after each launch; the same thing found again is counted
 *   char *line = tw_finding_line(&all.item[0]);
 *   tw_findings_free(&all);
 */
#ifndef TW_HOST_FINDINGS_H
#define TW_HOST_FINDINGS_H

#include <stddef.h>
#include <stdint.h>

#include "arch/report.h"
#include "places.h"

typedef struct {
    uint32_t code;           /* tw_finding_code; printed as TW101 */
    const char *title, *fix; /* of arch/findings.def */
    tw_place place;          /* where it was noticed */
    char *text;              /* what happened, with the other places in it */
    char *other;             /* the place of the other access or copy; NULL: none */
    uint64_t count;
    uint32_t block[3], wave, lane; /* of the first time */
} tw_found;

typedef struct {
    tw_found *item;
    size_t count;
    uint64_t lost; /* findings that no report had room for */
    tw_traffic traffic;
} tw_findings;

enum { TW_FINDINGS_MAX = 128 }; /* room in a launch's report */

/* Takes over what a launch reported: findings in the order of the grid, traffic. */
void tw_findings_add(tw_findings *findings, const tw_report *report);
void tw_findings_free(tw_findings *findings);

/* "examples/gemm/gemm.c:57: TW101 race in shared memory: ...; fix: ... (block (0,0,0) wave 2 lane 0, 14
 * times)"; free() it. */
char *tw_finding_line(const tw_found *found);

#endif
