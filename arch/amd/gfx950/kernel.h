/* SPDX-License-Identifier: MIT
 *
 * See common/kernel.h.
 */
#include "../common/kernel.h"
