/* SPDX-License-Identifier: MIT
 *
 * A user's kernel made of a library kernel: its own epilogue, then the kernel's file.
 */
#define GEMM_EPILOGUE(x, r, c) ((x) > 0 ? (x) : 0)
#include <examples/gemm/gemm.c>
