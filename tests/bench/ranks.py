#!/usr/bin/python3
"""Ranks and threads of real scans, by ratios in one run: ranks.py efficiency DMUMU BENCH, ranks.py crowd DMUMU.

efficiency   2 ranks x 1 thread and 1 rank x 2 threads against 1 x 1, for `make bench`. Two cores of a machine are not always
             twice one: two hardware threads may share a core, or the clock be lower. So two programs that know nothing of each
             other run side by side too: two such scans, and two loops that use nothing but registers. What is missing to 1
             there is the machine's; the program's own efficiency is the ratio to two scans. In each round all run one after
             the other, 1 x 1 before and after the rest since a machine's speed drifts, and the median of the rounds' ratios
             counts. With other processes on the machine a second figure leaves out the time that threads were without a core
             (the scan's own account, last lines of `dmumu scan`).
crowd        1 to 16 ranks on two cores, progress on, for `make bench-scale`: an epoch every second against none before the
             end, in pairs, and what messages and the master's answers took.
"""

import os
import re
import statistics
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

INPUT = """\
title: Ranks and threads
axes:
  region: [disk, halo]
  alfven_mach: {from: 0.1, to: 1.0, points: POINTS, spacing: log}
  beta: {from: 0.01, to: 1.0, points: 24, spacing: log}
  injection_scale_pc: {from: 10, to: 300, points: 24, spacing: log}
  rigidity_gv: {from: 1, to: 1.0e6, points: 64, spacing: log}
"""
MACH_POINTS = {"efficiency": 16, "crowd": 8}  # the larger cube of bench.c; and half of it
ROUNDS = 5
PAIRS = 3
CROWD = (1, 2, 4, 8, 16)
WITHOUT_A_CORE, EARLY = "without a core", "finished early"


