/* SPDX-License-Identifier: MIT
 *
 * Fibers: several flows of control on one OS thread, each with its own stack, that hand the processor to
 * one another by name. The emulator runs every lane of a block as one.
 *
 *   tw__emu_fiber_start(fiber, stack, bytes, entry)   the first switch to `fiber` will call entry(), which
 *                                                     must call tw__emu_fiber_entered(fiber) first and
 *                                                     must never return
 *   tw__emu_fiber_switch(from, to)                    parks the running fiber `from`, resumes `to`; returns
 *                                                     when something switches back to `from`
 *   tw__emu_fiber_leave(from, to)                     the same for the last time; does not return
 *   tw__emu_fiber_end(fiber)                          before the stack is freed
 *
 * The flow that makes the first switch (an OS thread's own stack) is a zeroed tw__emu_fiber. A fiber never
 * moves between OS threads. A parked fiber may be started again on the same stack: what was there is gone.
 *
 * x86-64 and aarch64 switch in a dozen instructions; elsewhere, or with TW_EMU_UCONTEXT defined,
 * <ucontext.h> does it at the price of two system calls. AddressSanitizer, ThreadSanitizer and valgrind are
 * told about the stacks; clang's MemorySanitizer keeps its notes by address and needs not be.
 */
#ifndef TW_ARCH_EMULATOR_FIBER_H
#define TW_ARCH_EMULATOR_FIBER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __has_include
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif
#endif
#ifndef VALGRIND_STACK_REGISTER
#define VALGRIND_STACK_REGISTER(start, end) 0u
#define VALGRIND_STACK_DEREGISTER(id)       (void)(id)
#endif

#ifndef TW__HAS_FEATURE
#ifdef __has_feature
#define TW__HAS_FEATURE(name) __has_feature(name)
#else
#define TW__HAS_FEATURE(name) 0
#endif
#endif

#if defined(__SANITIZE_ADDRESS__) || TW__HAS_FEATURE(address_sanitizer)
#define TW__EMU_ASAN 1
#else
#define TW__EMU_ASAN 0
#endif

#if TW__HAS_FEATURE(memory_sanitizer)
#define TW__EMU_MSAN 1
#else
#define TW__EMU_MSAN 0
#endif

#if defined(__SANITIZE_THREAD__) || TW__HAS_FEATURE(thread_sanitizer)
#define TW__EMU_TSAN 1
#else
#define TW__EMU_TSAN 0
#endif

#if !defined(TW_EMU_UCONTEXT) && defined(__ELF__) && (defined(__x86_64__) || defined(__aarch64__))
#define TW__EMU_FIBER_ASM 1
#else
#define TW__EMU_FIBER_ASM 0
#include <ucontext.h>
#endif

/* An out-of-line function of a header: one copy per object, no warning where it is not called. */
#define TW__EMU_FUNCTION static __attribute__((noinline, unused))

typedef struct tw__emu_fiber {
#if TW__EMU_FIBER_ASM
    void *stack_pointer; /* while parked: its saved registers lie here */
#else
    ucontext_t context;
#endif
    const void *stack; /* lowest address; of the OS thread's own stack known to AddressSanitizer only */
    size_t stack_bytes;
    struct tw__emu_fiber *resumed_by;
    void *asan_frames; /* AddressSanitizer's heap copies of this fiber's frames, while parked */
    void *tsan_fiber;
    unsigned valgrind_stack;
} tw__emu_fiber;

/* <sanitizer/common_interface_defs.h>, <sanitizer/asan_interface.h>, <sanitizer/tsan_interface.h>; the
 * headers are not always installed beside the compiler. */
