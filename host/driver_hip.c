/* SPDX-License-Identifier: MIT
 *
 * HIP's names. HIP has no contexts to hold (hipSetDevice selects), lets a kernel use all dynamic shared
 * memory without asking, and ends a launch's `extra` list with HIP_LAUNCH_PARAM_END = 3.
 */
#include <string.h>

#include "driver.h"

enum { PROPERTIES_BYTES = 16384, NAME_BYTES = 256 };

/* hipDeviceProp_t begins with the device's name and holds gcnArchName ("gfx942:sramecc+:xnack-") at an offset
 * that differs between ROCm 5 and 6; behind the name it is the only text that starts with gfx and a digit. */
static tw_status architecture(const tw_driver_calls *call, int device, char *code, size_t bytes)
{
    static _Alignas(16) char properties[PROPERTIES_BYTES];
    memset(properties, 0, sizeof properties);
    if (call->device_properties(properties, device)) {
        return tw_fail(TW_UNAVAILABLE, "the AMD driver does not tell the GPU's properties");
    }
    for (size_t at = NAME_BYTES; at + 4 < sizeof properties; at++) {
        const char *name = properties + at;
        if (memcmp(name, "gfx", 3) || name[3] < '0' || name[3] > '9')
            continue;
        size_t length = strcspn(name, ":");
        if (length >= bytes)
            break;
        memcpy(code, name, length);
        code[length] = '\0';
        return tw_ok();
    }
    return tw_fail(TW_UNAVAILABLE, "the AMD driver does not name the GPU's architecture");
}

static int runs(const tw_machine *machine, const char *code) { return strcmp(machine->code, code) == 0; }

const tw_driver tw_driver_hip = {
    .vendor = "AMD",
    .libraries = {"libamdhip64.so", "libamdhip64.so.7", "libamdhip64.so.6", "libamdhip64.so.5"},
    .launch_end = (void *)3,
    .symbol =
        {
            .initialize = "hipInit",
            .device_count = "hipGetDeviceCount",
            .device_name = "hipDeviceGetName",
            .device_attribute = "",
            .device_properties = "hipGetDevicePropertiesR0600 hipGetDeviceProperties",
            .device_set = "hipSetDevice",
            .context_retain = "",
            .context_set = "",
            .context_release = "",
            .synchronize = "hipDeviceSynchronize",
            .memory_allocate = "hipMalloc",
            .memory_free = "hipFree",
            .copy_to_device = "hipMemcpyHtoD",
            .copy_to_host = "hipMemcpyDtoH",
            .module_load = "hipModuleLoadData",
            .module_unload = "hipModuleUnload",
            .module_function = "hipModuleGetFunction",
            .module_global = "hipModuleGetGlobal",
            .function_attribute = "",
            .launch = "hipModuleLaunchKernel",
            .active_clusters = "",
            .event_create = "hipEventCreateWithFlags",
            .event_record = "hipEventRecord",
            .event_synchronize = "hipEventSynchronize",
            .event_elapsed = "hipEventElapsedTime",
            .event_destroy = "hipEventDestroy",
            .error_text = "hipDrvGetErrorString",
        },
    .architecture = architecture,
    .runs = runs,
};
