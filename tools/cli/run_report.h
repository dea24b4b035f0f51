/* SPDX-License-Identifier: MIT
 *
 * What tw run tells: as text and as JSON.
 */
#ifndef TW_TOOLS_RUN_REPORT_H
#define TW_TOOLS_RUN_REPORT_H

#include "cli.h"
#include "host/file.h"
#include "report.h"

typedef struct {
    tw_problem *problem;
    const tw_target *target;
    long long seed;
    int checked, pass;
    int launches;         /* 0: not timed */
    double *milliseconds; /* of each launch; sorted by the reports */
} cli_result;

/* Kernel, target, sizes and options, as both tw run and tw check tell them. */
void cli_describe_print(const tw_problem *problem, const tw_target *target);
void cli_describe_json(cJSON *json, const tw_problem *problem, const tw_target *target);

/* What the last run moved; nothing where the target does not count. */
void cli_traffic_json(cJSON *json, const tw_traffic *traffic);

void cli_result_print(cli_result *result);
TW_CHECKED tw_status cli_result_json(cli_result *result, const char *path);

#endif
