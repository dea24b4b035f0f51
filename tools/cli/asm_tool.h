/* SPDX-License-Identifier: MIT
 *
 * The programs that read compiled code. Each is looked for under the name in its environment variable, then
 * under its usual names.
 */
#ifndef TW_TOOLS_ASM_TOOL_H
#define TW_TOOLS_ASM_TOOL_H

#include "host/status.h"

typedef enum { ASM_OBJDUMP, ASM_READELF, ASM_SYMBOLIZER, ASM_NVDISASM } asm_tool;

/* 1: it is here. `why` (free() it) is the line that says what is missing, NULL where it is here. */
int asm_tool_here(asm_tool tool, char **why);

/* Runs it with the arguments up to NULL; `printed` is what it printed, free() it. */
TW_CHECKED tw_status asm_tool_run(asm_tool tool, char **printed, ...) __attribute__((sentinel));
TW_CHECKED tw_status asm_tool_run_list(asm_tool tool, const char *const *arguments, int count,
                                       char **printed);

#endif
