/* SPDX-License-Identifier: MIT
 *
 * The nearest known name, by Levenshtein's edit distance; small and capital letters are the same to it.
 */
#define _GNU_SOURCE
#include "suggest.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST = 64 };

static int differ(char a, char b) { return tolower((unsigned char)a) != tolower((unsigned char)b); }

static size_t distance(const char *a, const char *b)
{
    size_t row[LONGEST + 1];
    size_t width = strlen(b);
    if (width > LONGEST || strlen(a) > LONGEST)
        return LONGEST;
    for (size_t j = 0; j <= width; j++)
        row[j] = j;
    for (size_t i = 0; a[i]; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < width; j++) {
            size_t best = diagonal + (size_t)differ(a[i], b[j]);
            diagonal = row[j + 1];
            if (diagonal + 1 < best)
                best = diagonal + 1;
            if (row[j] + 1 < best)
                best = row[j] + 1;
            row[j + 1] = best;
        }
    }
    return row[width];
}

const char *tw_suggest(const char *given, const tw_list *known)
{
    const char *nearest = NULL;
    size_t best = LONGEST;
    for (size_t i = 0; i < known->count; i++) {
        size_t edits = distance(given, known->item[i]);
        size_t allowed = (strlen(known->item[i]) + 2) / 3;
        if (edits <= allowed && edits < strlen(given) && edits < best) {
            best = edits;
            nearest = known->item[i];
        }
    }
    return nearest;
}

tw_status tw_fail_unknown(const char *what, const char *given, const tw_list *known)
{
    const char *nearest = tw_suggest(given, known);
    char *question = nearest ? tw_text_format("did you mean '%s'? ", nearest) : tw_text_format("%s", "");
    size_t bytes = 1;
    for (size_t i = 0; i < known->count; i++)
        bytes += strlen(known->item[i]) + 1;
    char *all = calloc(1, bytes);
    char *to = all;
    for (size_t i = 0; all && i < known->count; i++) {
        *to++ = ' ';
        to = stpcpy(to, known->item[i]);
    }
    tw_status status = tw_fail(TW_INVALID, "unknown %s '%s'; %sthere %s%s", what, given, question,
                               known->count == 1 ? "is" : "are", known->count ? all : " none");
    free(all);
    free(question);
    return status;
}
