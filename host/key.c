/* SPDX-License-Identifier: MIT
 *
 * Names of instance files.
 */
#define _GNU_SOURCE
#include "key.h"

#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "file.h"
#include "hash.h"

void tw_key_target(const tw_target_id *id, char *text, size_t bytes)
{
    snprintf(text, bytes, "%s", id->name);
    for (char *c = text; *c; c++) {
        if (*c == ':')
            *c = '-';
    }
}

char *tw_key_stem(const tw_target_id *id, const tw_instance_request *request)
{
    uint64_t options = tw_hash_start();
    for (size_t i = 0; i < request->define_count; i++) {
        options = tw_hash_text(options, request->defines[i].name);
        options = tw_hash_text(options, request->defines[i].value);
    }
    char target[sizeof id->name];
    tw_key_target(id, target, sizeof target);
    return tw_text_format("%s-%s-%08x-", request->kernel, target, (unsigned)(options ^ options >> 32));
}

/* What files held when they were last read, by what they are; a slot keeps the latest. A process that opens many
 * instances reads each header once. */
typedef struct {
    uint64_t device, inode, bytes, hash;
    struct timespec modified, changed; /* contents; anything, and no program can set it back */
} known_file;

enum { KNOWN_FILES = 1024, SETTLED_SECONDS = 3 };

static known_file known_files[KNOWN_FILES];
static pthread_mutex_t known_files_lock = PTHREAD_MUTEX_INITIALIZER;

static int same_time(struct timespec a, struct timespec b) { return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec; }

static int is_unchanged(const known_file *known, const struct stat *now)
{
    return known->inode == (uint64_t)now->st_ino && known->device == (uint64_t)now->st_dev &&
           known->bytes == (uint64_t)now->st_size && same_time(known->modified, now->st_mtim) &&
           same_time(known->changed, now->st_ctim);
}

/* Is a change after this moment certain to show in the times? A file system's clock ticks in up to 2 seconds, and one
 * that changed just now may change again within the tick. */
static int is_settled(const struct stat *now) { return now->st_ctim.tv_sec + SETTLED_SECONDS < time(NULL); }

static tw_status hash_file(uint64_t *hash, const char *path)
{
    char *contents;
    size_t bytes;
    struct stat before;
    uint64_t of_file = 0;
    int seen = stat(path, &before) == 0 && S_ISREG(before.st_mode) && is_settled(&before);
    known_file *slot = seen ? &known_files[(uint64_t)before.st_ino % KNOWN_FILES] : NULL;
    if (slot) {
        pthread_mutex_lock(&known_files_lock);
        int known = is_unchanged(slot, &before);
        of_file = slot->hash;
        pthread_mutex_unlock(&known_files_lock);
        if (known) {
            *hash = tw_hash_bytes(*hash, &of_file, sizeof of_file);
            return tw_ok();
        }
    }
    TW_TRY(tw_file_read(path, &contents, &bytes));
    of_file = tw_hash_bytes(tw_hash_start(), contents, bytes);
    of_file = tw_hash_bytes(of_file, &bytes, sizeof bytes);
    free(contents);
    *hash = tw_hash_bytes(*hash, &of_file, sizeof of_file);
    if (slot && bytes == (size_t)before.st_size) {
        pthread_mutex_lock(&known_files_lock);
        *slot = (known_file){
            .device = (uint64_t)before.st_dev,
            .inode = (uint64_t)before.st_ino,
            .bytes = bytes,
            .hash = of_file,
            .modified = before.st_mtim,
            .changed = before.st_ctim,
        };
        pthread_mutex_unlock(&known_files_lock);
    }
    return tw_ok();
}

static int is_header(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot && (strcmp(dot, ".h") == 0 || strcmp(dot, ".inc") == 0 || strcmp(dot, ".def") == 0);
}

static int wanted(const struct dirent *entry) { return entry->d_name[0] != '.'; }

