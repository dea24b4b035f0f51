/* SPDX-License-Identifier: MIT
 *
 * tw: lists, runs, compiles, verifies and checks kernels.
 */
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "host/suggest.h"

static const char usage[] =
    "tw VERB ...\n"
    "\n"
    "  tw targets [--json FILE]             every target, what it needs, whether it runs here\n"
    "  tw kernels [KERNEL]                  every kernel with its tensors, sizes and options, or one\n"
    "  tw run KERNEL --target T             run a kernel, from .npy files or random normal numbers\n"
    "      --in NAME=FILE.npy               a tensor's contents; its dims give the sizes\n"
    "      --out NAME=FILE.npy              write a tensor after the run (an input: as it was used)\n"
    "      --set NAME=VALUE                 an option or a scalar of the kernel\n"
    "      --shape NAME=N                   a size that no file gives\n"
    "      --seed N                         of the random inputs (default 1)\n"
    "      --check                          compare with the float64 reference; exit 1 beyond the bound\n"
    "      --time N                         N timed launches after a warm-up\n"
    "      --json FILE                      the results as JSON\n"
    "      --pad N                          N poisoned elements behind each row, checked afterwards\n"
    "  tw compile (KERNEL | --source FILE) --target T (-o FILE | --into FOLDER)\n"
    "      --set NAME=VALUE, -D NAME[=TEXT] options of the kernel, further macros\n"
    "      --depfile FILE, --stamp FILE     for build systems\n"
    "      --print-command                  print the command instead of running it\n"
    "      --resources, --json FILE         registers, spills and shared memory that the compiler reports\n"
    "  tw verify --target T                 the conformance suite; ends with 'N passed, N failed'\n"
    "      --list, --filter TEXT            the cases, or those alone whose name contains TEXT\n"
    "      --few, --seed N, --jobs N        a third of the instances; of the inputs; compilers at a time\n"
    "      --compile-only, --verbose        no launches (no GPU needed); a line for each case that passes\n"
    "  tw check KERNEL --target emu:MACHINE races, missing waits, bounds and more, with the lines at fault\n"
    "      --in, --set, --shape, --pad      as for tw run\n"
    "      --schedules N, --seed N          N orders of the waves (default 5) from this seed on (default 1)\n"
    "      --occupancy                      compile for the machine too: blocks that a compute unit holds\n"
    "      --json FILE                      the findings and counts as JSON; exit 1 where there are findings\n"
    "  tw check (KERNEL | --source FILE | --object FILE) --asm --target (cuda|hip):MACHINE\n"
    "      --set NAME=VALUE, -D NAME[=TEXT] options of the kernel, further macros\n"
    "      --stages N                       of the kernel's ring, where the code does not tell\n"
    "      --listing FILE, --ptx FILE       the instructions; on cuda, the PTX that they come from\n"
    "      --json FILE                      the findings. Exit 1 where there are some\n"
    "  tw help, tw --version\n"
    "\n"
    "Targets: cpu, emu:MACHINE (a GPU's back end executed on this processor), cuda[:MACHINE], hip[:MACHINE].\n"
    "Exit status: 0 done, 1 a wrong result, 2 refused (one line on stderr, nothing written).\n"
    "Environment: TW_CACHE, TW_CC, TW_CFLAGS, TW_NVCC, TW_CLANG_AMDGPU, TW_NVDISASM, TW_SOURCE_ROOT,\n"
    "TW_BUILD_KERNELS.\n"
    "bf16 tensors in .npy files are uint16 bits; f2, f4, f8 and integers are converted on the way in.\n";

static int help(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    fputs(usage, stdout);
    return CLI_PASS;
}

static int asks_for_help(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return 1;
    return 0;
}

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} verbs[] = {
    {"targets", cli_targets}, {"kernels", cli_kernels}, {"run", cli_run}, {"compile", cli_compile},
    {"verify", cli_verify},   {"check", cli_check},     {"help", help},
};

enum { VERBS = sizeof verbs / sizeof *verbs };

int main(int argc, char **argv)
{
    if (argc < 2) {
        fputs("tw: which verb? There are targets, kernels, run, compile, verify, check and help\n", stderr);
        return CLI_REFUSE;
    }
    if (strcmp(argv[1], "--version") == 0)
        return puts("tw " TW_VERSION) < 0;
    const char *verb = asks_for_help(argc, argv) ? "help" : argv[1];
    tw_list known = {0};
    for (int i = 0; i < VERBS; i++) {
        if (strcmp(verb, verbs[i].name) == 0) {
            tw_list_free(&known);
            return verbs[i].run(argc - 1, argv + 1);
        }
        tw_list_add(&known, "%s", verbs[i].name);
    }
    tw_status status = tw_fail_unknown("verb", verb, &known);
    tw_list_free(&known);
    return cli_fail(&status);
}
