/* SPDX-License-Identifier: MIT
 *
 * The emulated copy engine: boxes anywhere in and around a tensor against the definition (PTX ISA, "Tensors",
 * "Swizzling modes"), with maps made by the host library; when a load lands and when a store reads.
 */
#define TEST_LANES 32
#include "emulate.h"

#include "arch/emulator/isa_sm90.h"
#include "host/tensor_map.h"

enum { TW__SWIZZLE_UNIT = 16 };
#include "arch/shared.h"

enum { BAR = 0, TILE = 1024, TILE_BYTES = 32768, GUARD = 64, STORAGE = 1 << 19 };

typedef struct {
    tw_tensor_map map;
    tw_tensor_arg tensor;
    unsigned char *storage; /* global memory, GUARD bytes around the tensor */
    int dim[4];             /* i0, i1, rows, cols */
    int at[4];              /* of the box, likewise */
    int bytes, rows, cols, swizzle;
    int shared; /* where the tile lies */
    int step;   /* of what a kernel does */
    unsigned char tile[TILE_BYTES];
} box_case;

static box_case the_case;

static int pick(int count) { return (int)(test_random() % (uint64_t)count); }

/* A tensor of random shape and padding, a box that overlaps it or not. */
static void random_case(box_case *test, tw_dtype dtype, int swizzle)
{
    unsigned char *storage = test->storage;
    int row_elements;
    memset(test, 0, sizeof *test);
    test->storage = storage;
    test->bytes = (int)tw_dtype_bytes(dtype);
    test->swizzle = swizzle;
    test->rows = 1 + pick(64);
    test->cols = swizzle ? swizzle / test->bytes : 16 / test->bytes * (1 + pick(4));
    test->dim[0] = 1 + pick(3);
    test->dim[1] = 1 + pick(3);
    test->dim[2] = 1 + pick(80);
    test->dim[3] = 1 + pick(100);
    test->shared = TILE + 128 * pick(9);
    row_elements = (test->dim[3] + pick(40) + 16) / 16 * 16;
    test->tensor.data = storage + GUARD;
    for (int axis = 0; axis < 4; axis++) {
        int extent = axis == 2 ? test->rows : axis == 3 ? test->cols : 1;
        test->tensor.dim[axis] = test->dim[axis];
        test->at[axis] = pick(test->dim[axis] + 2 * extent) - extent;
    }
    test->tensor.stride[3] = 1;
    test->tensor.stride[2] = row_elements;
    test->tensor.stride[0] = (int64_t)row_elements * test->dim[2]; /* the outer axes exchanged */
    test->tensor.stride[1] = test->tensor.stride[0] * test->dim[0];
    for (int i = 0; i < STORAGE; i++)
        storage[i] = (unsigned char)test_random();
    tw_tensor_map_request request = {&test->tensor, 4, dtype, test->rows, test->cols, swizzle};
    tw_status status = tw_tensor_map_make(&request, NULL, &test->map);
    if (status.code != TW_OK)
        fail_msg("%s", status.message);
}

/* Element (row, col) of the box in the tensor; NULL outside it. */
static unsigned char *global_element(const box_case *test, int row, int col)
{
    int at[4] = {test->at[0], test->at[1], test->at[2] + row, test->at[3] + col};
    int64_t offset = 0;
    for (int axis = 0; axis < 4; axis++) {
        if (at[axis] < 0 || at[axis] >= test->dim[axis])
            return NULL;
        offset += at[axis] * test->tensor.stride[axis];
    }
    return (unsigned char *)test->tensor.data + offset * test->bytes;
}

/* Its place in shared memory: rows of `cols` elements, the 16-byte units of each 128-byte line exchanged by
 * XOR with the line's number among 8, 4 or 2 for swizzles of 128, 64 and 32 bytes. Lines are counted from
 * address 0. */
static int shared_place(const box_case *test, int row, int col)
{
    int address = test->shared + (row * test->cols + col) * test->bytes;
    int line = address >> 7, mask = test->swizzle == 128  ? 7
                                    : test->swizzle == 64 ? 3
                                    : test->swizzle == 32 ? 1
                                                          : 0;
    return address ^ (line & mask) << 4;
}

static char *shared_at(int offset) { return (char *)tw__isa_shared_base() + offset; }

