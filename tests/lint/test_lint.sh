#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Every rule of tools/lint catches its violation and lets the near miss beside it through.
# Each case is a file planted in an otherwise clean temporary tree: `caught RULE PATH` or `clean PATH`, with
# the file's text on standard input.
set -u

lint=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../tools" && pwd)/lint
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
passed=0 failed=0
tested=' '

# A tree in which nothing is wrong.
fresh_tree() {
    rm -rf "${tree:?}"/*
    mkdir -p "$tree"/{tiles,ops,host,examples/demo,tests/host,tools,arch/nvidia/sm80,arch/nvidia/sm90}
    {
        echo '/* SPDX-License-Identifier: MIT */'
        echo 'TW_MACHINE_ROW(cpu,  cpu,    native, 1)'
        echo 'TW_MACHINE_ROW(sm80, nvidia, sm_80,  32)'
        echo 'TW_MACHINE_ROW(sm90, nvidia, sm_90a, 32)'
        echo '#undef TW_MACHINE_ROW'
    } >"$tree/arch/registry.def"
    for machine in sm80 sm90; do
        printf '/* SPDX-License-Identifier: MIT */\n#define NOTHING\n' >"$tree/arch/nvidia/$machine/isa.h"
    done
}

plant() {
    fresh_tree
    mkdir -p "$tree/$(dirname "$1")"
    if [ "${2:-}" = unlicensed ]; then cat; else { echo '/* SPDX-License-Identifier: MIT */'; cat; }; fi >"$tree/$1"
    found=$("$lint" "$tree" 2>/dev/null)
    status=$?
}

