/* SPDX-License-Identifier: MIT
 *
 * The sm80 path; Hopper runs all of it.
 */
#include "../sm80/pipeline.h"
