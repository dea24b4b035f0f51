#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The README's kernel and the program behind it, compiled by its own command lines and run.
#   test_readme.sh SOURCE COMPILER
set -eu
source=$1 compiler=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
awk '/^```/ { inside = $0 == "```c"; next } inside' "$source/README.md" >"$work/my_kernels.c"
cd "$work"
ln -s "$source" tilewright

tried=0
while read -r _ arguments; do
    # shellcheck disable=SC2086  # several arguments
    "$compiler" -Wall -Wextra -Werror $arguments -O0
    printed=$(./a.out)
    [ "$printed" = 1 ] || { echo "gcc $arguments: the program prints '$printed', not 1"; exit 1; }
    tried=$((tried + 1))
done < <(sed -n 's/^    \(gcc .*my_kernels.c -lm\).*/\1/p' "$source/README.md")
[ $tried = 2 ] || { echo "the README compiles my_kernels.c by $tried lines, not 2"; exit 1; }
