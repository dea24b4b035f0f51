/* SPDX-License-Identifier: MIT
 *
 * See common/fragment.h.
 */
#include "../common/fragment.h"
