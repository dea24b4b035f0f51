/* SPDX-License-Identifier: MIT
 *
 * A register tile that is added to before anything is in it, for a build with clang's memory sanitizer
 * (test_registers.sh): registers are memory to the emulator, so the sanitizer knows which were never written,
 * and the store that lets them out is a finding. The argument is 1 for the fault, 0 for the kernel without
 * it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tilewright.h"

TW_TEAM(2, 2);

typedef struct {
    tw_gl(f32, 2) out;
    int fault; /* 1: the sum is not zeroed */
} sum_args;

typedef struct {
    tw_st(bf16, 64, 64) a;
} sum_shared;

TW_KERNEL(product, TW_TEAM_THREADS, (sum_args, g))
{
    TW_SHARED(sum_shared, shared);
    tw_rt(f32, 64, 64, acc) sum;
    tw_rt(bf16, 64, 64, a) ones;
    tw_fill(ones, 1.0f);
    tw_store(shared->a, ones);
    tw_sync();
    if (!g.fault)
        tw_zero(sum);
    tw_mma_ABt(sum, ones, shared->a);
    tw_store(g.out, sum, 0, 0); /* found here */
}
TW_EXPORT(product, sum_args, sum_shared, 0)

extern const char __executable_start; /* of the linker's: addresses in the file start here */

int main(int count, char **values)
{
    static float out[64 * 64];
    static tw_finding found[8];
    static char message[512];
    sum_args args = {.fault = count > 1 ? atoi(values[1]) : 0};
    tw_report report = {.keep_going = 1, .finding = found, .capacity = 8};
    tw_launch_request request = {.args = &args,
                                 .grid = {1, 1, 1},
                                 .os_threads = 1,
                                 .message = message,
                                 .message_bytes = sizeof message,
                                 .report = &report};
    tw_tensor_arg *tensor = (tw_tensor_arg *)&args.out;
    tensor->data = out;
    tensor->dim[0] = tensor->dim[1] = tensor->stride[0] = 64;
    tensor->stride[1] = 1;
    if (product_launch(&request)) {
        puts(message);
        return 2;
    }
    for (uint32_t i = 0; i < report.findings; i++)
        printf("TW%u 0x%lx %s\n", found[i].code,
               (unsigned long)((const char *)found[i].place[0] - &__executable_start), found[i].text);
    return report.findings > 0;
}
