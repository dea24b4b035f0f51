/* SPDX-License-Identifier: MIT
 *
 * Everything a device compiler sees: the umbrella header, twice, and the reference kernels taken in the way
 * a user takes them. Compiled in every dialect for every machine by dialect.cmake, never run.
 */
#include <tilewright.h>
#include <tilewright.h>

#include <examples/gemm/gemm.c>
