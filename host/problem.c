/* SPDX-License-Identifier: MIT
 *
 * A problem's names and values: options, scalars, sizes, files.
 */
#define _GNU_SOURCE
#include "problem.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "problem_state.h"
#include "suggest.h"

#define FIND(table, wanted)                                                                                  \
    for (int i = 0; kernel->table && kernel->table[i].name; i++)                                             \
        if (strcmp(kernel->table[i].name, wanted) == 0)                                                      \
    return i

int tw_find_symbol(const tw_kernel *kernel, const char *name)
{
    FIND(symbols, name);
    return -1;
}

int tw_find_option(const tw_kernel *kernel, const char *name)
{
    FIND(options, name);
    return -1;
}

int tw_find_scalar(const tw_kernel *kernel, const char *name)
{
    FIND(scalars, name);
    return -1;
}

int tw_find_tensor(const tw_kernel *kernel, const char *name)
{
    FIND(tensors, name);
    return -1;
}

static int must_find(int index, const tw_kernel *kernel, const char *name)
{
    if (index >= 0)
        return index;
    fprintf(stderr, "tilewright: kernel %s has no '%s'; its description and its functions disagree\n",
            kernel->name, name);
    abort();
}

void tw_assign(char **slot, const char *value)
{
    free(*slot);
    *slot = tw_text_format("%s", value);
}

tw_status tw_problem_create(const tw_kernel *kernel, tw_problem **problem)
{
    tw_problem *created = calloc(1, sizeof *created);
    *problem = created;
    if (!created)
        return tw_fail(TW_NO_MEMORY, "no memory for a problem");
    created->kernel = kernel;
    for (int i = 0; kernel->options && kernel->options[i].name; i++) {
        must_find(i < TW_OPTIONS_MAX ? i : -1, kernel, "room for its options");
        tw_assign(&created->option[i], kernel->options[i].preset);
    }
    for (int i = 0; kernel->scalars && kernel->scalars[i].name; i++) {
        must_find(i < TW_SCALARS_MAX ? i : -1, kernel, "room for its scalars");
        created->scalar[i] = kernel->scalars[i].preset;
    }
    for (int i = 0; kernel->tensors[i].name; i++)
        must_find(i < TW_TENSORS_MAX ? i : -1, kernel, "room for its rows of tensors");
    return tw_ok();
}

void tw_problem_free(tw_problem *problem)
{
    if (!problem)
        return;
    for (size_t i = 0; i < problem->tensor_count; i++) {
        tw_tensor *tensor = &problem->tensor[i];
        if (tensor->buffer)
            tw_target_free(problem->target, tensor->buffer);
        free(tensor->input);
        free(tensor->result);
        free(tensor->reference);
    }
    for (size_t i = 0; i < problem->buffer_count; i++) {
        if (problem->buffer[i].buffer)
            tw_target_free(problem->target, problem->buffer[i].buffer);
        free(problem->buffer[i].result);
    }
    tw_close_launches(problem);
    for (int i = 0; i < TW_SYMBOLS_MAX; i++)
        free(problem->size_source[i]);
    for (int i = 0; i < TW_OPTIONS_MAX; i++) {
        free(problem->option[i]);
        free(problem->define_text[i][0]);
        free(problem->define_text[i][1]);
        if (problem->expression[i])
            dlclose(problem->expression[i]);
    }
    for (int i = 0; i < TW_TENSORS_MAX; i++)
        free(problem->input_path[i]);
    free(problem);
}

/* One line, not empty, every bracket closed, and no character that C has no use for in an expression of
 * numbers: what a macro's body can hold, and nvcc can hand through the shell it starts. */
static tw_status check_expression(const tw_option *option, const char *value)
{
    int depth = 0;
    for (const char *c = value; *c && depth >= 0; c++) {
        if (*c == '(')
            depth++;
        if (*c == ')')
            depth--;
        if (strchr("\n\r;#\"`$\\{}", *c)) {
            return tw_fail(TW_INVALID, "option %s is '%s'; it must be one C expression in %s", option->name,
                           value, option->parameters);
        }
    }
    if (depth || !value[strspn(value, " ")]) {
        return tw_fail(TW_INVALID,
                       "option %s is '%s'; it must be one C expression in %s with its brackets closed",
                       option->name, value, option->parameters);
    }
    return tw_ok();
}

static tw_status check_value(const tw_kernel *kernel, const tw_option *option, const char *value)
{
    if (!option->values)
        return check_expression(option, value);
    tw_list allowed = {0};
    tw_status status = tw_ok();
    int found = 0;
    tw_list_add_words(&allowed, option->values);
    for (size_t i = 0; i < allowed.count; i++)
        found |= strcmp(allowed.item[i], value) == 0;
    if (!found) {
        char *what = tw_text_format("value for option %s of %s:", option->name, kernel->name);
        status = tw_fail_unknown(what, value, &allowed);
        free(what);
    }
    tw_list_free(&allowed);
    return status;
}

