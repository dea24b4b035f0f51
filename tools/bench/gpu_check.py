# SPDX-License-Identifier: MIT
"""Everything that needs a GPU, in one run: build, correctness, speed against PyTorch. Started by tools/gpu_check."""

import argparse
import datetime
import importlib.util
import os
import re
import signal
import subprocess
import sys
import time

import building
import following
import plan
import reporting
import sweep_plan

PARTS = ("verify", "gemm", "attention", "memory")
CORRECT, WRONG, REFUSED, UNFINISHED = 0, 1, 2, 3
SWEEP_SHARE, MEASURE_SHARE = 0.3, 0.75  # of the time that is left when they begin; verify gets the rest


def positive(text):
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"'{text}' must be a number above 0")
    return number


def whole(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"'{text}' must be 1 or more")
    return number


def arguments(words):
    parser = argparse.ArgumentParser(
        prog="tools/gpu_check",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Builds Tilewright here, checks the GEMM and attention on the GPU against float64, runs tw verify, "
                    "and times\nboth kernels against PyTorch (cuBLAS; SDPA's cuDNN and flash backends) and the kernels "
                    "that are bound by\nmemory against a copy of as many bytes, in one interleaved run.",
        epilog="Exit status: 0 all that ran is right; 1 something is wrong; 2 it cannot run here; 3 tw verify did "
               "not end in time.\nHow fast a kernel is never changes it. Needs a compiler, cmake, nvcc and a python3 "
               "with PyTorch (TW_PYTHON\nnames another python), and no network.")
    parser.add_argument("--seconds", type=positive, default=500, metavar="N",
                        help="time for all of it, the build included; what matters most comes first (500)")
    parser.add_argument("--only", action="append", choices=PARTS, metavar="PART",
                        help="verify, gemm, attention or memory; may be repeated (all)")
    parser.add_argument("--target", default="cuda", metavar="T",
                        help="as tw names it (cuda); cpu tries this program on small sizes without a GPU")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the random inputs (1)")
    parser.add_argument("--case-seconds", type=positive, default=1.0, metavar="N",
                        help="sampling time of one measured size (1)")
    parser.add_argument("--jobs", type=whole, default=os.cpu_count() or 1, metavar="N",
                        help="compilers at a time (the number of processors)")
    parser.add_argument("--build", default=building.default_folder(), metavar="FOLDER",
                        help="the build and the compiled kernels (build/gpu-check)")
    parser.add_argument("--no-build", action="store_true", help="take the build as it is")
    parser.add_argument("--results", metavar="FOLDER",
                        help="where the JSON file goes (tools/bench/results; the build's folder when not on a GPU)")
    parser.add_argument("--commit", default="", metavar="ID", help="where the tree came without its git history")
    given = parser.parse_args(words)
    given.parts = [part for part in PARTS if part in (given.only or PARTS)]
    given.on_gpu = given.target.split(":")[0] in ("cuda", "hip")
    given.build = os.path.abspath(given.build)
    given.results = given.results or (os.path.join(building.ROOT, "tools", "bench", "results") if given.on_gpu
                                      else given.build)
    return given


def say(text):
    print(text, flush=True)


