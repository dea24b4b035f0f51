/* SPDX-License-Identifier: MIT
 *
 * tw verify: the conformance suite on one target.
 */
#include "verify.h"

#include <stdio.h>

#define TW_SUITE_ROW(name) void tw_suite_##name(cli_verification *verification);
#include "suites.def"

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
        if (tensor->is_output && !tw_error_passes(&tensor->error, bound)) {
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

int cli_verify(int argc, char **argv)
{
    static const struct option options[] = {
        {"target", required_argument, NULL, 't'}, {"seed", required_argument, NULL, 'r'}, {0}};
    cli_verification verification = {.seed = 1};
    const char *name = NULL;
    int option;
    tw_status status;
    while ((status = cli_option(argc, argv, options, &option)).code == TW_OK && option >= 0) {
        if (option == 't')
            name = optarg;
        else
            status = cli_integer("--seed", optarg, 0, INT64_MAX, &verification.seed);
        if (status.code != TW_OK)
            break;
    }
    if (status.code == TW_OK && optind < argc)
        status = tw_fail(TW_INVALID, "'%s' is one argument too many; tw verify takes none", argv[optind]);
    if (status.code == TW_OK && !name)
        status = tw_fail(TW_INVALID, "tw verify needs --target; tw targets lists them");
    if (status.code == TW_OK)
        status = tw_target_open(name, &verification.target);
    if (status.code != TW_OK)
        return cli_fail(&status);
    printf("verifying %s (%s)\n", tw_target_identity(verification.target)->name,
           tw_target_device(verification.target));
#define TW_SUITE_ROW(name) tw_suite_##name(&verification);
#include "suites.def"
    printf("%ld passed, %ld failed\n", verification.passed, verification.failed);
    tw_target_close(verification.target);
    return verification.failed || !verification.passed ? CLI_FAIL : CLI_PASS;
}
