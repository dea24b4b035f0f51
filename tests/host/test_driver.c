/* SPDX-License-Identifier: MIT
 *
 * GPU targets without a GPU: the tool compiles by a stand-in compiler, loads by a stand-in driver found where
 * the real one would be, and must get the right numbers through the same calls in the right order.
 */
#include "command.h"

#define FIXTURE TW_SOURCE_ROOT "/tests/host/fixture"

static const char *compiler(void) { return getenv("TW_CC") ? getenv("TW_CC") : "gcc"; }

/* Both drivers, in the scratch folder, which becomes the library path of the tool. */
static int create(void **state)
{
    if (!getenv("TW_BINARY"))
        return 0;
    if (command_create(state))
        return -1;
    for (int hip = 0; hip < 2; hip++) {
        char *line = tw_text_format("'%s' -std=c11 -shared -fPIC %s -o %s %s/fake_driver.c -ldl", compiler(),
                                    hip ? "-DFAKE_HIP" : "", scratch(hip ? "libamdhip64.so" : "libcuda.so.1"),
                                    FIXTURE);
        int failed = system(line);
        free(line);
        if (failed)
            return -1;
    }
    setenv("TW_CACHE", scratch("cache"), 1);
    setenv("TW_NVCC", FIXTURE "/fake_compiler.sh", 1);
    setenv("TW_CLANG_AMDGPU", FIXTURE "/fake_compiler.sh", 1);
    setenv("TW_SOURCE_ROOT", FIXTURE, 1);
    snprintf(command_environment, sizeof command_environment, "LD_LIBRARY_PATH=%s", scratch_folder);
    return 0;
}

static int remove_all(void **state) { return getenv("TW_BINARY") ? command_remove(state) : 0; }

static int need_tool(void **state)
{
    (void)state;
    unsetenv("FAKE_ARCHITECTURE");
    unsetenv("FAKE_DEVICES");
    return 0;
}

#define SKIP_WITHOUT_TOOL                                                                                    \
    if (!getenv("TW_BINARY"))                                                                                \
    skip()

static void a_run_is_right_checked_and_timed_by_events(void **state)
{
    (void)state;
    SKIP_WITHOUT_TOOL;
    static const char *const targets[] = {"cuda", "cuda:sm90", "hip", "hip:gfx942"};
    for (size_t i = 0; i < 4; i++) {
        char *line =
            tw_text_format("run gemm --target %s --set out=f32 --check --time 3 --pad 3 --set beta=0.5 "
                           "--shape M=70 --shape N=33 --shape K=20",
                           targets[i]);
        command_expect(line, 0);
        assert_non_null(
            strstr(command_out, i < 2 ? "on cuda:sm90 (Fake GPU 0)" : "on hip:gfx942 (Fake GPU 0)"));
        assert_non_null(strstr(command_out, ": pass"));
        assert_non_null(strstr(command_out, "median 0.25 ms (0.25 to 0.25, 3 launches)"));
        free(line);
    }
}

/* 3 x 3 tiles in clusters of two, of which four run at once: a grid of 8, not of 9 or 10. The fixture's
 * blocks do not go on, so one tile stays undone. */
static void a_grid_in_clusters_is_what_runs_at_once(void **state)
{
    (void)state;
    SKIP_WITHOUT_TOOL;
    command_expect(
        "run gemm --target cuda --set out=f32 --set trans_b=0 --check --shape M=70 --shape N=64 --shape K=20",
        0);
    command_expect(
        "run gemm --target cuda --set out=f32 --set trans_b=0 --check --shape M=70 --shape N=65 --shape K=20",
        1);
}

static void expressions_with_commas_reach_the_device_compiler_whole(void **state)
{
    (void)state;
    SKIP_WITHOUT_TOOL;
    command_expect("run gemm --target cuda --set out=f32 --check --set 'epilogue=x * (r, c, 2)' --shape M=8",
                   0);
    command_expect("run gemm --target hip --set out=f32 --check --set 'epilogue=x * (r, c, 2)' --shape M=8",
                   0);
}

