/* SPDX-License-Identifier: MIT
 *
 * tw check: a kernel on an emulated machine, under several orders of its waves, with all that the machine
 * finds. Schedule s has seed first + s, which also makes its inputs: the seed alone replays it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "occupancy.h"
#include "profile_report.h"
#include "run_report.h"

enum { SCHEDULES = 5, SCHEDULES_MAX = 100000 };

typedef struct {
    int argc;
    char **argv;
    const tw_kernel *kernel;
    const char *target_name, *json;
    long long seed, schedules, pad;
    int occupancy; /* is asked for */
    tw_target *target;
} check_request;

/* What the schedules found, and under which seed first. */
typedef struct {
    tw_findings findings;
    long long *seed; /* of each finding */
    size_t seeds;
    long long failing_seed;      /* the first; -1: none */
    long long failing_schedules; /* that found anything */
    int wrong;                   /* schedules whose result was wrong */
    tw_profile profile;          /* of the first schedule */
    cli_occupancy occupancy;     /* threads 0: not known */
    tw_traffic traffic;
    double floor; /* bytes of its tensors, each moved once */
    cJSON *json;
} check_result;

static const struct option options[] = {
    {"target", required_argument, NULL, 't'},    CLI_PROBLEM_OPTIONS,
    {"seed", required_argument, NULL, 'r'},      {"pad", required_argument, NULL, 'p'},
    {"schedules", required_argument, NULL, 'n'}, {"occupancy", no_argument, NULL, 'o'},
    {"json", required_argument, NULL, 'j'},      {0},
};

/* Goes through the options; those that say what the problem is go to it. */
static tw_status take_options(check_request *request, tw_problem *problem)
{
    optind = 0; /* glibc: start again */
    for (;;) {
        int option;
        TW_TRY(cli_option(request->argc, request->argv, options, &option));
        switch (option) {
        case -1: return tw_ok();
        case 't': request->target_name = optarg; break;
        case 'o': request->occupancy = 1; break;
        case 'j':
            request->json = optarg;
            TW_TRY(cli_json_allowed(optarg));
            break;
        case 'r': TW_TRY(cli_integer("--seed", optarg, 0, INT64_MAX / 2, &request->seed)); break;
        case 'n': TW_TRY(cli_integer("--schedules", optarg, 1, SCHEDULES_MAX, &request->schedules)); break;
        case 'p': TW_TRY(cli_integer("--pad", optarg, 0, 1 << 20, &request->pad)); break;
        default: {
            char *text = tw_text_format("%s", optarg); /* is cut in two */
            tw_status status = cli_problem_option(problem, option, text);
            free(text);
            TW_TRY(status);
        }
        }
    }
}

/* The findings that the schedule of this seed added. */
static tw_status note_seed(check_result *result, long long seed, uint64_t found)
{
    uint64_t now = 0;
    long long *grown = realloc(result->seed, (result->findings.count + 1) * sizeof *grown);
    if (!grown)
        return tw_fail(TW_NO_MEMORY, "no memory for %zu findings", result->findings.count);
    result->seed = grown;
    while (result->seeds < result->findings.count)
        result->seed[result->seeds++] = seed;
    for (size_t i = 0; i < result->findings.count; i++)
        now += result->findings.item[i].count;
    if (now == found)
        return tw_ok();
    result->failing_schedules++;
    if (result->failing_seed < 0)
        result->failing_seed = seed;
    return tw_ok();
}

static uint64_t times_found(const check_result *result)
{
    uint64_t times = 0;
    for (size_t i = 0; i < result->findings.count; i++)
        times += result->findings.item[i].count;
    return times;
}

/* A launch that could not go on has left its finding; only what did not come from the kernel is a failure
 * here. */
static tw_status run_problem(check_request *request, tw_problem *problem, check_result *result,
                             long long seed)
{
    uint64_t found = times_found(result);
    int pass = 1;
    TW_TRY(tw_problem_resolve(problem, (uint64_t)seed));
    TW_TRY(tw_problem_open(problem, request->target, request->pad, cli_progress, NULL));
    tw_problem_watch(problem, &result->findings);
    if (seed == request->seed) {
        tw_problem_profile(problem, &result->profile);
        if (request->occupancy &&
            !cli_occupancy_of(problem, tw_target_identity(request->target)->machine, &result->occupancy))
            result->occupancy = (cli_occupancy){0};
        cli_describe_print(problem, request->target);
        cli_describe_json(result->json, problem, request->target);
        fflush(stdout);
    }
    tw_status status = tw_problem_run(problem);
    if (status.code != TW_OK && (status.code != TW_DEVICE || times_found(result) == found))
        return status;
    if (status.code == TW_OK)
        TW_TRY(tw_problem_check(problem, &pass));
    if (!pass) {
        result->wrong++;
        printf("  seed %lld: the result is wrong; see tw run --check --seed %lld\n", seed, seed);
    }
    if (seed == request->seed) {
        result->traffic = *tw_problem_traffic(problem);
        result->floor = tw_problem_bytes(problem);
    }
    TW_TRY(note_seed(result, seed, found));
    if (!pass && result->failing_seed < 0)
        result->failing_seed = seed;
    return tw_ok();
}

