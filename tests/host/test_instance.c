/* SPDX-License-Identifier: MIT
 *
 * Instances: found again, compiled anew when and only when something they depend on changes, safe to ask for
 * from several processes, and refused in words where there is no compiler.
 */
#include "scratch.h"

#include "host/file.h"
#include "host/key.h"
#include "host/process.h"

static const char kernel_source[] =
    "#include <stdint.h>\n"
    "#include <tiles/tile.h>\n"
    "typedef struct { uint32_t abi, threads, shared_bytes, args_bytes, cluster; int32_t tile[8]; } info;\n"
    "typedef struct { const void *args; uint32_t grid[3]; } request;\n"
    "const info add_info = { ABI, 1, 0, sizeof(int *), 1, { TILE } };\n"
    "int add_launch(const request *r)\n"
    "{ **(int *const *)r->args += AMOUNT * (int)r->grid[0]; return 0; }\n";

static char abi[12]; /* this build's TW_ABI */

static const tw_define amount_3[] = {{"AMOUNT", "3"}, {"ABI", abi}};
static const tw_define amount_4[] = {{"AMOUNT", "4"}, {"ABI", abi}};
static const tw_define other_abi[] = {{"AMOUNT", "3"}, {"ABI", "99"}};
static const tw_define broken[] = {{"AMOUNT", "undeclared_name"}, {"ABI", abi}};

static tw_instance_request request_for(const tw_define *defines)
{
    return (tw_instance_request){
        .kernel = "add", .source = "kernels/add.c", .defines = defines, .define_count = 2};
}

static void write_text(const char *name, const char *text) { scratch_write(name, text, strlen(text)); }

static int create(void **state)
{
    static const char *const folders[] = {"tiles",    "ops",   "kernels", "arch",         "arch/cpu",
                                          "arch/amd", "cache", "shipped", "arch/emulator"};
    if (scratch_create(state))
        return -1;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        mkdir(scratch(folders[i]), 0777);
    snprintf(abi, sizeof abi, "%d", TW_ABI);
    write_text("tiles/tile.h", "#define TILE 8\n");
    write_text("arch/amd/isa.h", "\n");
    write_text("arch/cpu/isa.h", "\n");
    write_text("arch/emulator/lane.h", "\n");
    write_text("kernels/add.c", kernel_source);
    setenv("TW_SOURCE_ROOT", scratch_folder, 1);
    setenv("TW_CACHE", scratch("cache"), 1);
    setenv("TW_BUILD_KERNELS", scratch("shipped"), 1);
    return 0;
}

static int empty_caches(void **state)
{
    (void)state;
    scratch_empty(scratch("cache"));
    scratch_empty(scratch("shipped"));
    return 0;
}

/* The file of an instance, and how it was come by. */
static char *find(const char *target, const tw_define *defines, tw_instance_origin expected)
{
    tw_target_id id;
    tw_instance_origin origin;
    char *path;
    tw_instance_request request = request_for(defines);
    assert_ok(tw_target_parse(target, &id));
    assert_ok(tw_instance_find(&id, &request, &path, &origin));
    assert_int_equal(origin, expected);
    assert_true(scratch_exists(path));
    return path;
}

static void expect(const char *target, const tw_define *defines, tw_instance_origin expected)
{
    free(find(target, defines, expected));
}

static void a_kernel_is_compiled_once_and_then_found(void **state)
{
    (void)state;
    char *first = find("cpu", amount_3, TW_INSTANCE_COMPILED);
    char *second = find("cpu", amount_3, TW_INSTANCE_CACHED);
    assert_string_equal(first, second);
    assert_int_equal(scratch_count(scratch("cache"), ""), 1);
    free(first);
    free(second);
}

