/* SPDX-License-Identifier: MIT
 *
 * tw check --asm names each planted fault, and nothing else, at the line that says so; and has nothing to say
 * of the same kernel without the fault. The kernels stand in asm/. Tests skip where their compiler, or
 * nvdisasm, is missing.
 */
#include "tests/host/command.h"

#define KERNELS "tests/checker/asm/"

/* The number of the line of the file that ends in a comment with the word. */
static int marked_line(const char *file, const char *word)
{
    char *path = tw_text_format("%s/%s%s", TW_SOURCE_ROOT, KERNELS, file), *text;
    size_t bytes;
    int line = 1, found = 0;
    assert_ok(tw_file_read(path, &text, &bytes));
    for (char *at = text; at; at = strchr(at, '\n'), at += at != NULL, line++) {
        char *row = tw_text_format("%.*s ", (int)strcspn(at, "\n"), at),
             *spaced = tw_text_format(" %s ", word);
        if (strstr(row, "/*") && strstr(strstr(row, "/*"), spaced))
            found = line;
        free(spaced);
        free(row);
    }
    free(text);
    free(path);
    if (!found)
        fail_msg("%s has no line marked %s", file, word);
    return found;
}

/* Checks the kernel with the fault; exit status 2 says what is not here, and skips. */
static int check(const char *file, const char *fault, const char *target, const char *more)
{
    char *arguments =
        tw_text_format("check --asm --source %s/%s%s -DFAULT=%s --target %s %s --json report.json",
                       TW_SOURCE_ROOT, KERNELS, file, fault, target, more);
    int status = command_run(getenv("TW_BINARY"), arguments);
    free(arguments);
    if (status == 2 && !strstr(command_err, " here"))
        fail_msg("%s %s on %s: %s", file, fault, target, command_err);
    if (status == 2 || (strstr(command_out, "skipped:") && strcmp(fault, "SPILL") != 0))
        skip();
    return status;
}

/* One finding: this code, at the line marked with the fault (in this file, where `marked` is 0). */
static void found(const char *file, const char *fault, const char *target, const char *more, const char *code,
                  int marked)
{
    int status = check(file, fault, target, more);
    char *start = marked ? tw_text_format(KERNELS "%s:%d", file, marked_line(file, fault)) : NULL;
    char *named = tw_text_format("%s ", code),
         *first = tw_text_format("%.*s", (int)strcspn(command_out, "\n"), command_out);
    if (status != 1 || (start && strncmp(first, start, strlen(start)) != 0) || !strstr(first, named) ||
        !strstr(command_out, "\n1 finding\n"))
        fail_msg("%s %s on %s: exits %d and says\n%snot one %sat %s", file, fault, target, status,
                 command_out, named, start ? start : "any line");
    char *json;
    size_t bytes;
    assert_ok(tw_file_read(scratch("report.json"), &json, &bytes));
    if (!strstr(json, code))
        fail_msg("%s %s on %s: the report is\n%s", file, fault, target, json);
    free(json);
    free(first);
    free(named);
    free(start);
}

static void clean(const char *file, const char *target, const char *more)
{
    int status = check(file, "NONE", target, more);
    if (status != 0 || !strstr(command_out, "\n0 findings\n"))
        fail_msg("%s on %s: exits %d and says\n%s", file, target, status, command_out);
}

#define SKIP_WITHOUT_TOOL                                                                                    \
    (void)state;                                                                                             \
    if (!getenv("TW_BINARY"))                                                                                \
    skip()

static void the_right_ring_is_clean_on_every_cdna(void **state)
{
    SKIP_WITHOUT_TOOL;
    clean("ring.c", "hip:gfx90a", "");
    clean("ring.c", "hip:gfx942", "");
    clean("ring.c", "hip:gfx950", "--stages 3");
}

static void waits_of_a_ring_on_cdna(void **state)
{
    SKIP_WITHOUT_TOOL;
    found("ring.c", "WAIT_ZERO", "hip:gfx942", "", "TW201", 1);
    found("ring.c", "READ_NOT_WAITED", "hip:gfx90a", "", "TW202", 1);
    found("ring.c", "TOO_MANY_LEFT", "hip:gfx950", "", "TW204", 1);
    found("ring.c", "TOO_MANY_LEFT", "hip:gfx942", "--stages 3", "TW204", 1);
    found("ring.c", "NO_WAIT", "hip:gfx942", "", "TW204", 1);
    found("ring.c", "WAIT_BEHIND", "hip:gfx942", "", "TW204", 1);
    found("ring.c", "NO_BARRIER", "hip:gfx942", "", "TW204", 1);
    found("ring.c", "NO_COPIES", "hip:gfx942", "--stages 3", "TW205", 1);
}

