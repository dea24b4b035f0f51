# SPDX-License-Identifier: MIT
"""Kernels that are bound by memory, against a copy of as many bytes and, where it has one, PyTorch's operation."""

import torch
from torch.nn import functional

import library
import samples
from interleave import Contestant


class Sets:
    """Problems on random inputs of their own, and the tensors of a copy that moves as many bytes."""

    def __init__(self, machine, case):
        self.settings = " ".join([case["settings"], *(f"{name}={size}" for name, size in case["shape"].items())])
        self.seed = int(torch.randint(1 << 30, (1,), generator=machine.choices))
        self.problems = [self.problem(machine, case, 0)]
        case["work"] = nbytes = self.problems[0].bytes
        if nbytes > 4 * machine.cache_bytes():
            self.count = 1  # by its end the cache holds nothing of its beginning
        else:
            self.count = samples.input_sets(nbytes, machine.cache_bytes(), machine.free_bytes())
        self.problems += [self.problem(machine, case, i) for i in range(1, self.count)]
        half = int(nbytes) // 2
        self.copies = [tuple(torch.empty(half, dtype=torch.uint8, device=machine.device).fill_(i) for _ in range(2))
                       for i in range(self.count)]

    def problem(self, machine, case, number):
        return library.Random(machine.target, case["kernel"], self.settings, self.seed + number)


def torch_operation(machine, case, count):
    """PyTorch's own, eager, on as many sets of inputs; None where it has none."""
    rows, cols = case["shape"].get("M"), case["shape"].get("D")
    if case["kernel"] == "softmax":
        inputs = [machine.normal(rows, cols) for _ in range(count)]
        return lambda i: torch.softmax(inputs[i], -1)
    if case["kernel"] == "row_norm" and "layernorm" in case["settings"]:
        inputs, line = [machine.normal(rows, cols) for _ in range(count)], machine.normal(cols)
        return lambda i: functional.layer_norm(inputs[i], (cols,), line, line)
    return None


def contestants(machine, case, sets):
    stream = machine.stream()
    able = [Contestant("tilewright", lambda i: sets.problems[i].launch(stream)),
            Contestant("copy", lambda i: sets.copies[i][0].copy_(sets.copies[i][1]))]
    operation = torch_operation(machine, case, sets.count)
    if operation:
        able.append(Contestant("torch", operation))

    def release():
        for problem in sets.problems:
            problem.release()

    return able, {}, release


def accuracy(machine, case, sets):
    """The same instance on a small problem against float64; its largest sizes would keep a processor for minutes."""
    errors = machine.target.check(case["kernel"], f"{case['settings']} {case['small']}", sets.seed, 0)
    worst = max(errors, key=lambda error: (not error["passes"], error["relative"] / error["bound"]))
    return {"float64": {**worst, "compared": worst["count"]}}
