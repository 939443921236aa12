"""Measures commands: how long they take, and how much memory."""

import json
import os
import statistics
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable


@dataclass
class Measured:
    """Medians of the wall clock and of user time in seconds, and the most memory of any run in MiB."""

    wall: float
    user: float
    memory: float
    output: str


def measure(command, runs=1, prepare: Callable[[], None] = lambda: None, env=None) -> Measured:
    """For what takes long enough that the start of a process makes no difference."""
    command = [str(word) for word in command]
    walls, users, memory, output = [], [], 0, ""
    for _ in range(runs):
        prepare()
        report = Path(f"/tmp/kthw-bench-{os.getpid()}")
        begun = time.perf_counter()
        done = subprocess.run(
            ["/usr/bin/time", "-f", "%U %M", "-o", report, *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=env,
        )
        walls.append(time.perf_counter() - begun)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr[-2000:]}")
        user, resident = report.read_text().split()
        report.unlink()
        users.append(float(user))
        memory = max(memory, int(resident) / 1024)
        output = done.stdout
    return Measured(statistics.median(walls), statistics.median(users), memory, output)


def starts(commands, folder: Path, runs) -> list[float]:
    """Median wall clocks in seconds of commands that end at once, by hyperfine."""
    results = folder / "hyperfine.json"
    words = [" ".join(str(word) for word in command) for command in commands]
    subprocess.run(
        ["hyperfine", "-N", "--warmup", "3", "--runs", str(runs), "--export-json", results, *words],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return [result["median"] for result in json.loads(results.read_text())["results"]]
