/* SPDX-License-Identifier: MIT
 *
 * Hopper's instructions: everything of sm_80; mbarriers, the copy engine and clusters (common/isa_tma.h); and
 * here wgmma, named barriers, setmaxnreg, elect and stmatrix. Quoted names are sections of the PTX ISA 8.5
 * manual. A host compiler gets the same functions from arch/emulator/isa_sm90.h.
 *
 * wgmma works behind the compiler's back until it is waited for. Around each group of them:
 *     tw__isa_wgmma_pin(d, n / 2); tw__isa_wgmma_fence();
 *     tw__isa_wgmma_ss(d, a, b, n, dtype, 0, 0, accumulate); ...
 *     tw__isa_wgmma_commit(); ... tw__isa_wgmma_wait(0); tw__isa_wgmma_pin(d, n / 2);
 */
#ifndef TW_ARCH_NVIDIA_SM90_ISA_H
#define TW_ARCH_NVIDIA_SM90_ISA_H

#include "../sm80/isa.h"

#if TW_EMULATED
#include "../../emulator/isa_sm90.h"
#else
#include "../common/isa_tma.h"

/* ---- wgmma: "Asynchronous warpgroup level matrix instructions"; all threads of four consecutive warps, the
 * first a multiple of four ---- */

/* "wgmma.fence": before the first wgmma, and between other accesses to its registers and a wgmma. */
TW_FN void tw__isa_wgmma_fence(void) { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }

/* "wgmma.commit_group": the wgmma since the last commit are one group. */
TW_FN void tw__isa_wgmma_commit(void) { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }

/* "wgmma.wait_group": all but the latest `groups` (0..7, a constant) are done. */
TW_FN void tw__isa_wgmma_wait(int groups)
{
    switch (groups) {
    case 0: asm volatile("wgmma.wait_group.sync.aligned 0;" ::: "memory"); break;
    case 1: asm volatile("wgmma.wait_group.sync.aligned 1;" ::: "memory"); break;
    case 2: asm volatile("wgmma.wait_group.sync.aligned 2;" ::: "memory"); break;
    case 3: asm volatile("wgmma.wait_group.sync.aligned 3;" ::: "memory"); break;
    case 4: asm volatile("wgmma.wait_group.sync.aligned 4;" ::: "memory"); break;
    case 5: asm volatile("wgmma.wait_group.sync.aligned 5;" ::: "memory"); break;
    case 6: asm volatile("wgmma.wait_group.sync.aligned 6;" ::: "memory"); break;
    default: asm volatile("wgmma.wait_group.sync.aligned 7;" ::: "memory"); break;
    }
}

/* No instruction: keeps the compiler from moving uses of the first `count` (a constant) accumulators across
 * this place, since it sees no connection between them and the wait. */
TW_FN void tw__isa_wgmma_pin(float *d, int count)
{
    TW_UNROLL
    for (int i = 0; i < count; i++)
        asm volatile("" : "+f"(d[i])::"memory");
}

/* No instruction: what the first `count` accumulators held does not matter. They are registers all the same. */
TW_FN void tw__isa_wgmma_forget(float *d, int count)
{
    TW_UNROLL
    for (int i = 0; i < count; i++)
        asm volatile("" : "=f"(d[i]));
}

/* "Matrix descriptor format": start address and offsets in units of 16 bytes, 14 bits each; swizzling mode 1,
 * 2, 3 for 128, 64, 32 bytes. The swizzle's pattern starts at a multiple of 8 times its width. What the
 * offsets mean is told at tw__emu_matrix_unit in arch/emulator/wgmma.h. */
TW_FN uint64_t tw__isa_wgmma_descriptor(const void *shared, int leading_bytes, int stride_bytes,
                                        int swizzle_bytes)
{
    uint64_t mode = swizzle_bytes == 128 ? 1 : swizzle_bytes == 64 ? 2 : swizzle_bytes == 32 ? 3 : 0;
    return (uint64_t)((tw__isa_shared_address(shared) & 0x3ffff) >> 4) |
           (uint64_t)((leading_bytes & 0x3ffff) >> 4) << 16 |
           (uint64_t)((stride_bytes & 0x3ffff) >> 4) << 32 | mode << 62;
}

