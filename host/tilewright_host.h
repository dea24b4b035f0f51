/* SPDX-License-Identifier: MIT
 *
 * Tilewright's host library: everything around a kernel, in plain C, with no GPU toolkit at build time.
 *
 *   status.h      what every call returns: a code and a sentence
 *   dtype.h       element types and their conversions, round to nearest even
 *   npy.h         numpy's .npy files, in and out
 *   random.h      seeded normal numbers, the same for any number of threads
 *   error.h       how far a result is from its float64 reference
 *   target.h      machines: what there is, what runs here, memory and copies
 *   instance.h    a kernel compiled for one target: found, cached or compiled, then launched and timed
 *   kernel.h      a kernel described as data: symbols, options, tensors, reference
 *   problem.h     one run of a described kernel: sizes, inputs, device buffers, comparison
 *
 * The lower half alone launches anything that follows arch/abi.h:
 *
 *   tw_target *target;
 *   tw_instance *instance;
 *   void *x;
 *   TW_TRY(tw_target_open("cuda", &target));
 *   TW_TRY(tw_target_allocate(target, bytes, &x));
 *   TW_TRY(tw_target_write(target, x, values, bytes));
 *   TW_TRY(tw_instance_open(target, &(tw_instance_request){ .kernel = "scale", .source = "scale.c" },
 * &instance)); TW_TRY(tw_instance_launch(instance, &arguments, sizeof arguments, (uint32_t[3]){ blocks, 1, 1
 * }, 0)); TW_TRY(tw_target_read(target, values, x, bytes));
 *
 * One thread uses a target and what was opened on it; different targets may be used by different threads.
 */
#ifndef TILEWRIGHT_HOST_H
#define TILEWRIGHT_HOST_H

#include "dtype.h"
#include "error.h"
#include "findings.h"
#include "instance.h"
#include "kernel.h"
#include "npy.h"
#include "problem.h"
#include "profile.h"
#include "random.h"
#include "status.h"
#include "target.h"

#endif
