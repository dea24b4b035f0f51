#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# tw check from the outside: a kernel that is right, and the library with one thing taken out of it. Exit status,
# code and line of each finding, the replay by seed, and the JSON.
#
#   test_check.sh SOURCE_ROOT      TW_BINARY names the tool
set -euo pipefail

root=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$root/tilewright.h" "$root/arch" "$root/ops" "$root/tiles" "$root/examples" "$work"
export TW_SOURCE_ROOT=$work

fail() {
    echo "FAIL: $*" >&2
    cat "$work/out" >&2
    exit 1
}

# expect STATUS TARGET OPTIONS...: runs tw check on the gemm
expect() {
    local wanted=$1 status=0
    shift
    "$TW_BINARY" check gemm --target "$@" --shape M=100 --shape N=72 --shape K=200 >"$work/out" 2>&1 || status=$?
    [ "$status" = "$wanted" ] || fail "tw check gemm --target $*: exit status $status, not $wanted"
}

# line_of FILE TEXT: the number of the one line that holds it
line_of() {
    [ "$(grep -cF "$2" "$work/$1")" = 1 ] || { echo "FAIL: $1 has not one line with $2" >&2; exit 1; }
    grep -nF "$2" "$work/$1" | cut -d: -f1
}

# swap FILE FROM TO: changes the one line that holds FROM
swap() {
    local text
    line_of "$1" "$2" >"$work/none"
    text=$(<"$work/$1")
    printf '%s\n' "${text/"$2"/"$3"}" >"$work/$1"
}

restore() { cp "$root/$1" "$work/$1"; }

# ---- nothing wrong ----
expect 0 emu:sm80 --schedules 2 --json "$work/clean.json"
grep -q "clean: 2 schedules, seeds 1 to 2" "$work/out" || fail "a kernel that is right"
[ ! -f "$work/clean.json" ] || grep -q '"clean":	true' "$work/clean.json" || fail "JSON of a kernel that is right"
[ ! -f "$work/clean.json" ] || grep -q '"global_written_bytes":	14400' "$work/clean.json" || fail "bytes written"

# ---- requests that make no sense ----
expect 2 cpu
expect 2 emu:sm80 --schedules 0
expect 2 emu:sm80 --no-such-option

# ---- Hopper: twice the bytes are announced that come ----
line=$(line_of arch/nvidia/sm90/pipeline.h "tw__isa_mbarrier_wait(&pipe->full[pipe->slot], pipe->parity);")
swap arch/nvidia/sm90/pipeline.h "[pipe->load_slot], pipe->bytes);" "[pipe->load_slot], 2 * pipe->bytes);"
expect 1 emu:sm90 --seed 7 --schedules 2
grep -q "^examples/gemm/gemm.c:[0-9]* (arch/nvidia/sm90/pipeline.h:$line): TW106 deadlock" "$work/out" ||
    fail "expecting too many bytes"
grep -q -- "--seed 7 --schedules 1 replays" "$work/out" || fail "the seed to replay"
restore arch/nvidia/sm90/pipeline.h

# ---- a swizzle by pairs of lines: the fragments' loads meet the same banks twice, and nothing is wrong ----
line=$(line_of examples/gemm/gemm.c "(acc, stage->a, stage->b, ")
no_conflicts='^  shared memory: .* (1.00)$'
for machine in sm80 gfx942; do
    expect 0 emu:$machine --schedules 1 --occupancy
    grep -q "occupancy, an estimate: [1-9]" "$work/out" || fail "the estimate of occupancy"
    grep -q "$no_conflicts" "$work/out" || fail "bank conflicts of the right swizzle"
    ! grep -q "bank conflicts at" "$work/out" || fail "bank conflicts are reported, and there are none"
done
for machine in sm90 gfx90a gfx950; do
    "$TW_BINARY" check attention --target emu:$machine --schedules 1 --shape Sq=64 --shape Sk=80 >"$work/out" 2>&1 ||
        fail "attention on $machine"
    grep -q "$no_conflicts" "$work/out" || fail "bank conflicts of attention on $machine"
done
swap arch/shared.h "return row * panel / 128 % units;" "return row * panel / 256 % units;"
expect 0 emu:sm80 --schedules 1 --json "$work/conflicts.json"
grep -q " 2.00  matrix load of 16 bytes, .* times: examples/gemm/gemm.c:$line (arch/nvidia/common/mma.h:" "$work/out" ||
    fail "the factor of ldmatrix"
grep -q "^bank conflicts at examples/gemm/gemm.c:$line (arch/nvidia/common/mma.h:[0-9]*): .* 2.00 times" "$work/out" ||
    fail "the line with the bank conflicts"
swap arch/amd/gfx90a/fragment.h "row * panel / 128 % units" "row * panel / 256 % units"
expect 0 emu:gfx942 --schedules 1
grep -q "^bank conflicts at examples/gemm/gemm.c:$line (arch/words.h:[0-9]*): .* 2.00 times" "$work/out" ||
    fail "the line with the bank conflicts on CDNA3"
restore arch/shared.h
restore arch/amd/gfx90a/fragment.h

echo "all as expected"
