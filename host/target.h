/* SPDX-License-Identifier: MIT
 *
 * Targets: where a kernel runs.
 *
 *   cpu             this processor, native code
 *   emu:MACHINE     a GPU's own back end, executed lane by lane on this processor
 *   cuda:MACHINE    an NVIDIA GPU;  cuda alone: the machine that the GPU found here needs
 *   hip:MACHINE     an AMD GPU;     hip alone: likewise
 *
 * MACHINE is a row of arch/registry.def. The GPU drivers are opened at run time, so a program that uses this
 * header builds and starts where none is installed.
 */
#ifndef TW_HOST_TARGET_H
#define TW_HOST_TARGET_H

#include <stddef.h>
#include <stdint.h>

#include "status.h"

typedef struct {
    const char *name;   /* sm90 */
    const char *vendor; /* cpu, nvidia or amd */
    const char *code;   /* what the vendor's compiler calls it: sm_90a */
    int lanes;          /* of a wave */
    int shared_bytes;   /* most that one block may use */
    int mma_shared;     /* 1: matrix units and copy engine work on shared memory through descriptors */
} tw_machine;

typedef enum {
    TW_TARGET_CPU,
    TW_TARGET_EMULATED,
    TW_TARGET_CUDA,
    TW_TARGET_HIP,
    TW_TARGET_KINDS
} tw_target_kind;

/* A target by name, whether or not it can run here. */
typedef struct {
    tw_target_kind kind;
    const tw_machine *machine; /* NULL: cuda or hip, to be settled by the GPU found */
    char name[32];             /* cuda:sm90 */
} tw_target_id;

/* What `tw targets` prints. */
typedef struct {
    tw_target_id id;
    int shipped;       /* kernels of the build for this target */
    char compiler[96]; /* what would compile further ones; empty if it is not here */
    int runnable;      /* 1: a kernel can be launched here */
    char device[96];   /* the processor's or GPU's name; empty if there is none */
    char reason[160];  /* why not runnable */
} tw_target_report;

typedef struct tw_target tw_target;

/* The machine called `name`, or NULL. */
const tw_machine *tw_machine_find(const char *name);

/* Checks the name only; the message lists what there is. */
TW_CHECKED tw_status tw_target_parse(const char *name, tw_target_id *id);

/* As tw_target_parse, and for cuda and hip alone asks the driver which machine the GPU here is. */
TW_CHECKED tw_status tw_target_resolve(const char *name, tw_target_id *id);

/* Every target, in the registry's order: index 0 up to tw_target_count() - 1. */
size_t tw_target_count(void);
void tw_target_describe(size_t index, tw_target_report *report);

/* Opens a target: the first GPU (CUDA_VISIBLE_DEVICES and HIP_VISIBLE_DEVICES choose) or this processor. A
 * GPU of another machine than the one named is refused. NULL is harmless to close; what was opened on the
 * target must be closed before. */
TW_CHECKED tw_status tw_target_open(const char *name, tw_target **target);
void tw_target_close(tw_target *target);

const tw_target_id *tw_target_identity(const tw_target *target);
const char *tw_target_device(const tw_target *target); /* "NVIDIA H100 80GB HBM3" */

/* Device memory, aligned to 256 bytes, uninitialised. `bytes` is at least 1. */
TW_CHECKED tw_status tw_target_allocate(tw_target *target, size_t bytes, void **address);
void tw_target_free(tw_target *target, void *address);

/* Copies host to device and back; both wait for launches before them. */
TW_CHECKED tw_status tw_target_write(tw_target *target, void *device, const void *host, size_t bytes);
TW_CHECKED tw_status tw_target_read(tw_target *target, void *host, const void *device, size_t bytes);

/* Waits for every launch; a fault of one of them shows here at the latest. */
TW_CHECKED tw_status tw_target_synchronize(tw_target *target);

/* The CUstream or hipStream_t on which launches go from now on, in order with the caller's own work there;
 * NULL, as at first, is the default stream. A processor has none: nothing changes. */
void tw_target_use_stream(tw_target *target, void *stream);

#endif
