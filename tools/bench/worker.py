# SPDX-License-Identifier: MIT
"""One process that runs kernels, for gpu_check.py: a kernel that faults or hangs takes this process down, not the
check. Each line of its standard output is an event in JSON:

    {"event": "facts", ...}                     once, when the target is open
    {"event": "start", "index": 3, "name": ...} a case begins
    {"event": "alive"}                          a long case goes on
    {"event": "done", "index": 3, ...}          its result

Exit status 3: the device is in an unknown state after the last result; go on in a new process.
"""

import argparse
import json
import os
import sys
import time

import library
import plan
import sweep_plan

NEW_PROCESS = 3
ALIVE_EVERY = 2.0  # seconds


class Events:
    def __init__(self):
        self.stream = os.fdopen(os.dup(1), "w", buffering=1)
        os.dup2(2, 1)  # whatever a library prints is no event
        self.last = time.time()

    def send(self, event, **fields):
        self.last = time.time()
        self.stream.write(json.dumps({"event": event, **fields}) + "\n")

    def alive(self):
        if time.time() - self.last > ALIVE_EVERY:
            self.send("alive")


def check_group(target, group, seed, events):
    """Every size of a group. Gives the result, and whether the device is still to be trusted."""
    result = {"name": group["name"], "runs": 0, "failed": 0, "failures": [], "worst": {}}
    for number, size in enumerate(group["sizes"]):
        settings, reason = f"{group['options']} {size}", None
        pad = sweep_plan.PADS[number % len(sweep_plan.PADS)]
        result["runs"] += 1
        try:
            for error in target.check(group["kernel"], settings, seed + number, pad):
                name = error.pop("tensor")
                if error["relative"] / error["bound"] >= result["worst"].get(name, {"share": -1})["share"]:
                    result["worst"][name] = {"share": error["relative"] / error["bound"], "at": settings, **error}
                if not error["passes"]:
                    reason = (f"{name}: relative error {error['relative']:.2e} (bound {error['bound']:.1e}), mean "
                              f"signed {error['mean_signed']:+.1e}, {error['mismatches']} NaN or infinite")
        except library.Failure as failure:
            reason = str(failure)
            if failure.code == library.DEVICE:
                result["failed"] += 1
                result["failures"].append(f"{settings} pad {pad}: {reason}")
                return result, False
        if reason:
            result["failed"] += 1
            result["failures"] = result["failures"][:9] + [f"{settings} pad {pad}: {reason}"]
        events.alive()
    return result, True


def sweep(given, target, events):
    for index, group in enumerate(sweep_plan.groups(given.names, given.small)):
        if index < given.first:
            continue
        if time.time() > given.until:
            return 0
        events.send("start", index=index, name=group["name"])
        result, sane = check_group(target, group, given.seed, events)
        events.send("done", index=index, **result)
        if not sane:
            return NEW_PROCESS
    return 0


def measure(given, target, events):
    import measuring

    machine = measuring.Machine(target)
    events.send("facts", **machine.facts())
    for index, case in enumerate(plan.measured(given.names, given.small)):
        if index < given.first:
            continue
        if time.time() > given.until:
            return 0
        events.send("start", index=index, name=case["name"], part=case["part"])
        machine.seed(given.seed + index)
        result, sane = measuring.measure(machine, case, given.case_seconds)
        events.send("done", index=index, **result)
        if not sane:
            return NEW_PROCESS
    return 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("part", choices=["facts", "sweep", "measure"])
    parser.add_argument("--library", required=True)
    parser.add_argument("--target", required=True)
    parser.add_argument("--names", type=lambda text: text.split(","), default=[],
                        help="kernels to sweep, parts to measure")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--until", type=float, default=float("inf"))
    parser.add_argument("--case-seconds", type=float, default=1.0)
    parser.add_argument("--small", action="store_true")
    given = parser.parse_args()
    events = Events()
    try:
        if given.part == "measure":
            import torch  # before the library: PyTorch wants to be the first to start OpenMP and CUDA

            if torch.cuda.is_available():
                torch.cuda.init()
        target = library.Target(library.Library(given.library), given.target)
    except (library.Failure, OSError, ImportError) as failure:
        events.send("refused", reason=str(failure))
        return 2
    if given.part == "facts":
        events.send("facts", target=target.name, device=target.device)
        return 0
    return (sweep if given.part == "sweep" else measure)(given, target, events)


if __name__ == "__main__":
    sys.exit(main())
