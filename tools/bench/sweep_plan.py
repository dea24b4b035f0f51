# SPDX-License-Identifier: MIT
"""What is checked against float64 beside `tw verify`: groups of sizes that share one instance of a kernel."""

EDGES = (1, 15, 16, 17, 63, 64, 127, 200)
LENGTHS = (1, 17, 64, 113, 203, 256, 333, 1023)
LARGE = ("M=1000 N=1500 K=777", "M=2048 N=1024 K=512", "M=129 N=4100 K=2050")
PADS = (0, 3, 8)
KERNELS = ("gemm", "attention")

# options of the instance; further settings of every run
GEMM_OPTIONS = [
    ("in=f16 out=f16 trans_b=1", ""),
    ("in=f16 out=f32 trans_b=0", ""),
    ("in=bf16 out=f32 trans_b=1", ""),
    ("in=bf16 out=bf16 trans_b=1", "alpha=0.5 beta=-1.5"),
    ("in=bf16 out=bf16 trans_b=0 bias=1 residual=1 activation=gelu", "alpha=0.1 beta=0.5"),
    ("in=bf16 out=bf16 trans_b=1 bias=1 activation=silu", "alpha=0.1"),
    ("in=f16 out=f16 trans_b=1 residual=1 activation=relu", "alpha=0.1"),
]

ATTENTION_OPTIONS = [
    ("d=32 dv=32", "D=32 DV=32"),
    ("d=96 dv=96 causal=1", "D=96 DV=96"),
    ("d=96 dv=96", "D=80 DV=72"),
    ("d=192 dv=128 causal=1", "D=192 DV=128"),
    ("d=256 dv=256", "D=256 DV=256"),
    ("d=256 dv=256 causal=1", "D=256 DV=256"),
    ("d=64 dv=64 dtype=f16", "D=64 DV=64"),
    ("d=128 dv=128 dtype=f16 causal=1", "D=128 DV=128"),
    ("d=128 dv=128 window=1", "D=128 DV=128 window_left=70 window_right=9"),
    ("d=64 dv=64 varlen=1 causal=1 layout=bshd", "D=64 DV=64 N=5"),
    ("d=64 dv=64 bias=1 alibi=1 softcap=1", "D=64 DV=64 cap=5"),
    ("d=128 dv=128", "D=128 DV=128 scale=300"),  # logits of some thousands
]


def group(kernel, options, sizes, settings=""):
    name = " ".join(f"{kernel} {options} {settings}".split())
    return {"name": name, "kernel": kernel, "options": options, "sizes": [f"{size} {settings}" for size in sizes]}


def gemm_groups(few):
    every = [f"M={m} N={n} K={k}" for m in EDGES for n in EDGES for k in EDGES]
    # Every value of each size with every one of the next: a Latin square.
    square = [f"M={m} N={n} K={EDGES[(i + j) % len(EDGES)]}" for i, m in enumerate(EDGES) for j, n in enumerate(EDGES)]
    groups = []
    for trans_b in (1, 0):
        options = f"in=bf16 out=bf16 trans_b={trans_b}"
        groups.append(group("gemm", options, square if few else every + list(LARGE)))
    for options, settings in GEMM_OPTIONS[: 2 if few else None]:
        sizes = square[::7] if few else square + list(LARGE[:1])
        groups.append(group("gemm", options, sizes, settings))
    return groups


def attention_groups(few):
    every = [(q, k) for q in LENGTHS for k in LENGTHS]
    groups = []
    for dim in (128, 64):
        for causal in (0, 1):
            pairs = every[causal :: 7] if few else every
            sizes = [f"B=2 H={3 * heads} Hk=3 Sq={q} Sk={k} D={dim} DV={dim}"
                     for i, (q, k) in enumerate(pairs) for heads in [(1, 2, 5)[i % 3]]]
            groups.append(group("attention", f"d={dim} dv={dim} causal={causal}", sizes))
    for options, settings in ATTENTION_OPTIONS[: 1 if few else None]:
        batch = "" if "varlen" in options else "B=2 "
        sizes = [f"{batch}H=4 Hk=2 Sq={q} Sk={k}" for q, k in every[:: 7 if few else 5]]
        groups.append(group("attention", options, sizes, settings))
    return groups


def groups(kernels, few=False):
    """`few`: what a processor computes in a minute."""
    both = {"gemm": gemm_groups, "attention": attention_groups}
    return [row for kernel in kernels for row in both[kernel](few)]
