/* SPDX-License-Identifier: MIT
 *
 * The programs that read compiled code.
 */
#include "asm_tool.h"

#include <stdarg.h>
#include <stdlib.h>

#include "host/process.h"
#include "host/text.h"

enum { ARGUMENTS_MAX = 16 };

static const struct {
    const char *variable, *programs[4], *install;
} tools[] = {
    [ASM_OBJDUMP] = {"TW_OBJDUMP", {"llvm-objdump-22", "/opt/rocm/llvm/bin/llvm-objdump"}, "llvm-22"},
    [ASM_READELF] = {"TW_READELF", {"llvm-readelf-22", "/opt/rocm/llvm/bin/llvm-readelf"}, "llvm-22"},
    [ASM_SYMBOLIZER] = {"TW_SYMBOLIZER",
                        {"llvm-symbolizer-22", "/opt/rocm/llvm/bin/llvm-symbolizer"},
                        "llvm-22"},
    [ASM_NVDISASM] = {"TW_NVDISASM",
                      {"nvdisasm", "/usr/local/cuda/bin/nvdisasm"},
                      "the CUDA toolkit's nvdisasm"},
};

/* free() it; NULL: not here. */
static char *find(asm_tool tool)
{
    const char *named = getenv(tools[tool].variable);
    if (named && *named)
        return tw_program_find(named);
    char *program = NULL;
    for (int i = 0; !program && tools[tool].programs[i]; i++)
        program = tw_program_find(tools[tool].programs[i]);
    return program;
}

int asm_tool_here(asm_tool tool, char **why)
{
    char *program = find(tool);
    int here = program != NULL;
    *why = here ? NULL
                : tw_text_format("no %s here; install %s or name one by %s", tools[tool].programs[0],
                                 tools[tool].install, tools[tool].variable);
    free(program);
    return here;
}

tw_status asm_tool_run_list(asm_tool tool, const char *const *arguments, int count, char **printed)
{
    char *why, *program = find(tool);
    *printed = NULL;
    if (!program) {
        asm_tool_here(tool, &why);
        tw_status status = tw_fail(TW_UNAVAILABLE, "%s", why);
        free(why);
        return status;
    }
    tw_list command = {0};
    int exit_status = 0;
    tw_list_add(&command, "%s", program);
    for (int i = 0; i < count; i++)
        tw_list_add(&command, "%s", arguments[i]);
    tw_status status = tw_process_run(&command, &exit_status, printed);
    if (status.code == TW_OK && exit_status) {
        status = tw_fail(TW_IO, "%s fails (exit status %d): %.200s", program, exit_status, *printed);
        free(*printed);
        *printed = NULL;
    }
    tw_list_free(&command);
    free(program);
    return status;
}

tw_status asm_tool_run(asm_tool tool, char **printed, ...)
{
    const char *arguments[ARGUMENTS_MAX], *argument;
    int count = 0;
    va_list list;
    va_start(list, printed);
    while (count < ARGUMENTS_MAX && (argument = va_arg(list, const char *)))
        arguments[count++] = argument;
    va_end(list);
    return asm_tool_run_list(tool, arguments, count, printed);
}
