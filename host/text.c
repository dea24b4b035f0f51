/* SPDX-License-Identifier: MIT
 *
 * Growing text and argument lists.
 */
#define _GNU_SOURCE
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *must(void *memory)
{
    if (!memory) {
        fputs("tilewright: out of memory for a few kilobytes of text\n", stderr);
        abort();
    }
    return memory;
}

static char *format_text(const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = must(malloc((size_t)length + 1));
    vsnprintf(text, (size_t)length + 1, format, arguments);
    return text;
}

char *tw_text_format(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = format_text(format, arguments);
    va_end(arguments);
    return text;
}

static void add(tw_list *list, char *text)
{
    list->item = must(realloc(list->item, (list->count + 2) * sizeof *list->item));
    list->item[list->count++] = text;
    list->item[list->count] = NULL;
}

void tw_list_add(tw_list *list, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add(list, format_text(format, arguments));
    va_end(arguments);
}

void tw_list_add_words(tw_list *list, const char *words)
{
    static const char blanks[] = " \t\n";
    while (words && *(words += strspn(words, blanks))) {
        size_t length = strcspn(words, blanks);
        tw_list_add(list, "%.*s", (int)length, words);
        words += length;
    }
}

void tw_list_free(tw_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->item[i]);
    free(list->item);
    list->item = NULL;
    list->count = 0;
}

static int is_plain(const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%+,-./:=@_";
    return *word && strspn(word, plain) == strlen(word);
}

char *tw_list_command(const tw_list *list)
{
    size_t bytes = 1;
    for (size_t i = 0; i < list->count; i++)
        bytes += 4 * strlen(list->item[i]) + 3; /* each ' becomes '\'' */
    char *command = must(malloc(bytes));
    char *to = command;
    for (size_t i = 0; i < list->count; i++) {
        const char *word = list->item[i];
        if (i)
            *to++ = ' ';
        if (is_plain(word)) {
            to = stpcpy(to, word);
            continue;
        }
        *to++ = '\'';
        for (; *word; word++) {
            if (*word == '\'')
                to = stpcpy(to, "'\\''");
            else
                *to++ = *word;
        }
        *to++ = '\'';
    }
    *to = '\0';
    return command;
}
