/* SPDX-License-Identifier: MIT
 *
 * Sizes: what a shape's words mean, what a size is when nobody says it, and the options that follow from
 * sizes.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "problem_state.h"

int tw_row_extents(const tw_kernel *kernel, const tw_tensor_row *row, tw_extent extent[TW_RANK_MAX])
{
    tw_list words = {0};
    tw_list_add_words(&words, row->shape);
    int rank = (int)words.count;
    for (int d = 0; d < rank && d < TW_RANK_MAX; d++) {
        char *plus = strchr(words.item[d], '+');
        if (plus)
            *plus = '\0';
        extent[d].plus = plus ? atoll(plus + 1) : 0;
        extent[d].symbol = tw_find_symbol(kernel, words.item[d]);
        if (extent[d].symbol < 0) {
            fprintf(stderr, "tilewright: kernel %s has no size '%s' of its tensor %s\n", kernel->name,
                    words.item[d], row->name);
            abort();
        }
    }
    tw_list_free(&words);
    return rank;
}

static void find_used(const tw_problem *problem, int used[TW_SYMBOLS_MAX])
{
    memset(used, 0, TW_SYMBOLS_MAX * sizeof *used);
    for (const tw_tensor_row *row = problem->kernel->tensors; row->name; row++) {
        tw_extent extent[TW_RANK_MAX];
        int rank = tw_problem_holds(problem, row->present) ? tw_row_extents(problem->kernel, row, extent) : 0;
        for (int d = 0; d < rank; d++)
            used[extent[d].symbol] = 1;
    }
}

/* The size of a symbol that neither a file nor the user said. */
static int64_t preset_size(const tw_problem *problem, int symbol, const int64_t *size)
{
    const tw_kernel *kernel = problem->kernel;
    const tw_symbol *row = &kernel->symbols[symbol];
    for (int i = 0; kernel->options && kernel->options[i].name; i++) {
        const char *fits = kernel->options[i].fits;
        if (fits && strcmp(fits, row->name) == 0 && problem->option_said[i])
            return atoll(problem->option[i]);
    }
    return row->like ? size[tw_find_symbol(kernel, row->like)] : row->preset;
}

/* Gives the option its least value that holds `size`, or checks the one that the user gave it. */
static tw_status fit(tw_problem *problem, int index, int64_t size)
{
    const tw_option *option = &problem->kernel->options[index];
    if (problem->option_said[index]) {
        if (option->in_parts || atoll(problem->option[index]) >= size)
            return tw_ok();
        return tw_fail(TW_INVALID, "%s is %lld, more than %s=%s holds", option->fits, (long long)size,
                       option->name, problem->option[index]);
    }
    tw_list values = {0};
    tw_list_add_words(&values, option->values);
    const char *least = NULL, *largest = values.item[0];
    for (size_t i = 0; i < values.count; i++) {
        int64_t value = atoll(values.item[i]);
        largest = value > atoll(largest) ? values.item[i] : largest;
        if (value >= size && (!least || value < atoll(least)))
            least = values.item[i];
    }
    int64_t most = atoll(largest);
    if (!least && option->in_parts)
        least = largest;
    if (least)
        tw_assign(&problem->option[index], least);
    tw_list_free(&values);
    if (least)
        return tw_ok();
    return tw_fail(TW_INVALID, "%s is %lld; %s holds at most %lld", option->fits, (long long)size,
                   problem->kernel->name, (long long)most);
}

tw_status tw_settle_sizes(tw_problem *problem, int64_t size[TW_SYMBOLS_MAX])
{
    const tw_kernel *kernel = problem->kernel;
    int used[TW_SYMBOLS_MAX];
    find_used(problem, used);
    memcpy(size, problem->size, sizeof problem->size);
    for (int i = 0; kernel->symbols[i].name; i++) {
        if (size[i] && !used[i]) {
            return tw_fail(TW_INVALID, "size %s is given, but no tensor of %s has it under these options",
                           kernel->symbols[i].name, kernel->name);
        }
        if (used[i] && !size[i])
            size[i] = preset_size(problem, i, size);
    }
    for (int i = 0; kernel->options && kernel->options[i].name; i++) {
        if (kernel->options[i].fits)
            TW_TRY(fit(problem, i, size[tw_find_symbol(kernel, kernel->options[i].fits)]));
        if (kernel->options[i].holds)
            TW_TRY(fit(problem, i, kernel->options[i].holds(size)));
    }
    return tw_ok();
}
