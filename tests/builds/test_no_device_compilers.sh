#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Without nvcc and clang the build drops those targets, with one notice each, and everything else is there.
#   test_no_device_compilers.sh CMAKE GENERATOR SOURCE BUILD
set -eu
cmake=$1 generator=$2 source=$3 build=$4
rm -rf "$build"
mkdir -p "$build"
printed=$build/printed
"$cmake" -S "$source" -B "$build" -G "$generator" -DTW_NVCC= -DTW_CLANG_AMDGPU= -DTW_BUILD_TESTS=OFF >"$printed" 2>&1

expect() {
    [ "$1" = "$2" ] || { echo "$3: $1, not $2"; cat "$printed"; exit 1; }
}
expect "$(grep -c '^Tilewright: no nvcc' "$printed")" 1 'notices about nvcc'
expect "$(grep -c '^Tilewright: no clang-22' "$printed")" 1 'notices about clang-22'

# The kernels to be built are those of the CPU and the emulated machines.
grep -rhoE -e '--target [a-z]+' "$build/build.ninja" "$build"/CMakeFiles/*/build.make >"$printed" 2>/dev/null || true
for family in cuda hip; do
    expect "$(grep -c -e "--target $family" "$printed" || true)" 0 "kernels for $family"
done
for target in cpu emu; do
    grep -q -e "--target $target" "$printed" || { echo "no kernels for $target"; exit 1; }
done
