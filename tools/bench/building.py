# SPDX-License-Identifier: MIT
"""The project built on this machine, and the kernels compiled ahead, several at a time."""

import concurrent.futures
import os
import re
import shutil
import subprocess
import time

import library
import plan
import sweep_plan

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LIBRARY = "libtilewright_bench.so"


class Refused(Exception):
    """The check cannot run here, and why."""


def default_folder():
    return os.path.join(ROOT, "build", "gpu-check")


def first_words(command):
    """The first line that a command prints, or ''."""
    try:
        printed = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return printed.split("\n")[0]


def run(command, log):
    log.write("\n== " + " ".join(command) + "\n")
    log.flush()
    return subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL).returncode


def build(folder, jobs):
    """Configures and builds the tool and the library. Gives the seconds it took."""
    begun = time.time()
    if not shutil.which("cmake"):
        raise Refused("no cmake here; it builds the tool (3.25 or newer)")
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "build.log")
    configure = ["cmake", "-S", ROOT, "-B", folder, "-DCMAKE_BUILD_TYPE=Release", "-DTW_BUILD_TESTS=OFF",
                 "-DTW_BUILD_DEFAULT_KERNELS=OFF", "-DTW_INSTALL=OFF", "-DTW_WARNINGS_AS_ERRORS=OFF"]
    if not os.path.exists(os.path.join(folder, "CMakeCache.txt")):
        configure += ["-G", "Ninja" if shutil.which("ninja") else "Unix Makefiles"]
    make = ["cmake", "--build", folder, "--parallel", str(jobs), "--target", "tw", "tilewright_bench"]
    with open(path, "w") as log:
        if run(configure, log) or run(make, log):
            log.flush()
            with open(path, errors="replace") as read:
                end = read.read()[-3000:]
            raise Refused(f"the build failed; its log is {path} and ends\n{end}")
    return time.time() - begun


def machines(vendor):
    """The machines of a vendor, from the registry."""
    with open(os.path.join(ROOT, "arch", "registry.def")) as registry:
        return re.findall(rf"^TW_MACHINE_ROW\((\w+),\s*{vendor},", registry.read(), re.MULTILINE)


def wanted(target, measured_parts, parts, small):
    """Every instance to compile as (target, kernel, settings): all for the machine that is here, and those that are
    measured for the vendor's other machines too, so that a check says whether they compile."""
    family = target.split(":")[0]
    measured = [(case["kernel"], case["settings"]) for case in plan.measured(measured_parts, small)]
    groups = sweep_plan.groups(sweep_plan.KERNELS, small) if "verify" in parts else []
    swept = [(row["kernel"], row["options"]) for row in groups]
    instances = [(target, *row) for row in measured + swept]
    if family in ("cuda", "hip"):
        others = [f"{family}:{name}" for name in machines("nvidia" if family == "cuda" else "amd")]
        instances += [(other, *row) for other in others for row in measured]
    return list(dict.fromkeys(instances))


def compile_all(path, instances, jobs, until):
    """Compiles instances side by side. Gives how many there are, and why some are not."""
    shim = library.Library(path)
    failures, unfinished = [], 0

    def one(instance):
        if time.time() > until:
            return "late"
        try:
            shim.compiled(*instance)
        except library.Failure as failure:
            return failure
        return None

    with concurrent.futures.ThreadPoolExecutor(max_workers=jobs) as pool:
        for instance, reason in zip(instances, pool.map(one, instances)):
            if reason == "late":
                unfinished += 1
            elif reason and reason.code == library.UNAVAILABLE:
                until = 0  # the others fail alike
                raise Refused(str(reason))
            elif reason:
                failures.append({"instance": " ".join(instance), "reason": str(reason)})
    return {"instances": len(instances), "failures": failures, "unfinished": unfinished}
