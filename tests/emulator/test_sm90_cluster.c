/* SPDX-License-Identifier: MIT
 *
 * Clusters: blocks that run together, their barrier, arrivals in each other's shared memory and tiles that
 * the copy engine brings to several of them. A ring that two blocks fill together is right in every order of
 * its waves, and what it must not leave out shows.
 */
#define TEST_LANES 32
#include "emulate.h"

#include "arch/emulator/isa_sm90.h"
#include "host/tensor_map.h"

enum { BLOCKS_MAX = 4, STEPS = 7, STAGES = 2, ROWS = 16, COLS = 64, SEEDS = 16 };

static char *shared_at(int offset) { return (char *)tw__isa_shared_base() + offset; }

static uint32_t read_word(int offset)
{
    uint32_t word;
    tw__isa_shared_load(&word, shared_at(offset), 4);
    return word;
}

/* ---- the barrier, ranks, remote arrivals ---- */

enum { GRID = 8, WAVES = 2 };

typedef struct {
    int entered[GRID / 2], wrong, ranks[GRID];
} meeting_log;

/* Behind the cluster's barrier every wave of every block of it has been before the barrier. */
static void kernel_meeting(const void *args)
{
    meeting_log *log = *(meeting_log *const *)args;
    int block = tw__isa_block_index(0), cluster = block / 2;
    log->ranks[block] = tw__isa_cluster_rank() * 10 + tw__isa_cluster_size();
    for (int round = 1; round <= 3; round++) {
        if (tw__isa_lane() == 0)
            log->entered[cluster]++;
        tw__isa_cluster_arrive();
        tw__isa_cluster_wait();
        if (log->entered[cluster] < round * 2 * WAVES)
            log->wrong++;
    }
}

static void all_waves_of_a_cluster_meet_at_its_barrier(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        meeting_log log, *args = &log;
        test_launch how = {.threads = WAVES * TW_LANES, .grid = {GRID}, .cluster = 2, .seed = seed};
        memset(&log, 0, sizeof log);
        assert_int_equal(test_run_with(kernel_meeting, &args, how), 0);
        assert_int_equal(log.wrong, 0);
        for (int block = 0; block < GRID; block++)
            assert_int_equal(log.ranks[block], block % 2 * 10 + 2);
    }
}

/* Each block's barrier completes when a lane of every block has arrived at it; words show whether all had. */
static void kernel_arrivals(const void *args)
{
    int *come = *(int *const *)args, rank = tw__isa_cluster_rank(), size = tw__isa_cluster_size();
    if (tw__isa_lane() == 0) {
        tw__isa_mbarrier_init(shared_at(8), size);
        tw__isa_mbarrier_init_fence();
    }
    tw__isa_cluster_arrive();
    tw__isa_cluster_wait();
    if (tw__isa_lane() == 0)
        come[rank] = 1;
    if (tw__isa_lane() < size) /* a lane for each block */
        tw__isa_mbarrier_arrive_remote(shared_at(8), tw__isa_lane());
    tw__isa_mbarrier_wait(shared_at(8), 0);
    for (int other = 0; other < size; other++)
        come[BLOCKS_MAX] += !come[other];
    tw__isa_cluster_arrive();
    tw__isa_cluster_wait();
}

static void arrivals_in_other_blocks_count_there(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        int come[BLOCKS_MAX + 1] = {0}, *args = come;
        test_launch how = {.grid = {BLOCKS_MAX}, .cluster = BLOCKS_MAX, .seed = seed};
        assert_int_equal(test_run_with(kernel_arrivals, &args, how), 0);
        assert_int_equal(come[BLOCKS_MAX], 0);
    }
}

/* ---- tiles for several blocks ---- */

/* What a ring of two blocks may leave out. */
enum {
    NOTHING,
    FIRST_MEETING, /* the other block's barriers may not be made yet */
    PEERS_RELEASE, /* stages are refilled though the other block reads them */
    LAST_MEETING,  /* a block ends while the other arrives at its barriers */
    OMISSIONS
};

typedef struct {
    tw_tensor_map map; /* of STEPS tiles of ROWS x COLS, one below the other; boxes of half a tile */
    int omitted;
    int wrong; /* words read that are not the tile's */
} ring_case;

typedef struct {
    char stage[STAGES][ROWS * COLS * 2];
    uint64_t full[STAGES], empty[STAGES];
} ring_layout;

static tw_bf16 tiles[STEPS * ROWS * COLS] TW_ALIGN(16);

/* Each block brings its half of every tile to both; a stage is free when both blocks' readers left it. */
static void ring_load(const ring_case *test, ring_layout *ring)
{
    int rank = tw__isa_cluster_rank(), half = ROWS / 2;
    for (int step = 0; step < STEPS; step++) {
        int s = step % STAGES;
        tw__isa_mbarrier_wait(&ring->empty[s], step / STAGES % 2 ^ 1);
        tw__isa_tma_load_multicast(ring->stage[s] + rank * half * COLS * 2, &test->map, 0,
                                   step * ROWS + rank * half, 0, 0, &ring->full[s], 3);
        tw__isa_mbarrier_expect(&ring->full[s], ROWS * COLS * 2);
    }
}

