/* SPDX-License-Identifier: MIT
 *
 * Register tiles that are used before anything is in them, for a build with clang's memory sanitizer
 * (test_registers.sh): registers are memory to the emulator, so the sanitizer knows which were never written,
 * or belong to an MMA under way, and the store that lets them out (or the wgmma that adds to them) is a
 * finding. The argument is 1 for a sum
 * that is not zeroed, 2 for one that is stored before its MMA is waited for (which only Hopper leaves under
 * way), 0 for the kernel without a fault.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tilewright.h"

TW_TEAM(4, 1);

typedef struct {
    tw_gl(f32, 2) out;
    tw_gl(bf16, 2) in;
    int fault;
} sum_args;

typedef struct {
    tw_st(bf16, 64, 64) b;
} sum_stage;

typedef struct {
    tw_ring(sum_stage, 2) ring;
} sum_shared;

TW_KERNEL(product, TW_PIPELINED_THREADS, (sum_args, g))
{
    TW_SHARED(sum_shared, shared);
    tw_rt(f32, 64, 64, acc) sum;
    tw_rt(bf16, 64, 64, a) ones;
    TW_PIPE(pipe, shared->ring);
    tw_fill(ones, 1.0f);
    if (g.fault != 1)
        tw_zero(sum);
    TW_PIPELINE (pipe, 2) {
        TW_LOAD (pipe, i, stage)
            tw_load_async(stage->b, g.in, 0, i * 64);
        TW_COMPUTE (pipe, i, stage) {
            tw_mma_async(sum, ones, stage->b, 0, 1); /* fault 1 on sm90 */
            if (g.fault == 2 && i == 0)
                tw_store(g.out, sum, 0, 0); /* fault 2 on sm90 */
        }
    }
    tw_mma_wait(sum);
    tw_store(g.out, sum, 0, 0); /* fault 1 on sm80, gfx942 */
}
TW_EXPORT(product, sum_args, sum_shared, 0)

extern const char __executable_start; /* of the linker's: addresses in the file start here */

int main(int count, char **values)
{
    static float out[64 * 64];
    static uint16_t in[64 * 128];
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
    tensor = (tw_tensor_arg *)&args.in;
    tensor->data = in;
    tensor->dim[0] = 64;
    tensor->dim[1] = tensor->stride[0] = 128;
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
