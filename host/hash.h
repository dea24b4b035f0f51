/* SPDX-License-Identifier: MIT
 *
 * FNV-1a, 64 bits: names streams of random numbers and instances. Not for untrusted input.
 * Source: G. Fowler, L. C. Noll, K.-P. Vo, "The FNV non-cryptographic hash algorithm".
 */
#ifndef TW_HOST_HASH_H
#define TW_HOST_HASH_H

#include <stddef.h>
#include <stdint.h>

static inline uint64_t tw_hash_start(void) { return UINT64_C(0xcbf29ce484222325); }

static inline uint64_t tw_hash_bytes(uint64_t hash, const void *bytes, size_t count)
{
    const unsigned char *byte = (const unsigned char *)bytes;
    for (size_t i = 0; i < count; i++)
        hash = (hash ^ byte[i]) * UINT64_C(0x100000001b3);
    return hash;
}

/* Includes the terminating zero, so that ("ab", "c") and ("a", "bc") differ. */
static inline uint64_t tw_hash_text(uint64_t hash, const char *text)
{
    size_t length = 0;
    while (text[length])
        length++;
    return tw_hash_bytes(hash, text, length + 1);
}

#endif
