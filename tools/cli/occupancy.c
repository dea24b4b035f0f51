/* SPDX-License-Identifier: MIT
 *
 * How many blocks of a kernel a compute unit holds.
 */
#define _GNU_SOURCE
#include "occupancy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/file.h"
#include "resources.h"

typedef struct {
    const char *name;
    int schedulers, registers, register_granule, waves, blocks, shared_bytes, shared_granule, shared_reserved;
} unit_row;

static const unit_row units[] = {
#define TW_UNIT_ROW(name, schedulers, registers, register_granule, waves, blocks, shared_bytes,              \
                    shared_granule, shared_reserved)                                                         \
    {#name,  schedulers,   registers,      register_granule, waves,                                          \
     blocks, shared_bytes, shared_granule, shared_reserved},
#include "arch/units.def"
};

static int rounded_up(int value, int granule) { return (value + granule - 1) / granule * granule; }

/* Takes the limit where it is the lowest so far. */
static void limit_to(cli_occupancy *o, int blocks, const char *limit)
{
    if (blocks < o->blocks) {
        o->blocks = blocks;
        o->limit = limit;
    }
}

int cli_occupancy_estimate(const tw_machine *machine, cli_occupancy *o)
{
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        const unit_row *unit = &units[i];
        if (strcmp(unit->name, machine->name) != 0)
            continue;
        int waves = (o->threads + machine->lanes - 1) / machine->lanes;
        int granted = o->registers ? rounded_up(o->registers, unit->register_granule) : 1;
        int shared = rounded_up(o->shared_bytes, unit->shared_granule) + unit->shared_reserved;
        o->blocks = unit->blocks;
        o->limit = "the most blocks that it takes";
        limit_to(o, unit->schedulers * unit->waves / waves, "the most waves that it takes");
        limit_to(o, unit->schedulers * (unit->registers / granted) / waves, "registers");
        if (shared)
            limit_to(o, unit->shared_bytes / shared, "shared memory");
        o->waves = o->blocks * waves;
        o->waves_most = unit->schedulers * unit->waves;
        return 1;
    }
    return 0;
}

/* The registers that the machine's own compiler takes; or why they are not known. */
static void find_registers(tw_problem *problem, const tw_machine *machine, cli_occupancy *o)
{
    int nvidia = strcmp(machine->vendor, "nvidia") == 0;
    char *name = tw_text_format("%s:%s", nvidia ? "cuda" : "hip", machine->name), *log = NULL;
    char *source = tw_text_format("%s/%s", tw_source_root(), tw_problem_kernel(problem)->source);
    char *object = tw_temporary_name("/tmp/tilewright");
    cli_resources kernels[RESOURCE_KERNELS_MAX];
    tw_target_id id;
    tw_compilation compilation = {.source = source, .output = object, .report_resources = 1};
    tw_problem_defines(problem, &compilation.defines, &compilation.define_count);
    tw_status status = tw_target_parse(name, &id);
    if (status.code == TW_OK)
        status = tw_compile(&id, &compilation, &log);
    int count = status.code == TW_OK ? cli_resources_parse(log, kernels) : 0;
    for (int i = 0; i < count; i++)
        if (strcmp(kernels[i].kernel, tw_problem_kernel(problem)->name) == 0)
            o->registers =
                rounded_up(kernels[i].registers, kernels[i].accumulators ? 4 : 1) + kernels[i].accumulators;
    if (!o->registers)
        snprintf(o->missing, sizeof o->missing, "%.250s",
                 status.code == TW_OK ? "the compiler reports no registers" : status.message);
    remove(object);
    free(log);
    free(object);
    free(source);
    free(name);
}

int cli_occupancy_of(tw_problem *problem, const tw_machine *machine, cli_occupancy *o)
{
    const tw_kernel_info *info = tw_instance_info(tw_problem_instance(problem));
    *o = (cli_occupancy){.threads = (int)info->threads, .shared_bytes = (int)info->shared_bytes};
    if (!cli_occupancy_estimate(machine, o))
        return 0;
    find_registers(problem, machine, o);
    return cli_occupancy_estimate(machine, o);
}

void cli_occupancy_print(const cli_occupancy *o)
{
    printf("  occupancy, an estimate: %d block%s, %d of %d waves on a compute unit; limit: %s (", o->blocks,
           o->blocks == 1 ? "" : "s", o->waves, o->waves_most, o->limit);
    if (o->registers)
        printf("%d registers, ", o->registers);
    printf("%d threads, %d bytes of shared memory)\n", o->threads, o->shared_bytes);
    if (o->missing[0])
        printf("  skipped: registers (%s)\n", o->missing);
}

void cli_occupancy_json(cJSON *json, const cli_occupancy *o)
{
    cJSON *object = cJSON_AddObjectToObject(json, "occupancy");
    if (o->registers)
        cJSON_AddNumberToObject(object, "registers", o->registers);
    cJSON_AddNumberToObject(object, "threads", o->threads);
    cJSON_AddNumberToObject(object, "shared_bytes", o->shared_bytes);
    cJSON_AddNumberToObject(object, "blocks", o->blocks);
    cJSON_AddNumberToObject(object, "waves", o->waves);
    cJSON_AddNumberToObject(object, "waves_most", o->waves_most);
    cJSON_AddStringToObject(object, "limit", o->limit);
}
