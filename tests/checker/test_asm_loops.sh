#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# tw check --asm on one loop of CDNA assembly, with one fault at a time that no compiler makes to order. Exit status 77:
# no clang for amdgcn, or no llvm-objdump, here.
set -u
here=$(dirname "$0")
tw=${TW_BINARY:-$here/../../build/tw}
read -r -a clang <<<"${TW_CLANG_AMDGPU:-clang-22}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v "${clang[0]}" >/dev/null || exit 77
ran=0 failed=0

# loop CODE STAGES EDIT: the loop changed by sed's EDIT gives a finding with this code, and no other; with
# "-" none.
loop() {
    local printed expected="1 finding"
    sed "$3" "$here/asm/loop.s" >"$work/loop.s"
    "${clang[@]}" --target=amdgcn-amd-amdhsa -mcpu=gfx942 -c "$work/loop.s" -o "$work/loop.o" || exit 1
    printed=$("$tw" check --asm --object "$work/loop.o" --target hip:gfx942 --stages "$2" 2>&1)
    case $printed in tw:\ no\ *\ here*) exit 77 ;; esac
    [ "$1" != - ] || expected="0 findings"
    ran=$((ran + 1))
    if [[ ${printed##*$'\n'} != "$expected" ]] || [[ $1 != - && $printed != *"$1 "* ]]; then
        failed=$((failed + 1))
        printf 'loop, %s stages, %s: not "%s" but\n%s\n' "$2" "$3" "$1" "$printed"
    fi
}
loop - 3 ''
loop - 2 's/vmcnt(1)/vmcnt(0)/'
loop TW201 3 's/vmcnt(1)/vmcnt(0)/'
loop TW201 3 's/s_waitcnt lgkmcnt(0)/s_waitcnt vmcnt(0) lgkmcnt(0)/'
loop TW201 2 '/^.LBB0_5/,$ { s/ds_read_b64 v.12/s_waitcnt vmcnt(0)\n&/ }; s/vmcnt(1)/vmcnt(0)/'
loop TW204 2 ''
loop TW204 3 's/vmcnt(1)/vmcnt(2)/'
loop TW204 3 '/s_barrier/d'
loop TW204 3 '/^.LBB0_1/,/^.LBB0_3/ { s/s_waitcnt vmcnt.*/s_nop 0/ }'
loop TW202 3 '/^.LBB0_3/,/s_barrier/ { /lgkmcnt/d }; /ds_write/d'
loop TW202 3 '/^.LBB0_3/,/s_barrier/ { s/lgkmcnt(0)/lgkmcnt(1)/ }; /ds_write/d'
loop TW202 3 's/s_barrier/ds_read_b64 v[12:13], v11\n\ts_barrier/'
loop TW203 3 's/s_barrier/ds_write_b32 v10, v7\n\ts_barrier/'
loop TW205 3 '/ lds$/d'
loop TW205 3 '/s_cbranch_scc0/d'
echo "$ran tried, $failed missed"
[ $failed = 0 ]