static void a_wave_alone_needs_no_barrier(void **state)
{
    SKIP_WITHOUT_TOOL;
    clean("ring.c", "hip:gfx942", "-DWAVES=1");
    found("ring.c", "NO_WAIT", "hip:gfx942", "-DWAVES=1", "TW204", 1);
    found("ring.c", "TOO_MANY_LEFT", "hip:gfx942", "-DWAVES=1 --stages 3", "TW204", 1);
}

static void matrix_instructions_on_cdna(void **state)
{
    SKIP_WITHOUT_TOOL;
    found("ring.c", "NO_MATRIX", "hip:gfx942", "", "TW206", 1);
    found("ring.c", "CHAIN", "hip:gfx942", "", "TW207", 1);
}

static void registers_on_cdna(void **state)
{
    SKIP_WITHOUT_TOOL;
    found("spill.c", "SPILL", "hip:gfx942", "", "TW208", 0);
    found("spill.c", "STACK", "hip:gfx90a", "", "TW209", 1);
    clean("spill.c", "hip:gfx942", "");
}

static void a_ring_on_ampere(void **state)
{
    SKIP_WITHOUT_TOOL;
    clean("ring.cu", "cuda:sm80", "");
    found("ring.cu", "WAIT_ZERO", "cuda:sm80", "--stages 3", "TW201", 1);
    found("ring.cu", "NO_MATRIX", "cuda:sm80", "", "TW206", 1);
}

static void registers_on_ampere(void **state)
{
    SKIP_WITHOUT_TOOL;
    found("ring.cu", "SPILL", "cuda:sm80", "", "TW208", 0);
}

static void products_on_hopper(void **state)
{
    SKIP_WITHOUT_TOOL;
    clean("wgmma.cu", "cuda:sm90", "");
    found("wgmma.cu", "WAIT_EACH", "cuda:sm90", "", "TW207", 1);
}

static void wrong_words_are_refused(void **state)
{
    SKIP_WITHOUT_TOOL;
    command_refused("check --asm gemm", "tw check needs --target");
    command_refused("check --asm gemm --target emu:sm80", "--asm reads what a GPU's compiler made");
    command_refused("check --asm gemm --target hip:gfx942 --stages 1",
                    "it must be a whole number from 2 to 64");
    command_refused("check --asm gemm --object x.co --target hip:gfx942", "give one of them");
    command_refused("check --asm gemm --target hip:gfx942 --ptx x.ptx", "PTX comes of compiling");
    command_refused("check --asm --target hip:gfx942", "which KERNEL?");
}

/* Objects of another machine, whose waits and registers mean something else. */
static void objects_of_other_machines_are_refused(void **state)
{
    SKIP_WITHOUT_TOOL;
    if (command_run(getenv("TW_BINARY"),
                    "compile --source " TW_SOURCE_ROOT "/" KERNELS "ring.c --target hip:gfx90a -o ring.co"))
        skip();
    command_expect("check --asm --object ring.co --target hip:gfx90a", 0);
    command_refused("check --asm --object ring.co --target hip:gfx942",
                    "ring.co is compiled for gfx90a, not for gfx942");
    command_refused("check --asm --object $TW_BINARY --target hip:gfx942", "is no code object for an AMD");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_right_ring_is_clean_on_every_cdna, command_create,
                                        command_remove),
        cmocka_unit_test_setup_teardown(waits_of_a_ring_on_cdna, command_create, command_remove),
        cmocka_unit_test_setup_teardown(a_wave_alone_needs_no_barrier, command_create, command_remove),
        cmocka_unit_test_setup_teardown(matrix_instructions_on_cdna, command_create, command_remove),
        cmocka_unit_test_setup_teardown(registers_on_cdna, command_create, command_remove),
        cmocka_unit_test_setup_teardown(a_ring_on_ampere, command_create, command_remove),
        cmocka_unit_test_setup_teardown(registers_on_ampere, command_create, command_remove),
        cmocka_unit_test_setup_teardown(products_on_hopper, command_create, command_remove),
        cmocka_unit_test_setup_teardown(wrong_words_are_refused, command_create, command_remove),
        cmocka_unit_test_setup_teardown(objects_of_other_machines_are_refused, command_create,
                                        command_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
