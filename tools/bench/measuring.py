# SPDX-License-Identifier: MIT
"""One measured case: inputs, contestants, interleaved samples, and whether the timed outputs are right."""

import torch

import attention
import gemm
import interleave
import library
import memory
import samples

PARTS = {"gemm": gemm, "attention": attention, "memory": memory}


class Machine:
    """A GPU through PyTorch, or this processor to try the program."""

    def __init__(self, target):
        self.target = target  # library.Target
        self.device = "cpu" if target.name == "cpu" or target.name.startswith("emu:") else "cuda"
        self.generator = torch.Generator(device=self.device)
        self.choices = torch.Generator()

    def seed(self, seed):
        self.generator.manual_seed(seed)
        self.choices.manual_seed(seed)

    def normal(self, *shape, dtype=torch.bfloat16):
        return torch.randn(*shape, dtype=dtype, device=self.device, generator=self.generator)

    def poisoned(self, *shape, dtype=torch.bfloat16):
        return torch.full(shape, float("nan"), dtype=dtype, device=self.device)

    def stream(self):
        return torch.cuda.current_stream().cuda_stream if self.device == "cuda" else None

    def cache_bytes(self):
        if self.device != "cuda":
            return 1 << 20
        return getattr(torch.cuda.get_device_properties(0), "L2_cache_size", 1 << 26)

    def free_bytes(self):
        if self.device != "cuda":
            return 1 << 30
        torch.cuda.empty_cache()
        return torch.cuda.mem_get_info()[0]

    def facts(self):
        """What a result is worth nothing without."""
        facts = {"target": self.target.name, "device": self.target.device, "torch": torch.__version__}
        if self.device == "cuda":
            facts["torch_cuda"] = torch.version.cuda or torch.version.hip
            facts["cudnn"] = torch.backends.cudnn.version()
            facts["multiprocessors"] = torch.cuda.get_device_properties(0).multi_processor_count
            facts["cache_bytes"] = self.cache_bytes()
        return facts


def compare(taken, how, case, unavailable, found):
    """A case's entry in the results."""
    rows = []
    for name, values in taken.items():
        times = samples.summarize(values)
        rows.append({"name": name, "milliseconds": times, "rate": samples.rate(case["work"], times["median"])})
    rows += [{"name": name, "unavailable": reason} for name, reason in unavailable.items()]
    ours = samples.median(taken["tilewright"])
    return {
        "contestants": rows,
        "ratios": {name: samples.ratio(ours, samples.median(values))
                   for name, values in taken.items() if name != "tilewright"},
        "accuracy": found,
        "passes": all(error["passes"] for error in found.values()),
        **how,
    }


def head(case):
    return {key: case[key] for key in ("name", "part", "kernel", "shape", "settings", "work", "unit", "priority")}


@torch.no_grad()
def run(machine, case, seconds):
    part = PARTS[case["part"]]
    sets = part.Sets(machine, case)
    contestants, unavailable, release = part.contestants(machine, case, sets)
    try:
        taken, how = interleave.compete(contestants, sets.count, machine.device, seconds)
        found = part.accuracy(machine, case, sets)
    finally:
        release()
    return compare(taken, how, case, unavailable, found)


def measure(machine, case, seconds):
    """The case's result, and whether the device is still to be trusted."""
    try:
        result = run(machine, case, seconds)
        return {**head(case), **result}, True
    except torch.cuda.OutOfMemoryError as error:
        return {**head(case), "left_out": "not enough device memory: " + str(error).split(". ")[0]}, True
    except (library.Failure, RuntimeError) as error:
        return {**head(case), "passes": False, "failure": " ".join(str(error).split())[:600]}, False
