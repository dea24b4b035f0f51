/* SPDX-License-Identifier: MIT
 *
 * "unknown X 'Y'; did you mean 'Z'?" for every kind of name a user may mistype.
 */
#ifndef TW_HOST_SUGGEST_H
#define TW_HOST_SUGGEST_H

#include "status.h"
#include "text.h"

/* A TW_INVALID failure that names `given`, the nearest of `known` if one is near, and all of them. */
TW_CHECKED tw_status tw_fail_unknown(const char *what, const char *given, const tw_list *known);

/* The nearest of `known` within a third of its length in edits, fewer than replace all of `given`; NULL if
 * none is. */
const char *tw_suggest(const char *given, const tw_list *known);

#endif