static void load_box(const box_case *test)
{
    tw__isa_tma_load(shared_at(test->shared), &test->map, test->at[3], test->at[2], test->at[1], test->at[0],
                     shared_at(BAR));
}

static void store_box(const box_case *test)
{
    tw__isa_tma_store(&test->map, shared_at(test->shared), test->at[3], test->at[2], test->at[1],
                      test->at[0]);
}

static int box_bytes(const box_case *test) { return test->rows * test->cols * test->bytes; }

static void must_run(void (*kernel)(const void *))
{
    const box_case *args = &the_case;
    test_launch how = {.threads = 2 * TW_LANES, .seed = test_random()};
    if (test_run_with(kernel, &args, how))
        fail_msg("%s", test_message);
}

/* ---- loads ---- */

static void kernel_load(const void *args)
{
    box_case *test = *(box_case *const *)args;
    if (tw__isa_wave() == 0 && tw__isa_lane() == 0) {
        tw__isa_mbarrier_init(shared_at(BAR), 1);
        tw__isa_mbarrier_init_fence();
        tw__isa_tma_prefetch(&test->map);
    }
    tw__isa_barrier();
    if (tw__isa_wave() == 0 && tw__isa_elect()) {
        tw__isa_mbarrier_expect(shared_at(BAR), box_bytes(test));
        load_box(test);
    }
    if (tw__isa_wave() == 1) {
        tw__isa_mbarrier_wait(shared_at(BAR), 0);
        if (tw__isa_lane() == 7)
            memcpy(test->tile, shared_at(0), sizeof test->tile);
    }
}

static void check_load(const box_case *test)
{
    static const unsigned char zeros[4];
    for (int row = 0; row < test->rows; row++)
        for (int col = 0; col < test->cols; col++) {
            const unsigned char *want = global_element(test, row, col);
            assert_memory_equal(test->tile + shared_place(test, row, col), want ? want : zeros,
                                (size_t)test->bytes);
        }
    for (int i = TILE; i < test->shared; i++)
        assert_int_equal(test->tile[i], TW__EMU_POISON);
    for (int i = test->shared + box_bytes(test) + 1023; i < TILE_BYTES; i++)
        assert_int_equal(test->tile[i], TW__EMU_POISON);
}

static void a_load_brings_the_box_swizzled_with_zeros_outside_the_tensor(void **state)
{
    static const tw_dtype dtypes[] = {TW_DTYPE_BF16, TW_DTYPE_F32, TW_DTYPE_E4M3};
    (void)state;
    for (int form = 0; form < 3 * 4 * 20; form++) {
        static const int swizzles[] = {0, 32, 64, 128};
        random_case(&the_case, dtypes[form % 3], swizzles[form / 3 % 4]);
        must_run(kernel_load);
        check_load(&the_case);
    }
}

static void a_panel_lies_as_the_library_lays_its_tiles(void **state)
{
    (void)state;
    for (int swizzle = 32; swizzle <= 128; swizzle *= 2) {
        random_case(&the_case, TW_DTYPE_F16, swizzle);
        the_case.shared = 2048;
        the_case.at[0] = the_case.at[1] = the_case.at[2] = the_case.at[3] = 0;
        must_run(kernel_load);
        check_load(&the_case);
        for (int row = 0; row < the_case.rows; row++)
            for (int col = 0; col < the_case.cols; col++)
                assert_int_equal(shared_place(&the_case, row, col),
                                 2048 + tw__shared_offset(the_case.rows, the_case.cols, 2, row, col));
    }
}

/* ---- when things happen ---- */

/* Whether the tile's first element is there: before the wait, after a wait for another barrier, after the
 * wait. */
static int landed[3];

static int first_is_there(const box_case *test)
{
    return memcmp(shared_at(shared_place(test, 0, 0)), global_element(test, 0, 0), (size_t)test->bytes) == 0;
}

static void kernel_late_load(const void *args)
{
    const box_case *test = *(const box_case *const *)args;
    if (tw__isa_wave() != 0 || tw__isa_lane() != 0)
        return;
    tw__isa_mbarrier_init(shared_at(BAR), 1);
    tw__isa_mbarrier_init(shared_at(BAR + 8), 1);
    load_box(test); /* issued before its bytes are expected, which is allowed */
    tw__isa_mbarrier_expect(shared_at(BAR), box_bytes(test));
    tw__isa_mbarrier_arrive(shared_at(BAR + 8));
    landed[0] = first_is_there(test);
    tw__isa_mbarrier_wait(shared_at(BAR + 8), 0);
    landed[1] = first_is_there(test);
    tw__isa_mbarrier_wait(shared_at(BAR), 0);
    landed[2] = first_is_there(test);
}

