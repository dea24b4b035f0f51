/* SPDX-License-Identifier: MIT
 *
 * Names of instance files: what an instance's object depends on, hashed. Private to the host library.
 */
#ifndef TW_HOST_KEY_H
#define TW_HOST_KEY_H

#include "instance.h"

/* <kernel>-<target>-<options>-, which all states of one instance share; free() it. */
char *tw_key_stem(const tw_target_id *id, const tw_instance_request *request);

/* Every file an instance's contents depend on: the kernel's source, the headers beside it, and the library's
 * own but for other vendors' machines (arch/emulator only where it is emulated). `folders`, which may be
 * NULL, receives where a further header would count. */
TW_CHECKED tw_status tw_key_files(const tw_target_id *id, const char *source, tw_list *files,
                                  tw_list *folders);

/* Hash of flags, files and, for cpu, the processor. `source` is the kernel's file, found. */
TW_CHECKED tw_status tw_key_contents(const tw_target_id *id, const char *source, uint64_t *hash);

/* Hash of the version of the compiler for `kind`; asked for once a thread. */
TW_CHECKED tw_status tw_key_compiler(tw_target_kind kind, uint64_t *hash);

/* The target's name as part of a file's name: emu-sm80. */
void tw_key_target(const tw_target_id *id, char *text, size_t bytes);

#endif
