#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A gate catches what it is there for: kernels with a fault each, and an AMD loop with one fault at a time.
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
expect_failure 'no loop round an mfma' "$here/stack_frame.c" hip:gfx942 'stages=2'
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

# A loop as a kernel should have it: three stages, a way by registers that waits for its loads, an end that waits for
# the last copies.
good_loop() {
    cat <<'LOOP'
	global_load_dwordx4 v[0:3], v[4:5], off
	s_waitcnt vmcnt(0)
.LBB0_1:
	s_cbranch_scc1 .LBB0_2
	s_waitcnt vmcnt(8)
	s_branch .LBB0_3
.LBB0_2:
	s_waitcnt vmcnt(0)
.LBB0_3:
	s_waitcnt lgkmcnt(0)
	s_barrier
	s_cbranch_vccnz .LBB0_4
	buffer_load_dword v6, s[40:43], 0 offen lds
	s_branch .LBB0_5
.LBB0_4:
	global_load_dword v7, v[8:9], off
	s_waitcnt vmcnt(0)
	ds_write_b32 v10, v7
.LBB0_5:
	ds_read_b64 v[12:13], v11
	s_waitcnt lgkmcnt(0)
	v_mfma_f32_16x16x16_bf16 v[16:19], v[12:13], v[14:15], v[16:19]
	ds_read_b64 v[14:15], v11 offset:64
	s_cbranch_scc0 .LBB0_1
	s_endpgm
LOOP
}

# loop TEXT STAGES EDIT: the loop changed by sed's EDIT gives TEXT.
loop() {
    local printed
    printed=$(good_loop | sed "$3" | awk -v stages="$2" -f "$here/hot_loop.awk" 2>&1)
    ran=$((ran + 1))
    if [[ $printed != *"$1"* ]] || [[ $1 != loops* && $printed != *line* && $printed != no* ]]; then
        failed=$((failed + 1))
        printf 'loop, %s stages, %s: not "%s" but\n%s\n' "$2" "$3" "$1" "$printed"
    fi
}
all_copies='the loop waits for all copies'
[ "$(good_loop | awk -v stages=3 -f "$here/hot_loop.awk")" = 'loops 1' ] || { failed=$((failed + 1)); echo 'good loop refused'; }
loop 'loops 1' 2 's/vmcnt(8)/vmcnt(0)/'
loop "$all_copies" 3 's/vmcnt(8)/vmcnt(0)/'
loop "$all_copies" 3 's/s_waitcnt lgkmcnt(0)/s_waitcnt vmcnt(0) lgkmcnt(0)/'
loop "$all_copies" 2 '/^.LBB0_5/a s_waitcnt vmcnt(0)'
loop 's_barrier without lgkmcnt(0)' 3 '/^.LBB0_3/,/s_barrier/ { /lgkmcnt/d }'
loop 's_barrier without lgkmcnt(0)' 3 '/^.LBB0_3/,/s_barrier/ { s/lgkmcnt(0)/lgkmcnt(1)/ }'
loop 's_barrier without lgkmcnt(0)' 3 '/s_barrier/i ds_read_b64 v[12:13], v11'
loop 'no loop round an mfma with copies' 3 '/ lds$/d'
loop 'no s_barrier' 3 '/s_barrier/d'
loop 'no loop round an mfma' 3 '/s_cbranch_scc0/d'

[ $ran -gt 12 ] || exit 77
echo "$ran tried, $failed missed"
[ $failed = 0 ]
