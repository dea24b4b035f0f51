/* SPDX-License-Identifier: MIT
 *
 * The seed of a test's random inputs: another one each run. TW_TEST_SEED=<n> repeats a run; a failure prints
 * its n.
 */
#ifndef TESTS_SEED_H
#define TESTS_SEED_H

#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static inline uint64_t test_seed(void)
{
    static uint64_t seed;
    const char *given = getenv("TW_TEST_SEED");
    if (seed == 0)
        seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL) * 1000003u + (uint64_t)getpid();
    return seed;
}

#endif
