# SPDX-License-Identifier: MIT
"""Timing several contestants in one run: A B C, C B A, ... so that clocks and temperature treat all alike.

A sample is a number of launches over rotating sets of inputs between two events. A kernel that only waits stands in
front of them: while it waits the processor queues the launches, so a sample holds no launch overhead of Python's.
"""

import contextlib
import time

import torch

import samples

SAMPLE_MILLISECONDS = 4.0
WAIT_CYCLES = 2.2e6  # of torch.cuda._sleep for a millisecond, at the highest clock
WAIT_MOST = 20.0  # milliseconds; a first launch that builds its plan says nothing about the later ones


class Contestant:
    def __init__(self, name, launch, scope=contextlib.nullcontext):
        self.name = name
        self.launch = launch  # launch(i): one launch on input set i
        self.scope = scope  # a context manager around the launches of a sample
        self.next_set = 0
        self.queue_milliseconds = 0.0  # the processor's time to queue a launch


class Clock:
    def __init__(self, device):
        self.on_gpu = device == "cuda"
        if self.on_gpu:
            self.start = torch.cuda.Event(enable_timing=True)
            self.stop = torch.cuda.Event(enable_timing=True)

    def begin(self, wait_milliseconds):
        if self.on_gpu:
            torch.cuda._sleep(int(wait_milliseconds * WAIT_CYCLES))
            self.start.record()
        else:
            self.begun = time.perf_counter()

    def end(self):
        if not self.on_gpu:
            return (time.perf_counter() - self.begun) * 1e3
        self.stop.record()
        self.stop.synchronize()
        return self.start.elapsed_time(self.stop)


def sample(contestant, launches, sets, clock):
    """Milliseconds per launch."""
    with contestant.scope():
        clock.begin(min(1.5 * contestant.queue_milliseconds * launches + 0.02, WAIT_MOST))
        queued = time.perf_counter()
        for _ in range(launches):
            contestant.launch(contestant.next_set)
            contestant.next_set = (contestant.next_set + 1) % sets
        queued = (time.perf_counter() - queued) * 1e3 / launches
        milliseconds = clock.end() / launches
    if clock.on_gpu:
        contestant.queue_milliseconds = queued
    return milliseconds


def warm_up(contestant, sets, clock):
    """Touches every input set, and gives the milliseconds of a launch."""
    sample(contestant, 1, sets, clock)
    sample(contestant, max(sets - 1, 2), sets, clock)
    return sample(contestant, 3, sets, clock)


def compete(contestants, sets, device, seconds):
    """Samples of each contestant by name, and how they were taken."""
    clock = Clock(device)
    guess = [warm_up(contestant, sets, clock) for contestant in contestants]
    launches = samples.launches_per_sample(min(guess), SAMPLE_MILLISECONDS)
    count = samples.rounds(launches * sum(guess), seconds)
    taken = {contestant.name: [] for contestant in contestants}
    for turn in range(count):
        for contestant in contestants if turn % 2 == 0 else reversed(contestants):
            taken[contestant.name].append(sample(contestant, launches, sets, clock))
    how = {"launches_per_sample": launches, "rounds": count, "input_sets": sets}
    return taken, how
