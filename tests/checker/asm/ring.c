/* SPDX-License-Identifier: MIT
 *
 * A ring of stages that copies fill and MFMAs read, for amdgcn without the library: as tw check --asm should
 * find it, or with one fault (-DFAULT=...). The line that it must name ends in the fault's name.
 */
typedef short i16x4 __attribute__((ext_vector_type(4)));
typedef float f32x4 __attribute__((ext_vector_type(4)));

#define LDS             __attribute__((address_space(3)))
#define MFMA(a, b, sum) __builtin_amdgcn_mfma_f32_16x16x16bf16_1k(a, b, sum, 0, 0, 0)

#ifndef WAVES
#define WAVES 4
#endif
enum { STAGES = 3, LANES = 64, COPIES = 4, STAGE_BYTES = COPIES * WAVES * LANES * 4 };
enum {
    NONE,
    WAIT_ZERO,
    READ_NOT_WAITED,
    TOO_MANY_LEFT,
    NO_WAIT,
    WAIT_BEHIND,
    NO_BARRIER,
    NO_MATRIX,
    CHAIN,
    NO_COPIES
};

#ifndef FAULT
#define FAULT NONE
#endif

/* s_waitcnt's operand: vmcnt(n); lgkmcnt(0) */
#define COPIES_LEFT(n) (0x0f70 | (n))
#define SHARED_OVER    0xc07f

static LDS __attribute__((loader_uninitialized, aligned(1024))) char stages[STAGES][STAGE_BYTES];

/* Wave `wave`'s part of stage `s`, from the s-th piece of the tensor. */
#define COPY(s)                                                                                              \
    for (int copy = 0; copy < COPIES; copy++)                                                                \
    __builtin_amdgcn_raw_ptr_buffer_load_lds(                                                                \
        from, (LDS void *)&stages[(s) % STAGES][(wave * COPIES + copy) * 256], 4, (int)threadIdx * 4,        \
        (s)*STAGE_BYTES + copy * 1024, 0, 0)

__attribute__((amdgpu_kernel, amdgpu_flat_work_group_size(WAVES *LANES, WAVES *LANES))) void ring(
    const char *tensor, f32x4 *result, int count)
{
    unsigned threadIdx = __builtin_amdgcn_workitem_id_x();
    int wave = __builtin_amdgcn_readfirstlane((int)threadIdx / LANES);
    __amdgpu_buffer_rsrc_t from = __builtin_amdgcn_make_buffer_rsrc((void *)tensor, 0, 1 << 20, 0x00020000);
    f32x4 sum[COPIES] = {0};
    i16x4 held[COPIES];
    if (FAULT != NO_COPIES) {
        COPY(0);
        COPY(1);
        COPY(2);
    }
    __builtin_amdgcn_s_waitcnt(COPIES_LEFT(2 * COPIES));
    __builtin_amdgcn_s_barrier();
    for (int i = 0; i < count; i++) {
        __asm__ volatile("" ::: "memory");
        for (int k = 0; k < COPIES; k++)
            held[k] =
                *(LDS i16x4 *)&stages[i % STAGES][k * 512 + threadIdx % LANES * 8]; /* READ_NOT_WAITED */
        __asm__ volatile("" ::: "memory");
        if (FAULT == WAIT_ZERO)
            __builtin_amdgcn_s_waitcnt(COPIES_LEFT(0)); /* WAIT_ZERO */
        else if (FAULT == TOO_MANY_LEFT)
            __builtin_amdgcn_s_waitcnt(COPIES_LEFT(COPIES + 1)); /* TOO_MANY_LEFT */
        else if (FAULT != NO_WAIT && FAULT != WAIT_BEHIND)
            __builtin_amdgcn_s_waitcnt(COPIES_LEFT(COPIES));
        if (FAULT != READ_NOT_WAITED)
            __builtin_amdgcn_s_waitcnt(SHARED_OVER);
        __builtin_amdgcn_sched_barrier(0);
        if (FAULT != NO_BARRIER && WAVES > 1)
            __builtin_amdgcn_s_barrier();
        __builtin_amdgcn_sched_barrier(0);
        if (FAULT == READ_NOT_WAITED)
            __builtin_amdgcn_s_waitcnt(SHARED_OVER);
        if (FAULT == WAIT_BEHIND)
            __builtin_amdgcn_s_waitcnt(COPIES_LEFT(COPIES)); /* WAIT_BEHIND */
        __asm__ volatile("" ::: "memory");
        if (FAULT != NO_COPIES)
            COPY(i + STAGES); /* NO_WAIT NO_BARRIER */
        for (int k = 0; k < COPIES; k++) {
            if (FAULT == NO_MATRIX)
                for (int e = 0; e < 4; e++)
                    sum[k][e] += (float)held[k][e] * (float)held[COPIES - 1 - k][e]; /* NO_MATRIX */
            else if (FAULT == CHAIN)
                sum[0] = MFMA(held[k], held[0], sum[0]); /* CHAIN */
            else
                sum[k] = MFMA(held[k], held[0], sum[k]); /* NO_COPIES */
        }
    }
    for (int k = 0; k < COPIES; k++)
        result[threadIdx * COPIES + k] = sum[k];
}
