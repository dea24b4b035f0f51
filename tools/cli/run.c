/* SPDX-License-Identifier: MIT
 *
 * tw run: one kernel on one target, from files or random numbers, checked and timed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run_report.h"

enum { INPUTS_MAX = 64, OUTPUTS_MAX = 16, LAUNCHES_MAX = 1000000 };

typedef struct {
    const char *name, *path;
} named_file;

typedef struct {
    const tw_kernel *kernel;
    const char *target_name, *json;
    long long seed, launches, pad;
    int check;
    named_file input[INPUTS_MAX], output[OUTPUTS_MAX];
    int input_count, output_count;
    tw_target *target;
    tw_problem *problem;
} run_request;

static const struct option options[] = {
    {"target", required_argument, NULL, 't'},
    {"out", required_argument, NULL, 'O'},
    CLI_PROBLEM_OPTIONS,
    {"seed", required_argument, NULL, 'r'},
    {"check", no_argument, NULL, 'c'},
    {"time", required_argument, NULL, 'n'},
    {"json", required_argument, NULL, 'j'},
    {"pad", required_argument, NULL, 'p'},
    {0},
};

static tw_status take_output(run_request *request, char *text)
{
    char *name, *path;
    TW_TRY(cli_split("--out", "NAME=FILE.npy", text, &name, &path));
    TW_TRY(tw_kernel_check_tensor(request->kernel, name));
    TW_TRY(tw_output_allowed(path));
    for (int i = 0; i < request->output_count; i++) {
        if (tw_same_file(request->output[i].path, path))
            return tw_fail(TW_INVALID, "--out names %s twice", path);
    }
    if (request->output_count == OUTPUTS_MAX)
        return tw_fail(TW_INVALID, "more than %d times --out", OUTPUTS_MAX);
    request->output[request->output_count++] = (named_file){name, path};
    return tw_ok();
}

static tw_status take_input(run_request *request, char *text)
{
    TW_TRY(cli_problem_option(request->problem, 'i', text)); /* cuts the text in two */
    if (request->input_count == INPUTS_MAX)
        return tw_fail(TW_INVALID, "more than %d times --in", INPUTS_MAX);
    request->input[request->input_count++] = (named_file){text, text + strlen(text) + 1};
    return tw_ok();
}

static tw_status take_option(run_request *request, int option)
{
    switch (option) {
    case 't': request->target_name = optarg; return tw_ok();
    case 'O': return take_output(request, optarg);
    case 'i': return take_input(request, optarg);
    case 'r': return cli_integer("--seed", optarg, 0, INT64_MAX, &request->seed);
    case 'n': return cli_integer("--time", optarg, 1, LAUNCHES_MAX, &request->launches);
    case 'p': return cli_integer("--pad", optarg, 0, 1 << 20, &request->pad);
    case 'j': request->json = optarg; return cli_json_allowed(optarg);
    case 'c': request->check = 1; return tw_ok();
    default: return cli_problem_option(request->problem, option, optarg);
    }
}

/* No file for two things. A tensor that is read and written may be replaced by its result. */
static tw_status check_files(const run_request *request)
{
    for (int o = 0; o < request->output_count; o++) {
        const named_file *output = &request->output[o];
        if (request->json && tw_same_file(request->json, output->path))
            return tw_fail(TW_INVALID, "--out and --json both name %s", request->json);
        for (int i = 0; i < request->input_count; i++)
            if (strcmp(request->input[i].name, output->name) != 0 &&
                tw_same_file(request->input[i].path, output->path))
                return tw_fail(TW_INVALID,
                               "--out %s would replace %s, which --in %s reads; name another file",
                               output->name, output->path, request->input[i].name);
    }
    for (int i = 0; request->json && i < request->input_count; i++)
        if (tw_same_file(request->input[i].path, request->json))
            return tw_fail(TW_INVALID, "--json would replace %s, which --in %s reads; name another file",
                           request->json, request->input[i].name);
    return tw_ok();
}

static tw_status parse(int argc, char **argv, run_request *request)
{
    TW_TRY(cli_find_kernel(argc, argv, options, &request->kernel));
    TW_TRY(tw_problem_create(request->kernel, &request->problem));
    optind = 0; /* glibc: start again */
    for (;;) {
        int option;
        TW_TRY(cli_option(argc, argv, options, &option));
        if (option < 0)
            break;
        TW_TRY(take_option(request, option));
    }
    if (!request->target_name)
        return tw_fail(TW_INVALID, "tw run needs --target; tw targets lists them");
    tw_target_id id;
    TW_TRY(tw_target_parse(request->target_name, &id));
    return check_files(request);
}

/* Every --out must name a tensor that is there under the options set. */
static tw_status check_outputs(run_request *request)
{
    for (int i = 0; i < request->output_count; i++) {
        const char *name = request->output[i].name;
        if (!tw_problem_tensor(request->problem, name))
            return tw_fail(TW_INVALID,
                           "--out %s: %s has no such tensor under these options; tw kernels says when", name,
                           request->kernel->name);
    }
    return tw_ok();
}

/* All files complete beside their places first, then all renamed. */
static tw_status write_outputs(run_request *request)
{
    tw_output file[OUTPUTS_MAX] = {0};
    tw_status status = tw_ok();
    for (int i = 0; i < request->output_count && status.code == TW_OK; i++) {
        const tw_tensor *tensor = tw_problem_tensor(request->problem, request->output[i].name);
        status = tw_output_open(&file[i], request->output[i].path);
        if (status.code == TW_OK)
            status = tw_npy_write(&file[i], tensor->dtype, tensor->rank, tensor->dim,
                                  tensor->is_output ? tensor->result : tensor->input);
        if (status.code == TW_OK)
            status = tw_output_close(&file[i]);
    }
    for (int i = 0; i < request->output_count && status.code == TW_OK; i++)
        status = tw_output_commit(&file[i]);
    for (int i = 0; i < request->output_count; i++)
        tw_output_discard(&file[i]);
    return status;
}

static tw_status execute(run_request *request, cli_result *result)
{
    tw_problem *problem = request->problem;
    TW_TRY(tw_target_open(request->target_name, &request->target));
    TW_TRY(tw_problem_resolve(problem, (uint64_t)request->seed));
    TW_TRY(check_outputs(request));
    TW_TRY(tw_problem_open(problem, request->target, request->pad, cli_progress, NULL));
    TW_TRY(tw_problem_run(problem));
    if (request->check) {
        result->checked = 1;
        TW_TRY(tw_problem_check(problem, &result->pass));
    }
    if (request->launches) {
        result->milliseconds = calloc((size_t)request->launches, sizeof *result->milliseconds);
        result->launches = (int)request->launches;
        if (!result->milliseconds)
            return tw_fail(TW_NO_MEMORY, "no memory for %lld times", request->launches);
        TW_TRY(tw_problem_time(problem, result->launches, result->milliseconds));
    }
    TW_TRY(write_outputs(request));
    result->problem = problem;
    result->target = request->target;
    result->seed = request->seed;
    cli_result_print(result);
    return request->json ? cli_result_json(result, request->json) : tw_ok();
}

int cli_run(int argc, char **argv)
{
    run_request request = {.seed = 1};
    cli_result result = {0};
    tw_status status = parse(argc, argv, &request);
    if (status.code == TW_OK)
        status = execute(&request, &result);
    free(result.milliseconds);
    tw_problem_free(request.problem);
    tw_target_close(request.target);
    if (status.code != TW_OK)
        return cli_fail(&status);
    return result.checked && !result.pass ? CLI_FAIL : CLI_PASS;
}
