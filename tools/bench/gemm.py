# SPDX-License-Identifier: MIT
"""The GEMM against torch.matmul (cuBLAS), on the same tensors."""

import torch

import library
import samples
from accuracy import Sum, some_rows
from interleave import Contestant

BOUND = 2.5e-3  # of one product, rounded to bf16 once
ROWS = 256  # compared with float64


class Sets:
    """Sets of inputs, and two outputs for each: ours and PyTorch's."""

    def __init__(self, machine, case):
        m, n, k = (case["shape"][name] for name in "MNK")
        nbytes = 2 * (m * k + n * k + 2 * m * n)
        self.count = samples.input_sets(nbytes, machine.cache_bytes(), machine.free_bytes())
        self.a = [machine.normal(m, k) for _ in range(self.count)]
        self.b = [machine.normal(n, k) if case["trans_b"] else machine.normal(k, n) for _ in range(self.count)]
        self.right = [b.t() if case["trans_b"] else b for b in self.b]
        self.ours = [machine.poisoned(m, n) for _ in range(self.count)]
        self.theirs = [machine.poisoned(m, n) for _ in range(self.count)]


def contestants(machine, case, sets):
    problems = [library.Problem(machine.target, "gemm", case["settings"], {"a": a, "b": b, "c": c})
                for a, b, c in zip(sets.a, sets.b, sets.ours)]
    stream = machine.stream()
    ours = Contestant("tilewright", lambda i: problems[i].launch(stream))
    torch_matmul = Contestant("torch.matmul", lambda i: torch.matmul(sets.a[i], sets.right[i], out=sets.theirs[i]))

    def release():
        for problem in problems:
            problem.release()

    return [ours, torch_matmul], {}, release


def accuracy(machine, case, sets):
    """Some rows of one set against float64, and every element of every set against PyTorch's."""
    chosen = int(torch.randint(sets.count, (1,), generator=machine.choices))
    rows = some_rows(case["shape"]["M"], ROWS, machine.choices).to(machine.device)
    error, whole = Sum(), Sum()
    left = sets.a[chosen][rows].double()
    for column in range(0, case["shape"]["N"], 4096):
        reference = left @ sets.right[chosen][:, column : column + 4096].double()
        error.add(sets.ours[chosen][rows, column : column + 4096], reference)
    for ours, theirs in zip(sets.ours, sets.theirs):
        whole.add(ours, theirs)
    # Two roundings, one of each side: not 2 bounds apart unless one of them is wrong.
    return {"float64": error.against(BOUND), "torch.matmul": whole.against(2 * BOUND)}
