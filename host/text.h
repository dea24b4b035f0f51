/* SPDX-License-Identifier: MIT
 *
 * Growing text and argument lists, for paths and commands. An allocation that fails ends the program: what is
 * built here is a few kilobytes.
 */
#ifndef TW_HOST_TEXT_H
#define TW_HOST_TEXT_H

#include <stddef.h>

/* A NULL-terminated list of owned strings; { 0 } is empty. */
typedef struct {
    char **item;
    size_t count;
} tw_list;

char *tw_text_format(const char *format, ...) __attribute__((format(printf, 1, 2))); /* free() it */

void tw_list_add(tw_list *list, const char *format, ...) __attribute__((format(printf, 2, 3)));
void tw_list_add_words(tw_list *list, const char *words); /* split at blanks; NULL adds nothing */
void tw_list_free(tw_list *list);

/* The list as one shell command, quoted where a shell needs it; free() it. */
char *tw_list_command(const tw_list *list);

#endif
