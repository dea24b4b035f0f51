/* SPDX-License-Identifier: MIT
 *
 * Attention with every option, beside everything.c; compiled by dialect.cmake, never run.
 */
#define ATTENTION_DTYPE                f16
#define ATTENTION_D                    192
#define ATTENTION_DV                   128
#define ATTENTION_CAUSAL               1
#define ATTENTION_WINDOW               1
#define ATTENTION_VARLEN               1
#define ATTENTION_BIAS                 1
#define ATTENTION_ALIBI                1
#define ATTENTION_SOFTCAP              1
#define ATTENTION_SCORE(x, b, h, i, j) ((i) == (j) ? -TW_INFINITY : (x) + (float)((b) + (h)))
#include <examples/attention/attention.c>
