/* SPDX-License-Identifier: MIT
 *
 * JSON files, complete or not there.
 */
#include "report.h"

#include <stdio.h>
#include <string.h>

#include "host/file.h"

tw_status cli_json_allowed(const char *path)
{
    if (!TW_WITH_JSON)
        return tw_fail(TW_UNAVAILABLE, "--json %s: this tw was built without libcjson; install it (Debian: "
                       "libcjson-dev) and build again", path);
    return strcmp(path, "-") == 0 ? tw_ok() : tw_output_allowed(path);
}

tw_status cli_json_write(const char *path, const cJSON *json)
{
    char *text = cJSON_Print(json);
    if (!text)
        return tw_fail(TW_NO_MEMORY, "no memory for %s", path);
    tw_status status = tw_ok();
    if (strcmp(path, "-") == 0) {
        puts(text);
    } else {
        tw_output output;
        status = tw_output_open(&output, path);
        if (status.code == TW_OK) {
            fprintf(output.stream, "%s\n", text);
            status = tw_output_close(&output);
        }
        if (status.code == TW_OK)
            status = tw_output_commit(&output);
    }
    cJSON_free(text);
    return status;
}
