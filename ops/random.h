/* SPDX-License-Identifier: MIT
 *
 * tw_random_bits(seed, row, col)   32 random bits for element (row, col) of a matrix of any size: a function
 * of the three numbers alone, so the same on every machine, in any order, at any time.
 *
 * Philox 4x32 with 10 rounds (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3",
 * SC11): key = seed, counter = (col / 4, row), of the four words number col % 4. Four neighbours in a row
 * share the work where they are one lane's.
 */
#ifndef TW_OPS_RANDOM_H
#define TW_OPS_RANDOM_H

#include "../arch/arch.h"

typedef struct {
    uint32_t w0, w1, w2, w3;
} tw__philox_words;

TW_FN tw__philox_words tw__philox(tw__philox_words counter, uint32_t key0, uint32_t key1)
{
    TW_UNROLL
    for (int round = 0; round < 10; round++) {
        uint64_t first = (uint64_t)0xD2511F53u * counter.w0, second = (uint64_t)0xCD9E8D57u * counter.w2;
        counter.w0 = (uint32_t)(second >> 32) ^ counter.w1 ^ key0;
        counter.w1 = (uint32_t)second;
        counter.w2 = (uint32_t)(first >> 32) ^ counter.w3 ^ key1;
        counter.w3 = (uint32_t)first;
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
    return counter;
}

TW_FN uint32_t tw_random_bits(uint64_t seed, int64_t row, int64_t col)
{
    tw__philox_words words;
    int word = (int)(col & 3);
    words.w0 = (uint32_t)(col >> 2);
    words.w1 = (uint32_t)((uint64_t)(col >> 2) >> 32);
    words.w2 = (uint32_t)row;
    words.w3 = (uint32_t)((uint64_t)row >> 32);
    words = tw__philox(words, (uint32_t)seed, (uint32_t)(seed >> 32));
    return word == 0 ? words.w0 : word == 1 ? words.w1 : word == 2 ? words.w2 : words.w3;
}

#endif