/* The asm of each shape: the accumulators' names in it, and the accumulators. */
/* clang-format off */
#define TW__WGMMA_NAMES_8   "%0, %1, %2, %3"
#define TW__WGMMA_NAMES_16  TW__WGMMA_NAMES_8 ", %4, %5, %6, %7"
#define TW__WGMMA_NAMES_32  TW__WGMMA_NAMES_16 ", %8, %9, %10, %11, %12, %13, %14, %15"
#define TW__WGMMA_NAMES_48  TW__WGMMA_NAMES_32 ", %16, %17, %18, %19, %20, %21, %22, %23"
#define TW__WGMMA_NAMES_64  TW__WGMMA_NAMES_48 ", %24, %25, %26, %27, %28, %29, %30, %31"
#define TW__WGMMA_NAMES_80  TW__WGMMA_NAMES_64 ", %32, %33, %34, %35, %36, %37, %38, %39"
#define TW__WGMMA_NAMES_96  TW__WGMMA_NAMES_80 ", %40, %41, %42, %43, %44, %45, %46, %47"
#define TW__WGMMA_NAMES_112 TW__WGMMA_NAMES_96 ", %48, %49, %50, %51, %52, %53, %54, %55"
#define TW__WGMMA_NAMES_128 TW__WGMMA_NAMES_112 ", %56, %57, %58, %59, %60, %61, %62, %63"
#define TW__WGMMA_NAMES_144 TW__WGMMA_NAMES_128 ", %64, %65, %66, %67, %68, %69, %70, %71"
#define TW__WGMMA_NAMES_160 TW__WGMMA_NAMES_144 ", %72, %73, %74, %75, %76, %77, %78, %79"
#define TW__WGMMA_NAMES_176 TW__WGMMA_NAMES_160 ", %80, %81, %82, %83, %84, %85, %86, %87"
#define TW__WGMMA_NAMES_192 TW__WGMMA_NAMES_176 ", %88, %89, %90, %91, %92, %93, %94, %95"
#define TW__WGMMA_NAMES_208 TW__WGMMA_NAMES_192 ", %96, %97, %98, %99, %100, %101, %102, %103"
#define TW__WGMMA_NAMES_224 TW__WGMMA_NAMES_208 ", %104, %105, %106, %107, %108, %109, %110, %111"
#define TW__WGMMA_NAMES_240 TW__WGMMA_NAMES_224 ", %112, %113, %114, %115, %116, %117, %118, %119"
#define TW__WGMMA_NAMES_256 TW__WGMMA_NAMES_240 ", %120, %121, %122, %123, %124, %125, %126, %127"

#define TW__WGMMA_FOUR(i)  "+f"(d[i]), "+f"(d[i + 1]), "+f"(d[i + 2]), "+f"(d[i + 3])
#define TW__WGMMA_EIGHT(i) TW__WGMMA_FOUR(i), TW__WGMMA_FOUR(i + 4)
#define TW__WGMMA_REGISTERS_8   TW__WGMMA_FOUR(0)
#define TW__WGMMA_REGISTERS_16  TW__WGMMA_REGISTERS_8, TW__WGMMA_FOUR(4)
#define TW__WGMMA_REGISTERS_32  TW__WGMMA_REGISTERS_16, TW__WGMMA_EIGHT(8)
#define TW__WGMMA_REGISTERS_48  TW__WGMMA_REGISTERS_32, TW__WGMMA_EIGHT(16)
#define TW__WGMMA_REGISTERS_64  TW__WGMMA_REGISTERS_48, TW__WGMMA_EIGHT(24)
#define TW__WGMMA_REGISTERS_80  TW__WGMMA_REGISTERS_64, TW__WGMMA_EIGHT(32)
#define TW__WGMMA_REGISTERS_96  TW__WGMMA_REGISTERS_80, TW__WGMMA_EIGHT(40)
#define TW__WGMMA_REGISTERS_112 TW__WGMMA_REGISTERS_96, TW__WGMMA_EIGHT(48)
#define TW__WGMMA_REGISTERS_128 TW__WGMMA_REGISTERS_112, TW__WGMMA_EIGHT(56)
#define TW__WGMMA_REGISTERS_144 TW__WGMMA_REGISTERS_128, TW__WGMMA_EIGHT(64)
#define TW__WGMMA_REGISTERS_160 TW__WGMMA_REGISTERS_144, TW__WGMMA_EIGHT(72)
#define TW__WGMMA_REGISTERS_176 TW__WGMMA_REGISTERS_160, TW__WGMMA_EIGHT(80)
#define TW__WGMMA_REGISTERS_192 TW__WGMMA_REGISTERS_176, TW__WGMMA_EIGHT(88)
#define TW__WGMMA_REGISTERS_208 TW__WGMMA_REGISTERS_192, TW__WGMMA_EIGHT(96)
#define TW__WGMMA_REGISTERS_224 TW__WGMMA_REGISTERS_208, TW__WGMMA_EIGHT(104)
#define TW__WGMMA_REGISTERS_240 TW__WGMMA_REGISTERS_224, TW__WGMMA_EIGHT(112)
#define TW__WGMMA_REGISTERS_256 TW__WGMMA_REGISTERS_240, TW__WGMMA_EIGHT(120)

