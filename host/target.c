/* SPDX-License-Identifier: MIT
 *
 * Targets by name, and the calls that go straight to a back end.
 */
#define _GNU_SOURCE
#include "target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend.h"
#include "compile.h"
#include "instance.h"
#include "suggest.h"
#include "text.h"

const tw_machine tw_machines[] = {
#define TW_MACHINE_ROW(name, vendor, code, lanes, shared_bytes, registers, chiplets, banks, fp8, async_copy, \
                       mma_shared, transposing_read)                                                         \
    {#name, #vendor, #code, lanes, shared_bytes, mma_shared},
#include "arch/registry.def"
    {0},
};

/* clang-format off */
/* Which machines a kind of target may name, and who runs them. */
static const struct {
    const char *prefix;
    const char *vendors[2];
    const tw_backend *backend;
} kinds[TW_TARGET_KINDS] = {
    [TW_TARGET_CPU]      = { "cpu",  { "cpu",    NULL  }, &tw_backend_native },
    [TW_TARGET_EMULATED] = { "emu",  { "nvidia", "amd" }, &tw_backend_native },
    [TW_TARGET_CUDA]     = { "cuda", { "nvidia", NULL  }, &tw_backend_driver },
    [TW_TARGET_HIP]      = { "hip",  { "amd",    NULL  }, &tw_backend_driver },
};
/* clang-format on */

static int serves(tw_target_kind kind, const tw_machine *machine)
{
    for (int i = 0; i < 2; i++) {
        if (kinds[kind].vendors[i] && strcmp(kinds[kind].vendors[i], machine->vendor) == 0)
            return 1;
    }
    return 0;
}

static void set_name(tw_target_id *id)
{
    const char *prefix = kinds[id->kind].prefix;
    if (id->kind == TW_TARGET_CPU || !id->machine)
        snprintf(id->name, sizeof id->name, "%s", prefix);
    else
        snprintf(id->name, sizeof id->name, "%s:%s", prefix, id->machine->name);
}

const tw_machine *tw_machine_find(const char *name)
{
    for (const tw_machine *machine = tw_machines; machine->name; machine++) {
        if (strcmp(machine->name, name) == 0)
            return machine;
    }
    return NULL;
}

/* Target number `index` of all; 0 when there are not that many. */
static int nth(size_t index, tw_target_id *id)
{
    for (int kind = 0; kind < TW_TARGET_KINDS; kind++) {
        for (const tw_machine *machine = tw_machines; machine->name; machine++) {
            if (!serves((tw_target_kind)kind, machine) || index-- > 0)
                continue;
            *id = (tw_target_id){.kind = (tw_target_kind)kind, .machine = machine};
            set_name(id);
            return 1;
        }
    }
    return 0;
}

size_t tw_target_count(void)
{
    tw_target_id id;
    size_t count = 0;
    while (nth(count, &id))
        count++;
    return count;
}

tw_status tw_target_parse(const char *name, tw_target_id *id)
{
    for (size_t i = 0; nth(i, id); i++) {
        if (strcmp(name, id->name) == 0)
            return tw_ok();
    }
    for (int kind = TW_TARGET_CUDA; kind <= TW_TARGET_HIP; kind++) {
        if (strcmp(name, kinds[kind].prefix) == 0) {
            *id = (tw_target_id){.kind = (tw_target_kind)kind};
            set_name(id);
            return tw_ok();
        }
    }
    tw_list names = {0};
    for (size_t i = 0; nth(i, id); i++)
        tw_list_add(&names, "%s", id->name);
    tw_list_add(&names, "cuda");
    tw_list_add(&names, "hip");
    tw_status status = tw_fail_unknown("target", name, &names);
    tw_list_free(&names);
    return status;
}

tw_status tw_target_resolve(const char *name, tw_target_id *id)
{
    TW_TRY(tw_target_parse(name, id));
    if (id->machine)
        return tw_ok();
    tw_target *target;
    tw_status status = tw_target_open(name, &target);
    if (status.code == TW_UNAVAILABLE)
        return tw_fail(status.code, "%s; where there is no GPU, say its machine: %s:MACHINE of tw targets",
                       status.message, name);
    TW_TRY(status);
    *id = target->id;
    tw_target_close(target);
    return tw_ok();
}

void tw_target_describe(size_t index, tw_target_report *report)
{
    *report = (tw_target_report){0};
    if (!nth(index, &report->id))
        return;
    report->shipped = tw_instances_shipped(&report->id);
    tw_compiler compiler;
    if (tw_compiler_find(report->id.kind, &compiler).code == TW_OK) {
        snprintf(report->compiler, sizeof report->compiler, "%s", compiler.program);
    }
    tw_compiler_free(&compiler);
    tw_target *target;
    tw_status status = tw_target_open(report->id.name, &target);
    if (status.code == TW_OK) {
        snprintf(report->device, sizeof report->device, "%s", target->device);
        tw_target_close(target);
        report->runnable = report->shipped || report->compiler[0];
        if (!report->runnable)
            snprintf(report->reason, sizeof report->reason, "no kernels built and no compiler");
    } else {
        snprintf(report->reason, sizeof report->reason, "%.159s", status.message);
    }
}

tw_status tw_target_open(const char *name, tw_target **target)
{
    *target = NULL;
    tw_target *opened = calloc(1, sizeof *opened);
    if (!opened)
        return tw_fail(TW_NO_MEMORY, "no memory for a target");
    tw_status status = tw_target_parse(name, &opened->id);
    if (status.code == TW_OK) {
        opened->backend = kinds[opened->id.kind].backend;
        status = opened->backend->open(opened);
    }
    if (status.code != TW_OK) {
        free(opened);
        return status;
    }
    set_name(&opened->id);
    *target = opened;
    return tw_ok();
}

void tw_target_close(tw_target *target)
{
    if (!target)
        return;
    target->backend->close(target);
    free(target);
}

const tw_target_id *tw_target_identity(const tw_target *target) { return &target->id; }

const char *tw_target_device(const tw_target *target) { return target->device; }

tw_status tw_target_allocate(tw_target *target, size_t bytes, void **address)
{
    *address = NULL;
    if (bytes == 0)
        return tw_fail(TW_INVALID, "tw_target_allocate: 0 bytes asked; ask for at least 1");
    return target->backend->allocate(target, bytes, address);
}

void tw_target_free(tw_target *target, void *address)
{
    if (address)
        target->backend->release(target, address);
}

tw_status tw_target_write(tw_target *target, void *device, const void *host, size_t bytes)
{
    return bytes ? target->backend->write(target, device, host, bytes) : tw_ok();
}

tw_status tw_target_read(tw_target *target, void *host, const void *device, size_t bytes)
{
    return bytes ? target->backend->read(target, host, device, bytes) : tw_ok();
}

tw_status tw_target_synchronize(tw_target *target) { return target->backend->synchronize(target); }

void tw_target_use_stream(tw_target *target, void *stream)
{
    if (target->backend->use_stream)
        target->backend->use_stream(target, stream);
}

tw_status tw_info_check(const tw_kernel_info *info, const char *path, const char *kernel)
{
    if (info->abi == TW_ABI)
        return tw_ok();
    return tw_fail(TW_INVALID,
                   "%s: its %s_info has ABI %u where this program has %d; compile it again with these "
                   "headers",
                   path, kernel, info->abi, TW_ABI);
}
