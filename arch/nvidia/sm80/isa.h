/* SPDX-License-Identifier: MIT
 *
 * Instructions that came with sm_80: mma.sync on bf16 and tf32, cp.async; and ldmatrix (sm_75). Sections
 * are those of the PTX ISA 8.5 manual.
 */
#ifndef TW_ARCH_NVIDIA_SM80_ISA_H
#define TW_ARCH_NVIDIA_SM80_ISA_H

#include "../common/isa.h"

#if TW_EMULATED
#include "../../emulator/isa_nvidia.h"
#else

TW_FN uint32_t tw__isa_shared_address(const void *shared)
{
    return (uint32_t)__cvta_generic_to_shared(shared);
}

/* 9.7.15.5.15 ldmatrix: lane 8 i + r names the 16 bytes of row r of 8x8 matrix i; register i of lane l gets
 * elements (l / 4, 2 (l % 4) + 0..1) of it, of its transpose with .trans. */
TW_FN void tw__isa_ldmatrix_x4(uint32_t r[4], const void *row)
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(tw__isa_shared_address(row))
                 : "memory");
}

TW_FN void tw__isa_ldmatrix_x4_trans(uint32_t r[4], const void *row)
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(tw__isa_shared_address(row))
                 : "memory");
}

/* 9.7.15.5.8 mma.m16n8k16: d += a b */
TW_FN void tw__isa_mma_m16n8k16_bf16(float d[4], const uint32_t a[4], const uint32_t b[2])
{
    asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
        "{%0, %1, %2, %3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

TW_FN void tw__isa_mma_m16n8k16_f16(float d[4], const uint32_t a[4], const uint32_t b[2])
{
    asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
        "{%0, %1, %2, %3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

/* 9.7.15.5.7 mma.m16n8k8 on tf32: reads the upper 19 bits of each operand */
TW_FN void tw__isa_mma_m16n8k8_tf32(float d[4], const uint32_t a[4], const uint32_t b[2])
{
    asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
        "{%0, %1, %2, %3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

/* 9.7.9.21 cvt.rna.tf32.f32 */
TW_FN uint32_t tw__isa_to_tf32(float value)
{
    uint32_t bits;
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(value));
    return bits;
}

/* 9.7.9.25.3 cp.async: 16 bytes, those past source_bytes become zero */
TW_FN void tw__isa_cp_async_16(void *shared, const void *global, int source_bytes)
{
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(tw__isa_shared_address(shared)),
                 "l"(global), "r"(source_bytes)
                 : "memory");
}

TW_FN void tw__isa_cp_async_commit(void) { asm volatile("cp.async.commit_group;" ::: "memory"); }

/* Waits until at most this many (0..3, a constant) of the thread's latest groups are still under way. */
TW_FN void tw__isa_cp_async_wait(int groups_in_flight)
{
    switch (groups_in_flight) {
    case 0: asm volatile("cp.async.wait_group 0;" ::: "memory"); break;
    case 1: asm volatile("cp.async.wait_group 1;" ::: "memory"); break;
    case 2: asm volatile("cp.async.wait_group 2;" ::: "memory"); break;
    default: asm volatile("cp.async.wait_group 3;" ::: "memory"); break;
    }
}

#endif
#endif
