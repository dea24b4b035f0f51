/* SPDX-License-Identifier: MIT
 *
 * tw check --asm: what a GPU's compiler made of a kernel, read from its disassembly. The rules stand in
 * asm_waits.c and asm_rules.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asm.h"
#include "check.h"
#include "host/file.h"
#include "report.h"
#include "resources.h"
#include "subject.h"

enum { STAGES_MAX = 64 };

typedef struct {
    cli_subject subject;
    const char *target, *object, *json, *listing, *ptx;
    long long stages;
} check_request;

static const struct option options[] = {
    {"asm", no_argument, NULL, 'a'},
    {"target", required_argument, NULL, 't'},
    CLI_SUBJECT_OPTIONS,
    {"object", required_argument, NULL, 'O'},
    {"stages", required_argument, NULL, 'n'},
    {"json", required_argument, NULL, 'j'},
    {"listing", required_argument, NULL, 'l'},
    {"ptx", required_argument, NULL, 'p'},
    {0},
};

static tw_status take_option(check_request *request, int option)
{
    switch (option) {
    case 't': request->target = optarg; return tw_ok();
    case 'O': request->object = optarg; return tw_ok();
    case 'n': return cli_integer("--stages", optarg, 2, STAGES_MAX, &request->stages);
    case 'j': request->json = optarg; return cli_json_allowed(optarg);
    case 'l': request->listing = optarg; return tw_output_allowed(optarg);
    case 'p': request->ptx = optarg; return tw_output_allowed(optarg);
    default: return cli_subject_take(&request->subject, option);
    }
}

static tw_status parse(int argc, char **argv, check_request *request)
{
    int option;
    for (int i = 1; i < argc; i++) /* an --object stands in a kernel's place */
        if (strncmp(argv[i], "--object", 8) == 0)
            request->object = argv[i];
    TW_TRY(cli_subject_find(argc, argv, options, request->object != NULL, &request->subject));
    for (;;) {
        TW_TRY(cli_option(argc, argv, options, &option));
        if (option < 0)
            break;
        TW_TRY(take_option(request, option));
    }
    if (!request->target)
        return tw_fail(TW_INVALID, "tw check needs --target; with --asm one of cuda:MACHINE and hip:MACHINE");
    if (request->object && (request->subject.kernel || request->subject.source))
        return tw_fail(TW_INVALID, "--object %s and a kernel: give one of them", request->object);
    return tw_ok();
}

typedef struct {
    const check_request *request;
    tw_target_id id;
    char *log; /* the compiler's; NULL with --object */
    asm_listing listing;
    asm_findings findings;
} check;

/* Compiles into `object`, with source lines. */
static tw_status compile(check_request *request, check *c, const char *object)
{
    char *source;
    TW_TRY(cli_subject_defines(&request->subject));
    TW_TRY(cli_subject_source(&request->subject, &source));
    char *folder = request->ptx ? tw_temporary_name("/tmp/tilewright") : NULL;
    tw_compilation compilation = {
        .source = source,
        .defines = request->subject.define,
        .define_count = request->subject.define_count,
        .output = object,
        .report_resources = 1,
        .line_tables = 1,
        .keep = folder,
    };
    tw_status status = folder ? tw_folder_create(folder) : tw_ok();
    if (status.code == TW_OK)
        status = tw_compile(&c->id, &compilation, &c->log);
    if (status.code == TW_OK) {
        cli_print_warnings(c->log);
        status = folder ? asm_keep_ptx(folder, source, request->ptx) : tw_ok();
    }
    if (folder)
        asm_remove_folder(folder);
    free(folder);
    free(source);
    return status;
}

static tw_status write_listing(const check *c, const char *path)
{
    tw_output output;
    TW_TRY(tw_output_open(&output, path));
    for (int k = 0; k < c->listing.kernels; k++) {
        const asm_kernel *kernel = &c->listing.kernel[k];
        fprintf(output.stream, "%s:\n", kernel->name);
        for (int i = 0; i < kernel->count; i++)
            fprintf(output.stream, "\t%s\n", kernel->instruction[i].text);
    }
    TW_TRY(tw_output_close(&output));
    return tw_output_commit(&output);
}

