/* SPDX-License-Identifier: MIT
 *
 * See common/sync.h.
 */
#include "../common/sync.h"