tw_status tw_problem_set(tw_problem *problem, const char *name, const char *value)
{
    const tw_kernel *kernel = problem->kernel;
    int index = tw_find_option(kernel, name);
    if (index >= 0) {
        TW_TRY(check_value(kernel, &kernel->options[index], value));
        tw_assign(&problem->option[index], value);
        problem->option_said[index] = 1;
        return tw_ok();
    }
    index = tw_find_scalar(kernel, name);
    if (index >= 0) {
        char *end;
        double number = strtod(value, &end);
        if (end == value || *end || !isfinite(number)) {
            return tw_fail(TW_INVALID, "%s of %s is '%s'; it must be a finite number", name, kernel->name,
                           value);
        }
        problem->scalar[index] = number;
        problem->scalar_said[index] = 1;
        return tw_ok();
    }
    tw_list known = {0};
    for (int i = 0; kernel->options && kernel->options[i].name; i++)
        tw_list_add(&known, "%s", kernel->options[i].name);
    for (int i = 0; kernel->scalars && kernel->scalars[i].name; i++)
        tw_list_add(&known, "%s", kernel->scalars[i].name);
    char *what = tw_text_format("option of %s:", kernel->name);
    tw_status status = tw_fail_unknown(what, name, &known);
    free(what);
    tw_list_free(&known);
    return status;
}

tw_status tw_problem_set_size(tw_problem *problem, const char *symbol, int64_t size)
{
    const tw_kernel *kernel = problem->kernel;
    int index = tw_find_symbol(kernel, symbol);
    if (index < 0) {
        tw_list known = {0};
        for (int i = 0; kernel->symbols[i].name; i++)
            tw_list_add(&known, "%s", kernel->symbols[i].name);
        char *what = tw_text_format("size of %s:", kernel->name);
        tw_status status = tw_fail_unknown(what, symbol, &known);
        free(what);
        tw_list_free(&known);
        return status;
    }
    if (size < 1 || size > INT64_C(1) << 40) {
        return tw_fail(TW_INVALID, "size %s is %lld; it must be 1 to 2^40", symbol, (long long)size);
    }
    if (problem->size[index] && problem->size[index] != size) {
        return tw_fail(TW_INVALID, "size %s is given as %lld and as %lld; give it once", symbol,
                       (long long)problem->size[index], (long long)size);
    }
    problem->size[index] = size;
    tw_assign(&problem->size_source[index], "the given shape");
    return tw_ok();
}

static tw_status set_word(tw_problem *problem, char *word)
{
    char *end, *value = strchr(word, '=');
    if (!value)
        return tw_fail(TW_INVALID, "'%s' must have the form NAME=VALUE", word);
    *value++ = '\0';
    if (tw_find_symbol(problem->kernel, word) < 0)
        return tw_problem_set(problem, word, value);
    long long size = strtoll(value, &end, 10);
    if (end == value || *end)
        return tw_fail(TW_INVALID, "size %s is '%s'; it must be a whole number", word, value);
    return tw_problem_set_size(problem, word, size);
}

tw_status tw_problem_set_words(tw_problem *problem, const char *words)
{
    tw_list terms = {0};
    tw_status status = tw_ok();
    tw_list_add_words(&terms, words);
    for (size_t i = 0; i < terms.count && status.code == TW_OK; i++)
        status = set_word(problem, terms.item[i]);
    tw_list_free(&terms);
    return status;
}

tw_status tw_kernel_check_tensor(const tw_kernel *kernel, const char *tensor)
{
    if (tw_find_tensor(kernel, tensor) >= 0)
        return tw_ok();
    tw_list known = {0};
    for (int i = 0; kernel->tensors[i].name; i++) {
        if (tw_find_tensor(kernel, kernel->tensors[i].name) == i)
            tw_list_add(&known, "%s", kernel->tensors[i].name);
    }
    char *what = tw_text_format("tensor of %s:", kernel->name);
    tw_status status = tw_fail_unknown(what, tensor, &known);
    free(what);
    tw_list_free(&known);
    return status;
}

tw_status tw_problem_set_input(tw_problem *problem, const char *tensor, const char *path)
{
    TW_TRY(tw_kernel_check_tensor(problem->kernel, tensor));
    int index = tw_find_tensor(problem->kernel, tensor);
    if (problem->input_path[index]) {
        return tw_fail(TW_INVALID, "input %s is given as %s and as %s; give it once", tensor,
                       problem->input_path[index], path);
    }
    tw_assign(&problem->input_path[index], path);
    return tw_ok();
}

