#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The emulated machines under clang's memory sanitizer: a register tile that nothing has written, or whose MMA is under
# way, is found at the store that lets it out or the wgmma that adds to it, and its twin is not.
#
#   test_registers.sh SOURCE_ROOT      exit status 77 where no clang has the sanitizer
set -euo pipefail

root=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    echo "FAIL: $*" >&2
    cat "$work/out" >&2
    exit 1
}

printf 'int main(void) { return 0; }\n' >"$work/probe.c"
clang=
for candidate in clang clang-22; do
    if command -v "$candidate" >/dev/null && "$candidate" -fsanitize=memory "$work/probe.c" -o "$work/probe" 2>/dev/null &&
        "$work/probe"; then
        clang=$candidate
        break
    fi
done
[ -n "$clang" ] && command -v addr2line >/dev/null || exit 77

for machine in sm80 sm90 gfx942; do
    "$clang" -std=c17 -O1 -g1 -fsanitize=memory -DTW_MACHINE=$machine -I"$root" "$root/tests/checker/registers.c" \
        -o "$work/program" -lm
    "$work/program" 0 >"$work/out" 2>&1 || fail "$machine: the kernel without a fault"
    for fault in 1 2; do
        [ $fault = 1 ] || [ $machine = sm90 ] || continue
        line=$(grep -n "fault $fault on .*$machine" "$root/tests/checker/registers.c" | cut -d: -f1)
        status=0
        "$work/program" $fault >"$work/out" 2>&1 || status=$?
        [ "$status" = 1 ] || fail "$machine: exit status $status of the kernel with fault $fault"
        while read -r code address text; do
            [ "$code" = TW107 ] || fail "$machine: $code $text"
            addr2line -ie "$work/program" "$address" | grep -q "registers.c:$line\$" || fail "$machine: another line"
        done <"$work/out"
    done
done
echo "all as expected"
