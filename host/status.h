/* SPDX-License-Identifier: MIT
 *
 * What every call of the host library returns. `message` is one line in this order: what was asked, what was
 * found, the rule, the likely fix. It is empty when `code` is TW_OK.
 */
#ifndef TW_HOST_STATUS_H
#define TW_HOST_STATUS_H

enum { TW_MESSAGE_BYTES = 1020 };

typedef enum {
    TW_OK = 0,
    TW_INVALID,     /* an argument, a file's contents or an option breaks a rule */
    TW_UNAVAILABLE, /* the target, its driver or its compiler is not here */
    TW_IO,          /* the operating system refused a file */
    TW_NO_MEMORY,   /* host or device memory is exhausted */
    TW_NO_COMPILE,  /* the compiler rejected an instance */
    TW_DEVICE,      /* the driver, or a check of an emulated machine, stopped a launch */
} tw_code;

typedef struct {
    tw_code code;
    char message[TW_MESSAGE_BYTES];
} tw_status;

#define TW_CHECKED __attribute__((warn_unused_result))

/* Hands a failure to the caller. */
#define TW_TRY(call)                                                                                         \
    do {                                                                                                     \
        tw_status tw_try_status = (call);                                                                    \
        if (tw_try_status.code != TW_OK)                                                                     \
            return tw_try_status;                                                                            \
    } while (0)

TW_CHECKED tw_status tw_ok(void);

/* A failure with a printf message; one that does not fit ends in "...". Line breaks become spaces. */
TW_CHECKED tw_status tw_fail(tw_code code, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
