/* SPDX-License-Identifier: MIT
 *
 * JSON files of the tool. FILE may be '-': standard output.
 */
#ifndef TW_TOOLS_REPORT_H
#define TW_TOOLS_REPORT_H

#include "host/status.h"
#include "json.h"

TW_CHECKED tw_status cli_json_allowed(const char *path);
TW_CHECKED tw_status cli_json_write(const char *path, const cJSON *json);

#endif
