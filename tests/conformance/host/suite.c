/* SPDX-License-Identifier: MIT
 *
 * Walking the families: instances, cases, counts.
 */
#define _GNU_SOURCE
#include "suite.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suite_state.h"

#define CONFORM_FAMILY(name) void conform_family_##name(conform *c);
#include "families.def"

enum { DEFINES = 7, VALUE_BYTES = 24 };

/* An instance asked for by some case. */
struct conform_object {
    conform_instance instance;
    char values[DEFINES][VALUE_BYTES];
    tw_define define[DEFINES];
    int defines;
    char *kernel, *source, *title;
    int wanted; /* by a case that the filter lets through */
    int walk;   /* the last one that opened it */
    tw_status status;
};

#define TILE(element, name, m, n, wave_rows, wave_cols)                                                      \
    {                                                                                                        \
        .dtype = TW_DTYPE_##element, .role = CONFORM_##name, .rows = m, .cols = n, .team_rows = wave_rows,   \
        .team_cols = wave_cols                                                                               \
    }

/* clang-format off */
const conform_instance conform_tiles[CONFORM_TILES] = {
    /*   dtype role rows cols team */
    TILE(F32,  ACC, 32,  48,  2, 1),
    TILE(F16,  ACC, 16,  16,  1, 1),
    TILE(BF16, ACC, 64,  32,  2, 2),
    TILE(F32,  A,   16,  16,  1, 1),
    TILE(F16,  A,   64,  32,  4, 1),
    TILE(BF16, A,   32,  48,  2, 2),
    TILE(F32,  B,   64,  32,  1, 2),
    TILE(F16,  B,   32,  64,  1, 4),
    TILE(BF16, B,   48,  32,  2, 2),
    TILE(F32,  LINE, 8, 256,  2, 2),
    TILE(BF16, LINE, 8, 512,  2, 1),
};
/* clang-format on */

conform *conform_create(const char *filter, uint64_t seed, int verbose, int few)
{
    conform *c = calloc(1, sizeof *c);
    c->filter = filter;
    c->seed = seed;
    c->verbose = verbose;
    c->few = few;
    return c;
}

static void close_object(conform *c)
{
    tw_instance_close(c->loaded);
    c->loaded = NULL;
    c->object = NULL;
}

void conform_free(conform *c)
{
    for (size_t i = 0; i < c->objects; i++) {
        free(c->known[i]->kernel);
        free(c->known[i]->source);
        free(c->known[i]->title);
        free(c->known[i]);
    }
    free(c->known);
    free(c);
}

void conform_walk(conform *c, conform_mode mode, tw_target *target, const tw_target_id *id)
{
    c->mode = mode;
    c->target = target;
    c->id = id;
    c->walk++;
    c->opened = 0;
#define CONFORM_FAMILY(name) conform_family_##name(c);
#include "families.def"
    close_object(c);
}

long conform_passed(const conform *c) { return c->passed; }
long conform_failed(const conform *c) { return c->failed; }

long conform_instances(const conform *c)
{
    long wanted = 0;
    for (size_t i = 0; i < c->objects; i++)
        wanted += c->known[i]->wanted;
    return wanted;
}

const char *conform_role_name(int role)
{
    static const char *const names[] = {"acc", "a", "b", "line"};
    return names[role];
}

int conform_code(tw_dtype dtype) { return (int)dtype + 1; }

int64_t conform_blocks(int64_t size, int64_t origin, int tile) { return (size - origin + tile - 1) / tile; }

static void define(conform_object *object, const char *name, const char *value)
{
    snprintf(object->values[object->defines], VALUE_BYTES, "%s", value);
    object->define[object->defines].name = name;
    object->define[object->defines].value = object->values[object->defines];
    object->defines++;
}

static void define_number(conform_object *object, const char *name, int value)
{
    char text[VALUE_BYTES];
    snprintf(text, sizeof text, "%d", value);
    define(object, name, text);
}

static conform_object *make_object(const conform_instance *instance)
{
    conform_object *object = calloc(1, sizeof *object);
    object->instance = *instance;
    define(object, "CONFORM_DTYPE", tw_dtype_name(instance->dtype));
    define(object, "CONFORM_ROLE", conform_role_name(instance->role));
    define_number(object, "CONFORM_ROWS", instance->rows);
    define_number(object, "CONFORM_COLS", instance->cols);
    define_number(object, "CONFORM_TEAM_ROWS", instance->team_rows);
    define_number(object, "CONFORM_TEAM_COLS", instance->team_cols);
    if (instance->option)
        define(object, instance->option, instance->value);
    object->kernel = tw_text_format("conform_%s", instance->kernel);
    object->source = tw_text_format("tests/conformance/%s.c", instance->kernel);
    object->title = tw_text_format("%s %s %s %dx%d team %dx%d%s%s", instance->kernel,
                                   tw_dtype_name(instance->dtype), conform_role_name(instance->role),
                                   instance->rows, instance->cols, instance->team_rows, instance->team_cols,
                                   instance->option ? " " : "", instance->option ? instance->value : "");
    return object;
}

