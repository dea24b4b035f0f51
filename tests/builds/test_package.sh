#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A project outside of this one takes Tilewright, compiles a kernel with tw_add_kernel and launches it.
#   test_package.sh find_package|fetch_content CMAKE GENERATOR SOURCE BUILD
# find_package: from an installation that has been moved since, with the source tree out of sight.
set -eu
way=$1 cmake=$2 generator=$3 source=$4 build=$5
work=$build/package-$way
rm -rf "$work"
mkdir -p "$work"

options=("-DOUTSIDE_TARGETS=cpu;emu:gfx942")
if [ "$way" = find_package ]; then
    "$cmake" --install "$build" --prefix "$work/first" >/dev/null
    mv "$work/first" "$work/installed"
    options+=("-DCMAKE_PREFIX_PATH=$work/installed")
    grep -rIl "$source" "$work/installed/lib/cmake" "$work/installed/include" "$work"/installed/lib/*/cmake 2>/dev/null &&
        { echo "the files above name the source tree"; exit 1; }
    unset TW_SOURCE_ROOT
else
    options+=("-DOUTSIDE_SOURCE_TREE=$source")
fi

"$cmake" -S "$(dirname "$0")/outside" -B "$work/build" -G "$generator" "${options[@]}"
"$cmake" --build "$work/build"
test -s "$work/build/relu_gemm.cpu.so"
test -s "$work/build/relu_gemm.emu-gfx942.so"
"$work/build/outside"
if [ "$way" = find_package ]; then
    # The installed tool finds the installed headers, from another folder.
    cd /
    TW_BUILD_KERNELS=$work/none TW_CACHE=$work/cache "$work/installed/bin/tw" \
        run gemm --target cpu --shape M=5 --shape N=7 --shape K=9 --check
    if grep -q "$source/arch" "$work/build/relu_gemm.cpu.so.d"; then
        echo "the kernel was compiled with the headers of the source tree"
        exit 1
    fi
fi
