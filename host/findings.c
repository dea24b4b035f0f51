/* SPDX-License-Identifier: MIT
 *
 * What emulated machines found in launches, as lines for people.
 */
#include "findings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

static const struct {
    uint32_t code;
    const char *title, *fix;
} rules[] = {
#define TW_FINDING_ROW(number, name, title, fix) {number, title, fix},
#include "arch/findings.def"
};

enum { RULES = sizeof rules / sizeof *rules };

/* The text with its places, " at {n}", filled in; those not known are left out. */
static char *fill_text(const char *text, const tw_place *place)
{
    char *filled = tw_text_format("%s", ""), *next;
    while (*text) {
        const char *mark = strstr(text, " at {");
        int length = mark ? (int)(mark - text) : (int)strlen(text);
        char *where = mark ? tw_place_text(&place[(mark[5] - '0') % TW_FINDING_PLACES]) : NULL;
        next = tw_text_format("%s%.*s%s%s", filled, length, text, where ? " at " : "", where ? where : "");
        free(where);
        free(filled);
        filled = next;
        text += length + (mark ? 7 : 0);
    }
    return filled;
}

static int same_text(const char *a, const char *b) { return a == b || (a && b && strcmp(a, b) == 0); }

/* The one of the list with the same code and lines, or NULL. */
static tw_found *find_same(tw_findings *findings, const tw_found *found)
{
    for (size_t i = 0; i < findings->count; i++) {
        tw_found *old = &findings->item[i];
        if (old->code == found->code && same_text(old->place.kernel, found->place.kernel) &&
            same_text(old->place.library, found->place.library) && same_text(old->other, found->other))
            return old;
    }
    return NULL;
}

static void add(tw_findings *findings, const tw_finding *finding, tw_place place[TW_FINDING_PLACES])
{
    tw_found found = {
        .code = finding->code, .count = finding->count, .wave = finding->wave, .lane = finding->lane};
    memcpy(found.block, finding->block, sizeof found.block);
    for (int r = 0; r < RULES; r++) {
        if (rules[r].code == finding->code) {
            found.title = rules[r].title;
            found.fix = rules[r].fix;
        }
    }
    found.place = place[0];
    found.text = fill_text(finding->text, place);
    found.other = tw_place_text(&place[1]);
    for (int i = 1; i < TW_FINDING_PLACES; i++)
        tw_place_free(&place[i]);
    tw_found *same = find_same(findings, &found);
    tw_found *grown = same ? NULL : realloc(findings->item, (findings->count + 1) * sizeof *findings->item);
    if (same)
        same->count += found.count;
    else if (!grown)
        findings->lost += found.count;
    if (!grown) {
        tw_place_free(&found.place);
        free(found.text);
        free(found.other);
        return;
    }
    findings->item = grown;
    findings->item[findings->count++] = found;
}

void tw_findings_add(tw_findings *findings, const tw_report *report)
{
    size_t count = (size_t)report->findings * TW_FINDING_PLACES;
    findings->lost += report->lost;
    findings->traffic.global_read_bytes += report->traffic.global_read_bytes;
    findings->traffic.global_written_bytes += report->traffic.global_written_bytes;
    if (count == 0)
        return;
    const void **address = calloc(count, sizeof *address);
    tw_place *place = calloc(count, sizeof *place);
    if (address && place) {
        for (size_t i = 0; i < count; i++)
            address[i] = report->finding[i / TW_FINDING_PLACES].place[i % TW_FINDING_PLACES];
        tw_places_find(address, count, place);
        for (uint32_t i = 0; i < report->findings; i++)
            add(findings, &report->finding[i], place + (size_t)i * TW_FINDING_PLACES);
    } else {
        findings->lost += report->findings;
    }
    free(address);
    free(place);
}

void tw_findings_free(tw_findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        tw_place_free(&findings->item[i].place);
        free(findings->item[i].text);
        free(findings->item[i].other);
    }
    free(findings->item);
    *findings = (tw_findings){0};
}

char *tw_finding_line(const tw_found *found)
{
    char *place = tw_place_text(&found->place), *times = NULL;
    if (found->count > 1)
        times = tw_text_format(", %llu times", (unsigned long long)found->count);
    char *line =
        tw_text_format("%s%sTW%u %s: %s; fix: %s (block (%u,%u,%u) wave %u lane %u%s)", place ? place : "",
                       place ? ": " : "", found->code, found->title ? found->title : "", found->text,
                       found->fix ? found->fix : "", found->block[0], found->block[1], found->block[2],
                       found->wave, found->lane, times ? times : "");
    free(place);
    free(times);
    return line;
}
