/* SPDX-License-Identifier: MIT
 *
 * MFMA as on gfx90a.
 */
#include "../gfx90a/mma.h"
