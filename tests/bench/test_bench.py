# SPDX-License-Identifier: MIT
"""tools/bench without a GPU: arguments, plans, statistics, the results' schema, workers that fail, and, where the
build's library is given by TW_BENCH_LIBRARY, kernels on the CPU."""

import contextlib
import ctypes
import glob
import io
import json
import os
import subprocess
import sys
import tempfile
import types
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tools", "bench"))

import building  # noqa: E402
import following  # noqa: E402
import gpu_check  # noqa: E402
import library  # noqa: E402
import plan  # noqa: E402
import reporting  # noqa: E402
import samples  # noqa: E402
import sweep_plan  # noqa: E402
import worker  # noqa: E402

BOTH = ["gemm", "attention"]


class Samples(unittest.TestCase):
    def test_the_median_is_the_middle_whatever_the_order(self):
        self.assertEqual(samples.median([3, 1, 2]), 2)
        self.assertEqual(samples.median([4, 1, 2, 100]), 3)
        with self.assertRaises(ValueError):
            samples.median([])

    def test_a_summary_holds_every_sample(self):
        self.assertEqual(samples.summarize([2.0, 1.0, 4.0]),
                         {"median": 2.0, "min": 1.0, "max": 4.0, "samples": [2.0, 1.0, 4.0]})

    def test_a_ratio_above_one_means_that_ours_is_faster(self):
        self.assertEqual(samples.ratio(2.0, 3.0), 1.5)

    def test_a_rate_is_in_units_of_1e12(self):
        self.assertAlmostEqual(samples.rate(2.0 * 8192**3, 1.5), 733.0, delta=0.1)

    def test_samples_are_long_enough_and_few_launches_are_enough_for_long_kernels(self):
        self.assertEqual(samples.launches_per_sample(0.01, 4), 200)
        self.assertEqual(samples.launches_per_sample(0.5, 4), 8)
        self.assertEqual(samples.launches_per_sample(60, 4), 1)

    def test_rounds_stay_within_their_bounds(self):
        self.assertEqual([samples.rounds(ms, 1.0) for ms in (0.1, 100, 5000)], [25, 10, 5])

    def test_input_sets_exceed_the_cache_and_fit_the_memory(self):
        mega = 1 << 20
        self.assertGreaterEqual(samples.input_sets(10 * mega, 50 * mega, 80000 * mega) * 10, 3 * 50)
        self.assertEqual(samples.input_sets(1000 * mega, 50 * mega, 80000 * mega), 2)
        self.assertEqual(samples.input_sets(1000 * mega, 50 * mega, 1500 * mega), 1)
        self.assertEqual(samples.input_sets(1, 50 * mega, 80000 * mega), 24)


class Plans(unittest.TestCase):
    def test_every_size_asked_for_is_measured_once(self):
        cases = plan.measured(BOTH)
        names = [case["name"] for case in cases]
        self.assertEqual(len(names), len(set(names)))
        for size in (1024, 2048, 4096, 8192, 16384):
            self.assertIn(f"gemm {size}x{size}x{size} abt", names)
        for dim in (64, 128, 256):
            for sequence in (512, 1024, 2048, 4096, 8192, 16384):
                for mask in ("causal", "full"):
                    self.assertIn(f"attention d{dim} s{sequence} {mask}", names)

    def test_the_most_important_come_first(self):
        priorities = [case["priority"] for case in plan.measured(BOTH)]
        self.assertEqual(priorities, sorted(priorities))
        self.assertEqual(plan.measured(BOTH)[0]["name"], "gemm 8192x8192x8192 abt")

    def test_attention_keeps_tokens_and_width_and_counts_causal_half(self):
        flops = {}
        for case in plan.measured(["attention"]):
            shape = case["shape"]
            self.assertEqual(shape["B"] * shape["S"], plan.TOKENS)
            self.assertEqual(shape["H"] * shape["D"], plan.WIDTH)
            flops[case["name"]] = case["work"]
        self.assertEqual(flops["attention d128 s4096 full"], 4 * plan.TOKENS * plan.WIDTH * 4096)
        self.assertEqual(flops["attention d128 s4096 causal"] * 2, flops["attention d128 s4096 full"])

    def test_sweeps_hold_every_size_with_every_other(self):
        groups = {group["name"]: group["sizes"] for group in sweep_plan.groups(BOTH)}
        for trans_b in (0, 1):
            sizes = groups[f"gemm in=bf16 out=bf16 trans_b={trans_b}"]
            self.assertEqual(len([size for size in sizes if size.strip() not in sweep_plan.LARGE]), 8**3)
            self.assertEqual(len(sizes), len(set(sizes)))
        pairs = {tuple(size.split()[3:5]) for size in groups["attention d=128 dv=128 causal=1"]}
        self.assertEqual(len(pairs), 8 * 8)
        self.assertEqual(len(groups), len(sweep_plan.groups(BOTH)))

    def test_heads_are_a_multiple_of_key_heads(self):
        for group in sweep_plan.groups(["attention"]):
            for size in group["sizes"]:
                given = dict(word.split("=") for word in size.split())
                self.assertEqual(int(given["H"]) % int(given["Hk"]), 0)

    def test_each_instance_is_compiled_once_and_measured_ones_for_every_machine_of_the_vendor(self):
        machines = building.machines("nvidia")
        self.assertIn("sm90", machines)
        self.assertNotIn("gfx942", machines)
        instances = building.wanted("cuda:sm90", BOTH, list(gpu_check.PARTS), False)
        self.assertEqual(len(instances), len(set(instances)))
        for machine in machines:
            self.assertIn((f"cuda:{machine}", "gemm", "trans_b=1"), instances)
        self.assertIn(("cuda:sm90", "attention", "d=32 dv=32"), instances)
        self.assertNotIn(("cuda:sm80", "attention", "d=32 dv=32"), instances)


