#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The tool built without libcjson: everything works but --json, which is refused at the door.
#   test_without_json.sh COMPILER BUILD      BUILD holds libtilewright_host.a and libtilewright_examples.a
set -eu
compiler=$1 build=$2
root=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

"$compiler" -std=c11 -Wall -Wextra -Werror -Wundef -Wshadow -I"$root" -DTW_WITH_JSON=0 -DTW_VERSION='"0"' \
    -DTW_SOURCE_ROOT="\"$root\"" "$root"/tools/cli/*.c "$root"/tests/conformance/host/*.c \
    "$build/libtilewright_examples.a" "$build/libtilewright_host.a" -fopenmp -ldl -lm -lpthread -o "$folder/tw"

"$folder/tw" targets | grep -q '^cpu ' || { echo 'tw targets lists no cpu'; exit 1; }
for verb in 'targets' 'run gemm --target cpu'; do
    status=0
    # shellcheck disable=SC2086  # words of a command
    said=$("$folder/tw" $verb --json "$folder/report.json" 2>&1 >/dev/null) || status=$?
    [ $status = 2 ] || { echo "tw $verb --json exits $status, not 2"; exit 1; }
    case $said in
    *'built without libcjson'*) ;;
    *) echo "tw $verb --json said: $said"; exit 1 ;;
    esac
    [ ! -e "$folder/report.json" ] || { echo "tw $verb wrote a report"; exit 1; }
done
