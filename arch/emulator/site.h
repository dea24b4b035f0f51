/* SPDX-License-Identifier: MIT
 *
 * Where in the kernel's code a lane stands. Emulated instructions are inlined into the kernel, so the address
 * of the code itself, with the debug information's stack of inlined calls, names the kernel's line and every
 * library line in between; host/places.h looks them up. It costs one instruction, and nothing in the source.
 */
#ifndef TW_ARCH_EMULATOR_SITE_H
#define TW_ARCH_EMULATOR_SITE_H

/* An address inside the instruction that the caller was inlined into (the one behind it may be another
 * line's); elsewhere than on x86-64 and aarch64
 * the kernel's caller, so that lines are less exact there. */
static inline __attribute__((always_inline, unused)) const void *tw__emu_here(void)
{
    const void *here;
#if defined(__x86_64__)
    __asm__ volatile("leaq -1(%%rip), %0" : "=r"(here));
#elif defined(__aarch64__)
    __asm__ volatile("adr %0, ." : "=r"(here));
#else
    here = __builtin_return_address(0);
#endif
    return here;
}

#endif
