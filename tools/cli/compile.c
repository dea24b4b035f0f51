/* SPDX-License-Identifier: MIT
 *
 * tw compile: one object file, for build systems and for looking at what a compiler made of a kernel.
 */
#define _GNU_SOURCE
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "host/file.h"
#include "report.h"
#include "resources.h"
#include "subject.h"

typedef struct {
    cli_subject subject;
    const char *target, *output, *folder, *depfile, *stamp, *json;
    int print_command, resources;
} compile_request;

static const struct option options[] = {
    {"target", required_argument, NULL, 't'},  CLI_SUBJECT_OPTIONS,
    {"output", required_argument, NULL, 'o'},  {"into", required_argument, NULL, 'i'},
    {"depfile", required_argument, NULL, 'd'}, {"stamp", required_argument, NULL, 'S'},
    {"print-command", no_argument, NULL, 'p'}, {"resources", no_argument, NULL, 'r'},
    {"json", required_argument, NULL, 'j'},    {0},
};

static tw_status take_option(compile_request *request, int option)
{
    switch (option) {
    case 't': request->target = optarg; return tw_ok();
    case 'o': request->output = optarg; return tw_output_allowed(optarg);
    case 'i': request->folder = optarg; return tw_ok();
    case 'd': request->depfile = optarg; return tw_ok();
    case 'S': request->stamp = optarg; return tw_ok();
    case 'p': request->print_command = 1; return tw_ok();
    case 'r': request->resources = 1; return tw_ok();
    case 'j': request->json = optarg; return cli_json_allowed(optarg);
    default: return cli_subject_take(&request->subject, option);
    }
}

static tw_status parse(int argc, char **argv, compile_request *request)
{
    TW_TRY(cli_subject_find(argc, argv, options, 0, &request->subject));
    for (;;) {
        int option;
        TW_TRY(cli_option(argc, argv, options, &option));
        if (option < 0)
            break;
        TW_TRY(take_option(request, option));
    }
    if (!request->target)
        return tw_fail(TW_INVALID, "tw compile needs --target; tw targets lists them");
    if (request->output && request->folder)
        return tw_fail(TW_INVALID, "-o %s and --into %s: give one of them", request->output, request->folder);
    if (!request->output && !request->folder && !request->print_command && !request->resources)
        return tw_fail(TW_INVALID, "tw compile needs -o FILE or --into FOLDER");
    if (request->json && !request->resources)
        return tw_fail(TW_INVALID, "--json %s holds what --resources reports; give both", request->json);
    return tw_ok();
}

static void print_resources(const cli_resources *kernels, int count)
{
    if (!count)
        puts("this compiler reports no kernel's resources");
    for (int i = 0; i < count; i++) {
        const cli_resources *k = &kernels[i];
        printf("%s: %d registers", k->kernel, k->registers);
        if (k->occupancy)
            printf(", %d accumulators, %d scalars, %d scalar spills, %d waves a SIMD", k->accumulators,
                   k->scalars, k->scalar_spills, k->occupancy);
        printf(", %d spills, %d bytes of stack, %d bytes of shared memory\n", k->spills, k->stack_bytes,
               k->shared_bytes);
    }
}

static tw_status write_resources(const cli_resources *kernels, int count, const char *path)
{
    cJSON *list = cJSON_CreateArray();
    for (int i = 0; i < count; i++) {
        cJSON *json = cJSON_CreateObject();
        cJSON_AddStringToObject(json, "kernel", kernels[i].kernel);
        cJSON_AddNumberToObject(json, "registers", kernels[i].registers);
        cJSON_AddNumberToObject(json, "accumulators", kernels[i].accumulators);
        cJSON_AddNumberToObject(json, "scalars", kernels[i].scalars);
        cJSON_AddNumberToObject(json, "spills", kernels[i].spills);
        cJSON_AddNumberToObject(json, "scalar_spills", kernels[i].scalar_spills);
        cJSON_AddNumberToObject(json, "stack_bytes", kernels[i].stack_bytes);
        cJSON_AddNumberToObject(json, "shared_bytes", kernels[i].shared_bytes);
        cJSON_AddNumberToObject(json, "occupancy", kernels[i].occupancy);
        cJSON_AddItemToArray(list, json);
    }
    tw_status status = cli_json_write(path, list);
    cJSON_Delete(list);
    return status;
}

