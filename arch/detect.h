/* SPDX-License-Identifier: MIT
 *
 * Which machine is this translation unit for? `-DTW_MACHINE=<name of registry.def>` answers it; without
 * that, the device compiler's own macros do, and a plain host compiler means `cpu`. The folder is found by
 * its name, so a new machine needs no line here when the build names it.
 *
 * The host pass of nvcc and hipcc compiles no device code but parses it; it takes the machine of the
 * first architecture asked for (nvcc) or gfx942 (HIP).
 */
#ifndef TW_ARCH_DETECT_H
#define TW_ARCH_DETECT_H

#include "dialect.h"

#define TW__FIRST(...) TW__FIRST_(__VA_ARGS__, 0)
#define TW__FIRST_(a, ...) a

#if !defined(TW_MACHINE)
#if defined(__CUDACC__)
#if defined(__CUDA_ARCH__)
#define TW__CUDA_ARCH __CUDA_ARCH__
#else
#define TW__CUDA_ARCH TW__FIRST(__CUDA_ARCH_LIST__)
#endif
#if TW__CUDA_ARCH >= 900
#define TW_MACHINE sm90
#else
#define TW_MACHINE sm80
#endif
#elif defined(__gfx90a__)
#define TW_MACHINE gfx90a
#elif defined(__gfx950__)
#define TW_MACHINE gfx950
#elif defined(__gfx942__) || defined(__HIP__)
#define TW_MACHINE gfx942
#elif defined(__AMDGCN__)
#error "TW: no machine for this AMD GPU; arch/registry.def lists them (compile with -mcpu=gfx90a, gfx942 or gfx950)"
#else
#define TW_MACHINE cpu
#endif
#endif

/* clang-format off */
#define TW__PATH(folder, file) TW__TEXT(folder/file)
#define TW__IN(vendor) vendor/TW_MACHINE

/* No space after the commas below: gcc 12 would look for a file whose name begins with it. */

#if __has_include(TW__PATH(TW__IN(nvidia),isa.h))
#define TW__MACHINE_FILE(file) TW__PATH(TW__IN(nvidia), file)
#define TW__GPU 1
#elif __has_include(TW__PATH(TW__IN(amd),isa.h))
#define TW__MACHINE_FILE(file) TW__PATH(TW__IN(amd), file)
#define TW__GPU 1
#elif __has_include(TW__PATH(TW_MACHINE,isa.h))
#define TW__MACHINE_FILE(file) TW__PATH(TW_MACHINE, file)
#define TW__GPU 0
#else
#error "TW: TW_MACHINE names no folder under arch/; arch/registry.def lists the machines"
#endif

/* clang-format on */

#if TW__GPU && !defined(__CUDACC__) && !defined(__HIP__) && !defined(__AMDGCN__)
#define TW_EMULATED 1
#else
#define TW_EMULATED 0
#endif

#endif