static tw_status examine(const check_request *request, check *c, const char *object)
{
    c->listing.object = object;
    c->listing.lanes = c->id.machine->lanes;
    c->listing.machine = c->id.machine->name;
    if (c->id.kind == TW_TARGET_HIP)
        TW_TRY(asm_read_amd(object, &c->listing));
    else
        TW_TRY(asm_read_nvidia(object, c->log, &c->listing));
    if (!c->listing.kernels)
        return tw_fail(TW_INVALID, "%s holds no kernel", request->object ? request->object : object);
    for (int k = 0; k < c->listing.kernels; k++) {
        asm_flow flow;
        asm_flow_make(&c->listing.kernel[k], &flow);
        asm_check_waits(&c->listing, &flow, (int)request->stages, &c->findings);
        asm_check_matrices(&c->listing, &flow, c->log, &c->findings);
        asm_check_stack(&c->listing, &flow, &c->findings);
        asm_flow_free(&flow);
    }
    TW_TRY(asm_place(&c->listing, &c->findings));
    return request->listing ? write_listing(c, request->listing) : tw_ok();
}

static int count_kind(const asm_kernel *kernel, asm_kind kind)
{
    int count = 0;
    for (int i = 0; i < kernel->count; i++)
        count += kernel->instruction[i].kind == kind;
    return count;
}

static void print_source(const asm_source *place)
{
    if (place->file)
        printf("%s:%d", place->file, place->line);
    if (place->library)
        printf(" (%s:%d)", place->library, place->library_line);
}

static void print(const check *c)
{
    for (int i = 0; i < c->findings.count; i++) {
        const asm_finding *f = &c->findings.finding[i];
        print_source(&f->place);
        printf("%sTW%d %s: %s", f->place.file ? ": " : "", (int)f->code, asm_title(f->code), f->what);
        if (f->other.file) {
            printf("; see ");
            print_source(&f->other);
        }
        printf("; fix: %s (kernel %s)\n", f->fix, f->kernel->name);
    }
    if (c->listing.skipped)
        printf(
            "skipped: waits, loops and matrix instructions (%s); registers and spills are the compiler's\n",
            c->listing.skipped);
    for (int k = 0; k < c->listing.kernels; k++) {
        const asm_kernel *kernel = &c->listing.kernel[k];
        printf("%s on %s: %d instructions, %d matrix instructions, %d copies past the registers",
               kernel->name, c->id.name, kernel->count, count_kind(kernel, ASM_MATRIX),
               count_kind(kernel, ASM_COPY));
        if (kernel->figures.registers >= 0)
            printf(", %d registers, %d spills, %d bytes of stack", kernel->figures.registers,
                   kernel->figures.spills, kernel->figures.stack_bytes);
        putchar('\n');
    }
    printf("%d finding%s\n", c->findings.count, c->findings.count == 1 ? "" : "s");
}

static void add_line(cJSON *json, const char *name, const char *file, int line)
{
    char *text = file ? tw_text_format("%s:%d", file, line) : NULL;
    if (text)
        cJSON_AddStringToObject(json, name, text);
    free(text);
}

static cJSON *findings_json(const check *c)
{
    cJSON *list = cJSON_CreateArray();
    for (int i = 0; i < c->findings.count; i++) {
        const asm_finding *f = &c->findings.finding[i];
        cJSON *json = cJSON_CreateObject();
        char code[16];
        snprintf(code, sizeof code, "TW%d", (int)f->code);
        cJSON_AddStringToObject(json, "code", code);
        cJSON_AddStringToObject(json, "title", asm_title(f->code));
        cJSON_AddStringToObject(json, "kernel", f->kernel->name);
        add_line(json, "line", f->place.file, f->place.line);
        add_line(json, "library_line", f->place.library, f->place.library_line);
        add_line(json, "other_line", f->other.file, f->other.line);
        add_line(json, "other_library_line", f->other.library, f->other.library_line);
        cJSON_AddStringToObject(json, "text", f->what);
        cJSON_AddStringToObject(json, "fix", f->fix);
        cJSON_AddItemToArray(list, json);
    }
    return list;
}

