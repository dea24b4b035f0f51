/* SPDX-License-Identifier: MIT
 *
 * Chooses the machine a translation unit is compiled for and brings in its folder.
 *
 *   TW_MACHINE     a name of registry.def. Defined by the build, or found here from the device compiler.
 *   TW_EMULATED    1 when a host compiler compiles a GPU's backend: arch/emulator runs its instructions.
 *   TW_LANES, TW_SHARED_BYTES, ...   this machine's row, as constants.
 *
 * Every machine's folder holds the same files: isa.h (one function per instruction), fragment.h (what a
 * lane holds), mma.h, copy.h, sync.h, pipeline.h (the schedule), kernel.h (how a kernel is declared).
 */
#ifndef TW_ARCH_ARCH_H
#define TW_ARCH_ARCH_H

#include "abi.h"
#include "detect.h"
#include "dialect.h"
#include "dtypes.h"

#define TW_HERE(prefix) TW__JOIN(prefix, TW_MACHINE)

enum { TW_FP8_none, TW_FP8_ocp, TW_FP8_fnuz };

#define TW_MACHINE_ROW(name, vendor, code, lanes, shared_bytes, registers, chiplets, banks, fp8, async_copy, \
                       mma_shared, transposing_read)                                                         \
    enum {                                                                                                   \
        TW__LANES_##name = lanes,                                                                            \
        TW__SHARED_BYTES_##name = shared_bytes,                                                              \
        TW__REGISTERS_##name = registers,                                                                    \
        TW__CHIPLETS_##name = chiplets,                                                                      \
        TW__BANKS_##name = banks,                                                                            \
        TW__FP8_##name = TW_FP8_##fp8,                                                                       \
        TW__ASYNC_COPY_##name = async_copy,                                                                  \
        TW__MMA_SHARED_##name = mma_shared,                                                                  \
        TW__TRANSPOSING_READ_##name = transposing_read                                                       \
    };
#include "registry.def"

enum {
    TW_LANES = TW_HERE(TW__LANES_),
    TW_SHARED_BYTES = TW_HERE(TW__SHARED_BYTES_),
    TW_CHIPLETS = TW_HERE(TW__CHIPLETS_),
    TW_BANKS = TW_HERE(TW__BANKS_),
    TW_CORE = 16,                                    /* side of the fragment every machine is built of */
    TW_CORE_ELEMENTS = TW_CORE * TW_CORE / TW_LANES, /* of them one lane holds these many */
    TW_SCRATCH_BYTES = 4096,                         /* shared memory kept for exchanges between waves */
    TW_CHUNK = 16                                    /* bytes of the widest memory access of one lane */
};

#include TW__MACHINE_FILE(isa.h)
#include TW__MACHINE_FILE(fragment.h)
#include TW__MACHINE_FILE(mma.h)
#include TW__MACHINE_FILE(copy.h)
#include TW__MACHINE_FILE(sync.h)
#include TW__MACHINE_FILE(pipeline.h)
#include TW__MACHINE_FILE(kernel.h)

#endif
