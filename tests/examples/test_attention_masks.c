/* SPDX-License-Identifier: MIT
 *
 * Attention's masks and scores against the float64 reference: windows, packed sequences, bias, slopes, soft
 * cap, a user's score; that nothing leaks from what is masked, and that tiles a mask empties are not touched.
 */
#include "attention_case.h"

static tw_problem *original; /* what a `before` takes its inputs from */
static int spoilt;           /* and which of its parts it spoils */

static double not_a_number(double value, int64_t row, int64_t place)
{
    (void)value, (void)row, (void)place;
    return (double)NAN;
}

/* A query before all keys has no key: zeros and -inf, nothing else. */
static void require_empty_rows(tw_problem *problem)
{
    const tw_tensor *o = tw_problem_tensor(problem, "o"), *lse = tw_problem_tensor(problem, "lse");
    int64_t heads = o->dim[1], queries = o->dim[2], places = o->dim[3];
    int64_t empty = queries - tw_problem_size(problem, "Sk");
    for (int64_t row = 0; row < heads * queries; row++) {
        if (row % queries >= empty)
            continue;
        assert_true(words_value(lse, (size_t)row) == -(double)INFINITY);
        for (int64_t place = 0; place < places; place++)
            assert_true(words_value(o, (size_t)(row * places + place)) == 0);
    }
}

static void a_query_without_a_key_gives_zeros_and_minus_infinity(void **state)
{
    static const int shapes[][2] = {{2, 1}, {200, 1}, {203, 64}, {333, 113}, {130, 129}, {400, 3}};
    (void)state;
    for (int i = 0; i < 6; i++)
        attention_check_words((attention_case){.after = require_empty_rows}, "Sq=%d Sk=%d H=2 D=64 causal=1",
                              shapes[i][0], shapes[i][1]);
}

static void windows(void **state)
{
    static const int windows[][2] = {{0, 0},   {5, -1},   {-1, 7},   {100, 3},     {63, 64}, {1, 200},
                                     {62, 62}, {126, 30}, {61, 126}, {1000, 1000}, {-1, -1}};
    static const int shapes[][2] = {{203, 203}, {100, 333}, {333, 64}, {1, 256}};
    (void)state;
    for (int i = 0; i < 11; i++)
        for (int shape = 0; shape < 4; shape++)
            attention_check_words((attention_case){0},
                                  "Sq=%d Sk=%d H=1 D=64 window=1 window_left=%d window_right=%d causal=%d",
                                  shapes[shape][0], shapes[shape][1], windows[i][0], windows[i][1], i % 2);
}

/* NaN in every key and value from `spoilt` on, or before it where it is negative. */
static void spoil_keys(tw_problem *problem)
{
    const char *names[] = {"k", "v"};
    attention_take_inputs(problem, original);
    for (int n = 0; n < 2; n++) {
        tw_tensor *tensor = tw_problem_tensor(problem, names[n]);
        double nan = (double)NAN;
        for (size_t i = 0; i < tensor->count; i++) {
            int64_t position = (int64_t)i / tensor->dim[3] % tensor->dim[2];
            if (spoilt > 0 ? position >= spoilt : position < -spoilt)
                tw_dtype_encode(tensor->dtype, &nan,
                                (char *)tensor->input + i * tw_dtype_bytes(tensor->dtype), 1);
        }
    }
}

/* Keys a tile or more beyond what a block's queries see: 512 is a multiple of every tile, 0 * NaN would be
 * NaN. */
static void tiles_that_a_mask_empties_are_not_touched(void **state)
{
    static const char *masks[] = {"causal=1", "window=1 window_left=100 window_right=40 causal=0"};
    enum { EDGE = 512, QUERIES = 1024, MARGIN = 128 };
    (void)state;
    for (int i = 0; i < 3; i++) {
        char words[256];
        int after = i < 2; /* spoils keys after the edge, or before it */
        snprintf(words, sizeof words, "Sq=%d Sk=%d H=1 D=64 %s", QUERIES, QUERIES, masks[i > 0]);
        original = attention_run(&(attention_case){.words = words});
        spoilt = after ? EDGE : -EDGE;
        tw_problem *problem = attention_run(&(attention_case){.words = words, .before = spoil_keys});
        int first = after ? 0 : EDGE + 100 + MARGIN, end = !after ? QUERIES : i ? EDGE - 40 - MARGIN : EDGE;
        for (int query = first; query < end; query++)
            attention_require_same_row(words, problem, 0, 0, query, original, 0, query);
        tw_problem_free(problem);
        tw_problem_free(original);
    }
}

