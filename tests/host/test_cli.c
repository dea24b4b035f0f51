/* SPDX-License-Identifier: MIT
 *
 * The tool from outside: what it refuses, and in what words; what it writes; and that a wrong kernel never
 * passes. The kernel is the fixture's GEMM, so the numbers depend on the host side alone.
 */
#include "command.h"

#include <math.h>

#define FIXTURE TW_SOURCE_ROOT "/tests/host/fixture"

static char *flags_before; /* TW_CFLAGS of the build: sanitizers */

static int create(void **state)
{
    if (!getenv("TW_BINARY"))
        return 0;
    if (command_create(state))
        return -1;
    flags_before = tw_text_format("%s", getenv("TW_CFLAGS") ? getenv("TW_CFLAGS") : "");
    setenv("TW_CACHE", scratch("cache"), 1);
    setenv("TW_SOURCE_ROOT", FIXTURE, 1);
    command_environment[0] = '\0';

    const float a[6] = {1, 2, 3, 4, 5, 6}, vector[3] = {1, 2, 3};
    const int64_t two_three[2] = {2, 3}, three_two[2] = {3, 2};
    assert_ok(tw_npy_save(scratch("a.npy"), TW_DTYPE_F32, 2, two_three, a));    /* M=2, K=3 */
    assert_ok(tw_npy_save(scratch("b.npy"), TW_DTYPE_F32, 2, two_three, a));    /* N=2, K=3 */
    assert_ok(tw_npy_save(scratch("tall.npy"), TW_DTYPE_F32, 2, three_two, a)); /* K would be 2 */
    assert_ok(tw_npy_save(scratch("vector.npy"), TW_DTYPE_F32, 1, three_two, vector));
    scratch_write("text.npy", "hello", 5);
    mkdir(scratch("folder"), 0777);
    mkfifo(scratch("pipe"), 0666);
    mkdir(scratch("cache"), 0777);
    return 0;
}

static int remove_all(void **state)
{
    free(flags_before);
    return getenv("TW_BINARY") ? command_remove(state) : 0;
}

#define SKIP_WITHOUT_TOOL                                                                                    \
    if (!getenv("TW_BINARY"))                                                                                \
    skip()

static void wrong_words_are_refused_with_the_nearest_right_one(void **state)
{
    (void)state;
    SKIP_WITHOUT_TOOL;
    command_refused("", "which verb? There are targets, kernels, run");
    command_refused("rum gemm", "unknown verb 'rum'; did you mean 'run'?");
    command_refused("run --target cpu", "which KERNEL?");
    command_refused("run gem --target cpu", "unknown kernel 'gem'; did you mean 'gemm'?");
    command_refused("run gemm extra --target cpu", "'extra' is one argument too many");
    command_refused("run gemm --target cpu --chek", "unknown option '--chek'; did you mean '--check'?");
    command_refused("run gemm --target cpu --check=1", "option --check takes no value");
    command_refused("run gemm -x --target cpu", "unknown option '-x'");
    command_refused("run gemm -D A=1 --target cpu", "unknown option");
    command_refused("run gemm --target", "option --target needs a value");
    command_refused("run gemm", "tw run needs --target");
    command_refused("run gemm --target emu:sm8o", "unknown target 'emu:sm8o'; did you mean 'emu:sm80'?");
    command_refused("run gemm --target emu", "unknown target 'emu'");
    command_refused("run gemm --target cpu --set activaton=relu",
                    "unknown option of gemm: 'activaton'; did you mean 'activation'?");
    command_refused("run gemm --target cpu --set activation=rely",
                    "unknown value for option activation of gemm: 'rely'; did you mean 'relu'?");
    command_refused("run gemm --target cpu --set activation",
                    "--set 'activation' must have the form NAME=VALUE");
    command_refused("run gemm --target cpu --set alpha=1x",
                    "alpha of gemm is '1x'; it must be a finite number");
    command_refused("run gemm --target cpu --set alpha=nan", "it must be a finite number");
    command_refused("targets now", "'now' is one argument too many");
    command_refused("kernels --json", "unknown option '--json'");
    command_refused("kernels gem", "unknown kernel 'gem'; did you mean 'gemm'?");
    command_refused("verify", "tw verify needs --target");
    command_refused("verify --target cpu --filter mma_ABx", "--filter mma_ABx leaves no case; --list names");
    command_refused("verify --target cpu --list --filter mma_ABx", "--filter mma_ABx leaves no case");
}

