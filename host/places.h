/* SPDX-License-Identifier: MIT
 *
 * Code addresses as lines of source. An address inside an instruction of an emulated kernel stands in a stack
 * of inlined calls: kernel, op, tile, machine, emulator. Two of its lines matter: where the kernel called the
 * library, and the innermost line of the library. Needs debug information (-g1) and addr2line or
 * llvm-symbolizer.
 */
#ifndef TW_HOST_PLACES_H
#define TW_HOST_PLACES_H

#include <stddef.h>

/* "examples/gemm/gemm.c:57", with paths from the folder of tilewright.h on. NULL: not known. */
typedef struct {
    char *kernel;  /* the innermost line outside arch/, ops/ and tiles/ */
    char *library; /* the innermost line outside arch/emulator/, where that is another */
} tw_place;

/* Looks up `count` addresses (NULL ones too); free each with tw_place_free. */
void tw_places_find(const void *const *address, size_t count, tw_place *place);
void tw_place_free(tw_place *place);

/* "kernel (library)", "kernel", "library" or NULL; free() it. */
char *tw_place_text(const tw_place *place);

#endif
