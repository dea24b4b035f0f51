/* SPDX-License-Identifier: MIT
 *
 * The element-wise ops in float64, straight from their definitions.
 */
#include "elementwise.h"

#include <math.h>

#include "tests/conformance/map.h"

/* Half a unit in the last place of f32, relative; the smallest normal number, below which a machine's
 * transcendental instructions may give zero. */
static const double HALF_ULP = 0x1p-24, TINY = 0x1p-126;

#define MAP_NAME(name)     #name,
#define MAP_NAME_ROW(name) #name "_row",
#define MAP_NAME_COL(name) #name "_col",
static const char *const names[] = {MAP_UNARY(MAP_NAME) MAP_BINARY(MAP_NAME) MAP_OTHER(MAP_NAME)
                                        MAP_BINARY(MAP_NAME_ROW) MAP_BINARY(MAP_NAME_COL)};

const char *conform_map_name(int op) { return names[op]; }
int conform_map_is_unary(int op) { return op < MAP_add; }
int conform_map_is_binary(int op) { return op >= MAP_add && op < MAP_fma; }

static double least(double x, double y) { return isnan(x) || isnan(y) ? (double)NAN : x < y ? x : y; }
static double most(double x, double y) { return isnan(x) || isnan(y) ? (double)NAN : x > y ? x : y; }

static double binary(int op, double x, double y)
{
    switch (op) {
    case MAP_add: return x + y;
    case MAP_sub: return x - y;
    case MAP_mul: return x * y;
    case MAP_div: return x / y;
    case MAP_min: return least(x, y);
    default: return most(x, y);
    }
}

static double unary(int op, double x)
{
    const double root_half = 0.70710678118654752440, gelu_factor = 0.79788456080286535588;
    switch (op) {
    case MAP_exp: return exp(x);
    case MAP_exp2: return exp2(x);
    case MAP_log: return log(x);
    case MAP_log2: return log2(x);
    case MAP_sqrt: return sqrt(x);
    case MAP_rsqrt: return 1 / sqrt(x);
    case MAP_tanh: return tanh(x);
    case MAP_sigmoid: return 1 / (1 + exp(-x));
    case MAP_silu: return x / (1 + exp(-x));
    case MAP_gelu: return 0.5 * x * erfc(-x * root_half);
    case MAP_gelu_tanh: return 0.5 * x * (1 + tanh(gelu_factor * (x + 0.044715 * x * x * x)));
    case MAP_relu: return x < 0 ? 0 : x;
    case MAP_abs: return fabs(x);
    default: return x;
    }
}

double conform_map_value(int op, const conform_element *e)
{
    if (op < MAP_add)
        return unary(op, e->x);
    if (op < MAP_fma)
        return binary(op, e->x, e->y);
    if (op >= MAP_add_col)
        return binary(op - MAP_add_col + MAP_add, e->x, e->col);
    if (op >= MAP_add_row)
        return binary(op - MAP_add_row + MAP_add, e->x, e->row);
    switch (op) {
    case MAP_fma: return e->x * e->y + e->z;
    case MAP_select: return e->z != 0 ? e->x : e->y;
    case MAP_clamp: return e->x < e->scalar[0] ? e->scalar[0] : e->x > e->scalar[1] ? e->scalar[1] : e->x;
    case MAP_fill: return e->scalar[0];
    case MAP_zero: return 0;
    case MAP_map: return 2 * e->x + e->scalar[0];
    case MAP_map_at: return e->x + (double)(e->tile_row * MAP_MAP_AT_ROW + e->tile_col);
    case MAP_map2: return e->y - 3 * e->x;
    case MAP_map2_at: return (e->tile_row + e->tile_col) % 2 ? e->y : e->x;
    case MAP_rotate_x: return e->x * e->z - e->y * e->x;
    case MAP_rotate_y: return e->x * e->x + e->y * e->z;
    case MAP_broadcast_row: return e->row;
    case MAP_broadcast_col: return e->col;
    case MAP_map_row: return e->x * e->row - e->scalar[0];
    case MAP_map_row_at: return e->row + (double)e->tile_col;
    default: return e->x - 2 * e->col;
    }
}

/* Bounds of ops/math.h: a few 1e-7 relative, and what its approximations add. */
static double unary_tolerance(int op, double x, double value)
{
    double size = fabs(value), steps = fabs(x);
    switch (op) {
    case MAP_exp: return size * (4e-7 + steps * 1.5e-7) + TINY; /* x log2(e) is rounded before exp2 */
    case MAP_exp2: return size * 4e-7 + TINY;
    case MAP_log:
    case MAP_log2: return size * 4e-7 + 2e-7; /* near 1 the instruction's error is absolute */
    case MAP_sqrt: return size * 2e-7;
    case MAP_rsqrt: return size * 3e-7;
    case MAP_tanh: return size * 2e-6;
    case MAP_sigmoid:
    case MAP_silu: return size * (1e-6 + steps * 1.5e-7) + TINY * (1 + steps);
    case MAP_gelu:
    case MAP_gelu_tanh:
        return steps < 10 ? steps * 5e-7 : size * 1e-6 + 1e-6; /* erf and tanh to 3e-7 absolute */
    default: return 0;
    }
}

double conform_map_tolerance(int op, const conform_element *e, double value)
{
    double size = fabs(value), tolerance;
    if (!isfinite(value))
        return 0;
    if (op < MAP_add) {
        tolerance = unary_tolerance(op, e->x, value);
        return isfinite(tolerance) ? tolerance : 0;
    }
    switch (op) {
    case MAP_min:
    case MAP_min_row:
    case MAP_min_col:
    case MAP_max:
    case MAP_max_row:
    case MAP_max_col:
    case MAP_select:
    case MAP_map2_at:
    case MAP_clamp:
    case MAP_fill:
    case MAP_zero:
    case MAP_broadcast_row:
    case MAP_broadcast_col: return 0;
    case MAP_div:
    case MAP_div_row:
    case MAP_div_col: return size * 3 * HALF_ULP + TINY;
    case MAP_fma: return (fabs(e->x * e->y) + size) * HALF_ULP + TINY; /* one rounding or two */
    case MAP_map: return (2 * fabs(e->x) + size) * HALF_ULP + TINY;
    case MAP_map_row: return (fabs(e->x * e->row) + size) * HALF_ULP + TINY;
    case MAP_map_col: return (2 * fabs(e->col) + size) * HALF_ULP + TINY;
    case MAP_map2: return (3 * fabs(e->x) + size) * HALF_ULP + TINY;
    case MAP_rotate_x: return (fabs(e->x * e->z) + fabs(e->y * e->x) + size) * HALF_ULP + TINY;
    case MAP_rotate_y: return (e->x * e->x + fabs(e->y * e->z) + size) * HALF_ULP + TINY;
    default: return size * HALF_ULP + TINY;
    }
}

double conform_map_domain(int op, double x)
{
    switch (op) {
    case MAP_log:
    case MAP_log2:
    case MAP_sqrt:
    case MAP_rsqrt: /* machines may take a subnormal operand for zero */
        return x != 0 && fabs(x) < TINY ? 1 : x;
    case MAP_silu:
    case MAP_gelu:
    case MAP_gelu_tanh: /* -infinity times 0 */ return x == -INFINITY ? 0 : x;
    default: return x;
    }
}
