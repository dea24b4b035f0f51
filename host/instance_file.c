/* SPDX-License-Identifier: MIT
 *
 * Instances as files: where they are looked for, how they come there.
 */
#define _GNU_SOURCE
#include "instance.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "key.h"

#ifndef TW_BUILD_KERNELS
#define TW_BUILD_KERNELS "build/kernels"
#endif

static const char *shipped_folder(void)
{
    const char *folder = getenv("TW_BUILD_KERNELS");
    return folder && *folder ? folder : TW_BUILD_KERNELS;
}

tw_status tw_cache_folder(char **folder)
{
    const char *own = getenv("TW_CACHE");
    const char *shared = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    if (own && *own)
        *folder = tw_text_format("%s", own);
    else if (shared && *shared)
        *folder = tw_text_format("%s/tilewright", shared);
    else if (home && *home)
        *folder = tw_text_format("%s/.cache/tilewright", home);
    else
        return tw_fail(TW_IO, "no folder for compiled kernels: set TW_CACHE, XDG_CACHE_HOME or HOME");
    tw_status status = tw_folder_create(*folder);
    if (status.code != TW_OK) {
        free(*folder);
        *folder = NULL;
    }
    return status;
}

static int exists(const char *path) { return access(path, R_OK) == 0; }

static char *source_path(const tw_instance_request *request)
{
    if (request->source[0] == '/')
        return tw_text_format("%s", request->source);
    return tw_text_format("%s/%s", tw_source_root(), request->source);
}

/* For messages: gemm for emu:sm80 with GEMM_OUT=f32. */
static char *title(const tw_target_id *id, const tw_instance_request *request)
{
    tw_list words = {0};
    for (size_t i = 0; i < request->define_count; i++) {
        tw_list_add(&words, "%s=%s", request->defines[i].name, request->defines[i].value);
    }
    char *options = tw_list_command(&words);
    char *text =
        tw_text_format("%s for %s%s%s", request->kernel, id->name, *options ? " with " : "", options);
    free(options);
    tw_list_free(&words);
    return text;
}

/* Compiles to a temporary name and renames, so that no process ever loads half an object. */
static tw_status compile_into(const tw_target_id *id, const tw_instance_request *request, const char *source,
                              const char *path, int report_resources, char **log)
{
    char *temporary = tw_temporary_name(path);
    tw_compilation compilation = {
        .source = source,
        .defines = request->defines,
        .define_count = request->define_count,
        .output = temporary,
        .report_resources = report_resources,
    };
    tw_status status = tw_compile(id, &compilation, log);
    if (status.code == TW_OK && rename(temporary, path)) {
        status = tw_fail(TW_IO, "%s cannot be created: %s", path, strerror(errno));
    }
    if (status.code != TW_OK)
        unlink(temporary);
    free(temporary);
    return status;
}

/* Why there is no instance, and the command that would make it. */
static tw_status fail_without_compiler(const tw_target_id *id, const tw_instance_request *request,
                                       const char *source, const tw_status *reason)
{
    tw_list command = {0};
    tw_compilation compilation = {
        .source = source,
        .defines = request->defines,
        .define_count = request->define_count,
        .output = "OBJECT",
    };
    tw_compile_command(id, &compilation, &command);
    char *line = tw_list_command(&command);
    char *what = title(id, request);
    tw_status status = tw_fail(TW_UNAVAILABLE,
                               "%s is not among the built kernels and cannot be compiled: %s; the "
                               "command that builds it: %s",
                               what, reason->message, line);
    free(what);
    free(line);
    tw_list_free(&command);
    return status;
}

/* Keeps a failed compilation's output beside where the object would be, and says where in the message. */
static tw_status fail_with_log(const tw_status *failure, const char *path, const char *log)
{
    char *name = tw_text_format("%s.log", path);
    tw_output output;
    tw_status status = *failure;
    if (tw_output_open(&output, name).code == TW_OK) {
        fputs(log, output.stream);
        if (tw_output_close(&output).code == TW_OK && tw_output_commit(&output).code == TW_OK) {
            status = tw_fail(failure->code, "%.600s; all of it: %s", failure->message, name);
        }
    }
    free(name);
    return status;
}

static tw_status compile_into_cache(const tw_target_id *id, const tw_instance_request *request,
                                    const char *source, const char *stem, uint64_t contents, char **path,
                                    tw_instance_origin *origin)
{
    uint64_t compiler;
    char *folder;
    tw_status status = tw_key_compiler(id->kind, &compiler);
    if (status.code != TW_OK)
        return fail_without_compiler(id, request, source, &status);
    TW_TRY(tw_cache_folder(&folder));
    *path = tw_text_format("%s/%s%016llx-%08x.%s", folder, stem, (unsigned long long)contents,
                           (unsigned)(compiler ^ compiler >> 32), tw_object_extension(id->kind));
    free(folder);
    *origin = TW_INSTANCE_CACHED;
    if (exists(*path))
        return tw_ok();
    *origin = TW_INSTANCE_COMPILED;
    if (request->progress) {
        char *what = title(id, request);
        char *line = tw_text_format("compiling %s", what);
        request->progress(request->progress_context, line);
        free(line);
        free(what);
    }
    char *log;
    status = compile_into(id, request, source, *path, 0, &log);
    if (status.code == TW_NO_COMPILE)
        status = fail_with_log(&status, *path, log);
    free(log);
    return status;
}

