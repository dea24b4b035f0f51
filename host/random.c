/* SPDX-License-Identifier: MIT
 *
 * Counter-based normal numbers: the splitmix64 finaliser over a counter, then Box and Muller's transform.
 * Sources: G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014;
 * G. Box, M. Muller, "A note on the generation of random normal deviates", 1958.
 */
#include "random.h"

#include <math.h>

#include "hash.h"

static const uint64_t GOLDEN_GAMMA = UINT64_C(0x9e3779b97f4a7c15);

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Uniform in (0, 1): 53 bits and never 0, whose logarithm Box-Muller takes. */
static double uniform(uint64_t key, uint64_t counter)
{
    return ((double)(mix(key + counter * GOLDEN_GAMMA) >> 11) + 0.5) * 0x1p-53;
}

void tw_random_normal(uint64_t seed, const char *name, uint64_t first, double *values, size_t count)
{
    const double two_pi = 6.283185307179586476925286766559;
    uint64_t key = mix(mix(seed + GOLDEN_GAMMA) ^ tw_hash_text(tw_hash_start(), name));
    size_t i = 0;
    while (i < count) {
        uint64_t index = first + i;
        uint64_t pair = index & ~UINT64_C(1);
        double radius = sqrt(-2 * log(uniform(key, pair)));
        double angle = two_pi * uniform(key, pair + 1);
        if (!(index & 1))
            values[i++] = radius * cos(angle);
        if (i < count)
            values[i++] = radius * sin(angle);
    }
}
