/* SPDX-License-Identifier: MIT
 *
 * The conformance suite's seam: tw verify opens the target and runs every suite of suites.def on it.
 *
 *   TW_SUITE_ROW(kernels)    in suites.def, with
 *   void tw_suite_kernels(cli_verification *verification);
 *
 * A suite makes its cases, and reports each by cli_case.
 */
#ifndef TW_TOOLS_VERIFY_H
#define TW_TOOLS_VERIFY_H

#include "cli.h"

typedef struct {
    tw_target *target;
    long long seed;
    long passed, failed;
} cli_verification;

/* Counts a case, and prints it if `failure`, why it did not pass, is not NULL. */
void cli_case(cli_verification *verification, const char *name, const char *failure);

/* The same for a case of a described kernel that is set up but not yet resolved: random inputs, run, compared
 * with its reference. */
void cli_case_problem(cli_verification *verification, const char *name, tw_problem *problem, long long pad);

#endif
