/* SPDX-License-Identifier: MIT
 *
 * What tw check tells of a launch's memory and matrix work.
 */
#include "profile_report.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROWS_PRINTED = 24 };

static uint64_t sum_of(const tw_profile *profile, uint64_t (*of)(const tw_profile_row *row))
{
    uint64_t sum = 0;
    for (size_t i = 0; i < profile->count; i++)
        sum += of(&profile->row[i]);
    return sum;
}

static uint64_t cycles_of(const tw_profile_row *row) { return row->cycles; }
static uint64_t ideal_of(const tw_profile_row *row) { return row->ideal; }
static uint64_t moved_of(const tw_profile_row *row) { return row->moved; }

/* Conflicts first cost time where much is moved: a row's factor is its cycles over its ideal ones. */
static double factor(uint64_t cycles, uint64_t ideal) { return ideal ? (double)cycles / (double)ideal : 1; }

static void print_row(const tw_profile_row *row)
{
    char *place = tw_place_text(&row->place);
    printf("  %12llu %10llu %10llu %6.2f  %s of %u bytes, %llu times: %s\n", (unsigned long long)row->moved,
           (unsigned long long)row->cycles, (unsigned long long)row->ideal, factor(row->cycles, row->ideal),
           tw_shared_kind_name(row->kind), row->bytes, (unsigned long long)row->instructions,
           place ? place : "line not known");
    free(place);
}

/* A line for each row that takes longer than it should. */
static void print_conflicts(const tw_profile *profile)
{
    for (size_t i = 0; i < profile->count; i++) {
        const tw_profile_row *row = &profile->row[i];
        if (row->cycles <= row->ideal)
            continue;
        char *place = tw_place_text(&row->place);
        printf("bank conflicts at %s: %s of %u bytes takes %.2f times the cycles it could, %llu more; "
               "fix: the tile's swizzle, or rows of another length\n",
               place ? place : "a line not known", tw_shared_kind_name(row->kind), row->bytes,
               factor(row->cycles, row->ideal), (unsigned long long)(row->cycles - row->ideal));
        free(place);
    }
}

void cli_profile_print(const tw_profile *profile, const tw_traffic *traffic, double floor)
{
    uint64_t cycles = sum_of(profile, cycles_of), ideal = sum_of(profile, ideal_of);
    printf(
        "  global memory: %llu bytes read (%llu past the registers), %llu written, %.2f times the tensors' own; "
        "%llu matrix instructions, %.6g GFLOP; %llu exponentials\n",
        (unsigned long long)traffic->global_read_bytes, (unsigned long long)traffic->copied_bytes,
        (unsigned long long)traffic->global_written_bytes,
        (double)(traffic->global_read_bytes + traffic->global_written_bytes) / (floor > 0 ? floor : 1),
        (unsigned long long)traffic->matrix_instructions, (double)traffic->matrix_flops * 1e-9,
        (unsigned long long)traffic->exponentials);
    if (!profile->count)
        return;
    print_conflicts(profile);
    printf("  shared memory: %llu bytes in %llu cycles, %llu without bank conflicts (%.2f)\n",
           (unsigned long long)sum_of(profile, moved_of), (unsigned long long)cycles,
           (unsigned long long)ideal, factor(cycles, ideal));
    printf("  %12s %10s %10s %6s  by line\n", "bytes", "cycles", "ideal", "factor");
    for (size_t i = 0; i < profile->count && i < ROWS_PRINTED; i++)
        print_row(&profile->row[i]);
    if (profile->count > ROWS_PRINTED)
        printf("  %zu further lines; --json has all\n", profile->count - ROWS_PRINTED);
    if (profile->lost)
        printf("  %llu places in the code found no room\n", (unsigned long long)profile->lost);
}

void cli_profile_json(cJSON *json, const tw_profile *profile)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < profile->count; i++) {
        const tw_profile_row *row = &profile->row[i];
        cJSON *item = cJSON_CreateObject();
        if (row->place.kernel)
            cJSON_AddStringToObject(item, "line", row->place.kernel);
        if (row->place.library)
            cJSON_AddStringToObject(item, "library_line", row->place.library);
        cJSON_AddStringToObject(item, "access", tw_shared_kind_name(row->kind));
        cJSON_AddNumberToObject(item, "lane_bytes", row->bytes);
        cJSON_AddNumberToObject(item, "instructions", (double)row->instructions);
        cJSON_AddNumberToObject(item, "bytes", (double)row->moved);
        cJSON_AddNumberToObject(item, "cycles", (double)row->cycles);
        cJSON_AddNumberToObject(item, "ideal_cycles", (double)row->ideal);
        cJSON_AddItemToArray(list, item);
    }
    cJSON_AddNumberToObject(json, "shared_bytes", (double)sum_of(profile, moved_of));
    cJSON_AddNumberToObject(json, "shared_cycles", (double)sum_of(profile, cycles_of));
    cJSON_AddNumberToObject(json, "shared_ideal_cycles", (double)sum_of(profile, ideal_of));
    cJSON_AddItemToObject(json, "shared", list);
}
