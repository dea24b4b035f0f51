/* SPDX-License-Identifier: MIT
 *
 * tw verify: the conformance suite (tests/conformance) and every described kernel, on one target.
 */
#define _GNU_SOURCE
#include "verify.h"

#ifdef _OPENMP
#include <omp.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/conformance/host/suite.h"

#define TW_SUITE_ROW(name) void tw_suite_##name(cli_verification *verification);
#include "suites.def"

enum {
    OPTION_SEED = 256,
    OPTION_FILTER,
    OPTION_JOBS,
    OPTION_LIST,
    OPTION_COMPILE_ONLY,
    OPTION_FEW,
    OPTION_VERBOSE
};

typedef struct {
    const char *target, *filter;
    long long seed, jobs;
    int list, compile_only, few, verbose;
} verify_options;

void cli_case(cli_verification *verification, const char *name, const char *failure)
{
    if (!failure) {
        verification->passed++;
        return;
    }
    verification->failed++;
    printf("FAIL %s: %s\n", name, failure);
}

static tw_status run_problem(cli_verification *verification, tw_problem *problem, long long pad)
{
    int pass;
    TW_TRY(tw_problem_resolve(problem, (uint64_t)verification->seed));
    TW_TRY(tw_problem_open(problem, verification->target, pad, cli_progress, NULL));
    TW_TRY(tw_problem_run(problem));
    TW_TRY(tw_problem_check(problem, &pass));
    const tw_tensor *tensor;
    for (size_t i = 0; (tensor = tw_problem_tensor_at(problem, i)); i++) {
        double bound = tw_problem_kernel(problem)->bound(tensor->dtype);
        if (tensor->is_output && !tensor->passes) {
            return tw_fail(TW_DEVICE, "%s has relative error %.2e (bound %.1e), %zu mismatches",
                           tensor->row->name, tensor->error.rel, bound, tensor->error.mismatches);
        }
    }
    return tw_ok();
}

void cli_case_problem(cli_verification *verification, const char *name, tw_problem *problem, long long pad)
{
    tw_status status = run_problem(verification, problem, pad);
    cli_case(verification, name, status.code == TW_OK ? NULL : status.message);
}

static tw_status read_options(int argc, char **argv, verify_options *given)
{
    static const struct option options[] = {{"target", required_argument, NULL, 't'},
                                            {"seed", required_argument, NULL, OPTION_SEED},
                                            {"filter", required_argument, NULL, OPTION_FILTER},
                                            {"jobs", required_argument, NULL, OPTION_JOBS},
                                            {"list", no_argument, NULL, OPTION_LIST},
                                            {"compile-only", no_argument, NULL, OPTION_COMPILE_ONLY},
                                            {"few", no_argument, NULL, OPTION_FEW},
                                            {"verbose", no_argument, NULL, OPTION_VERBOSE},
                                            {0}};
    int option;
    for (;;) {
        TW_TRY(cli_option(argc, argv, options, &option));
        if (option < 0)
            break;
        switch (option) {
        case 't': given->target = optarg; break;
        case OPTION_FILTER: given->filter = optarg; break;
        case OPTION_LIST: given->list = 1; break;
        case OPTION_COMPILE_ONLY: given->compile_only = 1; break;
        case OPTION_FEW: given->few = 1; break;
        case OPTION_VERBOSE: given->verbose = 1; break;
        case OPTION_SEED: TW_TRY(cli_integer("--seed", optarg, 0, INT64_MAX, &given->seed)); break;
        default: TW_TRY(cli_integer("--jobs", optarg, 1, 256, &given->jobs)); break;
        }
    }
    if (optind < argc)
        return tw_fail(TW_INVALID, "'%s' is one argument too many; tw verify takes none", argv[optind]);
    if (!given->target)
        return tw_fail(TW_INVALID, "tw verify needs --target; tw targets lists them");
    return tw_ok();
}

/* --filter and --few are about the conformance suite. */
static void run_suites(cli_verification *verification, const verify_options *given)
{
    if (given->filter || given->few)
        return;
#define TW_SUITE_ROW(name) tw_suite_##name(verification);
#include "suites.def"
}

static tw_status check_filter(const verify_options *given, const conform *suite)
{
    if (!given->filter || conform_instances(suite))
        return tw_ok();
    return tw_fail(
        TW_INVALID,
        "--filter %s leaves no case; --list names them all, and kernels are tried by tw run KERNEL "
        "--check",
        given->filter);
}

static tw_status verify(const verify_options *given, conform *suite, cli_verification *verification)
{
    tw_target_id id;
    if (given->list) {
        TW_TRY(tw_target_parse(given->target, &id));
        conform_walk(suite, CONFORM_LIST, NULL, &id);
        return check_filter(given, suite);
    }
    if (given->compile_only)
        TW_TRY(tw_target_resolve(given->target, &id));
    else
        TW_TRY(tw_target_open(given->target, &verification->target));
    const tw_target_id *here = verification->target ? tw_target_identity(verification->target) : &id;
    conform_walk(suite, CONFORM_COLLECT, NULL, here);
    TW_TRY(check_filter(given, suite));
    printf("verifying %s%s%s, seed %lld, %ld instances\n", here->name, verification->target ? ", " : "",
           verification->target ? tw_target_device(verification->target) : "", given->seed,
           conform_instances(suite));
    fflush(stdout);
    int failures = conform_compile(suite, (int)given->jobs);
    if (given->compile_only) {
        verification->failed = failures;
        verification->passed = conform_instances(suite) - failures;
        return tw_ok();
    }
#ifdef _OPENMP
    omp_set_num_threads(
        1); /* launches are tiny: threads that wait for the next one would burn more than they save */
#endif
    conform_walk(suite, CONFORM_RUN, verification->target, here);
    verification->passed = conform_passed(suite);
    verification->failed = conform_failed(suite);
    run_suites(verification, given);
    return tw_ok();
}

int cli_verify(int argc, char **argv)
{
    verify_options given = {.seed = 1, .jobs = sysconf(_SC_NPROCESSORS_ONLN)};
    tw_status status = read_options(argc, argv, &given);
    if (status.code != TW_OK)
        return cli_fail(&status);
    cli_verification verification = {.seed = given.seed};
    conform *suite = conform_create(given.filter, (uint64_t)given.seed, given.verbose, given.few);
    status = verify(&given, suite, &verification);
    conform_free(suite);
    tw_target_close(verification.target);
    if (status.code != TW_OK)
        return cli_fail(&status);
    if (given.list)
        return CLI_PASS;
    printf("%ld passed, %ld failed\n", verification.passed, verification.failed);
    return verification.failed || !verification.passed ? CLI_FAIL : CLI_PASS;
}