class Check:
    def __init__(self, given):
        self.given = given
        self.begun = time.time()
        self.until = self.begun + given.seconds
        self.small = not given.on_gpu
        self.timed = [part for part in given.parts if part != "verify"]
        self.library = os.path.join(given.build, building.LIBRARY)
        self.tool = os.path.join(given.build, "tw")
        self.facts = {}
        self.report = {"build": {}, "verify": None, "sweep": [], "measurements": [], "left_out": []}

    def left(self, share=1.0):
        """The time when `share` of what is left will be over."""
        now = time.time()
        return now + share * max(self.until - now, 0)

    def worker(self, job, names):
        return [job, "--library", self.library, "--target", self.facts.get("target", self.given.target), "--names",
                ",".join(names), "--seed", str(self.given.seed), "--case-seconds", str(self.given.case_seconds),
                *(["--small"] if self.small else [])]

    def build(self):
        given = self.given
        if not given.no_build:
            say(f"building in {given.build}")
            self.report["build"]["seconds"] = building.build(given.build, given.jobs)
        if not os.path.exists(self.library) or not os.path.exists(self.tool):
            raise building.Refused(f"{given.build} holds no {building.LIBRARY} and tw; run without --no-build")
        subprocess.run([self.tool, "targets"], stdin=subprocess.DEVNULL)
        outcome = following.follow(self.worker("facts", []), lambda result: None, self.until)
        if outcome.refused or not outcome.facts:
            raise building.Refused(outcome.refused or "the device cannot be opened")
        self.facts = outcome.facts
        say(f"\non {self.facts['target']}, {self.facts['device']}")

    def compile(self):
        begun = time.time()
        instances = building.wanted(self.facts["target"], self.timed, self.given.parts, self.small)
        say(f"compiling {len(instances)} instances, {self.given.jobs} at a time")
        compiled = building.compile_all(self.library, instances, self.given.jobs, self.left(0.5))
        self.report["build"].update(compiled, compile_seconds=time.time() - begun)
        for failure in compiled["failures"]:
            say(f"  does not compile: {failure['instance']}: {failure['reason']}")

    def sweep(self):
        say("\nerrors against float64, worst of each group as a share of its bound")

        def tell(row):
            if "runs" not in row:
                say(f"  {row['name']:<62} {row.get('failure') or row['left_out']}")
                return
            shares = ", ".join(f"{name} {worst['share']:.2f}" for name, worst in row["worst"].items())
            say(f"  {row['name']:<62} {row['runs']:>4} runs, {row['failed']} failed; {shares}")
            for failure in row["failures"]:
                say(f"    {failure}")

        share = SWEEP_SHARE if self.timed else 0.6
        outcome = following.follow(self.worker("sweep", sweep_plan.KERNELS), tell, self.left(share))
        self.report["sweep"] = outcome.results

    def measure(self):
        say(f"\nmeasuring {', '.join(self.timed)}, the most important sizes first")
        until = self.left(MEASURE_SHARE if "verify" in self.given.parts else 1.0)
        outcome = following.follow(self.worker("measure", self.timed), lambda row: say("  " + reporting.line(row)),
                                   until)
        if outcome.refused:
            raise building.Refused(outcome.refused)
        self.facts.update(outcome.facts)
        self.report["measurements"] = outcome.results

    def verify(self):
        """tw verify, the conformance suite."""
        command = [self.tool, "verify", "--target", self.facts["target"]]
        seconds = self.until - time.time()
        begun = time.time()
        found = {"command": " ".join(command[1:]), "status": "unfinished", "summary": ""}
        self.report["verify"] = found
        say(f"\ntw {found['command']} (at most {max(seconds, 0):.0f} s)")
        if seconds < 5:
            return
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                   errors="replace", stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            printed, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # and its compilers
            process.communicate()
            say("  not finished in time")
            return
        lines = printed.strip().split("\n")
        found.update(status="pass" if process.returncode == 0 else "fail", summary=lines[-1],
                     seconds=time.time() - begun)
        if process.returncode:
            found["output"] = lines[-60:]
        say("  " + "\n  ".join(lines[-60:] if process.returncode else lines[-1:]))

    def leave_out(self):
        """Names what there was no time for."""
        done = {row["name"] for row in self.report["measurements"] + self.report["sweep"]}
        planned = [case["name"] for case in plan.measured(self.timed, self.small)]
        if "verify" in self.given.parts:
            planned += [row["name"] for row in sweep_plan.groups(sweep_plan.KERNELS, self.small)]
        self.report["left_out"] = [name for name in planned if name not in done]

    def passes(self):
        rows = self.report["measurements"] + [{"passes": row["failed"] == 0} if "failed" in row else row
                                              for row in self.report["sweep"]]
        verified = self.report["verify"]
        return (all(row.get("passes", True) for row in rows) and not self.report["build"].get("failures") and
                not (verified and verified["status"] == "fail"))

    def write(self):
        now = datetime.datetime.now(datetime.timezone.utc)
        git = ["git", "-C", building.ROOT]
        nvcc = os.environ.get("TW_NVCC") or "nvcc"
        release = subprocess.run(f"{nvcc} --version || /usr/local/cuda/bin/nvcc --version", shell=True, text=True,
                                 capture_output=True).stdout
        driver = building.first_words(["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"])
        self.report.update(
            schema=reporting.SCHEMA, date=now.isoformat(timespec="seconds"), seconds=time.time() - self.begun,
            commit=building.first_words([*git, "rev-parse", "HEAD"]) or self.given.commit,
            changed=bool(building.first_words([*git, "status", "--porcelain"])),
            arguments={key: value for key, value in vars(self.given).items() if key not in ("build", "results")},
            versions={"driver": driver, "nvcc": "".join(re.findall(r"V(\d\S+)", release)), "python": sys.version.split()[0],
                      **{key: value for key, value in self.facts.items() if key not in ("target", "device")}},
            target=self.facts["target"], device=self.facts["device"], passes=self.passes())
        name = reporting.file_name(now.date().isoformat(), self.facts["device"])
        return reporting.write(self.given.results, name, self.report)

    def run(self):
        if self.timed and not importlib.util.find_spec("torch"):
            raise building.Refused(f"{sys.executable} has no PyTorch, which kernels are measured against; "
                                   "name another python by TW_PYTHON, or ask for --only verify")
        os.environ["TW_CACHE"] = os.path.join(self.given.build, "cache")
        self.build()
        self.compile()
        if "verify" in self.given.parts:
            self.sweep()
        if self.timed:
            self.measure()
        if "verify" in self.given.parts:
            self.verify()
        self.leave_out()
        path = self.write()
        say(reporting.table(self.report["measurements"]))
        if self.report["left_out"]:
            say(f"\nno time for {len(self.report['left_out'])}: {', '.join(self.report['left_out'])}")
        say(f"\n{time.time() - self.begun:.0f} s, {path}")
        verified = self.report["verify"]
        if not self.passes():
            say("WRONG: see above")
            return WRONG
        if verified and verified["status"] == "unfinished":
            say("all that ran is right; tw verify did not end in time")
            return UNFINISHED
        say("all that ran is right")
        return CORRECT


def main(words):
    try:
        return Check(arguments(words)).run()
    except building.Refused as refused:
        print(f"gpu_check: {refused}", file=sys.stderr)
        return REFUSED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