static cJSON *kernels_json(const check *c)
{
    cJSON *list = cJSON_CreateArray();
    for (int k = 0; k < c->listing.kernels; k++) {
        const asm_kernel *kernel = &c->listing.kernel[k];
        const asm_figures *figures = &kernel->figures;
        cJSON *json = cJSON_CreateObject();
        cJSON_AddStringToObject(json, "kernel", kernel->name);
        cJSON_AddNumberToObject(json, "instructions", kernel->count);
        cJSON_AddNumberToObject(json, "matrix_instructions", count_kind(kernel, ASM_MATRIX));
        cJSON_AddNumberToObject(json, "copies", count_kind(kernel, ASM_COPY));
        cJSON_AddNumberToObject(json, "registers", figures->registers);
        cJSON_AddNumberToObject(json, "accumulators", figures->accumulators);
        cJSON_AddNumberToObject(json, "scalars", figures->scalars);
        cJSON_AddNumberToObject(json, "spills", figures->spills);
        cJSON_AddNumberToObject(json, "scalar_spills", figures->scalar_spills);
        cJSON_AddNumberToObject(json, "stack_bytes", figures->stack_bytes);
        cJSON_AddNumberToObject(json, "shared_bytes", figures->shared_bytes);
        cJSON_AddItemToArray(list, json);
    }
    return list;
}

static tw_status write_json(const check *c, const char *path)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "target", c->id.name);
    if (c->listing.skipped)
        cJSON_AddStringToObject(json, "skipped", c->listing.skipped);
    cJSON_AddItemToObject(json, "kernels", kernels_json(c));
    cJSON_AddItemToObject(json, "findings", findings_json(c));
    tw_status status = cli_json_write(path, json);
    cJSON_Delete(json);
    return status;
}

static tw_status execute(check_request *request, check *c)
{
    TW_TRY(tw_target_resolve(request->target, &c->id));
    if (c->id.kind != TW_TARGET_CUDA && c->id.kind != TW_TARGET_HIP)
        return tw_fail(TW_INVALID,
                       "--asm reads what a GPU's compiler made, cuda:MACHINE or hip:MACHINE; %s is compiled "
                       "by the host's",
                       c->id.name);
    if (request->ptx && (c->id.kind != TW_TARGET_CUDA || request->object))
        return tw_fail(TW_INVALID, "--ptx %s: PTX comes of compiling for cuda:MACHINE", request->ptx);
    char *made = request->object ? NULL : tw_temporary_name("/tmp/tilewright");
    tw_status status = made ? compile(request, c, made) : tw_ok();
    if (status.code == TW_OK)
        status = examine(request, c, made ? made : request->object);
    if (made)
        remove(made);
    free(made);
    if (status.code == TW_OK && (!request->json || strcmp(request->json, "-") != 0))
        print(c);
    if (status.code == TW_OK && request->json)
        status = write_json(c, request->json);
    return status;
}

int cli_check_asm(int argc, char **argv)
{
    check_request request = {0};
    check c = {.request = &request};
    tw_status status = parse(argc, argv, &request);
    if (status.code == TW_OK)
        status = execute(&request, &c);
    int found = c.findings.count > 0;
    asm_findings_free(&c.findings);
    asm_listing_free(&c.listing);
    free(c.log);
    cli_subject_free(&request.subject);
    return status.code != TW_OK ? cli_fail(&status) : found ? CLI_FAIL : CLI_PASS;
}
