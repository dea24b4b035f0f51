/* SPDX-License-Identifier: MIT
 *
 * See common/isa.h.
 */
#include "../common/isa.h"
