/* SPDX-License-Identifier: MIT
 *
 * See common/copy.h.
 */
#include "../common/copy.h"
