/* SPDX-License-Identifier: MIT
 *
 * tw check: the two halves of the checked machine. The running half looks at an emulated machine at work; the
 * static half (--asm) at what a GPU's compiler made.
 */
#ifndef TW_TOOLS_CHECK_H
#define TW_TOOLS_CHECK_H

#include "cli.h"

/* The arguments of tw check, --asm among them. */
int cli_check_asm(int argc, char **argv);

#endif