static void wrong_numbers_are_refused_with_their_range(void **state)
{
    (void)state;
    SKIP_WITHOUT_TOOL;
    command_refused("run gemm --target cpu --shape M=0", "M is '0'; it must be a whole number from 1 to");
    command_refused("run gemm --target cpu --shape M=-5", "M is '-5'");
    command_refused("run gemm --target cpu --shape M=4.5", "M is '4.5'");
    command_refused("run gemm --target cpu --shape M=99999999999999999999", "M is '99999999999999999999'");
    command_refused("run gemm --target cpu --shape MM=4", "unknown size of gemm: 'MM'; did you mean 'M'?");
    command_refused("run gemm --target cpu --shape m=4", "unknown size of gemm: 'm'; did you mean 'M'?");
    command_refused("run gemm --target cpu --shape M", "--shape 'M' must have the form NAME=N");
    command_refused("run gemm --target cpu --shape M=4 --shape M=5", "size M is given as 4 and as 5");
    command_refused("run gemm --target cpu --shape M=1099511627776 --shape K=1099511627776",
                    "would not fit in 64 bits");
    command_refused("run gemm --target cpu --time 0", "--time is '0'");
    command_refused("run gemm --target cpu --seed ten", "--seed is 'ten'");
    command_refused("run gemm --target cpu --pad -1", "--pad is '-1'");
}

static void wrong_inputs_are_refused_by_file_and_rule(void **state)
{
    (void)state;
    SKIP_WITHOUT_TOOL;
#define RUN "run gemm --target cpu --set out=f32 --out c=c.npy --json r.json "
    command_refused(RUN "--in a=absent.npy", "absent.npy cannot be opened: No such file");
    command_refused(RUN "--in a=text.npy", "text.npy is no .npy file");
    command_refused(RUN "--in x=a.npy", "unknown tensor of gemm: 'x'; there are a b c bias residual");
    command_refused(RUN "--in a.npy", "--in 'a.npy' must have the form NAME=FILE.npy");
    command_refused(RUN "--in a=a.npy --in a=b.npy", "input a is given as a.npy and as b.npy");
    command_refused(RUN "--in a=vector.npy", "vector.npy: a is [M K], the file's shape is (3,)");
    command_refused(RUN "--in a=a.npy --in b=tall.npy",
                    "tall.npy: b is [N K] with K = 3 from a.npy, the file's shape is (3, 2)");
    command_refused(RUN "--in a=a.npy --shape M=3",
                    "a.npy: a is [M K] with M = 3 from the given shape, the file's shape is (2, 3)");
    command_refused(RUN "--in bias=vector.npy",
                    "vector.npy: gemm has no tensor bias under these options; it is there with bias=1");
    command_refused(RUN "--in c=a.npy", "a.npy: c of gemm is read only where beta is not 0; set beta");
    assert_false(scratch_exists(scratch("c.npy")) || scratch_exists(scratch("r.json")));
#undef RUN
}

static void wrong_outputs_are_refused_before_the_run(void **state)
{
    (void)state;
    SKIP_WITHOUT_TOOL;
    command_refused("run gemm --target cpu --out c=nowhere/c.npy",
                    "nowhere/c.npy cannot be written: there is no folder nowhere");
    command_refused("run gemm --target cpu --out c=folder", "folder is a folder; name a file");
    command_refused("run gemm --target cpu --out d=c.npy", "unknown tensor of gemm: 'd'");
    command_refused("run gemm --target cpu --out residual=c.npy",
                    "--out residual: gemm has no such tensor under these options");
    command_refused("run gemm --target cpu --out c=c.npy --out a=c.npy", "--out names c.npy twice");
    command_refused("run gemm --target cpu --out c=c.npy --json c.npy", "--out and --json both name c.npy");
    command_refused("run gemm --target cpu --json folder", "folder is a folder; name a file");
    command_refused("run gemm --target cpu --out c=pipe", "pipe is not a regular file");
    command_refused("run gemm --target cpu --json pipe", "pipe is not a regular file");
    command_refused("run gemm --target cpu --in a=a.npy --out c=./a.npy",
                    "--out c would replace ./a.npy, which --in a reads; name another file");
    command_refused("run gemm --target cpu --in a=a.npy --json a.npy", "--json would replace a.npy");
    assert_int_equal(scratch_count(scratch("cache"), ""), 0); /* nothing was compiled for any of these */
}

