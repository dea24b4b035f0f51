/* SPDX-License-Identifier: MIT
 *
 * The scan of states along the parts of a sequence against float64: tiles and their edges, one part, closed
 * and open parts, scales far apart, and the bytes it moves.
 */
#include "words_case.h"

extern const tw_kernel tw_kernel_state_scan;

static void sizes_and_scales(void **state)
{
    (void)state;
    for (int scaled = 0; scaled < 2; scaled++) {
        words_case test = {.kernel = &tw_kernel_state_scan, .pad = scaled ? 0 : 3};
        words_check(test, "scaled=%d U=2 G=%d R=64 C=64", scaled, 2 + test_random(6));
        words_check(test, "scaled=%d U=3 G=4 R=%d C=%d", scaled, 1 + test_random(70), 1 + test_random(130));
        words_check(test, "scaled=%d U=3 G=1 R=33 C=20", scaled);
        words_check(test, "scaled=%d U=1 G=3 R=1 C=49 start=0", scaled);
    }
}

static double far_apart(size_t i, const void *context)
{
    (void)context;
    return i % 3 == 0 ? -80 : i % 3 == 1 ? 80 : -1e30;
}
static double closed_or_open(size_t i, const void *context) { return (void)context, i % 4 == 1 ? -1e6 : 0; }

static void fill_far_apart(tw_problem *problem)
{
    case_fill(problem, "own_m", far_apart, NULL);
    case_fill(problem, "decays", closed_or_open, NULL);
}

/* An empty part (scale -1e30), one that forgets all before it, one e^160 above the one before. */
static void parts_far_apart(void **state)
{
    (void)state;
    words_check((words_case){.kernel = &tw_kernel_state_scan, .before = fill_far_apart},
                "scaled=1 U=2 G=9 R=16 C=64");
}

/* Whole tiles: each state is read and written once, decays a few times. What slot 0 held is not read. */
static void moves_its_bytes_once(void **state)
{
    (void)state;
    words_move_once((words_case){.kernel = &tw_kernel_state_scan,
                                 .words = "U=2 G=6 R=64 C=128",
                                 .unread = 2 * 64 * 128 * sizeof(float)});
}

static int run(const char *name)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_and_scales),
        cmocka_unit_test(parts_far_apart),
        cmocka_unit_test(moves_its_bytes_once),
    };
    target_name = name;
    return cmocka_run_group_tests_name(name, tests, open_target, close_target);
}

int main(int count, char **names) { return run_on_targets(count - 1, names + 1, run); }
