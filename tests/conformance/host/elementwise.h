/* SPDX-License-Identifier: MIT
 *
 * The element-wise ops in float64, and how far a machine may be from them.
 */
#ifndef TW_TESTS_CONFORMANCE_ELEMENTWISE_H
#define TW_TESTS_CONFORMANCE_ELEMENTWISE_H

#include <stdint.h>

/* What an op sees at one element. `beside`: of the vector along the rows or columns, by the op. */
typedef struct {
    double x, y, z, row, col, scalar[2];
    int64_t tile_row, tile_col;
} conform_element;

/* op is one of map.h. */
const char *conform_map_name(int op);
int conform_map_is_unary(int op);
int conform_map_is_binary(int op); /* with an operand like the first */
double conform_map_value(int op, const conform_element *e);

/* Largest |result - value| before the result is rounded to its dtype. */
double conform_map_tolerance(int op, const conform_element *e, double value);

/* The nearest number to x that the op promises something for. */
double conform_map_domain(int op, double x);

#endif
