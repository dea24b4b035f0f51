#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# tools/bench's Python without a GPU (test_bench.py), and where this Python has PyTorch a dry run of the whole
# program on the CPU. Skipped where there is no Python 3.9.
#   test_bench.sh [BUILD]    the build's folder, with its library; none where Python cannot load it (sanitizers)
set -eu
build=${1-}
root=$(cd "$(dirname "$0")/../.." && pwd)
python=${TW_PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null || { echo 'no python3 here'; exit 77; }
export PYTHONDONTWRITEBYTECODE=1

for script in "$root"/tools/bench/*.py; do
    "$python" -c 'import sys; compile(open(sys.argv[1]).read(), sys.argv[1], "exec")' "$script"
done
TW_BENCH_LIBRARY=${build:+$build/libtilewright_bench.so} "$python" "$root/tests/bench/test_bench.py"

status=0
TW_PYTHON=$python "$root/tools/gpu_check" --seconds none >/dev/null 2>&1 || status=$?
[ $status = 2 ] || { echo "a wrong argument gives status $status, not 2"; exit 1; }

# Without PyTorch, and without a build, one line says so.
if "$python" -c 'import torch' 2>/dev/null; then
    [ -n "$build" ] || exit 0
    results=$(mktemp -d)
    trap 'rm -rf "$results"' EXIT
    TW_PYTHON=$python "$root/tools/gpu_check" --target cpu --only gemm --only attention --only memory --case-seconds 0.05 --jobs 1 \
        --no-build --build "$build" --results "$results"
    [ "$(find "$results" -name '*.json' | wc -l)" = 1 ] || { echo 'the dry run left no results'; exit 1; }
else
    said=$(TW_PYTHON=$python "$root/tools/gpu_check" --target cpu --only gemm --no-build 2>&1) && exit 1
    case $said in
    'gpu_check: '*' has no PyTorch'*) ;;
    *) echo "without PyTorch it said: $said"; exit 1 ;;
    esac
fi
