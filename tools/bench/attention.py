# SPDX-License-Identifier: MIT
"""Attention forward against PyTorch's scaled_dot_product_attention with a backend forced, on the same tensors."""

import warnings

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import scaled_dot_product_attention

import library
import samples
from accuracy import Sum, some_rows
from interleave import Contestant

BOUND = 4e-3  # probabilities and the result are rounded to bf16 once each
LSE_BOUND = 1e-5
HEADS, ROWS = 4, 96  # compared with float64
BACKENDS = {"cudnn": SDPBackend.CUDNN_ATTENTION, "flash": SDPBackend.FLASH_ATTENTION}


class Sets:
    """Sets of inputs, our outputs, and what a backend of PyTorch last gave for the first set."""

    def __init__(self, machine, case):
        b, h, s, d = (case["shape"][name] for name in "BHSD")
        self.count = samples.input_sets(2 * 4 * b * h * s * d, machine.cache_bytes(), machine.free_bytes())
        self.q, self.k, self.v = ([machine.normal(b, h, s, d) for _ in range(self.count)] for _ in range(3))
        self.o = [machine.poisoned(b, h, s, d) for _ in range(self.count)]
        self.lse = [machine.poisoned(b, h, s, dtype=torch.float32) for _ in range(self.count)]
        self.theirs = {}


def peer(name, backend, case, sets):
    causal = bool(case["causal"])

    def launch(i):
        out = scaled_dot_product_attention(sets.q[i], sets.k[i], sets.v[i], is_causal=causal)
        if i == 0:
            sets.theirs[name] = out

    return Contestant(name, launch, lambda: sdpa_kernel(backend))


def try_once(machine, contestant):
    """Why the backend does not take this case, or None."""
    with warnings.catch_warnings(record=True) as reasons:
        warnings.simplefilter("always")
        try:
            with contestant.scope():
                contestant.launch(0)
            if machine.device == "cuda":
                torch.cuda.synchronize()
        except RuntimeError as error:
            words = [str(reason.message).split(" (Triggered")[0] for reason in reasons] + [str(error)]
            return " ".join(" ".join(words).split())[:300]
    return None


def contestants(machine, case, sets):
    problems = []
    for q, k, v, o, lse in zip(sets.q, sets.k, sets.v, sets.o, sets.lse):
        tensors = {"q": q, "k": k, "v": v, "o": o, "lse": lse}
        problems.append(library.Problem(machine.target, "attention", case["settings"], tensors))
    stream = machine.stream()
    able, unavailable = [Contestant("tilewright", lambda i: problems[i].launch(stream))], {}
    for name, backend in BACKENDS.items():
        contestant = peer(name, backend, case, sets)
        reason = try_once(machine, contestant)
        if reason is None:
            able.append(contestant)
        else:
            unavailable[name] = reason

    def release():
        for problem in problems:
            problem.release()

    return able, unavailable, release


def reference(q, k, v, rows, causal):
    """Rows of one head in float64: the result, and the log of the sum of exponentials."""
    scores = q[rows].double() @ k.double().t() / q.shape[-1] ** 0.5
    if causal:
        keys = torch.arange(k.shape[0], device=k.device)
        scores = scores.masked_fill(keys[None, :] > rows[:, None], float("-inf"))
    return torch.softmax(scores, -1) @ v.double(), torch.logsumexp(scores, -1)


def accuracy(machine, case, sets):
    """Rows of some heads of one set against float64; every element of every set finite, and of the first set
    against PyTorch's."""
    b, h, s, _ = (case["shape"][name] for name in "BHSD")
    chosen = int(torch.randint(sets.count, (1,), generator=machine.choices))
    out, lse = Sum(), Sum()
    for pair in some_rows(b * h, HEADS, machine.choices).tolist():
        at = (pair // h, pair % h)
        rows = some_rows(s, ROWS, machine.choices).to(machine.device)
        o, sums = reference(sets.q[chosen][at], sets.k[chosen][at], sets.v[chosen][at], rows, case["causal"])
        out.add(sets.o[chosen][at][rows], o)
        lse.add(sets.lse[chosen][at][rows], sums)
    found = {"float64": out.against(BOUND), "float64 lse": lse.against(LSE_BOUND)}
    for name, theirs in sets.theirs.items():
        whole = Sum()
        whole.add(sets.o[0], theirs)
        found[name] = whole.against(2 * BOUND)
    holes = sum(int((~torch.isfinite(tensor)).sum()) for tensor in sets.o + sets.lse)
    found["float64"]["passes"] &= holes == 0
    found["float64"]["mismatches"] += holes
    return found