verdict() {
    if [ "$1" = 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED %s\n%s\n' "$2" "${found:-(lint found nothing)}"
    fi
}

caught() {
    plant "$2" "${3:-}"
    tested="$tested$1 "
    [ $status = 1 ] && printf '%s\n' "$found" | grep -q "^$2:[0-9]*: $1: "
    verdict $? "$1 in $2: not caught"
}

clean() {
    plant "$1"
    [ $status = 0 ] && [ -z "$found" ]
    verdict $? "$1: a near miss was reported"
}

fresh_tree
found=$("$lint" "$tree" 2>&1)
verdict $? 'a clean tree was reported'

caught spdx tiles/tile.h unlicensed <<'END'
/* A tile without a licence line. */
END
caught spdx tools/script unlicensed <<'END'
#!/usr/bin/env bash
echo no licence
END

caught macro-body ops/map.h <<'END'
#define tw_scale(tile, factor)                                     \
    do {                                                           \
        int count = tw_size(tile);                                 \
        for (int i = 0; i < count; ++i) {                          \
            float x = (tile).element[i]; x *= (factor);            \
            (tile).element[i] = x;                                 \
        }                                                          \
        tw_sync();                                                 \
    } while (0)
END
caught macro-body ops/function.h <<'END'
#define DEFINE_ADD(type) static type add_##type(type a, type b) { type s = a; s += b; s += 0; s *= 1; return s; }
END
caught macro-body ops/expression.h <<'END'
#define total(x) __extension__({ float a = (x); a += 1; a += 2; a += 3; a; })
END
clean ops/checks.h <<'END'
#define tw_load(dst, src)                                                       \
    do {                                                                        \
        TW_STATIC_ASSERT(rows(dst) == rows(src), "TW001 (" #dst "): the rows;"); \
        TW_STATIC_ASSERT(cols(dst) == cols(src), "TW002 (" #dst "): the cols;"); \
        static_assert(sizeof(dst) > 0, "one"); static_assert(1, "two");         \
        tw__load(dst, src);                                                     \
    } while (0)
END
clean ops/table.h <<'END'
#define TW_DTYPES(X)                 \
    X(f32,  4, float)                \
    X(f16,  2, tw_f16)               \
    X(bf16, 2, tw_bf16)              \
    X(i32,  4, int32_t)
#define tw_tile(rows, cols)          \
    struct {                         \
        float element[rows][cols];   \
        int unused;                  \
        int other;                   \
    }
END
clean ops/short.h <<'END'
#define tw_map(tile, expression)                                    \
    do {                                                            \
        for (int i = 0; i < N; ++i) (tile).element[i] = expression; \
    } while (0)
END

caught vendor-conditional ops/load.h <<'END'
#  if defined(__CUDACC__)
#endif
END
caught vendor-conditional tiles/tile.h <<'END'
#ifdef __HIP_DEVICE_COMPILE__
#endif
END
caught vendor-conditional host/target.c <<'END'
#if TW_MACHINE_IS_sm90
#endif
END
clean arch/arch.h <<'END'
#if defined(__CUDACC__)
#endif
END
clean ops/language.h <<'END'
#ifdef __cplusplus /* not a vendor, though nvcc defines __CUDACC__ too */
#endif
END

caught wave-width ops/reduce.h <<'END'
static int row(int lane) { return lane % 32; }
END
caught wave-width ops/mask.h <<'END'
enum { WAVE_SIZE = 64 };
END
caught wave-width tiles/fragment.h <<'END'
static int waves(int n) { return n / (64 * waves_per_team); }
END
caught wave-width tiles/other.h <<'END'
#define LANES 32
END
clean ops/tune.h <<'END'
static const tune row = {.waves_m = 2, .block_n = 64};   /* 32 lanes hold lane * 64 bytes */
static int lane32(int lanes) { return lanes > 1 ? 16 : 128; }
static const char *text = "lane 32";
END
clean arch/lanes.h <<'END'
static int row(int lane) { return lane % 32; }
END

caught template-undef ops/map.inc <<'END'
#ifndef MAP_NAME
#error "MAP_NAME: the function's name"
#endif
#ifndef MAP_TYPE
#define MAP_TYPE float
#endif
#undef MAP_TYPE
END
caught template-undef ops/optional.inc <<'END'
#if defined(MAP_OPTION)
#endif
END
caught template-undef tiles/dtypes.def <<'END'
TW_DTYPE_ROW(f32, 4)
END
clean ops/map.inc <<'END'
#ifndef MAP_NAME
#error "MAP_NAME: the function's name"
#endif
#ifdef __cplusplus
#endif
#undef MAP_NAME
END

caught kernel-conditional examples/demo/demo.c <<'END'
#if DEMO_BIAS
#endif
TW_KERNEL(demo, 128, (demo_args, g)) {
}
END
clean examples/demo/demo_host.c <<'END'
#if defined(_OPENMP)
#endif
END

caught layering tiles/tile.h <<'END'
#include "ops/load.h"
END
caught layering arch/arch.h <<'END'
#include "../tiles/dtypes.h"
END
caught layering ops/launch.h <<'END'
#include <host/tilewright_host.h>
END
caught layering ops/all.h <<'END'
#include "tilewright.h"
END
clean ops/load.h <<'END'
#include "tiles/tile.h"
#include "arch/arch.h"
#include <stdint.h>
END
clean examples/demo/demo.h <<'END'
#include <tilewright.h>
END

plant arch/nvidia/sm80/mma.h <<<'#define MMA'
tested="${tested}machine-files "
[[ $found == arch/nvidia/sm90/mma.h:1:\ machine-files:* ]]
verdict $? "machine-files: mma.h missing in sm90, not caught"

caught raw-instruction ops/sync.h <<'END'
static void wait(void) { __asm__ volatile("bar.sync 0;"); }
END
caught raw-instruction arch/amd/gfx942/mma.h <<'END'
static float f(float a) { return __builtin_amdgcn_rcpf(a); }
END
clean arch/amd/isa_common.h <<'END'
static float f(float a) { return __builtin_amdgcn_rcpf(a); }
END

caught unfinished docs/porting.md <<'END'
TODO: write this
END
caught unfinished host/npy.c <<'END'
/* Fortran order is not implemented. */
END
clean docs/words.md <<'END'
A todo list, hacks and stubble are words too.
END

caught long-file host/long.c < <(seq 401 | sed 's|.*|/* & */|')
clean host/fits.c < <(seq 399 | sed 's|.*|/* & */|')

caught line-length host/wide.c <<'END'
static const char *text = "12345678901234567890123456789012345678901234567890123456789012345678906789012345678901234567890123456789012345";
END
caught whitespace host/tab.c < <(printf 'static int\tvalue;\n')
caught whitespace host/trailing.c < <(printf 'static int value; \n')

caught terms ops/names.h <<'END'
static int tw__warp_count(void);
END
caught terms ops/blocks.h <<'END'
static int tw__cta_index(void);
END
clean ops/prose.h <<'END'
/* A wave is what CUDA calls a warp, a block its CTA. */
static int status;
END

caught machine-path docs/setup.md <<'END'
Run /home/someone/tilewright/tools/tw.
END
clean docs/paths.md <<'END'
Installed below /usr/local; caches go to $HOME/work/.cache.
END

# The table of rules and the cases above name the same rules.
for rule in $("$lint" --rules | awk '{ print $1 }'); do
    case $rule:$tested in
    *" $rule "*) ;;
    *) found="add one to $0"; verdict 1 "rule $rule has no planted violation" ;;
    esac
done

echo "$passed passed, $failed failed"
[ $failed = 0 ]
