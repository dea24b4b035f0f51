/* SPDX-License-Identifier: MIT
 *
 * See common/pipeline.h.
 */
#include "../common/pipeline.h"
