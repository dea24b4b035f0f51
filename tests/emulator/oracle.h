/* SPDX-License-Identifier: MIT
 *
 * For test_oracle_*.c: one wave's matrix product with every register filled, and read, by the manuals' tables
 * (fragment_tables.h). Elements are small whole numbers, so that every product and sum is exact in every
 * format, and a wrong place shows as a wrong number.
 */
#ifndef TESTS_EMULATOR_ORACLE_H
#define TESTS_EMULATOR_ORACLE_H

#include "emulate.h"
#include "fragment_tables.h"

enum { ORACLE_SIDE = 32, ORACLE_ELEMENTS = 8 };

typedef struct {
    const char *const *table;
    int rows, cols;
    float dense[ORACLE_SIDE][ORACLE_SIDE];
    float held[TW_LANES][ORACLE_ELEMENTS]; /* by each lane, in the manual's numbering */
} oracle_matrix;

static inline void oracle_fill(oracle_matrix *m, const char *const *table, int rows, int cols)
{
    *m = (oracle_matrix){.table = table, .rows = rows, .cols = cols};
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < cols; c++) {
            int lane, element;
            table_entry(table[r], c, &lane, &element);
            m->dense[r][c] = (float)(int)(test_random() % 17) - 8;
            m->held[lane][element] = m->dense[r][c];
        }
}

/* The instruction left d + a b in d's registers. */
static inline void oracle_check(const oracle_matrix *d, const oracle_matrix *a, const oracle_matrix *b,
                                const char *what)
{
    for (int r = 0; r < d->rows; r++)
        for (int c = 0; c < d->cols; c++) {
            int lane, element;
            float sum = d->dense[r][c];
            for (int k = 0; k < a->cols; k++)
                sum += a->dense[r][k] * b->dense[k][c];
            table_entry(d->table[r], c, &lane, &element);
            if (d->held[lane][element] != sum)
                fail_msg("%s: (%d, %d), element %d of lane %d, is %g, not %g", what, r, c, element, lane,
                         (double)d->held[lane][element], (double)sum);
        }
}

/* Two 16-bit elements, the first low. */
static inline uint32_t oracle_pair(const float *elements, int dtype)
{
    return dtype == TW_bf16 ? tw__isa_pack_bf16(elements[0], elements[1])
                            : tw__isa_pack_f16(elements[0], elements[1]);
}

#endif