static void centred_case(void)
{
    random_case(&the_case, TW_DTYPE_BF16, 128);
    the_case.at[0] = the_case.at[1] = the_case.at[2] = the_case.at[3] = 0;
    memset(the_case.storage, 1, STORAGE);
}

static void a_load_lands_at_the_wait_for_its_barrier_and_no_sooner(void **state)
{
    (void)state;
    centred_case();
    must_run(kernel_late_load);
    assert_int_equal(landed[0], 0);
    assert_int_equal(landed[1], 0);
    assert_int_equal(landed[2], 1);
}

/* ---- stores ---- */

static void kernel_store(const void *args)
{
    const box_case *test = *(const box_case *const *)args;
    if (tw__isa_wave() != 0)
        return;
    for (int i = tw__isa_lane() * 4; i < TILE_BYTES; i += TW_LANES * 4)
        tw__isa_shared_store(shared_at(i), (const uint32_t *)(const void *)(test->tile + i), 4);
    tw__isa_fence_async_proxy();
    tw__isa_wave_barrier();
    if (tw__isa_elect()) {
        store_box(test);
        tw__isa_tma_commit();
        tw__isa_tma_wait_read(0);
        tw__isa_tma_wait(0);
    }
}

static void a_store_writes_the_box_and_nothing_outside_the_tensor(void **state)
{
    static const int swizzles[] = {0, 32, 64, 128};
    unsigned char *want = malloc(STORAGE);
    (void)state;
    assert_non_null(want);
    for (int form = 0; form < 4 * 20; form++) {
        random_case(&the_case, form % 2 ? TW_DTYPE_F32 : TW_DTYPE_F16, swizzles[form / 2 % 4]);
        for (int i = 0; i < TILE_BYTES; i++)
            the_case.tile[i] = (unsigned char)test_random();
        memcpy(want, the_case.storage, STORAGE);
        for (int row = 0; row < the_case.rows; row++)
            for (int col = 0; col < the_case.cols; col++) {
                const unsigned char *to = global_element(&the_case, row, col);
                if (to)
                    memcpy(want + (to - the_case.storage), the_case.tile + shared_place(&the_case, row, col),
                           (size_t)the_case.bytes);
            }
        must_run(kernel_store);
        assert_memory_equal(the_case.storage, want, STORAGE);
    }
    free(want);
}

/* Two groups; the tile is overwritten after the older one has been waited for. */
static void kernel_two_stores(const void *args)
{
    box_case *test = *(box_case *const *)args;
    static const uint32_t twos[4] = {0x02020202u, 0x02020202u, 0x02020202u, 0x02020202u};
    static const uint32_t threes[4] = {0x03030303u, 0x03030303u, 0x03030303u, 0x03030303u};
    int first = test->at[2];
    if (tw__isa_wave() != 0 || tw__isa_lane() != 5)
        return;
    for (int i = 0; i < box_bytes(test); i += 16)
        tw__isa_shared_store(shared_at(test->shared + i), twos, 16);
    tw__isa_fence_async_proxy();
    store_box(test);
    tw__isa_tma_commit();
    test->at[2] = first + test->rows;
    store_box(test);
    tw__isa_tma_commit();
    tw__isa_tma_wait_read(1);
    for (int i = 0; i < box_bytes(test); i += 16)
        tw__isa_shared_store(shared_at(test->shared + i), threes, 16);
    tw__isa_tma_wait_read(0);
    test->at[2] = first;
}