def environment(threads):
    env = os.environ | {"OMP_NUM_THREADS": str(threads)}
    if "SLURM_JOB_ID" not in env:
        env |= {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
        env |= {"OMPI_MCA_rmaps_base_oversubscribe": "1", "OMPI_MCA_mpi_yield_when_idle": "1"}
    return env


class Scan:
    """One run: its seconds, and the parts of its threads' time."""

    def __init__(self, program, folder, ranks, threads, *options, cube="cube.h5"):
        result = subprocess.run(
            ["mpirun", "-n", str(ranks), "--bind-to", "none", program, "scan", str(folder / "input.yaml"),
             "-o", str(folder / cube), "--overwrite", *options],
            env=environment(threads), capture_output=True, text=True, check=True,
        )  # fmt: skip
        found = re.search(r"^(\d+) curves in ([\d.]+) s", result.stdout, re.M)
        self.curves, self.seconds = int(found.group(1)), float(found.group(2))
        line = re.search(r"^threads: (.*)$", result.stdout, re.M).group(1)
        self.parts = {name.strip(): float(part) / 100 for name, part in re.findall(r"([a-z ]+?) ([\d.]+) %", line)}
        self.cores = ranks * threads

    def with_core(self):
        """Seconds of all threads but for those without a core."""
        return self.cores * self.seconds * (1 - self.parts[WITHOUT_A_CORE])


class Mean:
    """Several runs of the same, as one."""

    def __init__(self, *runs):
        self.cores, self.curves = runs[0].cores, runs[0].curves
        self.seconds = statistics.mean(run.seconds for run in runs)
        self.core_seconds = statistics.mean(run.with_core() for run in runs)

    def with_core(self):
        return self.core_seconds


class Loop:
    """One run of a loop that touches no memory."""

    cores = 1

    def __init__(self, bench):
        text = subprocess.run([bench, "registers"], capture_output=True, text=True, check=True).stdout
        self.seconds, self.core_seconds = (float(number) for number in re.findall(r"([\d.]+) s", text))

    def with_core(self):
        return self.core_seconds


class Pair:
    """Two of a kind at the same time, without a word between them. Seconds are for the work of one: half of what is done."""

    cores = 2

    def __init__(self, kind):
        with ThreadPoolExecutor(2) as pool:
            self.two = list(pool.map(kind, range(2)))
        self.seconds = 1 / sum(1 / one.seconds for one in self.two)

    def with_core(self):
        return statistics.mean(one.with_core() for one in self.two)


def spread(values):
    return f"{statistics.median(values):.3f} ({min(values):.3f} to {max(values):.3f})"


def against(one, other):
    """How well the other uses its cores for the same work: all time counted, and only that with a core."""
    return one.cores * one.seconds / (other.cores * other.seconds), one.with_core() / other.with_core()


def efficiency_round(program, folder, bench):
    """All ratios once: against one scan (or loop) alone, before and after, and against two scans side by side."""
    before = Scan(program, folder, 1, 1)
    ranks, threads = Scan(program, folder, 2, 1), Scan(program, folder, 1, 2)
    two = Pair(lambda i: Scan(program, folder, 1, 1, cube=f"cube{i}.h5"))
    alone = Mean(before, Scan(program, folder, 1, 1))
    loop, loops = Loop(bench), Pair(lambda _: Loop(bench))
    several = {"2 ranks x 1 thread": ranks, "1 rank x 2 threads": threads}
    raw = {name: against(alone, scan) for name, scan in several.items()}
    machine = {"two 1 x 1 scans": against(alone, two), "two loops in registers": against(loop, loops)}
    own = {name: against(two, scan) for name, scan in several.items()}
    return alone, (raw, machine, own)


def efficiency(program, folder, bench):
    rounds = [efficiency_round(program, folder, bench) for _ in range(ROUNDS)]
    alone = rounds[-1][0]
    print(f"efficiency to 1 x 1 {alone.curves} curves, {alone.seconds:.1f} s alone, median of {ROUNDS} rounds in turn; then "
          "without the time when other processes had the core")  # fmt: skip
    titles = ("to one alone", "what the machine can: two programs side by side, to one alone",
              "the program's own: to two 1 x 1 scans side by side")  # fmt: skip
    for title, *parts in zip(titles, *(parts for _, parts in rounds)):
        print(f"  {title}")
        for name in parts[0]:
            wall, core = zip(*(part[name] for part in parts))
            print(f"    {name:22s}  {spread(wall)}; {spread(core)}")


def crowd(program, folder):
    print(f"ranks on 2 cores, {PAIRS} pairs of scans: with an epoch every second and with none before the end")
    print("  ranks  curves/s  with over without epochs  messages  waiting  writing  finished early", flush=True)
    for ranks in CROWD:
        pairs = [(Scan(program, folder, ranks, 1, "--epoch", "1"), Scan(program, folder, ranks, 1, "--epoch", "1e6"))
                 for _ in range(PAIRS)]  # fmt: skip
        ratio = spread([without.seconds / often.seconds for often, without in pairs])
        often = [pair[0] for pair in pairs]
        rate = statistics.median(scan.curves / scan.seconds for scan in often)
        messages = statistics.median(scan.parts["messages"] / scan.parts["computing"] for scan in often)
        parts = (statistics.median(scan.parts[name] for scan in often) for name in ("waiting", "writing", EARLY))
        waiting, writing, early = (f"{100 * part:.2f} %" for part in parts)
        print(f"  {ranks:5d}  {rate:8.0f}  {ratio:>25s}  {100 * messages:6.2f} %  {waiting:>7s}  {writing:>7s}  "
              f"{early:>14s}", flush=True)  # fmt: skip
    print("  messages: core time spent on them, of that spent on curves; the rest: of the threads' time")


def main():
    what = {"efficiency": efficiency, "crowd": crowd}[sys.argv[1]]
    programs = [str(Path(name).resolve()) for name in sys.argv[2:]]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        points = str(MACH_POINTS[sys.argv[1]])
        (folder / "input.yaml").write_text(INPUT.replace("POINTS", points), encoding="utf-8")
        what(programs[0], folder, *programs[1:])


if __name__ == "__main__":
    main()