/* The known object of that title, or `object` itself, now known. */
static conform_object *know(conform *c, conform_object *object)
{
    for (size_t i = 0; i < c->objects; i++) {
        if (strcmp(c->known[i]->title, object->title) != 0)
            continue;
        free(object->kernel);
        free(object->source);
        free(object->title);
        free(object);
        return c->known[i];
    }
    c->known = realloc(c->known, (c->objects + 1) * sizeof *c->known);
    c->known[c->objects++] = object;
    return object;
}

int conform_open(conform *c, const conform_instance *instance)
{
    conform_instance here = *instance;
    close_object(c);
    if (c->opened++ % 3 && c->few)
        return 0;
    if (c->id->kind == TW_TARGET_CPU)
        here.team_rows = here.team_cols = 1;
    conform_object *object = know(c, make_object(&here));
    if (object->walk == c->walk) /* a row that differed by its team alone */
        return 0;
    object->walk = c->walk;
    c->object = object;
    return 1;
}

static tw_instance_request request_of(const conform_object *object)
{
    tw_instance_request request = {
        .kernel = object->kernel,
        .source = object->source,
        .defines = object->define,
        .define_count = (size_t)object->defines,
    };
    return request;
}

int conform_compile(conform *c, int jobs)
{
    int failures = 0;
#ifdef _OPENMP
#pragma omp parallel for schedule(dynamic) num_threads(jobs) reduction(+ : failures)
#else
    (void)jobs;
#endif
    for (size_t i = 0; i < c->objects; i++) {
        conform_object *object = c->known[i];
        tw_instance_request request = request_of(object);
        tw_instance_origin origin;
        char *path;
        if (!object->wanted)
            continue;
        object->status = tw_instance_find(c->id, &request, &path, &origin);
        free(path);
        failures += object->status.code != TW_OK;
    }
    return failures;
}

/* The instance of the case at hand; a failure is told once, and every case of the instance fails. */
static int load(conform *c)
{
    conform_object *object = c->object;
    if (c->loaded)
        return 1;
    if (object->status.code == TW_OK) {
        tw_instance_request request = request_of(object);
        object->status = tw_instance_open(c->target, &request, &c->loaded);
        if (object->status.code == TW_OK)
            return 1;
    }
    if (object->wanted) {
        printf("FAIL %s: %s\n", object->title, object->status.message);
        object->wanted = 0;
    }
    return 0;
}

int conform_begin(conform *c, const char *format, ...)
{
    char what[NAME_BYTES / 2];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    snprintf(c->name, sizeof c->name, "%s: %s", c->object->title, what);
    if (c->filter && !strstr(c->name, c->filter))
        return 0;
    c->object->wanted |= c->mode != CONFORM_RUN;
    if (c->mode == CONFORM_LIST)
        puts(c->name);
    if (c->mode != CONFORM_RUN)
        return 0;
    c->cases++;
    c->problem[0] = '\0';
    if (load(c))
        return 1;
    c->failed++;
    return 0;
}

void conform_problem(conform *c, const char *format, ...)
{
    va_list arguments;
    if (c->problem[0])
        return;
    va_start(arguments, format);
    vsnprintf(c->problem, sizeof c->problem, format, arguments);
    va_end(arguments);
}

void conform_end(conform *c)
{
    conform_free_tensors(c);
    if (c->problem[0]) {
        c->failed++;
        printf("FAIL %s: %s\n", c->name, c->problem);
    } else {
        c->passed++;
        if (c->verbose)
            printf("pass %s\n", c->name);
    }
    if (c->verbose || c->problem[0])
        fflush(stdout);
}

void conform_launch(conform *c, const conform_args *args, int64_t blocks_x, int64_t blocks_y)
{
    const uint32_t grid[3] = {(uint32_t)blocks_x, (uint32_t)blocks_y, 1};
    if (c->problem[0])
        return;
    tw_status status = tw_instance_launch(c->loaded, args, sizeof *args, grid, c->seed + (uint64_t)c->cases);
    if (status.code == TW_OK)
        status = tw_target_synchronize(c->target);
    if (status.code != TW_OK)
        conform_problem(c, "%s", status.message);
}
