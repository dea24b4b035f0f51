/* SPDX-License-Identifier: MIT
 *
 * tw targets: every target, whether kernels for it are built in, what compiles more, whether it runs here.
 */
#include <stdio.h>

#include "cli.h"
#include "report.h"

static void print(const tw_target_report *report)
{
    char built[24] = "no";
    if (report->shipped)
        snprintf(built, sizeof built, "yes (%d)", report->shipped);
    printf("%-12s %-9s %-34s %-8s %s\n", report->id.name, built,
           report->compiler[0] ? report->compiler : "not here", report->runnable ? "yes" : "no",
           report->runnable ? report->device : report->reason);
}

static cJSON *to_json(const tw_target_report *report)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "target", report->id.name);
    cJSON_AddStringToObject(json, "code", report->id.machine->code);
    cJSON_AddNumberToObject(json, "built_in", report->shipped);
    cJSON_AddStringToObject(json, "compiler", report->compiler);
    cJSON_AddBoolToObject(json, "runnable", report->runnable);
    cJSON_AddStringToObject(json, "device", report->device);
    cJSON_AddStringToObject(json, "reason", report->reason);
    return json;
}

int cli_targets(int argc, char **argv)
{
    static const struct option options[] = {{"json", required_argument, NULL, 'j'}, {0}};
    const char *path = NULL;
    int option;
    tw_status status;
    while ((status = cli_option(argc, argv, options, &option)).code == TW_OK && option >= 0) {
        if (option == 'j')
            path = optarg;
    }
    if (status.code == TW_OK && optind < argc)
        status = tw_fail(TW_INVALID, "'%s' is one argument too many; tw targets takes none", argv[optind]);
    if (status.code == TW_OK && path)
        status = cli_json_allowed(path);
    if (status.code != TW_OK)
        return cli_fail(&status);

    cJSON *list = cJSON_CreateArray();
    printf("%-12s %-9s %-34s %-8s %s\n", "TARGET", "BUILT IN", "COMPILER", "RUNS", "DEVICE, OR WHY NOT");
    for (size_t i = 0; i < tw_target_count(); i++) {
        tw_target_report report;
        tw_target_describe(i, &report);
        print(&report);
        cJSON_AddItemToArray(list, to_json(&report));
    }
    if (path)
        status = cli_json_write(path, list);
    cJSON_Delete(list);
    return status.code == TW_OK ? CLI_PASS : cli_fail(&status);
}
