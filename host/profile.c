/* SPDX-License-Identifier: MIT
 *
 * Shared memory by source line.
 */
#include "profile.h"

#include <stdlib.h>
#include <string.h>

const char *tw_shared_kind_name(uint32_t kind)
{
    static const char *const names[TW_SHARED_KINDS] = {
        [TW_SHARED_load] = "load",
        [TW_SHARED_store] = "store",
        [TW_SHARED_matrix_load] = "matrix load",
        [TW_SHARED_matrix_store] = "matrix store",
        [TW_SHARED_copy] = "async copy",
        [TW_SHARED_engine] = "copy engine",
        [TW_SHARED_operand] = "MMA operand",
    };
    return kind < TW_SHARED_KINDS ? names[kind] : "?";
}

static int same_text(const char *a, const char *b) { return a == b || (a && b && strcmp(a, b) == 0); }

/* The row of the same line, kind and width, or a new one, which takes the place. */
static tw_profile_row *find_row(tw_profile *profile, tw_place *place, const tw_shared_row *from)
{
    for (size_t i = 0; i < profile->count; i++) {
        tw_profile_row *row = &profile->row[i];
        if (row->kind == from->kind && row->bytes == from->bytes &&
            same_text(row->place.kernel, place->kernel) && same_text(row->place.library, place->library)) {
            tw_place_free(place);
            return row;
        }
    }
    tw_profile_row *grown = realloc(profile->row, (profile->count + 1) * sizeof *grown);
    if (!grown)
        return NULL;
    profile->row = grown;
    grown[profile->count] = (tw_profile_row){.place = *place, .kind = from->kind, .bytes = from->bytes};
    *place = (tw_place){0};
    return &grown[profile->count++];
}

static int compare_rows(const void *left, const void *right)
{
    const tw_profile_row *a = left, *b = right;
    if (a->cycles != b->cycles)
        return a->cycles < b->cycles ? 1 : -1;
    int lines = strcmp(a->place.kernel ? a->place.kernel : "", b->place.kernel ? b->place.kernel : "");
    return lines ? lines : a->kind < b->kind ? -1 : a->kind > b->kind;
}

tw_status tw_profile_add(tw_profile *profile, const tw_report *report)
{
    const void **address = malloc((report->rows + 1) * sizeof *address);
    tw_place *place = malloc((report->rows + 1) * sizeof *place);
    int complete = address && place;
    for (uint32_t i = 0; complete && i < report->rows; i++)
        address[i] = report->row[i].place;
    if (complete)
        tw_places_find(address, report->rows, place);
    for (uint32_t i = 0; complete && i < report->rows; i++) {
        tw_profile_row *row = find_row(profile, &place[i], &report->row[i]);
        tw_place_free(&place[i]);
        if (!row) {
            complete = 0;
            break;
        }
        row->instructions += report->row[i].instructions;
        row->moved += report->row[i].moved;
        row->cycles += report->row[i].cycles;
        row->ideal += report->row[i].ideal;
    }
    profile->lost += report->rows_lost;
    free(address);
    free(place);
    if (!complete)
        return tw_fail(TW_NO_MEMORY, "no memory for %u places in the code", report->rows);
    if (profile->count)
        qsort(profile->row, profile->count, sizeof *profile->row, compare_rows);
    return tw_ok();
}

void tw_profile_free(tw_profile *profile)
{
    for (size_t i = 0; i < profile->count; i++)
        tw_place_free(&profile->row[i].place);
    free(profile->row);
    *profile = (tw_profile){0};
}