static void wrong_expressions_are_refused(void **state)
{
    (void)state;
    SKIP_WITHOUT_TOOL;
    command_refused("run gemm --target cpu --set out=f32 --set 'epilogue=(x'",
                    "it must be one C expression in x, r, c with its brackets closed");
    command_refused("run gemm --target cpu --set out=f32 --set 'epilogue=x)('", "with its brackets closed");
    command_refused("run gemm --target cpu --set out=f32 --set 'epilogue= '", "with its brackets closed");
    command_refused("run gemm --target cpu --set out=f32 --set 'epilogue=x; x'",
                    "it must be one C expression in x, r, c");
    command_refused("run gemm --target cpu --set out=f32 --set 'epilogue=$(id)'",
                    "it must be one C expression in x, r, c");
    command_refused("run gemm --target cpu --set out=f32 --out c=c.npy --set 'epilogue=x + y'",
                    "does not compile");
    assert_non_null(strstr(command_err, "undeclared")); /* the compiler's own first error */
    assert_false(scratch_exists(scratch("c.npy")));
}

static void wrong_compilations_are_refused(void **state)
{
    (void)state;
    SKIP_WITHOUT_TOOL;
    command_refused("compile gemm -o x.so", "tw compile needs --target");
    command_refused("compile gemm --target cpu", "tw compile needs -o FILE or --into FOLDER");
    command_refused("compile gemm --target cpu -o x.so --into folder",
                    "-o x.so and --into folder: give one of them");
    command_refused("compile gemm --target cpu -o nowhere/x.so", "there is no folder nowhere");
    command_refused("compile gemm --target cpu -o x.so --set tile=4", "unknown option of gemm: 'tile'");
    command_refused("compile --source absent.c --target cpu -o x.so",
                    "--source absent.c: there is no such file");
    command_refused("compile --source folder --target cpu -o x.so", "--source folder is not a regular file");
    command_refused("compile gemm --target cpu --into text.npy", "the folder text.npy cannot be created");
    if (command_run(getenv("TW_BINARY"), "compile gemm --target cuda --print-command -o x") == 2)
        assert_non_null(strstr(command_err, "say its machine: cuda:MACHINE"));
    command_refused("compile --source a.c gemm --target cpu -o x.so", "name a kernel or a source, not both");
    command_refused("compile --source a.c --set out=f32 --target cpu -o x.so", "a --source has no options");
    command_refused("compile gemm --target cpu -o x.so --json r.json",
                    "--json r.json holds what --resources reports");
}

static double *read_values(const char *name, size_t count)
{
    static double values[64];
    float elements[64];
    tw_npy npy;
    assert_ok(tw_npy_read(scratch(name), &npy));
    assert_int_equal(npy.count, count);
    assert_ok(tw_npy_convert(&npy, TW_DTYPE_F32, elements));
    for (size_t i = 0; i < count; i++)
        values[i] = (double)elements[i];
    tw_npy_free(&npy);
    return values;
}