static const char *const packed[] = {
    "varlen=1 N=1 Sq=203 Sk=203",
    "varlen=1 N=4 Sq=512 Sk=512",
    "varlen=1 N=9 Sq=400 Sk=333 causal=1",
    "varlen=1 N=20 Sq=64 Sk=113",
    "varlen=1 N=3 Sq=17 Sk=1023 causal=1 layout=bshd",
    "varlen=1 N=30 Sq=40 Sk=25 causal=1 layout=bshd",
};

enum { PACKED = sizeof packed / sizeof *packed };

static void packed_sequences(void **state)
{
    (void)state;
    for (int i = 0; i < PACKED; i++)
        attention_check_words((attention_case){.pad = i % 2}, "%s H=4 Hk=2 D=64", packed[i]);
}

/* NaN in all rows of q, k and v but those of sequence `spoilt`. */
static void spoil_other_sequences(tw_problem *problem)
{
    const char *names[] = {"q", "k", "v"};
    attention_take_inputs(problem, original);
    attention_sequence kept = attention_sequence_at(problem, spoilt);
    for (int n = 0; n < 3; n++) {
        tw_problem *from = original;
        int64_t begin = n ? kept.k_begin : kept.q_begin, count = n ? kept.k_count : kept.q_count;
        tw_tensor *tensor = tw_problem_tensor(problem, names[n]);
        size_t bytes = tw_dtype_bytes(tensor->dtype);
        attention_change(problem, names[n], not_a_number);
        for (int64_t head = 0; head < tw_problem_size(problem, n ? "Hk" : "H"); head++)
            for (int64_t row = begin; row < begin + count; row++) {
                size_t at = attention_index(problem, tensor, 0, head, row, 0) * bytes;
                memcpy((char *)tensor->input + at, (char *)tw_problem_tensor(from, names[n])->input + at,
                       bytes * (size_t)tensor->dim[3]);
            }
    }
}

static void nothing_leaks_between_packed_sequences(void **state)
{
    (void)state;
    for (int i = 1; i < PACKED; i++) {
        char words[256];
        snprintf(words, sizeof words, "%s H=2 D=64", packed[i]);
        original = attention_run(&(attention_case){.words = words});
        spoilt = test_random((int)tw_problem_size(original, "N"));
        attention_sequence kept = attention_sequence_at(original, spoilt);
        tw_problem *problem =
            attention_run(&(attention_case){.words = words, .before = spoil_other_sequences});
        for (int head = 0; head < 2; head++)
            for (int64_t row = kept.q_begin; row < kept.q_begin + kept.q_count; row++)
                attention_require_same_row(words, problem, 0, head, row, original, 0, row);
        tw_problem_free(problem);
        tw_problem_free(original);
    }
}

static void take_one_sequence(tw_problem *problem)
{
    attention_sequence sequence = attention_sequence_at(original, spoilt);
    attention_take_rows(problem, "q", original, 0, sequence.q_begin, sequence.q_count);
    attention_take_rows(problem, "k", original, 0, sequence.k_begin, sequence.k_count);
    attention_take_rows(problem, "v", original, 0, sequence.k_begin, sequence.k_count);
}

static void a_packed_sequence_equals_the_same_alone(void **state)
{
    (void)state;
    original =
        attention_run(&(attention_case){.words = "varlen=1 N=6 Sq=600 Sk=500 H=2 D=64 causal=1 layout=bshd"});
    for (spoilt = 0; spoilt < 6; spoilt++) {
        attention_sequence sequence = attention_sequence_at(original, spoilt);
        char words[256];
        if (!sequence.q_count || !sequence.k_count)
            continue;
        snprintf(words, sizeof words, "Sq=%d Sk=%d H=2 D=64 causal=1 layout=bshd", (int)sequence.q_count,
                 (int)sequence.k_count);
        tw_problem *alone = attention_run(&(attention_case){.words = words, .before = take_one_sequence});
        for (int head = 0; head < 2; head++)
            for (int64_t row = 0; row < sequence.q_count; row++)
                attention_require_same_row(words, alone, 0, head, row, original, 0, sequence.q_begin + row);
        tw_problem_free(alone);
    }
    tw_problem_free(original);
}

