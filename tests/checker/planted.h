/* SPDX-License-Identifier: MIT
 *
 * Small kernels, each with one thing wrong, and the same kernels without it: the emulator has to name exactly
 * that fault at exactly that line, and nothing in the twin.
 *
 *   #define TW_MACHINE sm90
 *   #include "planted.h"
 *
 * A kernel takes a planted_case. Where its `fault` is set it does the wrong thing, on a line that says
 * HERE(); the twin runs with `fault` 0. A second line that the finding has to name says THERE().
 */
#ifndef TESTS_CHECKER_PLANTED_H
#define TESTS_CHECKER_PLANTED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tilewright.h"

#include "host/findings.h"
#include "host/tensor_map.h"

enum { ELEMENTS = 4096, SHARED_BYTES = 65536 };

typedef struct {
    float *in, *out;              /* ELEMENTS each */
    tw_tensor_map *map, *out_map; /* 64 rows of 64 f32 (of `out` 60), in boxes of 8 x 32, swizzled */
    int fault;
} planted_case;

/* Apart, or what is one element outside of `in` would be an element of `out`. */
static struct {
    float in[ELEMENTS], gap[64], out[ELEMENTS];
} planted_tensors TW_ALIGN(256);
static int planted_here, planted_there; /* lines */
static const char *planted_file;

#define HERE()  (planted_here = __LINE__, planted_file = __FILE__)
#define THERE() (planted_there = __LINE__)

static inline char *planted_shared(int offset) { return (char *)tw__isa_shared_base() + offset; }
static inline int planted_thread(void) { return tw__isa_wave() * TW_LANES + tw__isa_lane(); }

/* All that is found under `schedules` seeds. */
static tw_findings planted_run(void (*kernel)(const void *), int waves, int blocks, int fault, int schedules)
{
    static tw_finding room[TW_FINDINGS_MAX];
    static tw_tensor_map map, out_map;
    static char message[512];
    planted_case test = {planted_tensors.in, planted_tensors.out, &map, &out_map, fault};
    tw_tensor_arg tensor = {.data = planted_tensors.in, .dim = {64, 64}, .stride = {64, 1}};
    tw_tensor_arg out = {.data = planted_tensors.out, .dim = {64, 60}, .stride = {64, 1}};
    tw_tensor_map_request box = {&tensor, 2, TW_DTYPE_F32, 8, 32, 128},
                          out_box = {&out, 2, TW_DTYPE_F32, 8, 32, 128};
    const tw_memory memory[] = {
        {.name = "in",
         .data = planted_tensors.in,
         .rows = 64,
         .row_bytes = 256,
         .stride = 256,
         .element_bytes = 4,
         .is_input = 1},
        {.name = "out",
         .data = planted_tensors.out,
         .rows = 64,
         .row_bytes = 240,
         .stride = 256,
         .element_bytes = 4,
         .is_output = 1},
    };
    tw_findings findings = {0};
    assert_int_equal(tw_tensor_map_make(&box, NULL, &map).code, TW_OK);
    assert_int_equal(tw_tensor_map_make(&out_box, NULL, &out_map).code, TW_OK);
    for (int seed = 1; seed <= schedules; seed++) {
        tw_report report = {
            .keep_going = 1, .memories = 2, .memory = memory, .finding = room, .capacity = TW_FINDINGS_MAX};
        tw_kernel_info info = {
            .abi = TW_ABI, .threads = (uint32_t)(waves * TW_LANES), .shared_bytes = SHARED_BYTES};
        tw_launch_request request = {.args = &test,
                                     .grid = {(uint32_t)blocks, 1, 1},
                                     .seed = (uint64_t)seed,
                                     .message = message,
                                     .message_bytes = sizeof message,
                                     .report = &report};
        tw__emu_launch(&request, &info, kernel);
        tw_findings_add(&findings, &report);
    }
    return findings;
}

/* Is `place` this line of the test? */
static inline int planted_at(const char *place, int line)
{
    char wanted[64];
    const char *slash = strrchr(planted_file, '/'), *found;
    snprintf(wanted, sizeof wanted, "%s:%d", slash ? slash : planted_file, line);
    found = place ? strstr(place, wanted) : NULL;
    return found && (unsigned)(found[strlen(wanted)] - '0') > 9;
}

/* `kernel` with its fault gives findings of `code` at HERE() alone, naming THERE() if there is one; without
 * it none. */
static void planted(const char *name, void (*kernel)(const void *), int waves, int blocks,
                    tw_finding_code code)
{
    enum { SCHEDULES = 6 };
    tw_findings found, clean = planted_run(kernel, waves, blocks, 0, SCHEDULES);
    if (clean.count > 0)
        fail_msg("%s, the twin: %s", name, tw_finding_line(&clean.item[0]));
    planted_here = planted_there = 0;
    found = planted_run(kernel, waves, blocks, 1, SCHEDULES);
    if (found.count == 0)
        fail_msg("%s: nothing was found", name);
    for (size_t i = 0; i < found.count; i++) {
        char *line = tw_finding_line(&found.item[i]);
        const char *place = found.item[i].place.kernel, *other = found.item[i].other;
        int here = planted_at(place, planted_here),
            named = !planted_there || planted_at(other, planted_there);
        if (planted_there && planted_at(place, planted_there) && planted_at(other, planted_here))
            here = named = 1; /* the two came in the other order */
        if (found.item[i].code != (uint32_t)code || !here || !named)
            fail_msg("%s: not TW%d at line %d with %d: %s", name, (int)code, planted_here, planted_there,
                     line);
        free(line);
    }
    tw_findings_free(&found);
    tw_findings_free(&clean);
}

#define PLANTED(kernel, waves, blocks, code) planted(#kernel, kernel, waves, blocks, TW_FINDING_##code)

#endif