static void options_flags_and_targets_make_other_instances(void **state)
{
    (void)state;
    expect("cpu", amount_3, TW_INSTANCE_COMPILED);
    expect("cpu", amount_4, TW_INSTANCE_COMPILED);
    expect("emu:sm80", amount_3, TW_INSTANCE_COMPILED);
    expect("emu:gfx942", amount_3, TW_INSTANCE_COMPILED);
    const char *flags = getenv("TW_CFLAGS");
    char *more = tw_text_format("%s -DUNUSED", flags ? flags : ""), *before = flags ? strdup(flags) : NULL;
    setenv("TW_CFLAGS", more, 1);
    expect("cpu", amount_3, TW_INSTANCE_COMPILED);
    if (before)
        setenv("TW_CFLAGS", before, 1);
    else
        unsetenv("TW_CFLAGS");
    expect("cpu", amount_3, TW_INSTANCE_CACHED);
    assert_int_equal(scratch_count(scratch("cache"), ""), 5);
    free(more);
    free(before);
}

static void a_changed_header_or_source_makes_another_instance(void **state)
{
    (void)state;
    expect("cpu", amount_3, TW_INSTANCE_COMPILED);
    write_text("tiles/tile.h", "#define TILE 16\n");
    expect("cpu", amount_3, TW_INSTANCE_COMPILED);
    write_text("kernels/beside.h", "\n");
    expect("cpu", amount_3, TW_INSTANCE_COMPILED);
    write_text("kernels/add.c", kernel_source);
    expect("cpu", amount_3, TW_INSTANCE_CACHED);
    write_text("arch/cpu/isa.h", "/* changed */\n");
    expect("cpu", amount_3, TW_INSTANCE_COMPILED);
}

static void other_machines_headers_do_not_matter(void **state)
{
    (void)state;
    expect("cpu", amount_3, TW_INSTANCE_COMPILED);
    expect("emu:sm80", amount_3, TW_INSTANCE_COMPILED);
    expect("emu:gfx942", amount_3, TW_INSTANCE_COMPILED);
    write_text("arch/amd/isa.h", "/* changed once more */\n");
    expect("cpu", amount_3, TW_INSTANCE_CACHED);
    expect("emu:sm80", amount_3, TW_INSTANCE_CACHED);
    expect("emu:gfx942", amount_3, TW_INSTANCE_COMPILED);
    write_text("arch/emulator/lane.h", "/* changed once more */\n");
    expect("cpu", amount_3, TW_INSTANCE_CACHED);
    expect("emu:sm80", amount_3, TW_INSTANCE_COMPILED);
}

/* Puts a compiler that is not there in the place of every one. Restored by the test's end. */
static char *hide_compiler(void)
{
    const char *before = getenv("TW_CC");
    char *kept = before ? strdup(before) : NULL;
    setenv("TW_CC", "/nowhere/cc", 1);
    return kept;
}

static void show_compiler(char *kept)
{
    if (kept)
        setenv("TW_CC", kept, 1);
    else
        unsetenv("TW_CC");
    free(kept);
}

static void without_a_compiler_the_message_holds_instance_and_command(void **state)
{
    (void)state;
    tw_target_id id;
    tw_instance_origin origin;
    char *path;
    tw_instance_request request = request_for(amount_3);
    assert_ok(tw_target_parse("emu:gfx942", &id));
    char *kept = hide_compiler();
    tw_status status = tw_instance_find(&id, &request, &path, &origin);
    show_compiler(kept);
    assert_int_equal(status.code, TW_UNAVAILABLE);
    assert_non_null(strstr(status.message, "add for emu:gfx942 with AMOUNT=3 ABI="));
    assert_non_null(strstr(status.message, " is not among the built kernels and cannot be compiled: "));
    assert_non_null(strstr(status.message, "no compiler '/nowhere/cc' here (named by TW_CC)"));
    assert_non_null(strstr(status.message, "/nowhere/cc -x c -std=c17"));
    assert_non_null(strstr(status.message, "-DTW_MACHINE=gfx942"));
    assert_non_null(strstr(status.message, "-DAMOUNT=3"));
    assert_null(path);
    assert_int_equal(scratch_count(scratch("cache"), ""), 0);
}

