/* SPDX-License-Identifier: MIT
 *
 * Fragments as on gfx90a.
 */
#include "../gfx90a/fragment.h"