class Arguments(unittest.TestCase):
    def refuse(self, *words):
        with contextlib.redirect_stderr(io.StringIO()), self.assertRaises(SystemExit) as stopped:
            gpu_check.arguments(words)
        self.assertEqual(stopped.exception.code, gpu_check.REFUSED)

    def test_presets(self):
        given = gpu_check.arguments([])
        self.assertEqual((given.seconds, given.target, given.parts), (500, "cuda", list(gpu_check.PARTS)))
        self.assertTrue(given.results.endswith("tools/bench/results"))

    def test_parts_alone_and_together(self):
        self.assertEqual(gpu_check.arguments(["--only", "gemm"]).parts, ["gemm"])
        self.assertEqual(gpu_check.arguments(["--only", "attention", "--only", "verify"]).parts,
                         ["verify", "attention"])

    def test_a_dry_run_leaves_the_results_alone(self):
        given = gpu_check.arguments(["--target", "cpu", "--build", "/somewhere"])
        self.assertEqual(given.results, "/somewhere")

    def test_refusals(self):
        for words in (["--only", "speed"], ["--seconds", "0"], ["--seconds", "nan"], ["--jobs", "0"], ["more"]):
            self.refuse(*words)


def good_report():
    times = [samples.summarize([1.0, 1.1, 1.2]) for _ in range(2)]
    error = {"relative": 1.7e-3, "passes": True}
    measured = {
        "name": "gemm 8x8x8 abt", "part": "gemm", "kernel": "gemm", "shape": {"M": 8}, "settings": "trans_b=1",
        "work": 1024.0, "unit": "TFLOP/s",
        "contestants": [{"name": "tilewright", "milliseconds": times[0], "rate": 700},
                        {"name": "torch.matmul", "milliseconds": times[1], "rate": 690.0}],
        "ratios": {"torch.matmul": 1.014}, "accuracy": {"float64": error}, "passes": True,
        "launches_per_sample": 3, "rounds": 3, "input_sets": 2,
    }
    return {
        "schema": reporting.SCHEMA, "date": "2026-11-20T00:00:00+00:00", "seconds": 12.5, "commit": "0" * 40,
        "changed": False, "arguments": {}, "versions": {}, "target": "cuda:sm90", "device": "NVIDIA H100",
        "build": {}, "verify": None, "measurements": [measured], "left_out": [], "passes": True,
        "sweep": [{"name": "gemm", "runs": 3, "failed": 0, "failures": [], "worst": {}}],
    }


