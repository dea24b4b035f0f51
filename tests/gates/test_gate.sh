#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A gate catches what it is there for: a stack frame, and a kernel without the instruction it should have.
set -u
here=$(dirname "$0")
ran=0 failed=0

expect_failure() {
    local text=$1 printed status
    shift
    printed=$("$here/gate.sh" "$@" 2>&1)
    status=$?
    [ $status = 77 ] && return
    ran=$((ran + 1))
    if [ $status = 0 ] || [[ $printed != *"$text"* ]]; then
        failed=$((failed + 1))
        printf 'not caught: %s: %s\n%s\n' "$*" "$text" "$printed"
    fi
}

for target in cuda:sm80 hip:gfx942; do
    expect_failure 'bytes of stack' "$here/stack_frame.c" $target '.'
    expect_failure 'no matrix_instruction' "$here/stack_frame.c" $target matrix_instruction
done
expect_failure 'no row for' no_such_kernel hip:gfx942
[ $ran -gt 1 ] || exit 77
echo "$ran tried, $failed missed"
[ $failed = 0 ]