static void ring_read(ring_case *test, ring_layout *ring)
{
    int rank = tw__isa_cluster_rank(), lane = tw__isa_lane();
    for (int step = 0; step < STEPS; step++) {
        int s = step % STAGES;
        tw__isa_mbarrier_wait(&ring->full[s], step / STAGES % 2);
        for (int i = lane; i < ROWS * COLS / 2; i += TW_LANES) {
            uint32_t word, want;
            memcpy(&want, &tiles[step * ROWS * COLS + i * 2], 4);
            word = read_word((int)(ring->stage[s] - shared_at(0)) + (int)tw__emu_swizzle((size_t)i * 4, 128));
            test->wrong += word != want;
            if (i / TW_LANES % 4 == 0)
                tw__isa_wave_barrier(); /* other waves may run */
        }
        tw__isa_wave_barrier();
        if (test->omitted == PEERS_RELEASE ? lane == rank : lane < 2)
            tw__isa_mbarrier_arrive_remote(&ring->empty[s], lane);
    }
}

static void kernel_ring(const void *args)
{
    ring_case *test = *(ring_case *const *)args;
    ring_layout *ring = (ring_layout *)tw__isa_shared_base();
    if (tw__isa_wave() == 1 && tw__isa_lane() == 0)
        for (int s = 0; s < STAGES; s++) {
            tw__isa_mbarrier_init(&ring->full[s], 1);
            tw__isa_mbarrier_init(&ring->empty[s], test->omitted == PEERS_RELEASE ? 1 : 2);
        }
    if (test->omitted == FIRST_MEETING) {
        tw__isa_barrier();
    } else {
        tw__isa_cluster_arrive();
        tw__isa_cluster_wait();
    }
    if (tw__isa_wave() == 1)
        ring_read(test, ring);
    else if (tw__isa_lane() == 0)
        ring_load(test, ring);
    if (test->omitted != LAST_MEETING) {
        tw__isa_cluster_arrive();
        tw__isa_cluster_wait();
    }
}

/* Of SEEDS launches, those that were reported or read something else. */
static int wrong_rings(int omitted)
{
    static ring_case test;
    ring_case *args = &test;
    tw_tensor_arg tensor;
    int wrong = 0;
    tw_tensor_map_request request = {&tensor, 2, TW_DTYPE_BF16, ROWS / 2, COLS, 128};
    memset(&tensor, 0, sizeof tensor);
    tensor.data = tiles;
    tensor.dim[0] = STEPS * ROWS;
    tensor.dim[1] = tensor.stride[0] = COLS;
    tensor.stride[1] = 1;
    assert_int_equal(tw_tensor_map_make(&request, NULL, &test.map).code, TW_OK);
    test.omitted = omitted;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        test_launch how = {.threads = 2 * TW_LANES, .grid = {4}, .cluster = 2, .os_threads = 1, .seed = seed};
        for (int i = 0; i < STEPS * ROWS * COLS; i++)
            tiles[i].bits = (uint16_t)test_random();
        test.wrong = 0;
        wrong += test_run_with(kernel_ring, &args, how) || test.wrong > 0;
    }
    return wrong;
}

static void two_blocks_fill_each_others_ring_in_every_order(void **state)
{
    (void)state;
    if (wrong_rings(NOTHING) > 0)
        fail_msg("%s (TW_TEST_SEED=%llu)", test_message, (unsigned long long)test_seed());
}

static void each_missing_part_of_the_rings_protocol_shows(void **state)
{
    (void)state;
    for (int omitted = NOTHING + 1; omitted < OMISSIONS; omitted++)
        if (wrong_rings(omitted) == 0)
            fail_msg("omission %d was not noticed", omitted);
}

/* ---- misuse ---- */

enum {
    RANK_OUTSIDE,
    MASK_OUTSIDE,
    BLOCK_ENDED,
    NO_BARRIER_THERE,
    TWO_ARRIVALS,
    NO_ARRIVAL,
    BARRIER_OF_THE_OTHER,
    LANDING_IN_THE_END,
    MISUSES
};

typedef struct {
    tw_tensor_map map;
    int misuse;
} misuse_case;

static void multicast(const misuse_case *test, uint16_t mask)
{
    if (tw__isa_lane() == 3)
        tw__isa_tma_load_multicast(shared_at(1024), &test->map, 0, 0, 0, 0, shared_at(0), mask);
}