static void a_shipped_instance_needs_no_compiler(void **state)
{
    (void)state;
    tw_target_id id;
    char *path, *log;
    tw_instance_request request = request_for(amount_3);
    assert_ok(tw_target_parse("cpu", &id));
    assert_int_equal(tw_instances_shipped(&id), 0);
    assert_ok(tw_instance_ship(&id, &request, scratch("shipped"), scratch("add.d"), scratch("stamp"), 0,
                               &path, &log));
    free(log);
    assert_int_equal(tw_instances_shipped(&id), 1);
    char *kept = hide_compiler();
    char *found = find("cpu", amount_3, TW_INSTANCE_SHIPPED);
    show_compiler(kept);
    assert_string_equal(found, path);
    free(found);
    free(path);

    char *rule;
    size_t bytes;
    assert_ok(tw_file_read(scratch("add.d"), &rule, &bytes));
    assert_int_equal(strncmp(rule, scratch("stamp"), strlen(scratch("stamp"))), 0);
    assert_non_null(strstr(rule, "/tiles/tile.h"));
    assert_null(strstr(rule, "/arch/amd"));
    free(rule);
}

static void shipping_again_leaves_one_file(void **state)
{
    (void)state;
    tw_target_id id;
    tw_instance_request request = request_for(amount_3);
    assert_ok(tw_target_parse("cpu", &id));
    for (int i = 0; i < 3; i++) {
        char text[64], *path, *log;
        snprintf(text, sizeof text, "#define TILE %d\n", 20 + i);
        write_text("tiles/tile.h", text);
        assert_ok(tw_instance_ship(&id, &request, scratch("shipped"), NULL, NULL, 0, &path, &log));
        free(path);
        free(log);
        assert_int_equal(scratch_count(scratch("shipped"), ""), 1);
        expect("cpu", amount_3, TW_INSTANCE_SHIPPED);
    }
}

static void a_compile_error_is_quoted_and_its_log_kept(void **state)
{
    (void)state;
    tw_target_id id;
    tw_instance_origin origin;
    char *path;
    tw_instance_request request = request_for(broken);
    assert_ok(tw_target_parse("cpu", &id));
    tw_status status = tw_instance_find(&id, &request, &path, &origin);
    assert_int_equal(status.code, TW_NO_COMPILE);
    assert_non_null(strstr(status.message, "undeclared_name"));
    const char *log = strstr(status.message, "all of it: ");
    assert_non_null(log);
    assert_true(scratch_exists(log + strlen("all of it: ")));
    assert_null(path);
    assert_int_equal(scratch_count(scratch("cache"), ".tmp"), 0);
    assert_int_equal(scratch_count(scratch("cache"), ".so"), 1); /* the log */
}

