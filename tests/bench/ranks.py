#!/usr/bin/python3
"""Ranks and threads of real scans, by ratios in one run: ranks.py efficiency|crowd DMUMU.

efficiency   2 ranks x 1 thread and 1 rank x 2 threads against 1 x 1, for `make bench`: in each round the three run one after
             the other, and the median of the rounds' ratios counts. With other processes on the machine a second figure
             leaves out the time that threads were without a core (the scan's own account, last lines of `dmumu scan`).
crowd        1 to 16 ranks on two cores, progress on, for `make bench-scale`: an epoch every second against none before the
             end, in pairs, and what messages and the master's answers took.
"""

import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

INPUT = """\
title: Ranks and threads
axes:
  region: [disk, halo]
  alfven_mach: {from: 0.1, to: 1.0, points: 8, spacing: log}
  beta: {from: 0.01, to: 1.0, points: 24, spacing: log}
  injection_scale_pc: {from: 10, to: 300, points: 24, spacing: log}
  rigidity_gv: {from: 1, to: 1.0e6, points: 64, spacing: log}
"""
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

    def __init__(self, program, folder, ranks, threads, *options):
        result = subprocess.run(
            ["mpirun", "-n", str(ranks), "--bind-to", "none", program, "scan", str(folder / "input.yaml"),
             "-o", str(folder / "cube.h5"), "--overwrite", *options],
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


def spread(values):
    return f"{statistics.median(values):.3f} ({min(values):.3f} to {max(values):.3f})"


def efficiency(program, folder):
    several = {"2 ranks x 1 thread": (2, 1), "1 rank x 2 threads": (1, 2)}
    wall = {name: [] for name in several}
    core = {name: [] for name in several}
    for _ in range(ROUNDS):
        alone = Scan(program, folder, 1, 1)
        for name, (ranks, threads) in several.items():
            scan = Scan(program, folder, ranks, threads)
            wall[name].append(alone.seconds / (scan.cores * scan.seconds))
            core[name].append(alone.with_core() / scan.with_core())
    print(f"efficiency to 1 x 1 {alone.curves} curves, {alone.seconds:.1f} s alone, median of {ROUNDS} paired rounds")
    for name in several:
        print(f"  {name:18s}  {spread(wall[name])}; without the time when other processes had the core "
              f"{spread(core[name])}")  # fmt: skip


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
    program = str(Path(sys.argv[2]).resolve())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "input.yaml").write_text(INPUT, encoding="utf-8")
        what(program, folder)


if __name__ == "__main__":
    main()
