/* SPDX-License-Identifier: MIT
 *
 * Attention against its float64 reference: every pair of lengths, every head dim, every grouping of heads,
 * both layouts, and what is refused. Masks are test_attention_masks.c's, hostile numbers
 * test_attention_numbers.c's.
 */
#include "attention_case.h"

static const int lengths[] = {1, 17, 64, 113, 203, 256, 333, 1023};

enum { LENGTHS = sizeof lengths / sizeof *lengths };

static void every_pair_of_lengths(void **state)
{
    (void)state;
    for (int i = 0; i < LENGTHS * LENGTHS; i += test_step(9))
        attention_check_words((attention_case){.pad = i % 2}, "Sq=%d Sk=%d H=2 Hk=1 D=64",
                              lengths[i / LENGTHS], lengths[i % LENGTHS]);
}

static void every_pair_of_lengths_causal(void **state)
{
    (void)state;
    for (int i = 0; i < LENGTHS * LENGTHS; i += test_step(9))
        attention_check_words((attention_case){.pad = i % 3}, "Sq=%d Sk=%d H=1 D=64 causal=1 dtype=f16",
                              lengths[i / LENGTHS], lengths[i % LENGTHS]);
}

/* An instance holds every smaller head dim; tensors whose rows are no multiple of 16 bytes included. */
static void every_head_dim(void **state)
{
    static const struct {
        const char *words;
        int dims[4][2]; /* D, DV */
    } instances[] = {
        {"d=32 dv=32 dtype=f16", {{32, 32}, {24, 32}, {32, 17}, {16, 8}}},
        {"d=64 dv=64 causal=1", {{64, 64}, {40, 56}, {63, 64}, {33, 48}}},
        {"d=96 dv=96", {{96, 96}, {80, 80}, {72, 96}, {96, 65}}},
        {"d=128 dv=128", {{128, 128}, {112, 100}, {97, 128}, {128, 120}}},
        {"d=192 dv=128 causal=1", {{192, 128}, {160, 128}, {192, 72}, {144, 104}}},
        {"d=192 dv=192 dtype=f16", {{192, 192}, {136, 192}, {192, 131}, {176, 176}}},
        {"d=256 dv=256", {{256, 256}, {224, 256}, {193, 200}, {256, 250}}},
        {"d=64 dv=128", {{64, 128}, {48, 128}, {64, 96}, {50, 70}}},
    };
    static const int shapes[][2] = {{130, 200}, {65, 333}, {203, 64}};
    (void)state;
    for (size_t i = 0; i < sizeof instances / sizeof *instances; i += (size_t)test_step(3))
        for (int n = 0; n < 4; n++)
            for (int shape = 0; shape < 3; shape++)
                attention_check_words((attention_case){.pad = n == 3 ? 5 : 0},
                                      "%s D=%d DV=%d Sq=%d Sk=%d H=1", instances[i].words,
                                      instances[i].dims[n][0], instances[i].dims[n][1], shapes[shape][0],
                                      shapes[shape][1]);
}

/* Groups of 1, 2, 3, 5, 8 query heads, and one for all. */
static void every_group_of_heads(void **state)
{
    static const int heads[][2] = {{1, 1}, {3, 3}, {4, 2}, {6, 2}, {5, 1}, {10, 2}, {8, 1}, {16, 2}};
    (void)state;
    for (int i = 0; i < 8; i++)
        attention_check_words((attention_case){.pad = i % 2}, "B=2 H=%d Hk=%d Sq=70 Sk=90 D=64", heads[i][0],
                              heads[i][1]);
}

/* Positions first in memory, and poison behind each row. */
static void both_layouts(void **state)
{
    static const int pads[] = {0, 1, 8, 24};
    (void)state;
    for (int i = 0; i < 4; i++) {
        attention_check_words((attention_case){.pad = pads[i]},
                              "B=3 H=6 Hk=2 Sq=113 Sk=150 D=64 layout=bshd");
        attention_check_words((attention_case){.pad = pads[i]},
                              "B=3 H=6 Hk=2 Sq=113 Sk=150 D=60 DV=36 layout=%s", i % 2 ? "bshd" : "bhsd");
    }
}

static void any_scale(void **state)
{
    static const char *scales[] = {"1e-3", "1", "2.5", "0.0883883"};
    (void)state;
    for (int i = 0; i < 4; i++)
        attention_check_words((attention_case){0}, "Sq=100 Sk=130 H=1 D=64 scale=%s", scales[i]);
}

/* Teams of other sizes than tune.def's; on Hopper one and three warpgroups, which multiply in turn. */
static void teams_of_other_sizes(void **state)
{
    (void)state;
    if (!strstr(tw_target_identity(test_target)->name, "sm90"))
        skip();
    attention_check_words((attention_case){0}, "waves=12 causal=1 H=2 Hk=1 Sq=413 Sk=333 D=64");
    attention_check_words((attention_case){0}, "waves=12 causal=1 H=1 Sq=1 Sk=400 D=64");
    attention_check_words((attention_case){0}, "waves=4 H=1 Sq=70 Sk=300 D=64");
}

/* What tw verify runs on a GPU. */
static void the_listed_cases(void **state)
{
    (void)state;
    for (int i = 0; tw_kernel_attention.cases[i]; i++)
        attention_check_words((attention_case){.pad = i % 2 ? 3 : 0}, "%s", tw_kernel_attention.cases[i]);
}

static void require_refusal(const char *words, const char *message)
{
    tw_problem *problem;
    test_ok(tw_problem_create(&tw_kernel_attention, &problem));
    tw_status status = tw_problem_set_words(problem, words);
    if (status.code == TW_OK)
        status = tw_problem_resolve(problem, 1);
    if (status.code != TW_INVALID || !strstr(status.message, message))
        fail_msg("%s: status %d '%s', not a refusal with '%s'", words, (int)status.code, status.message,
                 message);
    tw_problem_free(problem);
}

static void what_does_not_go_together_is_refused(void **state)
{
    (void)state;
    require_refusal("H=5 Hk=2", "H must be a multiple of Hk");
    require_refusal("H=2 Hk=4", "H must be a multiple of Hk");
    require_refusal("D=257", "D is 257; attention holds at most 256");
    require_refusal("D=80 d=64", "D is 80, more than d=64 holds");
    require_refusal("DV=129 dv=128", "DV is 129, more than dv=128 holds");
    require_refusal("d=80", "80");
    require_refusal("scale=0", "above 0");
    require_refusal("scale=-1", "above 0");
    require_refusal("softcap=1 cap=0", "above 0");
    require_refusal("cap=20", "cap of attention is used only with softcap=1");
    require_refusal("window_left=5", "used only with window=1");
    require_refusal("window=1 window_left=2.5", "whole number");
    require_refusal("varlen=1 B=2", "N counts the sequences");
    require_refusal("N=3", "no tensor of attention has it");
}

static int run(const char *name)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair_of_lengths),
        cmocka_unit_test(every_pair_of_lengths_causal),
        cmocka_unit_test(every_head_dim),
        cmocka_unit_test(every_group_of_heads),
        cmocka_unit_test(both_layouts),
        cmocka_unit_test(any_scale),
        cmocka_unit_test(teams_of_other_sizes),
        cmocka_unit_test(the_listed_cases),
        cmocka_unit_test(what_does_not_go_together_is_refused),
    };
    target_name = name;
    return cmocka_run_group_tests_name(name, tests, open_target, close_target);
}

int main(int count, char **arguments) { return run_on_targets(count - 1, arguments + 1, run) != 0; }