class Reports(unittest.TestCase):
    def test_the_schema_takes_what_is_right_and_says_what_is_wrong(self):
        reporting.check(good_report())
        wrong = good_report()
        del wrong["commit"]
        with self.assertRaisesRegex(reporting.Wrong, "no 'commit'"):
            reporting.check(wrong)
        wrong = good_report()
        wrong["measurements"][0]["contestants"][1]["milliseconds"]["samples"] = [1.0, 1.1, "1.2"]
        with self.assertRaisesRegex(reporting.Wrong, r"contestants\[1\].milliseconds.samples\[2\] is '1.2'"):
            reporting.check(wrong)
        wrong = good_report()
        wrong["passes"] = 1
        with self.assertRaisesRegex(reporting.Wrong, "report.passes is 1, not bool"):
            reporting.check(wrong)

    def test_failed_and_left_out_cases_need_no_numbers(self):
        report = good_report()
        report["measurements"] += [{"name": "gemm 1x1x1 ab", "passes": False, "failure": "a fault"},
                                   {"name": "attention d64 s512 full", "left_out": "memory"}]
        for row in report["measurements"][1:]:
            row["part"] = row["name"].split()[0]
        reporting.check(report)
        self.assertIn("a fault", reporting.table(report["measurements"]))

    def test_a_file_is_never_written_over_and_holds_no_infinity(self):
        report = good_report()
        report["measurements"][0]["accuracy"]["float64"]["relative"] = float("inf")
        with tempfile.TemporaryDirectory() as folder:
            name = reporting.file_name("2026-11-20", "NVIDIA H100 80GB HBM3")
            self.assertEqual(name, "2026-11-20-nvidia-h100-80gb-hbm3.json")
            first, second = (reporting.write(folder, name, report) for _ in range(2))
            self.assertNotEqual(first, second)
            with open(first) as stream:
                read = json.load(stream, parse_constant=self.fail)
            self.assertEqual(read["measurements"][0]["accuracy"]["float64"]["relative"], "inf")

    def test_the_table_shows_speeds_ratios_and_what_is_not_there(self):
        row = good_report()["measurements"][0]
        row["name"], row["part"], row["ratios"] = "attention d64 s512 full", "attention", {"cudnn": 1.014}
        row["contestants"][1]["name"] = "cudnn"
        row["contestants"].append({"name": "flash", "unavailable": "too new a GPU"})
        text = reporting.table([row])
        for words in ("700", "690", "1.014", "not there", "too new a GPU", "1.70e-03", "pass"):
            self.assertIn(words, text)

    def test_a_failed_output_is_named(self):
        row = good_report()["measurements"][0]
        row["passes"] = row["accuracy"]["float64"]["passes"] = False
        self.assertIn("FAIL: float64 1.70e-03", reporting.line(row))

    def test_the_results_in_the_tree_keep_to_the_schema(self):
        for path in glob.glob(os.path.join(ROOT, "tools", "bench", "results", "*.json")):
            with self.subTest(path), open(path) as stream:
                reporting.check(json.load(stream))


# A worker whose case 1 does what its first argument says.
WORKER = """
import json, os, sys, time
first = int(sys.argv[sys.argv.index("--first") + 1])
def send(event, **fields):
    print(json.dumps({"event": event, **fields}), flush=True)
send("facts", target="cpu", device="this one")
for index in range(first, 4):
    send("start", index=index, name=f"case {index}")
    if index == 1 and sys.argv[1] == "die":
        os._exit(139)
    if index == 1 and sys.argv[1] == "hang":
        time.sleep(60)
    send("done", index=index, name=f"case {index}", passes=index != 2)
    if index == 1 and sys.argv[1] == "again":
        sys.exit(3)
"""