static void the_machine_follows_the_device(void **state)
{
    (void)state;
    SKIP_WITHOUT_TOOL;
    static const struct {
        const char *device, *target, *says;
    } cases[] = {
        {"80", "cuda", "on cuda:sm80"},
        {"86", "cuda", "on cuda:sm80"},
        {"gfx90a:sramecc+:xnack-", "hip", "on hip:gfx90a"},
        {"gfx950", "hip", "on hip:gfx950"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        setenv("FAKE_ARCHITECTURE", cases[i].device, 1);
        char *line =
            tw_text_format("run gemm --target %s --set out=f32 --check --shape K=5", cases[i].target);
        command_expect(line, 0);
        assert_non_null(strstr(command_out, cases[i].says));
        free(line);
    }
}

static void a_device_that_cannot_run_the_target_is_named(void **state)
{
    (void)state;
    SKIP_WITHOUT_TOOL;
    command_refused("run gemm --target cuda:sm80",
                    "the GPU here is sm_90 (Fake GPU 0), which cannot run sm_80; it runs sm90");
    command_refused("run gemm --target hip:gfx950",
                    "the GPU here is gfx942 (Fake GPU 0), which cannot run gfx950");
    setenv("FAKE_ARCHITECTURE", "75", 1);
    command_refused("run gemm --target cuda",
                    "the GPU here is sm_75 (Fake GPU 0), for which there is no machine yet");
    setenv("FAKE_ARCHITECTURE", "91", 1);
    command_refused("run gemm --target cuda:sm90", "sm_91");
    setenv("FAKE_ARCHITECTURE", "gfx1100", 1);
    command_refused("run gemm --target hip", "the GPU here is gfx1100");
    setenv("FAKE_DEVICES", "0", 1);
    command_refused("run gemm --target cuda", "the NVIDIA driver finds no GPU");
    command_refused("run gemm --target hip", "the AMD driver finds no GPU");
}

static void a_driver_without_a_needed_call_is_named(void **state)
{
    (void)state;
    SKIP_WITHOUT_TOOL;
    char folder[128], *line;
    snprintf(folder, sizeof folder, "%s", scratch("old"));
    mkdir(folder, 0777);
    line = tw_text_format(
        "echo 'int cuInit(unsigned f) { return (int)f; }' | '%s' -x c -shared -fPIC -o %s/libcuda.so.1 -",
        compiler(), folder);
    assert_int_equal(system(line), 0);
    free(line);
    char kept[sizeof command_environment];
    strcpy(kept, command_environment);
    snprintf(command_environment, sizeof command_environment, "LD_LIBRARY_PATH=%s", folder);
    command_refused("run gemm --target cuda", "the NVIDIA driver (libcuda.so.1) has no cuDeviceGetCount");
    strcpy(command_environment, kept);
}

static void targets_tells_what_runs_here(void **state)
{
    (void)state;
    SKIP_WITHOUT_TOOL;
    command_expect("targets", 0);
    const char *row = strstr(command_out, "\ncuda:sm90 ");
    assert_non_null(row);
    assert_non_null(strstr(row, "Fake GPU 0"));
    assert_true(strstr(row, "Fake GPU 0") < strchr(row + 1, '\n'));
    row = strstr(command_out, "\nhip:gfx90a ");
    assert_non_null(row);
    assert_non_null(strstr(row, "cannot run gfx90a"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_run_is_right_checked_and_timed_by_events, need_tool),
        cmocka_unit_test_setup(a_grid_in_clusters_is_what_runs_at_once, need_tool),
        cmocka_unit_test_setup(expressions_with_commas_reach_the_device_compiler_whole, need_tool),
        cmocka_unit_test_setup(the_machine_follows_the_device, need_tool),
        cmocka_unit_test_setup(a_device_that_cannot_run_the_target_is_named, need_tool),
        cmocka_unit_test_setup(a_driver_without_a_needed_call_is_named, need_tool),
        cmocka_unit_test_setup(targets_tells_what_runs_here, need_tool),
    };
    return cmocka_run_group_tests(tests, create, remove_all);
}
