#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What a GPU's compiler made of one kernel, on one line, and whether that is good enough:
#   gate.sh KERNEL TARGET                  the default instance; its instruction from expected.tsv
#   gate.sh FILE.c TARGET INSTRUCTION      any kernel source, and the instruction it must contain
# Fails on a spill, a stack frame, no such instruction, or more than 60 s. Exit status 77: no compiler here.
# Reads TW_BINARY (the tool).
set -euo pipefail

tw=${TW_BINARY:-$(dirname "$0")/../../build/tw}
kernel=$1 target=$2
seconds_allowed=60
table=$(dirname "$0")/expected.tsv
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

case $kernel in
*.c)
    subject=(--source "$kernel")
    instruction=$3
    ;;
*)
    subject=("$kernel")
    instruction=$(awk -F '\t' -v k="$kernel" -v t="$target" '$1 == k && $2 == t { print $3 }' "$table")
    ;;
esac
[ -n "$instruction" ] || { echo "gate: expected.tsv has no row for $kernel on $target"; exit 1; }

started=$SECONDS
if ! "$tw" compile "${subject[@]}" --target "$target" -o "$work/object" --resources --json "$work/resources" \
    >/dev/null 2>"$work/errors"; then
    cat "$work/errors"
    # shellcheck disable=SC2016
    grep -q '^tw: no .* here' "$work/errors" && exit 77
    exit 1
fi
seconds=$((SECONDS - started))

# The code to look through: the disassembly, where there is a disassembler, else PTX.
case $target in
cuda*)
    command=$("$tw" compile "${subject[@]}" --target "$target" --print-command -o "$work/object.ptx")
    eval "${command/ -cubin / -ptx }"
    cp "$work/object.ptx" "$work/code"
    ;;
hip*)
    objdump=$(command -v llvm-objdump-22 llvm-objdump-23 llvm-objdump-24 llvm-objdump | head -n 1) || true
    [ -n "$objdump" ] || { echo "gate: no llvm-objdump here (Debian: llvm-22)"; exit 77; }
    "$objdump" -d "$work/object" >"$work/code"
    ;;
*)
    echo "gate: $target has no matrix instruction; a gate is for cuda:* and hip:*"
    exit 1
    ;;
esac
count=$(awk -v pattern="$instruction" '$0 ~ pattern { n++ } END { print n + 0 }' "$work/code")

figure() { sed -n "s/.*\"$1\":[[:space:]]*\([0-9]*\).*/\1/p" "$work/resources" | sort -n | tail -n 1; }
registers=$(figure registers) spills=$(figure spills) stack=$(figure stack_bytes)
shared=$(figure shared_bytes)
if [ -z "$registers" ] || [ -z "$spills" ] || [ -z "$stack" ]; then
    echo "gate: the compiler reported no resources"
    cat "$work/resources"
    exit 1
fi
echo "$kernel $target: registers $registers spills $spills stack $stack shared $shared matrix $count seconds $seconds"

verdict=0
refuse() { echo "gate: $kernel on $target: $*"; verdict=1; }
[ "$spills" = 0 ] || refuse "$spills spills: the tile does not fit the registers, or an index is not constant"
[ "$stack" = 0 ] || refuse "$stack bytes of stack: a tile left the registers (a loop that was not unrolled?)"
[ "$count" -gt 0 ] || refuse "no $instruction: the MMA went another way"
[ "$seconds" -le $seconds_allowed ] || refuse "compiling took $seconds s, $seconds_allowed at most"
exit $verdict
