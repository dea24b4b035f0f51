/* SPDX-License-Identifier: MIT
 *
 * Hopper's instructions together, as a GEMM uses them: a producer warp feeds the copy engine, two consumer
 * warpgroups multiply, stmatrix and the copy engine store; sizes that fit no tile. The right kernel is right
 * in every order of its waves, and each synchronisation left out shows: in the result under some seed, or as
 * a report.
 */
#define TEST_LANES 32
#include "emulate.h"

#include "arch/emulator/isa_sm90.h"
#include "host/tensor_map.h"

enum { BM = 128, BN = 64, BK = 64, STAGES = 2, M = 100, N = 56, K = 328, SEEDS = 12 };

typedef struct {
    char a[BM * BK * 2], b[BN * BK * 2];
} stage;

typedef struct {
    stage ring[STAGES];
    uint64_t full[STAGES], empty[STAGES];
} layout;

/* What is left out. */
enum {
    NOTHING,
    WAIT_FOR_FULL,
    WAIT_FOR_EMPTY,
    WAIT_BEFORE_RELEASE,
    WAIT_FOR_WGMMA,
    BARRIER_BEFORE_STORE,
    OMISSIONS
};

typedef struct {
    tw_tensor_map a, b, c;
    int omitted;
} gemm_args;

static tw_bf16 a[M * K] TW_ALIGN(16), b[N * K] TW_ALIGN(16), c[M * N] TW_ALIGN(16);

static void produce(const gemm_args *args, layout *shared)
{
    if (!tw__isa_elect())
        return;
    for (int step = 0; step < (K + BK - 1) / BK; step++) {
        int s = step % STAGES;
        if (args->omitted != WAIT_FOR_EMPTY)
            tw__isa_mbarrier_wait(&shared->empty[s], step / STAGES % 2 ^ 1);
        tw__isa_mbarrier_expect(&shared->full[s], (int)sizeof(stage));
        tw__isa_tma_load(shared->ring[s].a, &args->a, step * BK, 0, 0, 0, &shared->full[s]);
        tw__isa_tma_load(shared->ring[s].b, &args->b, step * BK, 0, 0, 0, &shared->full[s]);
    }
}

/* d = rows 64 * group .. of A B^T. */
static void multiply(const gemm_args *args, layout *shared, int group, float d[BN / 2])
{
    int thread = tw__isa_wave() % 4 * TW_LANES + tw__isa_lane();
    for (int step = 0; step < (K + BK - 1) / BK; step++) {
        int s = step % STAGES;
        if (args->omitted != WAIT_FOR_FULL)
            tw__isa_mbarrier_wait(&shared->full[s], step / STAGES % 2);
        tw__isa_wgmma_fence();
        for (int k = 0; k < BK; k += 16)
            tw__isa_wgmma_ss(
                d, tw__isa_wgmma_descriptor(shared->ring[s].a + group * 64 * BK * 2 + k * 2, 16, 1024, 128),
                tw__isa_wgmma_descriptor(shared->ring[s].b + k * 2, 16, 1024, 128), BN, TW_bf16, 0, 0,
                step + k > 0);
        tw__isa_wgmma_commit();
        if (args->omitted != WAIT_FOR_WGMMA && args->omitted != WAIT_BEFORE_RELEASE)
            tw__isa_wgmma_wait(0);
        if (thread == 0)
            tw__isa_mbarrier_arrive(&shared->empty[s]);
        if (args->omitted == WAIT_BEFORE_RELEASE)
            tw__isa_wgmma_wait(0);
    }
}

/* Through the group's 64 x 64 tile, swizzled as the map of C says, where the first stage's operands were. */
static void store(const gemm_args *args, layout *shared, int group, const float d[BN / 2])
{
    int lane = tw__isa_lane(), wave = tw__isa_wave() % 4, row = wave * 16 + lane % 16;
    char *tile = shared->ring[0].a + group * 64 * BN * 2;
    for (int core = 0; core < BN / 16; core++) {
        int unit = core * 2 + lane / 16;
        uint32_t words[4];
        for (int r = 0; r < 4; r++)
            words[r] = tw__isa_pack_bf16(d[8 * core + 2 * r], d[8 * core + 2 * r + 1]);
        tw__isa_stmatrix_x4(tile + row * 128 + (unit ^ row % 8) * 16, words);
    }
    tw__isa_fence_async_proxy();
    if (args->omitted != BARRIER_BEFORE_STORE)
        tw__isa_named_barrier(2 + group, 128);
    if (wave == 0 && tw__isa_elect()) {
        tw__isa_tma_store(&args->c, tile, 0, group * 64, 0, 0);
        tw__isa_tma_commit();
        tw__isa_tma_wait(0);
    }
}

