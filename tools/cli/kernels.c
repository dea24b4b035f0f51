/* SPDX-License-Identifier: MIT
 *
 * tw kernels: every kernel, or the one named, with its tensors, sizes, options and scalars.
 */
#include <stdio.h>
#include <string.h>

#include "cli.h"

/* "=out" as that option's values, "bf16 f16 f32". */
static void print_dtype(const tw_kernel *kernel, const char *dtype)
{
    char text[64];
    snprintf(text, sizeof text, "%s", dtype);
    for (const tw_option *o = kernel->options; dtype[0] == '=' && o->name; o++) {
        if (strcmp(o->name, dtype + 1) == 0)
            snprintf(text, sizeof text, "%s", o->values);
    }
    printf("%-14s", text);
}

static void print_tensors(const tw_kernel *kernel)
{
    static const char *const direction[] = {"in", "out", "in/out"};
    puts("  tensors");
    for (const tw_tensor_row *row = kernel->tensors; row->name; row++) {
        char shape[40];
        size_t used = (size_t)snprintf(shape, sizeof shape, "[%s]", row->shape);
        for (size_t i = 0; i < used && i < sizeof shape; i++) {
            if (shape[i] == ' ')
                shape[i] = ',';
        }
        printf("    %-12s %-14s %-7s", row->name, shape, direction[row->direction]);
        print_dtype(kernel, row->dtype);
        printf(" %s", row->meaning);
        if (row->present)
            printf("; with %s", row->present);
        if (row->read_if)
            printf("; read where %s is not 0", row->read_if);
        putchar('\n');
    }
}

static void print(const tw_kernel *kernel)
{
    printf("%s: %s\n", kernel->name, kernel->summary);
    print_tensors(kernel);
    puts("  sizes (--shape)");
    for (const tw_symbol *s = kernel->symbols; s->name; s++) {
        if (s->like)
            printf("    %-12s %-8s %s\n", s->name, s->like, s->meaning);
        else
            printf("    %-12s %-8lld %s\n", s->name, (long long)s->preset, s->meaning);
    }
    puts("  options and scalars (--set), default first");
    for (const tw_option *o = kernel->options; o && o->name; o++) {
        char values[64];
        size_t used = (size_t)snprintf(values, sizeof values, "%s", o->preset);
        tw_list others = {0};
        tw_list_add_words(&others, o->values);
        for (size_t i = 0; i < others.count; i++) {
            if (strcmp(others.item[i], o->preset) != 0 && used < sizeof values)
                used += (size_t)snprintf(values + used, sizeof values - used, " %s", others.item[i]);
        }
        tw_list_free(&others);
        printf("    %-12s %-22s %s", o->name, values, o->meaning);
        if (o->fits)
            printf("; the least that holds %s", o->fits);
        if (o->holds)
            printf("; follows from the sizes");
        putchar('\n');
    }
    for (const tw_scalar *s = kernel->scalars; s && s->name; s++) {
        if (s->computed)
            printf("    %-12s %-22s %s", s->name, "from the sizes", s->meaning);
        else
            printf("    %-12s %-22g %s", s->name, s->preset, s->meaning);
        if (s->present)
            printf("; with %s", s->present);
        putchar('\n');
    }
}

int cli_kernels(int argc, char **argv)
{
    static const struct option options[] = {{0}};
    int option;
    const tw_kernel *kernel = NULL;
    tw_status status = cli_option(argc, argv, options, &option);
    if (status.code == TW_OK && optind < argc)
        status = cli_find_kernel(argc, argv, options, &kernel);
    if (status.code != TW_OK)
        return cli_fail(&status);
    for (int i = 0; cli_kernel_list[i]; i++)
        if (!kernel || kernel == cli_kernel_list[i])
            print(cli_kernel_list[i]);
    return CLI_PASS;
}
