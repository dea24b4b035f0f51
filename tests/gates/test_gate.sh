#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A gate catches what it is there for: kernels with a fault each.
set -u
here=$(dirname "$0")
ran=0 failed=0

# expect_failure TEXT ARGUMENT...: gate.sh fails, and says TEXT.
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
    expect_failure 'no matrix_instruction' "$here/stack_frame.c" $target '. matrix_instruction .'
    expect_failure 'has no place here' "$here/stack_frame.c" $target '.' 'never_there stack_frame'
    expect_failure 'spills to memory, 0 allowed' "$here/many_values.c" $target '.'
done
expect_failure 'scalars spilled to lanes' "$here/many_values.c" hip:gfx942 '.' - -DMANY_VALUES_OF_A_WAVE=1
expect_failure TW205 "$here/one_product.c" hip:gfx942 'stages=2'
expect_failure 'an MFMA outside a turn' "$here/one_product.c" hip:gfx942 'turns'
expect_failure 'no turn' "$here/stack_frame.c" hip:gfx942 'turns'
expect_failure C7508 "$here/no_launch_bounds.cu" cuda:sm90 setmaxnreg
expect_failure 'no row for' no_such_kernel hip:gfx942
expect_failure 'no row for' gemm hip:gfx942 'no_such=setting'

# What the table allows passes; one more does not.
allowance() {
    local table
    table=$(mktemp)
    printf 'gemm\thip:gfx942\tdefault\tv_mfma v_readlane|s_load\t-\tscalar_spills=%s\n' "$1" >"$table"
    TW_GATES_TABLE=$table "$here/gate.sh" gemm hip:gfx942 2>&1
    local status=$?
    rm -f "$table"
    return $status
}
printed=$(allowance 1000)
status=$?
if [ $status != 77 ]; then
    ran=$((ran + 1))
    [ $status = 0 ] || { failed=$((failed + 1)); printf 'not allowed: 1000 scalar spills\n%s\n' "$printed"; }
fi

[ $ran -gt 8 ] || exit 77
echo "$ran tried, $failed missed"
[ $failed = 0 ]