static void kernel_misuse(const void *args)
{
    const misuse_case *test = *(const misuse_case *const *)args;
    int rank = tw__isa_cluster_rank(), misuse = test->misuse;
    if (tw__isa_lane() == 0 && (misuse != NO_BARRIER_THERE || rank == 0))
        tw__isa_mbarrier_init(shared_at(0), 1);
    if (misuse == BLOCK_ENDED && rank == 1)
        return;
    if (misuse == NO_ARRIVAL)
        tw__isa_cluster_wait();
    tw__isa_cluster_arrive();
    if (misuse == TWO_ARRIVALS)
        tw__isa_cluster_arrive();
    tw__isa_cluster_wait();
    if (rank == 1 && misuse != BARRIER_OF_THE_OTHER) {
        if (misuse != LANDING_IN_THE_END) { /* else it ends while copies may be on their way to it */
            tw__isa_cluster_arrive();
            tw__isa_cluster_wait();
        }
        return;
    }
    if (misuse == MASK_OUTSIDE)
        multicast(test, 5);
    if (misuse == LANDING_IN_THE_END)
        multicast(test, 2);
    if (misuse == BARRIER_OF_THE_OTHER)
        tw__isa_mbarrier_wait(shared_at(0), 0);
    if (tw__isa_lane() == 0)
        tw__isa_mbarrier_arrive_remote(shared_at(0), misuse == RANK_OUTSIDE ? 2 : 1);
}

static void misuse_is_reported(void **state)
{
    static const char *const messages[MISUSES] = {
        "emulator: mbarrier.arrive in the cluster: block 2 of a cluster of 2 (block (0,0,0) wave 0 lane 0)",
        "emulator: TMA load to the blocks 0x5 of a cluster of 2 (block (0,0,0) wave 0 lane 3)",
        "emulator: mbarrier.arrive in the cluster: block 1 of the cluster has ended; the blocks must meet at the "
        "cluster's barrier before any of them ends (block (0,0,0) wave 0 lane 0)",
        "emulator: mbarrier.arrive in the cluster: there is no mbarrier at shared address 0: it was not "
        "initialised, or overwritten (block (1,0,0) wave 0 lane 0)",
        "barrier.cluster.arrive: the wave arrived before and has not waited since",
        "barrier.cluster.wait: the wave has not arrived",
        "emulator: block (0,0,0): deadlock: wave 0 at phase 0 of the mbarrier at 0 (missing 1 of 1 arrivals, 0 "
        "bytes); block (1,0,0): wave 0 at phase 0 of the mbarrier at 0 (missing 1 of 1 arrivals, 0 bytes)",
        NULL, /* one of two, below */
    };
    static misuse_case test;
    misuse_case *args = &test;
    tw_tensor_arg tensor;
    tw_tensor_map_request request = {&tensor, 2, TW_DTYPE_BF16, 8, COLS, 128};
    int late = 0;
    (void)state;
    memset(&tensor, 0, sizeof tensor);
    tensor.data = tiles;
    tensor.dim[0] = 8;
    tensor.dim[1] = tensor.stride[0] = COLS;
    tensor.stride[1] = 1;
    assert_int_equal(tw_tensor_map_make(&request, NULL, &test.map).code, TW_OK);
    for (test.misuse = 0; test.misuse < LANDING_IN_THE_END; test.misuse++) {
        test_launch how = {.grid = {2}, .cluster = 2};
        assert_int_equal(test_run_with(kernel_misuse, &args, how), 1);
        if (!strstr(test_message, messages[test.misuse]))
            fail_msg("misuse %d: %s", test.misuse, test_message);
    }
    for (uint64_t seed = 0; seed < SEEDS;
         seed++) { /* the copy or the arrival comes too late, in every order */
        test_launch how = {.grid = {2}, .cluster = 2, .seed = seed};
        late +=
            test_run_with(kernel_misuse, &args, how) &&
            (strstr(test_message, "block 1 of the cluster has ended") ||
             strstr(test_message, "the block ended before a TMA load into shared address 1024 had landed"));
    }
    assert_true(late > 0);
}

static void kernel_nothing(const void *args) { (void)args; }

static void a_grid_that_is_no_multiple_of_the_cluster_is_refused(void **state)
{
    test_launch odd = {.grid = {3}, .cluster = 2}, large = {.grid = {9}, .cluster = 9};
    (void)state;
    assert_int_equal(test_run_with(kernel_nothing, NULL, odd), 1);
    assert_string_equal(test_message,
                        "emulator: the kernel runs in clusters of 2 blocks, of at most 8, along x; "
                        "the grid has 3");
    assert_int_equal(test_run_with(kernel_nothing, NULL, large), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_waves_of_a_cluster_meet_at_its_barrier),
        cmocka_unit_test(arrivals_in_other_blocks_count_there),
        cmocka_unit_test(two_blocks_fill_each_others_ring_in_every_order),
        cmocka_unit_test(each_missing_part_of_the_rings_protocol_shows),
        cmocka_unit_test(misuse_is_reported),
        cmocka_unit_test(a_grid_that_is_no_multiple_of_the_cluster_is_refused),
    };
    return cmocka_run_group_tests_name("emulator sm90 cluster", tests, NULL, NULL);
}