class Following(unittest.TestCase):
    def follow(self, way, silence=20.0):
        with tempfile.NamedTemporaryFile("w", suffix=".py") as script:
            script.write(WORKER)
            script.flush()
            kept = following.worker, following.SILENCE
            following.worker = types.SimpleNamespace(__file__=script.name, NEW_PROCESS=worker.NEW_PROCESS)
            following.SILENCE = silence
            try:
                return following.follow([way], lambda result: None, following.time.time() + 40)
            finally:
                following.worker, following.SILENCE = kept

    def check(self, outcome, first_failure):
        self.assertEqual([row["name"] for row in outcome.results], [f"case {index}" for index in range(4)])
        self.assertEqual([row["passes"] for row in outcome.results], [True, first_failure is None, False, True])
        self.assertEqual(outcome.facts["device"], "this one")
        if first_failure:
            self.assertIn(first_failure, outcome.results[1]["failure"])

    def test_all_results_arrive(self):
        self.check(self.follow("fine"), None)

    def test_a_new_process_goes_on_where_one_asked_for_it(self):
        self.check(self.follow("again"), None)

    def test_a_case_that_ends_its_process_fails_and_the_rest_goes_on(self):
        self.check(self.follow("die"), "status 139")

    def test_a_case_that_hangs_is_ended_fails_and_the_rest_goes_on(self):
        self.check(self.follow("hang", 1.5), "no sign of life")

    def test_groups_count_failures_and_stop_where_the_device_is_lost(self):
        class Target:
            def check(self, kernel, settings, seed, pad):
                if "M=3" in settings:
                    raise library.Failure(library.DEVICE, "an illegal address")
                return [{"tensor": "c", "relative": 1e-3, "bound": 2e-3, "mean_signed": 0.0, "mismatches": 0,
                         "passes": "M=2" not in settings}]

        group = sweep_plan.group("gemm", "trans_b=1", ["M=1", "M=2", "M=3", "M=4"])
        events = types.SimpleNamespace(alive=lambda: None)
        result, sane = worker.check_group(Target(), group, 1, events)
        self.assertEqual((result["runs"], result["failed"], sane), (3, 2, False))
        self.assertIn("an illegal address", result["failures"][1])
        self.assertEqual(result["worst"]["c"]["share"], 0.5)


class Buffer:
    """What library.Problem asks of a tensor, over memory of ctypes."""

    def __init__(self, kind, rows, cols, value):
        self.values = (kind * (rows * cols))(*[value] * (rows * cols))
        self.shape = (rows, cols)

    def data_ptr(self):
        return ctypes.addressof(self.values)

    def dim(self):
        return 2

    def stride(self, d):
        return (self.shape[1], 1)[d]


@unittest.skipUnless(os.environ.get("TW_BENCH_LIBRARY"), "TW_BENCH_LIBRARY names no library")
class Kernels(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.library = library.Library(os.environ["TW_BENCH_LIBRARY"])
        cls.target = library.Target(cls.library, "cpu")

    @classmethod
    def tearDownClass(cls):
        cls.target.close()

    def test_a_kernel_writes_into_the_callers_memory(self):
        one = 0x3F80  # of bf16
        tensors = {"a": Buffer(ctypes.c_uint16, 33, 50, one), "b": Buffer(ctypes.c_uint16, 20, 50, one),
                   "c": Buffer(ctypes.c_float, 33, 20, -1.0)}
        problem = library.Problem(self.target, "gemm", "out=f32 trans_b=1 alpha=0.5", tensors)
        problem.launch(None)
        problem.release()
        self.assertEqual(set(tensors["c"].values), {25.0})

    def test_errors_come_back_by_output(self):
        errors = self.target.check("gemm", "out=bf16 M=70 N=33 K=40", 3, 5)
        self.assertEqual([error["tensor"] for error in errors], ["c"])
        self.assertTrue(errors[0]["passes"])
        self.assertTrue(1e-4 < errors[0]["relative"] < 2.5e-3)
        self.assertEqual(errors[0]["count"], 70 * 33)

    def refuse(self, words, call, *arguments):
        with self.assertRaisesRegex(library.Failure, words):
            call(*arguments)

    def test_refusals_carry_the_librarys_words(self):
        self.refuse("unknown kernel 'gem'", self.target.check, "gem", "", 1, 0)
        self.refuse("trans_b", self.target.check, "gemm", "trans_b=7", 1, 0)
        self.refuse("NAME=VALUE", self.target.check, "gemm", "M", 1, 0)
        self.refuse("needs its tensor b", library.Problem, self.target, "gemm", "", {
            "a": Buffer(ctypes.c_uint16, 3, 5, 0)})
        self.refuse("target 'gpu'", library.Target, self.library, "gpu")

    def test_a_sweep_runs_in_a_worker(self):
        command = [sys.executable, os.path.join(ROOT, "tools", "bench", "worker.py"), "sweep", "--library",
                   os.environ["TW_BENCH_LIBRARY"], "--target", "cpu", "--names", "gemm", "--small", "--first", "2"]
        printed = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
        done = [event for event in map(json.loads, printed.splitlines()) if event["event"] == "done"]
        self.assertEqual([event["failed"] for event in done], [0, 0])
        self.assertTrue(all(event["runs"] > 5 for event in done))


if __name__ == "__main__":
    unittest.main()