static void processes_that_race_all_get_the_same_whole_object(void **state)
{
    (void)state;
    enum { PROCESSES = 6 };
    pid_t child[PROCESSES];
    for (int i = 0; i < PROCESSES; i++) {
        child[i] = fork();
        assert_true(child[i] >= 0);
        if (child[i] == 0) {
            tw_target *target;
            tw_instance *instance;
            tw_instance_request request = request_for(amount_3);
            int failed =
                tw_target_open("cpu", &target).code || tw_instance_open(target, &request, &instance).code;
            _exit(failed);
        }
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status;
        waitpid(child[i], &status, 0);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    assert_int_equal(scratch_count(scratch("cache"), ""), 1);
}

static void a_launch_runs_the_grid_and_checks_its_arguments(void **state)
{
    (void)state;
    tw_target *target;
    tw_instance *instance;
    tw_instance_request request = request_for(amount_3);
    int number = 0, *argument = &number;
    double milliseconds = -1;
    assert_ok(tw_target_open("cpu", &target));
    assert_ok(tw_instance_open(target, &request, &instance));
    assert_ok(tw_instance_launch(instance, &argument, sizeof argument, (uint32_t[]){5, 1, 1}, 0));
    assert_int_equal(number, 15);
    assert_ok(tw_instance_launch(instance, &argument, sizeof argument, (uint32_t[]){5, 0, 1}, 0));
    assert_int_equal(number, 15);
    assert_ok(
        tw_instance_time(instance, &argument, sizeof argument, (uint32_t[]){1, 1, 1}, 0, &milliseconds));
    assert_int_equal(number, 18);
    assert_true(milliseconds >= 0 && milliseconds < 1e4);
    assert_refused(tw_instance_launch(instance, &argument, 4, (uint32_t[]){1, 1, 1}, 0), TW_INVALID,
                   "4 bytes of arguments given, its argument struct has 8");
    tw_instance_close(instance);
    tw_target_close(target);
}

static void objects_of_another_abi_or_without_symbols_are_refused(void **state)
{
    (void)state;
    tw_target *target;
    tw_instance *instance;
    tw_instance_request request = request_for(other_abi);
    assert_ok(tw_target_open("cpu", &target));
    assert_refused(tw_instance_open(target, &request, &instance), TW_INVALID,
                   "has ABI 99 where this program has");
    char *path = find("cpu", amount_3, TW_INSTANCE_COMPILED);
    assert_refused(tw_instance_load(target, path, "sub", &instance), TW_INVALID, "has no symbol sub_info");
    write_text("text.so", "no object");
    assert_refused(tw_instance_load(target, scratch("text.so"), "add", &instance), TW_INVALID,
                   "cannot be loaded");
    free(path);
    tw_target_close(target);
}

/* Every file of the tree that a compiler reads for the GEMM must be in its instance's name, or a change would
 * be missed. Asks the compilers themselves (-M). */
static void the_name_covers_every_header_the_compiler_reads(void **state)
{
    (void)state;
    char *root = strdup(getenv("TW_SOURCE_ROOT"));
    unsetenv("TW_SOURCE_ROOT");
    char *source = tw_text_format("%s/examples/gemm/gemm.c", tw_source_root());
    for (size_t i = 0; i < tw_target_count(); i++) {
        tw_target_report report;
        tw_target_describe(i, &report);
        if (!report.compiler[0])
            continue;
        tw_list command = {0}, files = {0}, read = {0};
        tw_compilation compilation = {.source = source, .output = scratch("gemm.d")};
        int exit_status;
        char *printed, *rule;
        size_t bytes;
        tw_compile_command(&report.id, &compilation, &command);
        tw_list_add(&command, "-M");
        assert_ok(tw_process_run(&command, &exit_status, &printed));
        if (exit_status)
            fail_msg("%s: %s", report.id.name, printed);
        free(printed);
        assert_ok(tw_key_files(&report.id, source, &files, NULL));
        assert_ok(tw_file_read(scratch("gemm.d"), &rule, &bytes));
        tw_list_add_words(&read, rule);
        size_t ours = 0;
        for (size_t r = 0; r < read.count; r++) {
            if (strncmp(read.item[r], tw_source_root(), strlen(tw_source_root())))
                continue;
            char *name = realpath(read.item[r], NULL);
            size_t f = 0;
            while (f < files.count && strcmp(files.item[f], name) != 0)
                f++;
            if (f == files.count)
                fail_msg("%s reads %s, which its instances' names do not cover", report.id.name, name);
            ours++;
            free(name);
        }
        assert_true(ours > 10);
        free(rule);
        tw_list_free(&command);
        tw_list_free(&files);
        tw_list_free(&read);
    }
    setenv("TW_SOURCE_ROOT", root, 1);
    free(source);
    free(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_kernel_is_compiled_once_and_then_found, empty_caches),
        cmocka_unit_test_setup(options_flags_and_targets_make_other_instances, empty_caches),
        cmocka_unit_test_setup(a_changed_header_or_source_makes_another_instance, empty_caches),
        cmocka_unit_test_setup(other_machines_headers_do_not_matter, empty_caches),
        cmocka_unit_test_setup(without_a_compiler_the_message_holds_instance_and_command, empty_caches),
        cmocka_unit_test_setup(a_shipped_instance_needs_no_compiler, empty_caches),
        cmocka_unit_test_setup(shipping_again_leaves_one_file, empty_caches),
        cmocka_unit_test_setup(a_compile_error_is_quoted_and_its_log_kept, empty_caches),
        cmocka_unit_test_setup(processes_that_race_all_get_the_same_whole_object, empty_caches),
        cmocka_unit_test_setup(a_launch_runs_the_grid_and_checks_its_arguments, empty_caches),
        cmocka_unit_test_setup(objects_of_another_abi_or_without_symbols_are_refused, empty_caches),
        cmocka_unit_test(the_name_covers_every_header_the_compiler_reads),
    };
    return cmocka_run_group_tests(tests, create, scratch_remove);
}
