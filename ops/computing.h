/* SPDX-License-Identifier: MIT
 *
 *   tw__is_pipeline(tw__computing)   whether an op's macro stands in a TW_COMPUTE; 0 in helper functions
 *   tw__pipeline_of(tw__computing)   if so, of which pipeline (AMD's compiler does not see that a variable's
 *                                    address is not the null pointer: the one cannot stand for the other)
 *
 * TW_COMPUTE declares a variable of that name. Elsewhere the name is a function's: in front of a function,
 * unlike in front of a constant, gcc's -Wshadow lets a variable stand.
 */
#ifndef TW_OPS_COMPUTING_H
#define TW_OPS_COMPUTING_H

#include "../arch/arch.h"

TW_FN void tw__computing(void) {}

/* A pipe (TW_PIPE) is its state and the pointer to its stages, of which tw__computing is the address. */
typedef struct {
    tw__pipeline state;
    void *stage;
} tw__pipe;

TW_FN tw__pipeline *tw__pipe_around(void *stage)
{
    return stage ? (tw__pipeline *)((char *)stage - offsetof(tw__pipe, stage)) : 0;
}

#ifdef __cplusplus
TW_FN int tw__is_pipeline(void *) { return 1; }
TW_FN int tw__is_pipeline(void (*)(void)) { return 0; }
TW_FN tw__pipeline *tw__pipeline_of(void *stage) { return tw__pipe_around(stage); }
TW_FN tw__pipeline *tw__pipeline_of(void (*)(void)) { return 0; }
#else
#define tw__is_pipeline(x) _Generic(x, void (*)(void) : 0, default : 1)
#define tw__pipeline_of(x) tw__pipe_around(_Generic(x, void (*)(void) : (void *)0, default : x))
#endif

#endif
