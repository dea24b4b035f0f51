/* SPDX-License-Identifier: MIT
 *
 * Normal numbers for tensors without a file. Element i of stream `name` depends on (seed, name, i) alone, so
 * any part may be generated in any order by any number of threads.
 */
#ifndef TW_HOST_RANDOM_H
#define TW_HOST_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* values[i] = element first + i of the stream: mean 0, variance 1. */
void tw_random_normal(uint64_t seed, const char *name, uint64_t first, double *values, size_t count);

#endif
