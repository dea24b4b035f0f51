/* SPDX-License-Identifier: MIT
 *
 * What the verbs share: options, messages, kernels by name.
 */
#define _GNU_SOURCE
#include "cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/suggest.h"

#define TW_KERNEL_ROW(name) extern const tw_kernel tw_kernel_##name;
#include "examples/kernels.def"

const tw_kernel *const cli_kernel_list[] = {
#define TW_KERNEL_ROW(name) &tw_kernel_##name,
#include "examples/kernels.def"
    NULL,
};

int cli_fail(const tw_status *status)
{
    fprintf(stderr, "tw: %s\n", status->message);
    return status->code == TW_DEVICE ? CLI_FAIL : CLI_REFUSE;
}

void cli_progress(void *context, const char *line)
{
    (void)context;
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "tw: %s\n", line);
}

tw_status cli_kernel(const char *name, const tw_kernel **kernel)
{
    tw_list known = {0};
    for (int i = 0; cli_kernel_list[i]; i++) {
        if (strcmp(name, cli_kernel_list[i]->name) == 0) {
            *kernel = cli_kernel_list[i];
            tw_list_free(&known);
            return tw_ok();
        }
        tw_list_add(&known, "%s", cli_kernel_list[i]->name);
    }
    tw_status status = tw_fail_unknown("kernel", name, &known);
    tw_list_free(&known);
    return status;
}

static tw_status unknown_option(const char *given, const struct option *options)
{
    tw_list known = {0};
    for (const struct option *o = options; o->name; o++)
        tw_list_add(&known, "--%s", o->name);
    tw_status status = tw_fail_unknown("option", given, &known);
    tw_list_free(&known);
    return status;
}

tw_status cli_option(int argc, char **argv, const struct option *options, int *option)
{
    /* Short forms: an option's value where it is one of these letters. ':' first tells a missing argument
     * from an unknown option. */
    char letters[16] = ":";
    for (const struct option *o = options; o->name; o++) {
        if (strchr("toD", o->val))
            snprintf(letters + strlen(letters), sizeof letters - strlen(letters), "%c:", o->val);
    }
    opterr = 0;
    *option = getopt_long(argc, argv, letters, options, NULL);
    if (*option != ':' && *option != '?')
        return tw_ok();
    const char *given = argv[optind - 1];
    if (*option == ':')
        return tw_fail(TW_INVALID, "option %s needs a value", given);
    char *name = tw_text_format("%.*s", (int)strcspn(given, "="), given);
    tw_status status = unknown_option(name, options);
    for (const struct option *o = options; o->name; o++) {
        if (strchr(given, '=') && strcmp(name + 2, o->name) == 0)
            status = tw_fail(TW_INVALID, "option %s takes no value", name);
    }
    free(name);
    return status;
}

tw_status cli_split(const char *option, const char *form, char *text, char **name, char **value)
{
    char *equals = strchr(text, '=');
    if (!equals || equals == text || !equals[1])
        return tw_fail(TW_INVALID, "%s '%s' must have the form %s", option, text, form);
    *equals = '\0';
    *name = text;
    *value = equals + 1;
    return tw_ok();
}

tw_status cli_problem_option(tw_problem *problem, int option, char *text)
{
    char *name = NULL, *value = NULL;
    long long size;
    switch (option) {
    case 'i':
        TW_TRY(cli_split("--in", "NAME=FILE.npy", text, &name, &value));
        return tw_problem_set_input(problem, name, value);
    case 's':
        TW_TRY(cli_split("--set", "NAME=VALUE", text, &name, &value));
        return tw_problem_set(problem, name, value);
    default:
        TW_TRY(cli_split("--shape", "NAME=N", text, &name, &value));
        TW_TRY(cli_integer(name, value, 1, 1LL << 40, &size));
        return tw_problem_set_size(problem, name, size);
    }
}

tw_status cli_find_kernel(int argc, char **argv, const struct option *options, const tw_kernel **kernel)
{
    int option;
    const char *name;
    do {
        TW_TRY(cli_option(argc, argv, options, &option));
    } while (option >= 0);
    TW_TRY(cli_positional(argc, argv, "KERNEL", &name));
    return cli_kernel(name, kernel);
}

tw_status cli_integer(const char *what, const char *text, long long least, long long most, long long *value)
{
    char *end;
    errno = 0;
    *value = strtoll(text, &end, 10);
    if (end == text || *end || errno || *value < least || *value > most)
        return tw_fail(TW_INVALID, "%s is '%s'; it must be a whole number from %lld to %lld", what, text,
                       least, most);
    return tw_ok();
}

tw_status cli_positional(int argc, char **argv, const char *what, const char **value)
{
    if (optind >= argc)
        return tw_fail(TW_INVALID, "which %s? Name it: tw %s %s ...", what, argv[0], what);
    if (optind + 1 < argc)
        return tw_fail(TW_INVALID, "'%s' is one argument too many; only %s '%s' stands without a --option",
                       argv[optind + 1], what, argv[optind]);
    *value = argv[optind];
    return tw_ok();
}
