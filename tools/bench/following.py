# SPDX-License-Identifier: MIT
"""Runs worker.py and follows its events. A worker that faults, or is silent for too long, is ended, what it was at
counts as failed, and another one goes on behind it."""

import json
import os
import queue
import subprocess
import sys
import threading
import time

import worker

SILENCE = 150.0  # seconds without an event; a case may have to compile its kernel
RESTARTS = 20


class Outcome:
    def __init__(self):
        self.facts = {}
        self.results = []
        self.refused = None  # why the worker could not start


class Process:
    """A worker, and its events as they come."""

    def __init__(self, arguments):
        command = [sys.executable, os.path.abspath(worker.__file__), *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
        self.events = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        with self.process.stdout as lines:
            for line in lines:
                self.events.put(json.loads(line))
        self.events.put(None)

    def next(self, seconds):
        """The next event; None at the end; raises queue.Empty when none comes in time."""
        return self.events.get(timeout=max(seconds, 0.1))

    def end(self):
        self.process.kill()
        self.process.wait()


def follow_one(arguments, first, outcome, tell, until):
    """One worker from case `first` on. Gives the case to go on with in another one, or None."""
    process = Process([*arguments, "--first", str(first)])
    at = None  # the case begun and not done
    reason = None
    while reason is None:
        try:
            event = process.next(min(SILENCE, until + 20 - time.time()))
        except queue.Empty:
            reason = f"no sign of life for {SILENCE:.0f} s; ended" if time.time() < until else "cut off: time is up"
            break
        if event is None:
            break
        kind = event.pop("event")
        if kind == "facts":
            outcome.facts = event
        elif kind == "refused":
            outcome.refused = event["reason"]
        elif kind == "start":
            at = event
        elif kind == "done":
            at, first = None, event.pop("index") + 1
            outcome.results.append(event)
            tell(event)
    if reason:
        process.end()
    status = process.process.wait()
    if at is not None:
        late = time.time() >= until
        reason = reason or f"the process ended with status {status}"
        result = {key: value for key, value in at.items() if key != "index"}
        result.update({"left_out": reason} if late else {"passes": False, "failure": reason})
        outcome.results.append(result)
        tell(result)
        return at["index"] + 1
    return first if status == worker.NEW_PROCESS else None


def follow(arguments, tell, until):
    """All cases of a part, in as many workers as it takes."""
    outcome, first = Outcome(), 0
    arguments = [*arguments, "--until", repr(until)]
    for _ in range(RESTARTS):
        first = follow_one(arguments, first, outcome, tell, until)
        if first is None or time.time() > until:
            break
    return outcome