static tw_status touch(const char *path)
{
    tw_output output;
    TW_TRY(tw_output_open(&output, path));
    TW_TRY(tw_output_close(&output));
    return tw_output_commit(&output);
}

static tw_status parent_folder(const char *path)
{
    char *copy = tw_text_format("%s", path);
    tw_status status = tw_folder_create(dirname(copy));
    free(copy);
    return status;
}

/* Compiles, and gives what the compiler printed. */
static tw_status compile(const compile_request *request, const tw_target_id *id, const char *source,
                         char **log)
{
    *log = NULL;
    if (request->depfile)
        TW_TRY(parent_folder(request->depfile));
    if (request->stamp)
        TW_TRY(parent_folder(request->stamp));
    if (request->folder) {
        char *copy = tw_text_format("%s", source);
        char *stem = basename(copy);
        stem[strcspn(stem, ".")] = '\0';
        tw_instance_request instance = {
            .kernel = request->subject.kernel ? request->subject.kernel->name : stem,
            .source = source,
            .defines = request->subject.define,
            .define_count = request->subject.define_count,
        };
        char *path;
        tw_status status = tw_instance_ship(id, &instance, request->folder, request->depfile, request->stamp,
                                            request->resources, &path, log);
        free(path);
        free(copy);
        return status;
    }
    char *nowhere = request->output ? NULL : tw_temporary_name("/tmp/tilewright");
    tw_compilation compilation = {
        .source = source,
        .defines = request->subject.define,
        .define_count = request->subject.define_count,
        .output = request->output ? request->output : nowhere,
        .depfile = request->depfile,
        .depfile_target = request->stamp,
        .report_resources = request->resources,
    };
    tw_status status = tw_compile(id, &compilation, log);
    if (nowhere)
        remove(nowhere);
    free(nowhere);
    return status;
}

static void print_command(const compile_request *request, const tw_target_id *id, const char *source)
{
    tw_list command = {0};
    tw_compilation compilation = {
        .source = source,
        .defines = request->subject.define,
        .define_count = request->subject.define_count,
        .output = request->output ? request->output : "OBJECT",
        .depfile = request->depfile,
        .depfile_target = request->stamp,
        .report_resources = request->resources,
    };
    tw_compile_command(id, &compilation, &command);
    char *line = tw_list_command(&command);
    puts(line);
    free(line);
    tw_list_free(&command);
}

static tw_status execute(compile_request *request)
{
    tw_target_id id;
    TW_TRY(tw_target_resolve(request->target, &id));
    TW_TRY(cli_subject_defines(&request->subject));
    char *source;
    TW_TRY(cli_subject_source(&request->subject, &source));
    if (request->print_command) {
        print_command(request, &id, source);
        free(source);
        return tw_ok();
    }
    char *log;
    tw_status status = compile(request, &id, source, &log);
    cli_resources kernels[RESOURCE_KERNELS_MAX];
    if (status.code == TW_OK && request->resources) {
        int count = cli_resources_parse(log, kernels);
        cli_print_warnings(log);
        print_resources(kernels, count);
        if (request->json)
            status = write_resources(kernels, count, request->json);
    } else if (log) {
        fputs(log, stderr);
    }
    if (status.code == TW_OK && request->stamp)
        status = touch(request->stamp);
    free(log);
    free(source);
    return status;
}

int cli_compile(int argc, char **argv)
{
    compile_request request = {0};
    tw_status status = parse(argc, argv, &request);
    if (status.code == TW_OK)
        status = execute(&request);
    cli_subject_free(&request.subject);
    return status.code == TW_OK ? CLI_PASS : cli_fail(&status);
}
