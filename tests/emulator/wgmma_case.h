/* SPDX-License-Identifier: MIT
 *
 * One product by wgmma, for the emulator's tests: operands in shared memory as the copy engine leaves a tile
 * (panels as wide as the swizzle, 16-byte units permuted within 128-byte lines), descriptors that say where,
 * and the fragments as the PTX ISA manual gives them ("Register fragments and shared memory matrix layouts:
 * wgmma.m64nNk16").
 */
#ifndef TESTS_EMULATOR_WGMMA_CASE_H
#define TESTS_EMULATOR_WGMMA_CASE_H

#define TEST_LANES 32
#include "emulate.h"

#include "arch/emulator/isa_sm90.h"

enum { M = 64, N_MAX = 256, DEPTH = 64, WARPGROUP = 128, B_BASE = 16384 };
enum { NO_FENCE = 1, NO_WAIT, OTHER_DESCRIPTOR, ONE_WAVE_MISSING };

/* One operand: `extent` rows of M or N by DEPTH of k. */
typedef struct {
    int mn_major, swizzle;
    int base;        /* of the tile in shared memory */
    int base_offset; /* the pattern begins this many 128-byte lines after a 1024-byte boundary */
    int unused;      /* bytes: stands where the manual says that an offset is not used */
} operand;

typedef struct {
    float a[M * DEPTH], b[DEPTH * N_MAX], d[M * N_MAX]; /* dense; b is DEPTH x n */
    float result[M * N_MAX];
    operand left, right;
    int n, dtype, a_in_registers, accumulate, misuse;
} wgmma_case;

static inline uint16_t bits16(float value, int dtype)
{
    return (uint16_t)(dtype == TW_bf16 ? tw__bf16_of(value) : tw__f16_of(value));
}

static inline float rounded(float value, int dtype)
{
    return dtype == TW_bf16 ? tw__float_of(tw__bf16_of(value) << 16) : tw__f16_to_f32(tw__f16_of(value));
}

/* Where element (row, col) of a tile of `rows` rows lies: rows of `width` bytes, panel after panel; without a
 * swizzle panels are one unit wide. */
static inline int place(int rows, int row, int col, int swizzle)
{
    int width = swizzle ? swizzle : 16, byte = col * 2;
    int unit = byte % width / 16 ^ row * width / 128 % (width / 16);
    return byte / width * rows * width + row * width + unit * 16 + byte % 16;
}

static inline void put(const operand *to, int extent, int outer, int k, uint16_t bits)
{
    int rows = to->mn_major ? DEPTH : extent, row = to->mn_major ? k : outer, col = to->mn_major ? outer : k;
    uint32_t word = bits;
    tw__isa_shared_store((char *)tw__isa_shared_base() + to->base + place(rows, row, col, to->swizzle), &word,
                         2);
}

/* The operand's 16 columns of k from `k` on. */
static inline uint64_t describe(const operand *from, int extent, int k)
{
    int width = from->swizzle ? from->swizzle : 16;
    int leading, stride, start;
    if (from->mn_major) {
        start = k * width;
        leading = from->swizzle ? DEPTH * width : 8 * width;
        stride = from->swizzle ? 8 * width : DEPTH * width;
    } else {
        start = k * 2 / width * extent * width + k * 2 % width;
        leading = from->swizzle ? from->unused : extent * width;
        stride = 8 * width;
    }
    return tw__isa_wgmma_descriptor((char *)tw__isa_shared_base() + from->base + start, leading, stride,
                                    from->swizzle) |
           (uint64_t)from->base_offset << 49;
}

/* Row and column of accumulator i of a thread. */
static inline int row_of_d(int thread, int i)
{
    int group_id = thread % 32 >> 2, row = i % 4 < 2 ? group_id : group_id + 8;
    return row + thread / 32 * 16;
}

static inline int col_of_d(int thread, int i) { return i / 4 * 8 + thread % 4 * 2 + (i & 1); }

