/* SPDX-License-Identifier: MIT
 *
 * What tw check tells of a launch's memory and matrix work: counts for a roofline, shared memory by source
 * line.
 */
#ifndef TW_TOOLS_PROFILE_REPORT_H
#define TW_TOOLS_PROFILE_REPORT_H

#include "cli.h"
#include "json.h"

/* `floor`: bytes of the kernel's tensors, each moved once. */
void cli_profile_print(const tw_profile *profile, const tw_traffic *traffic, double floor);

/* Adds "shared", a list with an object for each line and kind of access, and the sums over it. */
void cli_profile_json(cJSON *json, const tw_profile *profile);

#endif