static const int shapes[][2] = {{203, 203}, {70, 150}, {150, 70}};

static void bias(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        attention_check_words((attention_case){.pad = i}, "B=2 H=2 Sq=%d Sk=%d D=64 bias=1", shapes[i][0],
                              shapes[i][1]);
        if (!test_few) /* few: with all the others */
            attention_check_words((attention_case){0}, "N=3 H=2 Sq=%d Sk=%d D=64 bias=1 varlen=1 dtype=f16",
                                  shapes[i][0], shapes[i][1]);
    }
}

/* Half the elements, and all of every fifth row. */
static double minus_infinity_here_and_there(double value, int64_t row, int64_t place)
{
    return (row * 7 + place * 3) % 2 == 0 || row % 5 == 0 ? -(double)INFINITY : value;
}

static void mask_by_bias(tw_problem *problem)
{
    attention_change(problem, "bias", minus_infinity_here_and_there);
}

static void a_bias_of_minus_infinity_masks(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        attention_check_words((attention_case){.before = mask_by_bias}, "B=2 H=2 Sq=%d Sk=%d D=64 bias=1",
                              shapes[i][0], shapes[i][1]);
}

static void alibi_and_softcap(void **state)
{
    (void)state;
    for (int i = 0; i < 3 && !test_few; i++) { /* few: with all the others */
        attention_check_words((attention_case){0}, "H=6 Hk=2 Sq=%d Sk=%d D=64 alibi=1 causal=1", shapes[i][0],
                              shapes[i][1]);
        attention_check_words((attention_case){0}, "H=2 Sq=%d Sk=%d D=64 softcap=1 cap=%s scale=%s",
                              shapes[i][0], shapes[i][1], i ? "2" : "50", i ? "1" : "0.125");
    }
}

static void a_users_score_sees_the_element_and_its_place(void **state)
{
    static const char *const scores[] = {
        "x * 0.5f + 0.125f * (float)((i - j * 2) % 7) + (float)h - 2.0f * (float)b",
        "(i / 16 + j / 16) % 2 ? x : -TW_INFINITY",
        "i % 3 ? tw_tanhf(x) : -TW_INFINITY",
    };
    (void)state;
    for (int i = 0; i < 3; i++)
        for (int n = 0; n < 3; n += test_step(3))
            attention_check_words((attention_case){.score = scores[n]}, "B=2 H=3 Hk=1 Sq=%d Sk=%d D=64",
                                  shapes[i][0], shapes[i][1]);
}

static void all_of_it_at_once(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        attention_check_words(
            (attention_case){.score = "j == 3 ? -TW_INFINITY : x - 0.01f * (float)(i + b + h)", .pad = i},
            "N=3 H=4 Hk=2 Sq=%d Sk=%d D=80 DV=128 varlen=1 causal=1 window=1 window_left=60 bias=1 "
            "alibi=1 softcap=1 cap=20 dtype=f16 layout=bshd",
            2 * shapes[i][0], 2 * shapes[i][1]);
}

static int run(const char *name)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_query_without_a_key_gives_zeros_and_minus_infinity),
        cmocka_unit_test(windows),
        cmocka_unit_test(tiles_that_a_mask_empties_are_not_touched),
        cmocka_unit_test(packed_sequences),
        cmocka_unit_test(nothing_leaks_between_packed_sequences),
        cmocka_unit_test(a_packed_sequence_equals_the_same_alone),
        cmocka_unit_test(bias),
        cmocka_unit_test(a_bias_of_minus_infinity_masks),
        cmocka_unit_test(alibi_and_softcap),
        cmocka_unit_test(a_users_score_sees_the_element_and_its_place),
        cmocka_unit_test(all_of_it_at_once),
    };
    target_name = name;
    return cmocka_run_group_tests_name(name, tests, open_target, close_target);
}

int main(int count, char **arguments) { return run_on_targets(count - 1, arguments + 1, run) != 0; }