static void a_store_reads_the_tile_at_the_wait_that_covers_it(void **state)
{
    (void)state;
    centred_case();
    the_case.rows = 8;
    the_case.dim[2] = 16;
    the_case.tensor.dim[2] = 16;
    the_case.tensor.stride[0] = the_case.tensor.stride[2] * 16;
    the_case.tensor.stride[1] = the_case.tensor.stride[0] * the_case.dim[0];
    tw_tensor_map_request request = {&the_case.tensor, 4, TW_DTYPE_BF16, 8, 64, 128};
    assert_int_equal(tw_tensor_map_make(&request, NULL, &the_case.map).code, TW_OK);
    const box_case *args = &the_case;
    assert_int_equal(test_run_unchecked(kernel_two_stores, &args),
                     0); /* it overwrites what is still to be read */
    assert_int_equal(*global_element(&the_case, 7, 0), 2);
    assert_int_equal(*global_element(&the_case, 8, 0), 3);
    assert_int_equal(*global_element(&the_case, 15, 0), 3);
}

/* ---- misuse ---- */

enum { NO_MAP, MISALIGNED, OUTSIDE, NO_BARRIER, NO_WAIT, STORE_WITHOUT_WAIT, TOO_FEW_BYTES, MULTICAST };

static void kernel_misuse(const void *args)
{
    box_case *test = *(box_case *const *)args;
    if (tw__isa_wave() != 0 || tw__isa_lane() != 3)
        return;
    if (test->step != NO_BARRIER)
        tw__isa_mbarrier_init(shared_at(BAR), 1);
    if (test->step == STORE_WITHOUT_WAIT) {
        store_box(test);
        tw__isa_tma_commit();
        return;
    }
    if (test->step == MULTICAST)
        tw__isa_tma_load_multicast(shared_at(TILE), &test->map, 0, 0, 0, 0, shared_at(BAR), 3);
    load_box(test);
    tw__isa_mbarrier_expect(shared_at(BAR), box_bytes(test) + (test->step == TOO_FEW_BYTES ? 16 : 0));
    if (test->step != NO_WAIT)
        tw__isa_mbarrier_wait(shared_at(BAR), 0);
}

static void misuse_is_reported(void **state)
{
    static const char *const messages[] = {
        "is no tensor map made for an emulated target (block (0,0,0) wave 0 lane 3)",
        "emulator: TMA load: shared address 1040 is no multiple of 128 (block (0,0,0) wave 0 lane 3)",
        "emulator: TMA load: shared address 65408+",
        "emulator: TMA load: there is no mbarrier at shared address 0: it was not initialised, or overwritten",
        "the block ended before a TMA load into shared address 1024 had landed: nothing waited for the mbarrier at 0",
        "the block ended before a TMA store had read shared address 1024: wait for its bulk group",
        "deadlock: wave 0 lane 3 at phase 0 of the mbarrier at 0 (missing 0 of 1 arrivals, 16 bytes)",
        "TMA load to the blocks 0x3 of a cluster of 1 (block (0,0,0) wave 0 lane 3)",
    };
    const box_case *args = &the_case;
    (void)state;
    for (int misuse = NO_MAP; misuse <= MULTICAST; misuse++) {
        centred_case();
        the_case.step = misuse;
        the_case.shared = misuse == MISALIGNED ? 1040 : misuse == OUTSIDE ? TW_SHARED_BYTES - 128 : TILE;
        the_case.rows = 2;
        tw_tensor_map_request request = {&the_case.tensor, 4, TW_DTYPE_BF16, 2, 64, 128};
        assert_int_equal(tw_tensor_map_make(&request, NULL, &the_case.map).code, TW_OK);
        if (misuse == NO_MAP)
            the_case.map.word[0] ^= 1;
        assert_int_equal(test_run_unchecked(kernel_misuse, &args), 1);
        if (!strstr(test_message, messages[misuse]))
            fail_msg("misuse %d: %s", misuse, test_message);
    }
}

static int set_up(void **state)
{
    (void)state;
    the_case.storage = aligned_alloc(64, STORAGE);
    return the_case.storage == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    free(the_case.storage);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_load_brings_the_box_swizzled_with_zeros_outside_the_tensor),
        cmocka_unit_test(a_panel_lies_as_the_library_lays_its_tiles),
        cmocka_unit_test(a_load_lands_at_the_wait_for_its_barrier_and_no_sooner),
        cmocka_unit_test(a_store_writes_the_box_and_nothing_outside_the_tensor),
        cmocka_unit_test(a_store_reads_the_tile_at_the_wait_that_covers_it),
        cmocka_unit_test(misuse_is_reported),
    };
    return cmocka_run_group_tests_name("emulator sm90 tma", tests, set_up, tear_down);
}