/* clang-format on */
#define TW__WGMMA_TEXT(n, type, accumulate, operands, transposes)                                            \
    "{\n.reg .pred accumulate;\nsetp.ne.b32 accumulate, %" #accumulate ", 0;\n"                              \
    "wgmma.mma_async.sync.aligned.m64n" #n "k16.f32." #type "." #type " {" TW__WGMMA_NAMES_##n               \
        "}, " operands ", accumulate, 1, 1, " transposes ";\n}"

#define TW__WGMMA_FORM(n, dtype, transpose_a, transpose_b)                                                   \
    (((n)*8 + (dtype)) * 4 + (transpose_a)*2 + (transpose_b))

#define TW__WGMMA_SS(n, type, ta, tb, i, j, k, ...)                                                          \
    case TW__WGMMA_FORM(n, TW_##type, ta, tb):                                                               \
        asm volatile(TW__WGMMA_TEXT(n, type, k, "%" #i ", %" #j, #ta ", " #tb)                               \
                     : TW__WGMMA_REGISTERS_##n                                                               \
                     : "l"(a), "l"(b), "r"(accumulate));                                                     \
        break;

#define TW__WGMMA_RS(n, type, tb, i, j, k, l, m, o)                                                          \
    case TW__WGMMA_FORM(n, TW_##type, 0, tb):                                                                \
        asm volatile(TW__WGMMA_TEXT(n, type, o, "{%" #i ", %" #j ", %" #k ", %" #l "}, %" #m, #tb)           \
                     : TW__WGMMA_REGISTERS_##n                                                               \
                     : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(accumulate));                 \
        break;

/* Never defined: a call that survives has an n that wgmma.def lacks, or one that is no constant. */
__device__ void tw__wgmma_needs_a_constant_n_of_wgmma_def(void);

/* "wgmma.mma_async": d (64 x n, f32; the layout of mma.m16n8k16 side by side, warp w rows 16 w ..) = a (64 x
 * 16) b (16 x n) + (accumulate ? d : 0), operands of `dtype` TW_bf16 or TW_f16. transpose_a, transpose_b: the
 * operand's rows run along k (MN-major); 0: along m or n is the stride (K-major). All but d, a, b and
 * accumulate are constants once inlined. d must stay as it is until the wait. */
TW_FN void tw__isa_wgmma_ss(float *d, uint64_t a, uint64_t b, int n, int dtype, int transpose_a,
                            int transpose_b, int accumulate)
{
    switch (TW__WGMMA_FORM(n, dtype, transpose_a, transpose_b)) {
#define TW_WGMMA_ROW(n, ...)                                                                                 \
    TW__WGMMA_SS(n, bf16, 0, 0, __VA_ARGS__)                                                                 \
    TW__WGMMA_SS(n, bf16, 0, 1, __VA_ARGS__)                                                                 \
    TW__WGMMA_SS(n, bf16, 1, 0, __VA_ARGS__)                                                                 \
    TW__WGMMA_SS(n, bf16, 1, 1, __VA_ARGS__)                                                                 \
    TW__WGMMA_SS(n, f16, 0, 0, __VA_ARGS__)                                                                  \
    TW__WGMMA_SS(n, f16, 0, 1, __VA_ARGS__)                                                                  \
    TW__WGMMA_SS(n, f16, 1, 0, __VA_ARGS__)                                                                  \
    TW__WGMMA_SS(n, f16, 1, 1, __VA_ARGS__)
#include "wgmma.def"
    default: tw__wgmma_needs_a_constant_n_of_wgmma_def();
    }
}

/* The same with A in registers, as mma.m16n8k16 holds it; a must stay as it is until the wait. */
TW_FN void tw__isa_wgmma_rs(float *d, const uint32_t a[4], uint64_t b, int n, int dtype, int transpose_b,
                            int accumulate)
{
    switch (TW__WGMMA_FORM(n, dtype, 0, transpose_b)) {
#define TW_WGMMA_ROW(n, ...)                                                                                 \
    TW__WGMMA_RS(n, bf16, 0, __VA_ARGS__)                                                                    \
    TW__WGMMA_RS(n, bf16, 1, __VA_ARGS__)                                                                    \
    TW__WGMMA_RS(n, f16, 0, __VA_ARGS__)                                                                     \
    TW__WGMMA_RS(n, f16, 1, __VA_ARGS__)
#include "wgmma.def"
    default: tw__wgmma_needs_a_constant_n_of_wgmma_def();
    }
}

/* ---- warps ---- */

/* "setmaxnreg": gives registers back to the block's pool, or waits for more; a constant multiple of 8 from 24
 * to 256. By all warps of a warpgroup, in a kernel with __launch_bounds__(threads, 1), each role in one
 * branch of one if. */
/* clang-format off */
#define TW__SETMAXNREG(direction, count)                                                                             \
    case count: asm volatile("setmaxnreg." direction ".sync.aligned.u32 " #count ";"); break;
#define TW__SETMAXNREG_ALL(direction)                                                                                \
    TW__SETMAXNREG(direction, 24) TW__SETMAXNREG(direction, 32) TW__SETMAXNREG(direction, 40)                        \
    TW__SETMAXNREG(direction, 48) TW__SETMAXNREG(direction, 56) TW__SETMAXNREG(direction, 64)                        \
    TW__SETMAXNREG(direction, 72) TW__SETMAXNREG(direction, 80) TW__SETMAXNREG(direction, 88)                        \
    TW__SETMAXNREG(direction, 96) TW__SETMAXNREG(direction, 104) TW__SETMAXNREG(direction, 112)                      \
    TW__SETMAXNREG(direction, 120) TW__SETMAXNREG(direction, 128) TW__SETMAXNREG(direction, 136)                     \
    TW__SETMAXNREG(direction, 144) TW__SETMAXNREG(direction, 152) TW__SETMAXNREG(direction, 160)                     \
    TW__SETMAXNREG(direction, 168) TW__SETMAXNREG(direction, 176) TW__SETMAXNREG(direction, 184)                     \
    TW__SETMAXNREG(direction, 192) TW__SETMAXNREG(direction, 200) TW__SETMAXNREG(direction, 208)                     \
    TW__SETMAXNREG(direction, 216) TW__SETMAXNREG(direction, 224) TW__SETMAXNREG(direction, 232)                     \
    TW__SETMAXNREG(direction, 240) TW__SETMAXNREG(direction, 248) TW__SETMAXNREG(direction, 256)
/* clang-format on */

TW_FN void tw__isa_setmaxnreg_inc(int registers)
{
    switch (registers) {
        TW__SETMAXNREG_ALL("inc")
    }
}

TW_FN void tw__isa_setmaxnreg_dec(int registers)
{
    switch (registers) {
        TW__SETMAXNREG_ALL("dec")
    }
}

/* "bar": barrier `id` (1..15; 0 is __syncthreads) of `threads` threads, whole warps: counted and waited for,
 */
TW_FN void tw__isa_named_barrier(int id, int threads)
{
    asm volatile("bar.sync %0, %1;" ::"r"(id), "r"(threads) : "memory");
}

/* or counted only. */
TW_FN void tw__isa_named_arrive(int id, int threads)
{
    asm volatile("bar.arrive %0, %1;" ::"r"(id), "r"(threads) : "memory");
}

/* "elect.sync": 1 in one lane of the warp, always the same, 0 in the others. */
TW_FN int tw__isa_elect(void)
{
    int elected;
    asm volatile("{\n"
                 ".reg .pred elected;\n"
                 "elect.sync _|elected, 0xffffffff;\n"
                 "selp.b32 %0, 1, 0, elected;\n"
                 "}"
                 : "=r"(elected));
    return elected;
}

/* "stmatrix": the inverse of ldmatrix. */
TW_FN void tw__isa_stmatrix_x4(void *row, const uint32_t r[4])
{
    asm volatile(
        "stmatrix.sync.aligned.m8n8.x4.shared.b16 [%0], {%1, %2, %3, %4};" ::"r"(tw__isa_shared_address(row)),
        "r"(r[0]), "r"(r[1]), "r"(r[2]), "r"(r[3])
        : "memory");
}

TW_FN void tw__isa_stmatrix_x4_trans(void *row, const uint32_t r[4])
{
    asm volatile("stmatrix.sync.aligned.m8n8.x4.trans.shared.b16 [%0], {%1, %2, %3, %4};" ::"r"(
                     tw__isa_shared_address(row)),
                 "r"(r[0]), "r"(r[1]), "r"(r[2]), "r"(r[3])
                 : "memory");
}

#endif
#endif