static inline void load_d(float *d, const wgmma_case *test, int thread)
{
    for (int i = 0; i < test->n / 2; i++)
        d[i] = test->d[row_of_d(thread, i) * test->n + col_of_d(thread, i)];
}

static inline void store_d(wgmma_case *test, const float *d, int thread)
{
    for (int i = 0; i < test->n / 2; i++)
        test->result[row_of_d(thread, i) * test->n + col_of_d(thread, i)] = d[i];
}

/* A's fragment for 16 columns from k on: registers of two, a0 a1 in row groupID, a2 a3 eight below, a4..
 * eight right. */
static inline void load_a(uint32_t a[4], const wgmma_case *test, int thread, int k)
{
    for (int r = 0; r < 4; r++) {
        int row = thread / 32 * 16 + (thread % 32 >> 2) + (r % 2 ? 8 : 0),
            col = k + thread % 4 * 2 + (r / 2 ? 8 : 0);
        a[r] = bits16(test->a[row * DEPTH + col], test->dtype) |
               (uint32_t)bits16(test->a[row * DEPTH + col + 1], test->dtype) << 16;
    }
}

static inline void fill(const wgmma_case *test, int thread)
{
    for (int i = thread; i < M * DEPTH; i += WARPGROUP)
        put(&test->left, M, i / DEPTH, i % DEPTH, bits16(test->a[i], test->dtype));
    for (int i = thread; i < DEPTH * test->n; i += WARPGROUP)
        put(&test->right, test->n, i % test->n, i / test->n, bits16(test->b[i], test->dtype));
    tw__isa_fence_async_proxy();
}

/* Issues the products of 16 columns of k. */
static inline void issue(const wgmma_case *test, float *d, const uint32_t a[4], int k)
{
    uint64_t left = describe(&test->left, M, k), right = describe(&test->right, test->n, k);
    int accumulate = test->accumulate || k > 0;
    if (test->a_in_registers)
        tw__isa_wgmma_rs(d, a, right, test->n, test->dtype, test->right.mn_major, accumulate);
    else
        tw__isa_wgmma_ss(d, left, right, test->n, test->dtype, test->left.mn_major, test->right.mn_major,
                         accumulate);
}

static inline int thread_of_block(void) { return tw__isa_wave() * TW_LANES + tw__isa_lane(); }

static inline void random_case(wgmma_case *test, int n, int dtype)
{
    memset(test, 0, sizeof *test);
    test->n = n;
    test->dtype = dtype;
    test->accumulate = 1;
    test->right.base = B_BASE;
    test->left.swizzle = test->right.swizzle = 128;
    test->left.unused = 16 * (int)(test_random() % 1000);
    test->right.unused = 16 * (int)(test_random() % 1000);
    for (int i = 0; i < M * DEPTH; i++)
        test->a[i] = rounded(test_value(), dtype);
    for (int i = 0; i < DEPTH * n; i++)
        test->b[i] = rounded(test_value(), dtype);
    for (int i = 0; i < M * n; i++) {
        test->d[i] = test_value();
        test->result[i] = NAN;
    }
}

static inline int run(void (*kernel)(const void *), const wgmma_case *test)
{
    test_launch how = {.threads = WARPGROUP, .shared_bytes = TW_SHARED_BYTES, .seed = test_random()};
    return test_run_with(kernel, &test, how);
}

/* For a kernel that does on purpose what must not be done. */
static inline int run_unchecked(void (*kernel)(const void *), const wgmma_case *test)
{
    test_launch how = {
        .threads = WARPGROUP, .shared_bytes = TW_SHARED_BYTES, .seed = test_random(), .unchecked = 1};
    return test_run_with(kernel, &test, how);
}

static inline void check(const wgmma_case *test)
{
    static double want[M * N_MAX], magnitude[M * N_MAX];
    test_product(want, magnitude, test->d, test->a, test->b, M, test->n, DEPTH);
    test_matrix(test->result, want, magnitude, M * test->n, (DEPTH + 1) * 0x1p-24);
}

#endif