static tw_status run_schedule(check_request *request, check_result *result, long long seed)
{
    tw_problem *problem;
    TW_TRY(tw_problem_create(request->kernel, &problem));
    tw_status status = take_options(request, problem);
    if (status.code == TW_OK)
        status = run_problem(request, problem, result, seed);
    tw_problem_free(problem);
    return status;
}

static void print_result(const check_request *request, const check_result *result)
{
    for (size_t i = 0; i < result->findings.count; i++) {
        char *line = tw_finding_line(&result->findings.item[i]);
        printf("%s [seed %lld]\n", line, result->seed[i]);
        free(line);
    }
    if (result->findings.lost)
        printf("  %llu further findings are not listed\n", (unsigned long long)result->findings.lost);
    if (result->failing_seed < 0) {
        printf("  clean: %lld schedule%s, seeds %lld to %lld\n", request->schedules,
               request->schedules == 1 ? "" : "s", request->seed, request->seed + request->schedules - 1);
        return;
    }
    printf("  %zu finding%s under %lld of %lld schedules; --seed %lld --schedules 1 replays the first\n",
           result->findings.count, result->findings.count == 1 ? "" : "s", result->failing_schedules,
           request->schedules, result->failing_seed);
}

static void add_text(cJSON *json, const char *name, const char *text)
{
    if (text)
        cJSON_AddStringToObject(json, name, text);
}

static void add_finding(cJSON *list, const tw_found *found, long long seed)
{
    cJSON *json = cJSON_CreateObject();
    char code[16];
    snprintf(code, sizeof code, "TW%u", found->code);
    cJSON_AddStringToObject(json, "code", code);
    add_text(json, "title", found->title);
    add_text(json, "line", found->place.kernel);
    add_text(json, "library_line", found->place.library);
    add_text(json, "other_line", found->other);
    add_text(json, "text", found->text);
    add_text(json, "fix", found->fix);
    cJSON_AddNumberToObject(json, "count", (double)found->count);
    cJSON_AddNumberToObject(json, "block_x", found->block[0]);
    cJSON_AddNumberToObject(json, "block_y", found->block[1]);
    cJSON_AddNumberToObject(json, "block_z", found->block[2]);
    cJSON_AddNumberToObject(json, "wave", found->wave);
    cJSON_AddNumberToObject(json, "lane", found->lane);
    cJSON_AddNumberToObject(json, "seed", (double)seed);
    cJSON_AddItemToArray(list, json);
}

static tw_status write_json(const check_request *request, check_result *result)
{
    cJSON *list = cJSON_CreateArray();
    cJSON_AddNumberToObject(result->json, "seed", (double)request->seed);
    cJSON_AddNumberToObject(result->json, "schedules", (double)request->schedules);
    cJSON_AddBoolToObject(result->json, "clean", result->failing_seed < 0);
    cJSON_AddNumberToObject(result->json, "wrong_results", result->wrong);
    if (result->failing_seed >= 0)
        cJSON_AddNumberToObject(result->json, "failing_seed", (double)result->failing_seed);
    for (size_t i = 0; i < result->findings.count; i++)
        add_finding(list, &result->findings.item[i], result->seed[i]);
    cJSON_AddItemToObject(result->json, "findings", list);
    cli_traffic_json(result->json, &result->traffic);
    cJSON_AddNumberToObject(result->json, "bytes", result->floor);
    cli_profile_json(result->json, &result->profile);
    if (result->occupancy.threads)
        cli_occupancy_json(result->json, &result->occupancy);
    return request->json ? cli_json_write(request->json, result->json) : tw_ok();
}

static tw_status prepare(check_request *request)
{
    tw_problem *problem;
    tw_target_id id;
    TW_TRY(cli_find_kernel(request->argc, request->argv, options, &request->kernel));
    TW_TRY(tw_problem_create(request->kernel, &problem));
    tw_status status = take_options(request, problem);
    tw_problem_free(problem);
    TW_TRY(status);
    if (!request->target_name)
        return tw_fail(TW_INVALID,
                       "tw check needs --target: emu:MACHINE, or with --asm cuda:MACHINE or hip:MACHINE");
    TW_TRY(tw_target_parse(request->target_name, &id));
    if (id.kind != TW_TARGET_EMULATED)
        return tw_fail(TW_INVALID,
                       "tw check --target %s: only emulated machines look at every access; take emu:MACHINE",
                       request->target_name);
    return tw_target_open(request->target_name, &request->target);
}

int cli_check(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--asm") == 0)
            return cli_check_asm(argc, argv);
    check_request request = {.argc = argc, .argv = argv, .seed = 1, .schedules = SCHEDULES};
    check_result result = {.failing_seed = -1, .json = cJSON_CreateObject()};
    tw_status status = prepare(&request);
    for (long long s = 0; s < request.schedules && status.code == TW_OK; s++)
        status = run_schedule(&request, &result, request.seed + s);
    if (status.code == TW_OK) {
        print_result(&request, &result);
        cli_profile_print(&result.profile, &result.traffic, result.floor);
        if (result.occupancy.threads)
            cli_occupancy_print(&result.occupancy);
        status = write_json(&request, &result);
    }
    tw_target_close(request.target);
    tw_findings_free(&result.findings);
    tw_profile_free(&result.profile);
    free(result.seed);
    cJSON_Delete(result.json);
    if (status.code != TW_OK)
        return cli_fail(&status);
    return result.failing_seed < 0 ? CLI_PASS : CLI_FAIL;
}