int64_t tw_problem_size(const tw_problem *problem, const char *symbol)
{
    return problem->size[must_find(tw_find_symbol(problem->kernel, symbol), problem->kernel, symbol)];
}

const char *tw_problem_option(const tw_problem *problem, const char *name)
{
    return problem->option[must_find(tw_find_option(problem->kernel, name), problem->kernel, name)];
}

int tw_problem_option_is(const tw_problem *problem, const char *name, const char *value)
{
    return strcmp(tw_problem_option(problem, name), value) == 0;
}

double tw_problem_scalar(const tw_problem *problem, const char *name)
{
    return problem->scalar[must_find(tw_find_scalar(problem->kernel, name), problem->kernel, name)];
}

uint64_t tw_problem_seed(const tw_problem *problem) { return problem->seed; }

/* Is the option any of these values, '|' between them? */
static int option_among(const tw_problem *problem, const char *name, char *values)
{
    int found = 0;
    for (char *value = values, *next; value && !found; value = next) {
        next = strchr(value, '|');
        if (next)
            *next++ = '\0';
        found = tw_problem_option_is(problem, name, value);
    }
    return found;
}

int tw_problem_holds(const tw_problem *problem, const char *condition)
{
    tw_list terms = {0};
    int holds = 1;
    tw_list_add_words(&terms, condition);
    for (size_t i = 0; i < terms.count; i++) {
        char *equals = strchr(terms.item[i], '=');
        *equals = '\0';
        holds &= option_among(problem, terms.item[i], equals + 1);
    }
    tw_list_free(&terms);
    return holds;
}

const tw_kernel *tw_problem_kernel(const tw_problem *problem) { return problem->kernel; }

tw_tensor *tw_problem_tensor(tw_problem *problem, const char *name)
{
    must_find(tw_find_tensor(problem->kernel, name), problem->kernel, name);
    for (size_t i = 0; i < problem->tensor_count; i++) {
        if (strcmp(problem->tensor[i].row->name, name) == 0)
            return &problem->tensor[i];
    }
    return NULL;
}

tw_tensor *tw_problem_tensor_at(tw_problem *problem, size_t index)
{
    return index < problem->tensor_count ? &problem->tensor[index] : NULL;
}

tw_tensor_arg tw_problem_argument(const tw_problem *problem, const char *name)
{
    must_find(tw_find_tensor(problem->kernel, name), problem->kernel, name);
    for (size_t i = 0; i < problem->tensor_count; i++) {
        if (strcmp(problem->tensor[i].row->name, name) == 0)
            return problem->tensor[i].argument;
    }
    return (tw_tensor_arg){0};
}

tw_tensor_arg tw_problem_argument_turned(const tw_problem *problem, const char *name)
{
    tw_tensor_arg given = tw_problem_argument(problem, name), turned = given;
    turned.dim[1] = given.dim[2];
    turned.dim[2] = given.dim[1];
    turned.stride[1] = given.stride[2];
    turned.stride[2] = given.stride[1];
    return turned;
}

void tw_problem_defines(tw_problem *problem, const tw_define **defines, size_t *count)
{
    const tw_kernel *kernel = problem->kernel;
    int64_t size[TW_SYMBOLS_MAX];
    problem->define_count = 0;
    tw_status settled = tw_settle_sizes(problem, size);
    (void)settled; /* what it refuses, tw_problem_resolve has refused before */
    for (int i = 0; kernel->options && kernel->options[i].name; i++) {
        const tw_option *option = &kernel->options[i];
        char **text = problem->define_text[i];
        free(text[0]);
        free(text[1]);
        text[0] = text[1] = NULL;
        if (!option->macro || (!option->values && strcmp(problem->option[i], option->preset) == 0))
            continue;
        if (option->values) {
            text[0] = tw_text_format("%s", option->macro);
            text[1] = tw_text_format("%s", problem->option[i]);
        } else {
            text[0] = tw_text_format("%s(%s)", option->macro, option->parameters);
            text[1] = tw_text_format("(%s)", problem->option[i]);
        }
        problem->define[problem->define_count++] = (tw_define){.name = text[0], .value = text[1]};
    }
    *defines = problem->define;
    *count = problem->define_count;
}

double tw_problem_bytes(const tw_problem *problem)
{
    double bytes = 0;
    for (size_t i = 0; i < problem->tensor_count; i++) {
        const tw_tensor *tensor = &problem->tensor[i];
        bytes += (double)tensor->count * (double)tw_dtype_bytes(tensor->dtype) *
                 (tensor->is_input + tensor->is_output);
    }
    return bytes;
}