#ifdef __cplusplus
extern "C" {
#endif
#if TW__EMU_ASAN
void __sanitizer_start_switch_fiber(void **frames_save, const void *bottom, size_t bytes);
void __sanitizer_finish_switch_fiber(void *frames, const void **bottom_old, size_t *bytes_old);
void __asan_unpoison_memory_region(void const volatile *address, size_t bytes);
#endif
#if TW__EMU_MSAN
intptr_t __msan_test_shadow(const volatile void *address, size_t bytes);
void __msan_poison(const volatile void *address, size_t bytes);
void __msan_unpoison(const volatile void *address, size_t bytes);
#endif
#if TW__EMU_TSAN
void *__tsan_get_current_fiber(void);
void *__tsan_create_fiber(unsigned flags);
void __tsan_destroy_fiber(void *fiber);
void __tsan_switch_to_fiber(void *fiber, unsigned flags);
#endif
#if TW__EMU_FIBER_ASM
/* Pushes the registers a call must preserve, stores the stack pointer in *save, continues where `resume`
 * was stored. Control words of the floating-point unit are not switched: lanes leave them alone. */
void tw__emu_swap_stacks(void **save, void *resume) __asm__("tw__emu_swap_stacks")
    __attribute__((visibility("hidden")));
#endif
#ifdef __cplusplus
}
#endif

#if TW__EMU_FIBER_ASM && defined(__x86_64__)
/* System V ABI, AMD64 supplement, "Registers": rbx, rbp, r12-r15 belong to the caller. */
enum { TW__EMU_SAVED_WORDS = 6, TW__EMU_SAVED_ENTRY = 6, TW__EMU_FRAME_WORDS = 8 };
__asm__(".text\n"
        ".p2align 4\n"
        ".type tw__emu_swap_stacks, @function\n"
        "tw__emu_swap_stacks:\n"
        "    pushq %rbp\n"
        "    pushq %rbx\n"
        "    pushq %r12\n"
        "    pushq %r13\n"
        "    pushq %r14\n"
        "    pushq %r15\n"
        "    movq %rsp, (%rdi)\n"
        "    movq %rsi, %rsp\n"
        "    popq %r15\n"
        "    popq %r14\n"
        "    popq %r13\n"
        "    popq %r12\n"
        "    popq %rbx\n"
        "    popq %rbp\n"
        "    ret\n"
        ".size tw__emu_swap_stacks, . - tw__emu_swap_stacks\n");
#elif TW__EMU_FIBER_ASM && defined(__aarch64__)
/* AAPCS64, "General-purpose registers", "SIMD and floating-point registers": x19-x30 and the low halves
 * of v8-v15 belong to the caller; `ret` goes to x30. */
enum { TW__EMU_SAVED_WORDS = 20, TW__EMU_SAVED_ENTRY = 11, TW__EMU_FRAME_WORDS = 20 };
__asm__(".text\n"
        ".p2align 4\n"
        ".type tw__emu_swap_stacks, %function\n"
        "tw__emu_swap_stacks:\n"
        "    sub sp, sp, #160\n"
        "    stp x19, x20, [sp]\n"
        "    stp x21, x22, [sp, #16]\n"
        "    stp x23, x24, [sp, #32]\n"
        "    stp x25, x26, [sp, #48]\n"
        "    stp x27, x28, [sp, #64]\n"
        "    stp x29, x30, [sp, #80]\n"
        "    stp d8, d9, [sp, #96]\n"
        "    stp d10, d11, [sp, #112]\n"
        "    stp d12, d13, [sp, #128]\n"
        "    stp d14, d15, [sp, #144]\n"
        "    mov x9, sp\n"
        "    str x9, [x0]\n"
        "    mov sp, x1\n"
        "    ldp x19, x20, [sp]\n"
        "    ldp x21, x22, [sp, #16]\n"
        "    ldp x23, x24, [sp, #32]\n"
        "    ldp x25, x26, [sp, #48]\n"
        "    ldp x27, x28, [sp, #64]\n"
        "    ldp x29, x30, [sp, #80]\n"
        "    ldp d8, d9, [sp, #96]\n"
        "    ldp d10, d11, [sp, #112]\n"
        "    ldp d12, d13, [sp, #128]\n"
        "    ldp d14, d15, [sp, #144]\n"
        "    add sp, sp, #160\n"
        "    ret\n"
        ".size tw__emu_swap_stacks, . - tw__emu_swap_stacks\n");
