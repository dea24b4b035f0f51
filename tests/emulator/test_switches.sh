#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The emulator by <ucontext.h>, and on aarch64 where a compiler for it and qemu are here.
#
#   test_switches.sh SOURCE_ROOT COMPILER
set -euo pipefail

root=$1 compiler=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# try MACHINE COMPILER OPTION -- COMMAND...: builds the kernel with the option, and runs it by the command
try() {
    local machine=$1 with=$2 option=$3
    shift 4
    "$with" -std=c11 -O2 -Wall -Wextra -Werror -I"$root" "$option" -DTW_MACHINE="$machine" \
        "$root/tests/emulator/switches.c" -o "$work/program" -lm
    "$@" "$work/program" || { echo "FAIL: $with $option, $machine" >&2; exit 1; }
}

try gfx942 "$compiler" -DTW_EMU_UCONTEXT -- env
if command -v aarch64-linux-gnu-gcc >/dev/null && command -v qemu-aarch64 >/dev/null; then
    try sm90 aarch64-linux-gnu-gcc -static -- qemu-aarch64
    echo "by ucontext, and on aarch64: as expected"
else
    echo "by ucontext: as expected; no compiler for aarch64 with qemu here"
fi
