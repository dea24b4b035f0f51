#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What a GPU's compiler made of one kernel, on one line, and whether that is good enough:
#   gate.sh KERNEL TARGET [SETTINGS]              an instance; SETTINGS "d=64 causal=1", none for the default, and a
#                                                 macro that is no option as -DNAME=TEXT. What its code must hold is
#                                                 the table's, expected.tsv
#   gate.sh FILE TARGET REQUIRED [FORBIDDEN [-DNAME=TEXT...]]
#                                                 a kernel's source (.c, .cu), what its code must hold and must not
# Fails on what the table says, a finding of `tw check --asm` (waits, matrix instructions), a spill or a stack frame, a
# warning of ptxas that an instruction is ignored or serialised (C75xx), or more than 60 s. Exit status 77: no compiler here. Reads TW_BINARY (the tool), and
# TW_GATES_TABLE (another table).
set -euo pipefail

here=$(dirname "$0")
tw=${TW_BINARY:-$here/../../build/tw}
kernel=$1 target=$2
seconds_allowed=60
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

allowed=-
case $kernel in
*.c | *.cu)
    subject=(--source "$kernel" "${@:5}")
    name=$kernel required=$3 forbidden=${4:--}
    ;;
*)
    read -r -a settings <<<"${3:-}"
    subject=("$kernel")
    for setting in "${settings[@]}"; do
        case $setting in -D*) subject+=("$setting") ;; *) subject+=("--set=$setting") ;; esac
    done
    name="$kernel${3:+ $3}"
    IFS=$'\t' read -r required forbidden allowed < <(
        awk -F '\t' -v kernel="$kernel" -v target="$target" -v settings="${3:-default}" '
            $1 == kernel && $2 == target {
                count = split($3, variant, / *; */)
                for (i = 1; i <= count; i++)
                    if (variant[i] == settings) { print $4 "\t" $5 "\t" $6; exit }
            }' "${TW_GATES_TABLE:-$here/expected.tsv}") ||
        { echo "gate: expected.tsv has no row for $name on $target"; exit 1; }
    ;;
esac

more=()
for word in $required; do
    case $word in stages=*) more=(--stages "${word#stages=}") ;; esac
done

case $target in cuda*) more+=(--ptx "$work/code.ptx") ;; esac

# The compiler's own seconds: others may keep the machine busy. Exit status 1: there are findings, in the log.
TIMEFORMAT='%U %S'
check() {
    "$tw" check --asm "${subject[@]}" --target "$target" "${more[@]}" --listing "$work/listing" \
        --json "$work/report" >"$work/findings" 2>"$work/log"
}
status=0
{ time check; } 2>"$work/seconds" || status=$?
if [ $status -gt 1 ]; then
    cat "$work/log"
    # shellcheck disable=SC2016
    grep -q '^tw: no .* here' "$work/log" && exit 77
    exit 1
fi
seconds=$(awk '{ printf "%.0f", $1 + $2 }' "$work/seconds")

# The code to look through: PTX for cuda, SASS behind it where there is a disassembler; the listing for hip.
code=$work/listing
sass=
case $target in
cuda*)
    code=$work/code.ptx
    grep -q '^skipped:' "$work/findings" || sass=$work/listing
    ;;
esac

figure() { sed -n "s/.*\"$1\":[[:space:]]*\([0-9]*\).*/\1/p" "$work/report" | sort -n | tail -n 1; }
registers=$(figure registers) spills=$(figure spills) scalar_spills=$(figure scalar_spills)
stack=$(figure stack_bytes) shared=$(figure shared_bytes)
if [ -z "$registers" ] || [ -z "$spills" ] || [ -z "$scalar_spills" ] || [ -z "$stack" ]; then
    echo "gate: the compiler reported no resources"
    cat "$work/report"
    exit 1
fi
limit() { # of what the table's sixth column allows: "scalar_spills=80"
    local word
    for word in $allowed; do [ "${word%%=*}" = "$1" ] && echo "${word#*=}" && return; done
    echo 0
}

verdict=0 found=
refuse() { echo "gate: $name on $target: $*"; verdict=1; }

# lines PATTERN: how many of the code have it; "sass:PATTERN", of the SASS, "-" where there is none here.
lines() {
    local file=$code
    case $1 in
    sass:*) [ -n "$sass" ] || { echo -; return; }; file=$sass ;;
    esac
    awk -v pattern="${1#sass:}" '$0 ~ pattern { n++ } END { print n + 0 }' "$file"
}
words() { # one a line; a pattern is never a file name
    local list
    read -r -a list <<<"$1"
    [ "$1" = - ] || printf '%s\n' "${list[@]}"
}
while read -r pattern; do
    case $pattern in
    stages=*) continue ;;
    turns)
        turns=$(awk -f "$here/turns.awk" "$code") || refuse "$turns"
        continue
        ;;
    esac
    count=$(lines "$pattern")
    found+="${found:+ }$count"
    [ "$count" != 0 ] || refuse "no $pattern: the code went another way"
done < <(words "$required")
while read -r pattern; do
    count=$(lines "$pattern")
    [ "$count" = 0 ] || [ "$count" = - ] || refuse "$count times $pattern, which has no place here"
done < <(words "$forbidden")

while read -r finding; do # spills and stack have limits of their own below
    refuse "$finding"
done < <(grep -vE '(^|: )TW20[89] |^skipped: |^[^ ]+ on [a-z:0-9]+: |^[0-9]+ findings?$' "$work/findings")

echo "$name $target: registers $registers spills $spills scalar_spills $scalar_spills stack $stack shared $shared" \
    "lines $found seconds $seconds"
[ "$spills" -le "$(limit spills)" ] ||
    refuse "$spills spills to memory, $(limit spills) allowed: the tile does not fit, or an index is not constant"
[ "$scalar_spills" -le "$(limit scalar_spills)" ] ||
    refuse "$scalar_spills scalars spilled to lanes of a vector register, $(limit scalar_spills) allowed: too many" \
        "wave-wide values live at once (no memory is touched, but each use is a v_readlane)"
[ "$stack" = 0 ] || refuse "$stack bytes of stack: a tile left the registers (a loop that was not unrolled?)"
! grep -q 'C75[0-9][0-9]' "$work/log" || refuse "$(grep 'C75[0-9][0-9]' "$work/log")"
[ "$seconds" -le $seconds_allowed ] || refuse "compiling took $seconds s, $seconds_allowed at most"
exit $verdict
