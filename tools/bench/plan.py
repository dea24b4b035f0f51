# SPDX-License-Identifier: MIT
"""What is measured, in order of importance: lists of cases, each a dict with a name and a priority (0 first)."""

TOKENS = 16384  # of one attention problem, whatever its sequence length
WIDTH = 2048  # heads times head dim

# rows, columns, sum length, b transposed, priority
GEMM = [
    (8192, 8192, 8192, 1, 0),
    (4096, 4096, 4096, 1, 0),
    (16384, 16384, 16384, 1, 1),
    (2048, 2048, 2048, 1, 1),
    (8192, 8192, 8192, 0, 2),
    (1024, 1024, 1024, 1, 2),
    (8192, 4096, 14336, 1, 2),  # Llama 3 8B, MLP down, 8192 tokens
    (8192, 28672, 4096, 1, 3),  # Llama 3 8B, MLP gate and up
    (8192, 6144, 4096, 1, 3),  # Llama 3 8B, queries, keys and values
    (4096, 4096, 4096, 0, 3),
    (4096, 8192, 28672, 1, 4),  # Llama 3 70B, MLP down, 4096 tokens
    (512, 28672, 4096, 1, 4),  # few tokens
    (16, 14336, 4096, 1, 5),  # decoding: a matter of bytes
    (8000, 5000, 3000, 1, 5),  # no multiple of any tile
]

# head dim, sequence, causal: priority
ATTENTION_FIRST = {
    (128, 16384, 0): 0,
    (128, 8192, 1): 0,
    (128, 4096, 0): 1,
    (64, 16384, 0): 1,
    (64, 16384, 1): 1,
    (256, 16384, 0): 2,
    (128, 16384, 1): 2,
    (128, 2048, 1): 2,
    (128, 512, 0): 3,
}


def gemm_case(m, n, k, trans_b, priority):
    layout = "abt" if trans_b else "ab"
    return {
        "name": f"gemm {m}x{n}x{k} {layout}",
        "part": "gemm",
        "kernel": "gemm",
        "shape": {"M": m, "N": n, "K": k},
        "settings": f"trans_b={trans_b}",
        "trans_b": trans_b,
        "work": 2.0 * m * n * k,
        "unit": "TFLOP/s",
        "priority": priority,
    }


def attention_case(batch, heads, sequence, dim, causal, priority):
    mask = "causal" if causal else "full"
    return {
        "name": f"attention d{dim} s{sequence} {mask}",
        "part": "attention",
        "kernel": "attention",
        "shape": {"B": batch, "H": heads, "S": sequence, "D": dim},
        "settings": f"d={dim} dv={dim} causal={causal}",
        "causal": causal,
        "work": 4.0 * batch * heads * sequence * sequence * dim / (2 if causal else 1),
        "unit": "TFLOP/s",
        "priority": priority,
    }


GATED = "d=128 dv=256 decay=step layout=bshd"

# name, kernel, settings, sizes, a small problem of the same instance, priority
MEMORY = [
    ("rmsnorm, residual", "row_norm", "kind=rmsnorm residual=1 sum=1 cols=4096", "M=16384 D=4096", "M=37 D=4096", 2),
    ("layernorm", "row_norm", "kind=layernorm bias=1 cols=4096", "M=16384 D=4096", "M=37 D=4096", 3),
    ("softmax", "softmax", "cols=4096", "M=16384 D=4096", "M=37 D=4096", 3),
    ("linear attention 16x4096", "linear_attention", GATED, "B=16 S=4096 H=16 D=128 DV=256", "S=200 H=2 D=128 DV=256", 1),
    ("linear attention 1x65536", "linear_attention", GATED, "B=1 S=65536 H=16 D=128 DV=256",
     "S=1000 H=2 D=128 DV=256 split=4", 2),
    ("linear attention 1x65536, one pass", "linear_attention", GATED + " split=1", "B=1 S=65536 H=16 D=128 DV=256",
     "S=200 H=2 D=128 DV=256", 4),
    ("mamba-2 16x4096", "ssm", "n=64", "B=16 S=4096 H=64 P=64 N=64", "B=1 S=200 H=2 P=64 N=64", 1),
    ("mamba-2 1x65536, 8 heads", "ssm", "n=128", "B=1 S=65536 H=8 P=64 N=128", "B=1 S=1000 H=2 P=64 N=128 split=4", 3),
    ("mamba-1 4x4096", "selective_scan", "n=16", "B=4 L=4096 E=4096 N=16", "B=1 L=200 E=100 N=16", 3),
    ("mamba-1 step 512x5120", "selective_scan_step", "n=16", "B=512 E=5120 N=16", "B=3 E=100 N=16", 3),
    ("rotary 4x4096", "rotary", "cols=64", "B=4 S=4096 H=32 Hk=8 D=128 R2=64", "S=100 H=2 Hk=1 D=128 R2=64", 3),
]


def memory_case(name, kernel, settings, sizes, small, priority):
    return {
        "name": name,
        "part": "memory",
        "kernel": kernel,
        "shape": {word.split("=")[0]: int(word.split("=")[1]) for word in sizes.split()},
        "settings": settings,
        "small": small,
        "work": 0.0,  # the library counts the bytes
        "unit": "TB/s",
        "priority": priority,
    }


def measured(parts, small=False):
    """The cases of these parts. `small`: a few that a processor runs in seconds, to try the program itself."""
    if small:
        cases = [gemm_case(256, 192, 320, 1, 0), gemm_case(100, 130, 70, 0, 1)]
        cases += [attention_case(2, 2, 160, 64, causal, 0) for causal in (0, 1)]
        cases += [memory_case(name, kernel, settings, few, few, 0) for name, kernel, settings, _, few, _ in MEMORY]
    else:
        cases = [gemm_case(*row) for row in GEMM] + [memory_case(*row) for row in MEMORY]
        for dim in (64, 128, 256):
            for sequence in (512, 1024, 2048, 4096, 8192, 16384):
                for causal in (0, 1):
                    priority = ATTENTION_FIRST.get((dim, sequence, causal), 4)
                    cases.append(attention_case(TOKENS // sequence, WIDTH // dim, sequence, dim, causal, priority))
    return sorted((c for c in cases if c["part"] in parts), key=lambda case: case["priority"])
