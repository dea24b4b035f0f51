/* SPDX-License-Identifier: MIT
 *
 * Every wave multiplies for itself; see common/mma.h.
 */
#include "../../no_team_mma.h"
#include "../common/mma.h"