static void kernel_gemm(const void *arguments)
{
    const gemm_args *args = *(const gemm_args *const *)arguments;
    layout *shared = (layout *)tw__isa_shared_base();
    int group = tw__isa_wave() / 4;
    float d[BN / 2] = {0};
    if (tw__isa_wave() == 5 && tw__isa_elect()) {
        for (int s = 0; s < STAGES; s++) {
            tw__isa_mbarrier_init(&shared->full[s], 1);
            tw__isa_mbarrier_init(&shared->empty[s], 2);
        }
        tw__isa_mbarrier_init_fence();
    }
    tw__isa_barrier();
    if (group == 2) {
        tw__isa_setmaxnreg_dec(40);
        if (tw__isa_wave() == 8)
            produce(args, shared);
        return;
    }
    tw__isa_setmaxnreg_inc(232);
    multiply(args, shared, group, d);
    tw__isa_named_barrier(1, 256); /* both groups have read the stages */
    store(args, shared, group, d);
}

static void make_map(tw_tensor_map *map, tw_bf16 *data, int rows, int cols, int box_rows)
{
    tw_tensor_arg tensor;
    memset(&tensor, 0, sizeof tensor);
    tensor.data = data;
    tensor.dim[0] = rows;
    tensor.dim[1] = tensor.stride[0] = cols;
    tensor.stride[1] = 1;
    tw_tensor_map_request request = {&tensor, 2, TW_DTYPE_BF16, box_rows, 64, 128};
    tw_status status = tw_tensor_map_make(&request, NULL, map);
    if (status.code != TW_OK)
        fail_msg("%s", status.message);
}

static float value(tw_bf16 x) { return tw__float_of((uint32_t)x.bits << 16); }

/* Elements of C further from the float64 product than its own rounding explains; NaN is. */
static int wrong_elements(void)
{
    int wrong = 0;
    for (int i = 0; i < M; i++)
        for (int j = 0; j < N; j++) {
            double sum = 0, size = 0;
            for (int k = 0; k < K; k++) {
                double term = (double)value(a[i * K + k]) * value(b[j * K + k]);
                sum += term;
                size += fabs(term);
            }
            wrong += !(fabs((double)value(c[i * N + j]) - sum) <= 0x1p-8 * fabs(sum) + K * 0x1p-24 * size);
        }
    return wrong;
}

/* Of SEEDS launches, those that were reported or left a wrong result. */
static int wrong_launches(int omitted)
{
    static gemm_args args;
    const gemm_args *pointer = &args;
    int wrong = 0;
    args.omitted = omitted;
    make_map(&args.a, a, M, K, BM);
    make_map(&args.b, b, N, K, BN);
    make_map(&args.c, c, M, N, 64);
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        test_launch how = {.threads = 384, .seed = seed};
        for (int i = 0; i < M * K; i++)
            a[i].bits = (uint16_t)tw__bf16_of(test_value());
        for (int i = 0; i < N * K; i++)
            b[i].bits = (uint16_t)tw__bf16_of(test_value());
        memset(c, 0xff, sizeof c);
        wrong += test_run_with(kernel_gemm, &pointer, how) || wrong_elements() > 0;
    }
    return wrong;
}

static void a_warp_specialised_gemm_is_right_in_every_order(void **state)
{
    (void)state;
    if (wrong_launches(NOTHING) > 0)
        fail_msg("%s (TW_TEST_SEED=%llu)", test_message, (unsigned long long)test_seed());
}

static void each_missing_synchronisation_shows(void **state)
{
    (void)state;
    for (int omitted = NOTHING + 1; omitted < OMISSIONS; omitted++)
        if (wrong_launches(omitted) == 0)
            fail_msg("omission %d was not noticed", omitted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_warp_specialised_gemm_is_right_in_every_order),
        cmocka_unit_test(each_missing_synchronisation_shows),
    };
    return cmocka_run_group_tests_name("emulator sm90 pipeline", tests, NULL, NULL);
}