#endif

/* `stack` .. + bytes is the fiber's stack, 16-byte aligned at its end. */
TW__EMU_FUNCTION void tw__emu_fiber_start(tw__emu_fiber *fiber, void *stack, size_t bytes,
                                          void (*entry)(void))
{
#if TW__EMU_ASAN
    __asan_unpoison_memory_region(stack, bytes); /* a fiber abandoned half-way left its red zones behind */
#endif
#if TW__EMU_TSAN
    if (!fiber->tsan_fiber)
        fiber->tsan_fiber = __tsan_create_fiber(0);
#endif
    if (!fiber->stack)
        fiber->valgrind_stack = VALGRIND_STACK_REGISTER(stack, (char *)stack + bytes);
    fiber->stack = stack;
    fiber->stack_bytes = bytes;
#if TW__EMU_FIBER_ASM
    /* Zero registers and a zero return address: a debugger's backtrace ends at the entry. */
    void **frame = (void **)((char *)stack + bytes) - TW__EMU_FRAME_WORDS;
    memset(frame, 0, TW__EMU_FRAME_WORDS * sizeof *frame);
    memcpy(&frame[TW__EMU_SAVED_ENTRY], &entry, sizeof entry);
    fiber->stack_pointer = frame;
#else
    getcontext(&fiber->context);
    fiber->context.uc_stack.ss_sp = stack;
    fiber->context.uc_stack.ss_size = bytes;
    fiber->context.uc_link = NULL;
    makecontext(&fiber->context, entry, 0);
#endif
}

/* Every fiber, after each switch to it and as the first thing in its entry function. */
static inline void tw__emu_fiber_entered(tw__emu_fiber *fiber)
{
#if TW__EMU_ASAN
    __sanitizer_finish_switch_fiber(fiber->asan_frames, &fiber->resumed_by->stack,
                                    &fiber->resumed_by->stack_bytes);
#else
    (void)fiber;
#endif
}

/* The switch itself. `frames_save` is where AddressSanitizer keeps the parked fiber's copies of frames; NULL
 * frees them. */
static inline void tw__emu_fiber_jump(tw__emu_fiber *from, tw__emu_fiber *to, void **frames_save)
{
#if TW__EMU_ASAN
    to->resumed_by = from;
    __sanitizer_start_switch_fiber(frames_save, to->stack, to->stack_bytes);
#else
    (void)frames_save;
#endif
#if TW__EMU_TSAN
    from->tsan_fiber = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(to->tsan_fiber, 0);
#endif
#if TW__EMU_FIBER_ASM
    tw__emu_swap_stacks(&from->stack_pointer, to->stack_pointer);
#else
    swapcontext(&from->context, &to->context);
#endif
}

static inline void tw__emu_fiber_switch(tw__emu_fiber *from, tw__emu_fiber *to)
{
    tw__emu_fiber_jump(from, to, &from->asan_frames);
    tw__emu_fiber_entered(from);
}

/* A fiber's last switch: only a new start brings it back. */
static inline void tw__emu_fiber_leave(tw__emu_fiber *from, tw__emu_fiber *to)
{
    from->asan_frames = NULL;
    tw__emu_fiber_jump(from, to, NULL);
}

/* Before the stack of a fiber that was started is freed. */
TW__EMU_FUNCTION void tw__emu_fiber_end(tw__emu_fiber *fiber)
{
#if TW__EMU_ASAN
    __asan_unpoison_memory_region(fiber->stack, fiber->stack_bytes);
#endif
#if TW__EMU_TSAN
    __tsan_destroy_fiber(fiber->tsan_fiber);
#endif
    VALGRIND_STACK_DEREGISTER(fiber->valgrind_stack);
    memset(fiber, 0, sizeof *fiber);
}

#endif
