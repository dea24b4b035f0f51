/* SPDX-License-Identifier: MIT
 *
 * Status values and their messages.
 */
#include "status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

tw_status tw_ok(void)
{
    tw_status status;
    status.code = TW_OK;
    status.message[0] = '\0';
    return status;
}

tw_status tw_fail(tw_code code, const char *format, ...)
{
    tw_status status;
    status.code = code;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(status.message, sizeof status.message, format, arguments);
    va_end(arguments);
    if (length < 0) {
        strcpy(status.message, "the message could not be formatted");
    } else if ((size_t)length >= sizeof status.message) {
        strcpy(status.message + sizeof status.message - 4, "...");
    }
    for (char *c = status.message; *c; c++) {
        if (*c == '\n' || *c == '\r')
            *c = ' ';
    }
    return status;
}
