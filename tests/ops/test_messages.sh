#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Every static assertion of the library fires, says what messages.c expects, and nothing else is reported; and
# without the mistakes the same file compiles without a warning. With each compiler there is:
#   gcc, clang as C11 and C17; g++, clang++ as C++17; nvcc (TW_NVCC); clang for amdgcn (TW_CLANG_AMDGPU).
set -euo pipefail
export LC_ALL=C

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failures=0

fail() {
    echo "FAIL: $*" >&2
    failures=$((failures + 1))
}

# What the file promises, one message a line.
sed -nE 's#^/\* (says|then): (.*) \*/$#\2#p' "$here/messages.c" >"$scratch/promised"

# Every code of the library has a mistake of its own, and none is left of a code that is gone.
codes() { grep -oE 'TW[0-9]{3}' | sort -u; }
grep -rhoE '"TW[0-9]{3} ' "$root/arch" "$root/tiles" "$root/ops" | codes >"$scratch/codes"
sed -n 's#^/\* says: ##p' "$here/messages.c" | codes >"$scratch/tested"
missing=$(comm -23 "$scratch/codes" "$scratch/tested" | tr '\n' ' ')
gone=$(comm -13 "$scratch/codes" "$scratch/tested" | tr '\n' ' ')
[ -z "$missing" ] || fail "messages.c has no mistake for $missing"
[ -z "$gone" ] || fail "no static assertion of the library says $gone"

# check NAME COMMAND...
check() {
    local name=$1 errors message found before=$failures
    shift
    if ! "$@" -DRIGHT -I"$root" "$here/messages.c" >"$scratch/right" 2>&1; then
        fail "$name: the right code does not compile: $(grep -m1 -i error "$scratch/right")"
    elif [ -s "$scratch/right" ]; then
        fail "$name: the right code compiles with: $(head -n 1 "$scratch/right")"
    fi
    if "$@" -I"$root" "$here/messages.c" >"$scratch/wrong" 2>&1; then
        fail "$name: the mistakes compile"
        return
    fi
    grep -E 'error:' "$scratch/wrong" | sed "s/\\\\'/'/g" >"$scratch/errors"
    while IFS= read -r message; do
        found=$(grep -cF -- "$message" "$scratch/errors" || true)
        [ "$found" = 1 ] || fail "$name: found $found times: $message"
    done <"$scratch/promised"
    errors=$(wc -l <"$scratch/errors")
    if [ "$errors" != "$(wc -l <"$scratch/promised")" ]; then
        fail "$name: $errors errors, not $(wc -l <"$scratch/promised"); the others: $(
            grep -vF -f "$scratch/promised" "$scratch/errors" | head -n 3)"
    fi
    [ "$failures" != "$before" ] || echo "$name: all $errors messages as promised"
}

has() { [ -n "$1" ] && command -v "$1" >/dev/null; }
# A machine with teams: on the CPU a team is one thread, and what a larger one may not do is allowed.
warnings=(-DTW_MACHINE=sm80 -Wall -Wextra -Werror -Wno-unused-function -fsyntax-only)

has gcc && for standard in c11 c17; do check "gcc $standard" gcc -std=$standard "${warnings[@]}"; done
has g++ && check 'g++ c++17' g++ -std=c++17 "${warnings[@]}" -x c++
has clang && for standard in c11 c17; do
    check "clang $standard" clang -std=$standard "${warnings[@]}" -ferror-limit=0
done
has clang++ && check 'clang++ c++17' clang++ -std=c++17 "${warnings[@]}" -ferror-limit=0 -x c++
nvcc=${TW_NVCC-nvcc}
has "$nvcc" && check "$nvcc c++17" "$nvcc" -std=c++17 -gencode=arch=compute_80,code=sm_80 -Werror all-warnings \
    -diag-suppress 177 -cubin -o "$scratch/cubin" -x cu
amdgpu=${TW_CLANG_AMDGPU-clang-22}
has "$amdgpu" && check "$amdgpu gfx942 c11" "$amdgpu" --target=amdgcn-amd-amdhsa -mcpu=gfx942 -nogpulib \
    -ffreestanding -std=c11 -Wall -Wextra -Werror -Wno-unused-function -fsyntax-only -ferror-limit=0

[ "$failures" = 0 ] || { echo "$failures failures" >&2; exit 1; }