/* The checks and names that finding and shipping share; free() `source` and `stem`. */
static tw_status prepare(const tw_target_id *id, const tw_instance_request *request, char **source,
                         char **stem, uint64_t *contents)
{
    if (!id->machine) {
        return tw_fail(TW_INVALID, "target %s has no machine yet; name one, as in %s:MACHINE", id->name,
                       id->name);
    }
    *source = source_path(request);
    tw_status status = tw_key_contents(id, *source, contents);
    if (status.code != TW_OK) {
        free(*source);
        return status;
    }
    *stem = tw_key_stem(id, request);
    return tw_ok();
}

tw_status tw_instance_find(const tw_target_id *id, const tw_instance_request *request, char **path,
                           tw_instance_origin *origin)
{
    char *source, *stem;
    uint64_t contents;
    *path = NULL;
    TW_TRY(prepare(id, request, &source, &stem, &contents));
    *path = tw_text_format("%s/%s%016llx.%s", shipped_folder(), stem, (unsigned long long)contents,
                           tw_object_extension(id->kind));
    *origin = TW_INSTANCE_SHIPPED;
    tw_status status = tw_ok();
    if (!exists(*path)) {
        free(*path);
        *path = NULL;
        status = compile_into_cache(id, request, source, stem, contents, path, origin);
    }
    if (status.code != TW_OK) {
        free(*path);
        *path = NULL;
    }
    free(source);
    free(stem);
    return status;
}

/* Removes every file of `folder` that begins with `stem`, but not `keep`. */
static void remove_earlier(const char *folder, const char *stem, const char *keep)
{
    DIR *stream = opendir(folder);
    for (struct dirent *entry; stream && (entry = readdir(stream));) {
        if (strncmp(entry->d_name, stem, strlen(stem)) || strstr(entry->d_name, ".tmp"))
            continue;
        char *path = tw_text_format("%s/%s", folder, entry->d_name);
        if (strcmp(path, keep) != 0)
            unlink(path);
        free(path);
    }
    if (stream)
        closedir(stream);
}

static void print_make_name(FILE *stream, const char *name)
{
    for (; *name; name++) {
        if (*name == ' ' || *name == '#')
            fputc('\\', stream);
        if (*name == '$')
            fputc('$', stream);
        fputc(*name, stream);
    }
}

static tw_status write_depfile(const tw_target_id *id, const char *source, const char *depfile,
                               const char *target)
{
    tw_list files = {0};
    tw_output output;
    tw_status status = tw_key_files(id, source, &files, &files);
    if (status.code == TW_OK)
        status = tw_output_open(&output, depfile);
    if (status.code == TW_OK) {
        print_make_name(output.stream, target);
        fputc(':', output.stream);
        for (size_t i = 0; i < files.count; i++) {
            fputs(" \\\n  ", output.stream);
            print_make_name(output.stream, files.item[i]);
        }
        fputc('\n', output.stream);
        status = tw_output_close(&output);
        if (status.code == TW_OK)
            status = tw_output_commit(&output);
    }
    tw_list_free(&files);
    return status;
}

tw_status tw_instance_ship(const tw_target_id *id, const tw_instance_request *request, const char *folder,
                           const char *depfile, const char *depfile_target, int report_resources, char **path,
                           char **log)
{
    char *source, *stem;
    uint64_t contents;
    *path = NULL;
    *log = NULL;
    TW_TRY(prepare(id, request, &source, &stem, &contents));
    tw_status status = tw_folder_create(folder);
    if (status.code == TW_OK) {
        *path = tw_text_format("%s/%s%016llx.%s", folder, stem, (unsigned long long)contents,
                               tw_object_extension(id->kind));
        status = compile_into(id, request, source, *path, report_resources, log);
    }
    if (status.code == TW_OK)
        remove_earlier(folder, stem, *path);
    if (status.code == TW_OK && depfile) {
        status = write_depfile(id, source, depfile, depfile_target ? depfile_target : *path);
    }
    free(source);
    free(stem);
    return status;
}

int tw_instances_shipped(const tw_target_id *id)
{
    char target[sizeof id->name + 2];
    int count = 0;
    target[0] = '-';
    tw_key_target(id, target + 1, sizeof target - 2);
    strcat(target, "-");
    DIR *stream = opendir(shipped_folder());
    for (struct dirent *entry; stream && (entry = readdir(stream));) {
        const char *dot = strrchr(entry->d_name, '.');
        if (dot && strcmp(dot + 1, tw_object_extension(id->kind)) == 0 && strstr(entry->d_name, target))
            count++;
    }
    if (stream)
        closedir(stream);
    return count;
}
