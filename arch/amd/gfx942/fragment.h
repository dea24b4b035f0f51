/* SPDX-License-Identifier: MIT
 *
 * See common/fragment.h.
 */
#ifndef TW_ARCH_AMD_GFX942_FRAGMENT_H
#define TW_ARCH_AMD_GFX942_FRAGMENT_H

/* 32 banks, so 16 lanes of ds_read_b64 at a time: a core's read takes the same unit of 16 rows, which the XOR
 * with the 128-byte line spreads over the line. A four-byte copy stays inside a unit. */
enum { TW__SWIZZLE_UNIT = 8 };

#include "../common/fragment.h"

#endif