static void files_in_and_files_out_hold_the_product(void **state)
{
    (void)state;
    SKIP_WITHOUT_TOOL;
    /* a = b = [1 2 3; 4 5 6], so a b^T = [14 32; 32 77]. */
    static const double product[4] = {14, 32, 32, 77};
    command_expect("run gemm --target cpu --set out=f32 --in a=a.npy --in b=b.npy --out c=c.npy --check", 0);
    assert_memory_equal(read_values("c.npy", 4), product, sizeof product);

    /* c = 2 a b^T + r - 3 c, the expression being of the value and its place. */
    static const double combined[4] = {28 - 42, 64 - 96, 64 + 100 - 96, 154 + 100 - 231};
    command_expect(
        "run gemm --target cpu --set out=f32 --in a=a.npy --in b=b.npy --in c=c.npy --out c=d.npy --check "
        "--set alpha=2 --set beta=-3 --set 'epilogue=x + 100 * r' --pad 5",
        0);
    assert_memory_equal(read_values("d.npy", 4), combined, sizeof combined);

    /* b as it lies: [1 2 3; 4 5 6] is K x N only for a K x M that is 2 wide. A link is written through. */
    assert_int_equal(symlink("f.npy", scratch("e.npy")), 0);
    scratch_write("f.npy", "", 0);
    command_expect(
        "run gemm --target cpu --set out=f32 --set trans_b=0 --in a=tall.npy --in b=b.npy --out c=e.npy --check",
        0);
    static const double plain[9] = {9, 12, 15, 19, 26, 33, 29, 40, 51};
    assert_memory_equal(read_values("f.npy", 9), plain, sizeof plain);
}

static void a_seed_fixes_every_number(void **state)
{
    (void)state;
    SKIP_WITHOUT_TOOL;
#define RUN "run gemm --target cpu --set out=f32 --shape M=5 --shape N=7 --shape K=9 "
    command_expect(RUN "--seed 3 --out c=1.npy --out a=a3.npy", 0);
    command_expect("run gemm --target cpu --set out=f32 --shape N=7 --in a=a3.npy --seed 3 --out c=2.npy", 0);
    command_expect(RUN "--seed 4 --out c=3.npy", 0);
    double first[35];
    memcpy(first, read_values("1.npy", 35), sizeof first);
    assert_memory_equal(read_values("2.npy", 35), first, sizeof first);
    assert_memory_not_equal(read_values("3.npy", 35), first, sizeof first);
#undef RUN
}

static void json_holds_what_was_asked(void **state)
{
    (void)state;
    SKIP_WITHOUT_TOOL;
    static const char *const expected[] = {
        "\"kernel\":\t\"gemm\"", "\"target\":\t\"cpu\"", "\"device\":",     "\"M\":\t40",
        "\"out\":\t\"f32\"",     "\"alpha\":\t1",        "\"seed\":\t1",    "\"rel_err\":",
        "\"max_abs_err\":",      "\"mean_signed_err\":", "\"pass\":\ttrue", "\"median_ms\":",
        "\"min_ms\":",           "\"max_ms\":",          "\"gflops\":",     "\"bytes\":\t14400",
    };
    char *json;
    size_t bytes;
    command_expect(
        "run gemm --target cpu --set out=f32 --shape M=40 --shape N=40 --shape K=50 --check --time 5 --json r.json",
        0);
    assert_ok(tw_file_read(scratch("r.json"), &json, &bytes));
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        if (!strstr(json, expected[i]))
            fail_msg("no %s in\n%s", expected[i], json);
    }
    free(json);
}

static void every_fault_of_a_kernel_is_caught(void **state)
{
    (void)state;
    SKIP_WITHOUT_TOOL;
    static const struct {
        int fault;
        const char *says;
    } faults[] = {
        {1, "FAIL"},
        {2, "gemm wrote behind row 0 of c"},
        {3, "1 elements are NaN or infinite where they should not be, the first is number 2849"},
        {4, "gemm wrote to row 0 of its input a"},
        {5, "cpu: the fixture refuses, as asked"},
        {6, "gemm wrote behind the end of c"},
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        char *flags = tw_text_format("%s -DFIXTURE_FAULT=%d", flags_before, faults[i].fault);
        setenv("TW_CFLAGS", flags, 1);
        command_expect(
            "run gemm --target cpu --set out=f32 --shape M=50 --shape N=57 --shape K=20 --check --pad 3", 1);
        if (!strstr(command_out, faults[i].says) && !strstr(command_err, faults[i].says))
            fail_msg("fault %d: no '%s' in\n%s%s", faults[i].fault, faults[i].says, command_out, command_err);
        free(flags);
    }
    setenv("TW_CFLAGS", flags_before, 1);
    command_expect(
        "run gemm --target cpu --set out=f32 --shape M=50 --shape N=57 --shape K=20 --check --pad 3", 0);
}

