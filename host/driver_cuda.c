/* SPDX-License-Identifier: MIT
 *
 * CUDA's names. Numbers from cuda.h: CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, COMPUTE_CAPABILITY_MAJOR and
 * _MINOR, CU_LAUNCH_PARAM_END.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"

enum { MULTIPROCESSORS = 16, CAPABILITY_MAJOR = 75, CAPABILITY_MINOR = 76 };

static tw_status architecture(const tw_driver_calls *call, int device, char *code, size_t bytes)
{
    int major, minor;
    if (call->device_attribute(&major, CAPABILITY_MAJOR, device) ||
        call->device_attribute(&minor, CAPABILITY_MINOR, device)) {
        return tw_fail(TW_UNAVAILABLE, "the NVIDIA driver does not tell the GPU's compute capability");
    }
    snprintf(code, bytes, "sm_%d%d", major, minor);
    return tw_ok();
}

/* A cubin runs on its own compute capability and on later minor ones of the same major; one of an
 * architecture-specific target (sm_90a) on its own alone. CUDA C++ Programming Guide, "Binary Compatibility".
 */
static int runs(const tw_machine *machine, const char *code)
{
    char *suffix;
    long built = strtol(machine->code + strlen("sm_"), &suffix, 10);
    long found = strtol(code + strlen("sm_"), NULL, 10);
    return *suffix ? found == built : found / 10 == built / 10 && found >= built;
}

const tw_driver tw_driver_cuda = {
    .vendor = "NVIDIA",
    .units_attribute = MULTIPROCESSORS,
    .libraries = {"libcuda.so.1", "libcuda.so"},
    .launch_end = NULL,
    .symbol =
        {
            .initialize = "cuInit",
            .device_count = "cuDeviceGetCount",
            .device_name = "cuDeviceGetName",
            .device_attribute = "cuDeviceGetAttribute",
            .device_properties = "",
            .device_set = "",
            .context_retain = "cuDevicePrimaryCtxRetain",
            .context_set = "cuCtxSetCurrent",
            .context_release = "cuDevicePrimaryCtxRelease_v2",
            .synchronize = "cuCtxSynchronize",
            .memory_allocate = "cuMemAlloc_v2",
            .memory_free = "cuMemFree_v2",
            .copy_to_device = "cuMemcpyHtoD_v2",
            .copy_to_host = "cuMemcpyDtoH_v2",
            .module_load = "cuModuleLoadData",
            .module_unload = "cuModuleUnload",
            .module_function = "cuModuleGetFunction",
            .module_global = "cuModuleGetGlobal_v2",
            .function_attribute = "cuFuncSetAttribute",
            .launch = "cuLaunchKernel",
            .active_clusters = "cuOccupancyMaxActiveClusters",
            .event_create = "cuEventCreate",
            .event_record = "cuEventRecord",
            .event_synchronize = "cuEventSynchronize",
            .event_elapsed = "cuEventElapsedTime",
            .event_destroy = "cuEventDestroy_v2",
            .error_text = "cuGetErrorString",
        },
    .architecture = architecture,
    .runs = runs,
};
