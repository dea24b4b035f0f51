/* SPDX-License-Identifier: MIT
 *
 * Op numbers of sync.c, and its constants.
 */
#ifndef TW_TESTS_CONFORMANCE_SYNC_H
#define TW_TESTS_CONFORMANCE_SYNC_H

enum {
    SYNC_ROUNDS,  /* numbers 0 rounds: t = transpose(t) + 1, through two shared tiles in turn */
    SYNC_STAGES,  /* out = sum over the number 0 tiles of x, side by side, each loaded while the last one is used */
    SYNC_MESSAGES, /* each row and column sum of x, through a shared vector, added to each element of x */
    SYNC_OPS
};

#endif