static void the_printed_command_builds_what_the_tool_builds(void **state)
{
    (void)state;
    SKIP_WITHOUT_TOOL;
    command_expect(
        "compile gemm --target cpu --set out=f32 --set 'epilogue=x + 1' -o mine.so --depfile mine.d", 0);
    command_expect(
        "compile gemm --target cpu --set out=f32 --set 'epilogue=x + 1' -o theirs.so --print-command", 0);
    char *line = tw_text_format("cd %s && %s", scratch_folder, command_out);
    assert_int_equal(system(line), 0);
    free(line);
    char *mine, *theirs, *rule;
    size_t mine_bytes, their_bytes, rule_bytes;
    assert_ok(tw_file_read(scratch("mine.so"), &mine, &mine_bytes));
    assert_ok(tw_file_read(scratch("theirs.so"), &theirs, &their_bytes));
    assert_ok(tw_file_read(scratch("mine.d"), &rule, &rule_bytes));
    assert_int_equal(mine_bytes, their_bytes);
    assert_int_equal(strncmp(rule, "mine.so:", 8), 0);
    assert_non_null(strstr(rule, "abi.h"));
    free(mine);
    free(theirs);
    free(rule);
}

static void shipped_kernels_are_found_by_run_and_targets(void **state)
{
    (void)state;
    SKIP_WITHOUT_TOOL;
    setenv("TW_BUILD_KERNELS", scratch("shipped"), 1);
    command_expect("compile gemm --target cpu --set out=f32 --into shipped --depfile s/gemm.d --stamp s/gemm",
                   0);
    assert_true(scratch_exists(scratch("s/gemm")) && scratch_exists(scratch("s/gemm.d")));
    command_expect("run gemm --target cpu --set out=f32 --check", 0);
    assert_non_null(strstr(command_out, "kernel built in"));
    command_expect("targets", 0);
    assert_non_null(strstr(command_out, "cpu          yes (1)"));
    unsetenv("TW_BUILD_KERNELS");
}

static void kernels_lists_tensors_sizes_and_options(void **state)
{
    (void)state;
    SKIP_WITHOUT_TOOL;
    command_expect("kernels", 0);
    assert_non_null(strstr(command_out, "gemm: c = "));
    assert_non_null(strstr(command_out, "b            [N,K]          in     bf16 f16"));
    assert_non_null(strstr(command_out, "activation   none relu gelu silu"));
    command_expect("kernels softmax", 0);
    assert_null(strstr(command_out, "gemm: c = "));
    assert_non_null(strstr(command_out, "softmax: y = "));
    command_expect("run gemm --help", 0);
    assert_non_null(strstr(command_out, "tw run KERNEL --target T"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_words_are_refused_with_the_nearest_right_one),
        cmocka_unit_test(wrong_numbers_are_refused_with_their_range),
        cmocka_unit_test(wrong_inputs_are_refused_by_file_and_rule),
        cmocka_unit_test(wrong_outputs_are_refused_before_the_run),
        cmocka_unit_test(wrong_expressions_are_refused),
        cmocka_unit_test(wrong_compilations_are_refused),
        cmocka_unit_test(files_in_and_files_out_hold_the_product),
        cmocka_unit_test(a_seed_fixes_every_number),
        cmocka_unit_test(json_holds_what_was_asked),
        cmocka_unit_test(every_fault_of_a_kernel_is_caught),
        cmocka_unit_test(the_printed_command_builds_what_the_tool_builds),
        cmocka_unit_test(shipped_kernels_are_found_by_run_and_targets),
        cmocka_unit_test(kernels_lists_tensors_sizes_and_options),
    };
    return cmocka_run_group_tests(tests, create, remove_all);
}
