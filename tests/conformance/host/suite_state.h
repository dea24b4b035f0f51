/* SPDX-License-Identifier: MIT
 *
 * What suite.c and suite_tensor.c share.
 */
#ifndef TW_TESTS_CONFORMANCE_SUITE_STATE_H
#define TW_TESTS_CONFORMANCE_SUITE_STATE_H

#include "host/text.h"
#include "suite.h"

enum { NAME_BYTES = 256, TENSORS_MAX = 8 };

typedef struct conform_object conform_object;

struct conform {
    conform_mode mode;
    const tw_target_id *id;
    tw_target *target;
    const char *filter;
    uint64_t seed;
    int verbose, few, walk, opened;
    conform_object **known, *object;
    size_t objects;
    tw_instance *loaded;
    char name[NAME_BYTES], problem[TW_MESSAGE_BYTES]; /* of the case at hand; no problem so far: "" */
    conform_tensor *tensor[TENSORS_MAX];
    int tensors;
    long cases, passed, failed;
};

/* The case fails; the first problem is told. */
void conform_problem(conform *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
void conform_free_tensors(conform *c);

#endif