/* The headers of `folder` in alphabetical order, with those of its folders if `deep`. */
static tw_status list_headers(const char *folder, int deep, tw_list *files, tw_list *folders)
{
    struct dirent **entry;
    int count = scandir(folder, &entry, wanted, alphasort);
    if (count < 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            return tw_ok();
        return tw_fail(TW_IO, "%s cannot be read: %s", folder, strerror(errno));
    }
    if (folders)
        tw_list_add(folders, "%s", folder);
    tw_status status = tw_ok();
    for (int i = 0; i < count; i++) {
        char *path = tw_text_format("%s/%s", folder, entry[i]->d_name);
        if (is_header(entry[i]->d_name)) {
            tw_list_add(files, "%s", path);
        } else if (status.code == TW_OK && deep && !strchr(entry[i]->d_name, '.')) {
            status = list_headers(path, 1, files, folders);
        }
        free(path);
        free(entry[i]);
    }
    free(entry);
    return status;
}

tw_status tw_key_files(const tw_target_id *id, const char *source, tw_list *files, tw_list *folders)
{
    const struct {
        const char *folder;
        const char *name;
        int deep, used;
    } parts[] = {
        {"", "", 0, 1}, /* tilewright.h */
        {"/tiles", "", 1, 1},
        {"/ops", "", 1, 1},
        {"/arch", "", 0, 1},
        {"/arch/", id->machine->vendor, 1, 1},
        {"/arch/emulator", "", 1, id->kind == TW_TARGET_EMULATED},
    };
    tw_list_add(files, "%s", source);
    char *copy = tw_text_format("%s", source);
    tw_status status = list_headers(dirname(copy), 0, files, folders);
    free(copy);
    for (size_t i = 0; i < sizeof parts / sizeof *parts && status.code == TW_OK; i++) {
        if (!parts[i].used)
            continue;
        char *folder = tw_text_format("%s%s%s", tw_source_root(), parts[i].folder, parts[i].name);
        status = list_headers(folder, parts[i].deep, files, folders);
        free(folder);
    }
    return status;
}

/* The lines of /proc/cpuinfo that decide what -march=native means. */
static void hash_processor(uint64_t *hash)
{
    static const char *const prefixes[] = {"model name", "flags", "Features", "CPU part"};
    enum { PREFIXES = sizeof prefixes / sizeof *prefixes };
    int seen[PREFIXES] = {0};
    FILE *cpuinfo = fopen("/proc/cpuinfo", "r");
    char *line = NULL;
    size_t room = 0;
    while (cpuinfo && getline(&line, &room, cpuinfo) > 0) {
        for (int i = 0; i < PREFIXES; i++) {
            if (strncmp(line, prefixes[i], strlen(prefixes[i])) || seen[i]++)
                continue;
            *hash = tw_hash_text(*hash, line);
        }
    }
    free(line);
    if (cpuinfo)
        fclose(cpuinfo);
}

tw_status tw_key_contents(const tw_target_id *id, const char *source, uint64_t *hash)
{
    *hash = tw_hash_start();
    tw_list flags = {0};
    tw_compile_flags(id, &flags);
    for (size_t i = 0; i < flags.count; i++)
        *hash = tw_hash_text(*hash, flags.item[i]);
    tw_list_free(&flags);
    if (id->kind == TW_TARGET_CPU)
        hash_processor(hash);

    tw_list files = {0};
    tw_status status = tw_key_files(id, source, &files, NULL);
    for (size_t i = 0; i < files.count && status.code == TW_OK; i++) {
        const char *slash = strrchr(files.item[i], '/');
        *hash = tw_hash_text(*hash, slash ? slash + 1 : files.item[i]);
        status = hash_file(hash, files.item[i]);
    }
    tw_list_free(&files);
    return status;
}

tw_status tw_key_compiler(tw_target_kind kind, uint64_t *hash)
{
    static _Thread_local struct {
        char *program;
        uint64_t hash;
    } known[TW_TARGET_KINDS];
    tw_compiler compiler;
    TW_TRY(tw_compiler_find(kind, &compiler));
    if (!known[kind].program || strcmp(known[kind].program, compiler.program) != 0) {
        char version[96];
        tw_status status = tw_compiler_version(&compiler, version, sizeof version, &known[kind].hash);
        if (status.code != TW_OK) {
            tw_compiler_free(&compiler);
            return status;
        }
        free(known[kind].program);
        known[kind].program = tw_text_format("%s", compiler.program);
    }
    *hash = known[kind].hash;
    tw_compiler_free(&compiler);
    return tw_ok();
}
