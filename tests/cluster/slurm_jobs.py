#!/usr/bin/env python3
"""The scripts of jobs/ in a real Slurm, and what can happen to jobs: slurm_jobs.py FOLDER CASE...

Each case starts a Slurm of its own in FOLDER (slurm.py), all at the same time, since they wait most of it, and ends with a
cube whose data_hash is that of a scan that nothing happened to. Prints a line per case; exit status 1 when any failed, 77 when this machine has no Slurm.
"""

import concurrent.futures
import contextlib
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import traceback

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent), str(pathlib.Path(__file__).resolve().parent.parent)]
import slurm as slurms  # noqa: E402
from scans import BINARY, ROOT, data_hash, scan, state_of  # noqa: E402

INPUT = """\
title: A job
axes:
  region: [disk, halo]
  alfven_mach: {from: 0.2, to: 0.9, points: 4, spacing: log}
  beta: {from: 0.05, to: 0.5, points: 8, spacing: log}
  injection_scale_pc: {from: 30, to: 100, points: 5, spacing: log}
  rigidity_gv: {from: 10, to: 1.0e5, points: 9, spacing: log}
model:
  tolerance: 1.0e-3
"""
N_CURVES = 2 * 4 * 8 * 5
JOBS = ROOT / "jobs"
MPIRUN = "mpirun --oversubscribe --bind-to none"


class Case:
    """A Slurm, an input file, and the hash of its cube."""

    def __init__(self, folder, slurm, whole):
        self.folder, self.slurm, self.whole = folder, slurm, whole
        self.yaml, self.cube, self.log = folder / "scan.yaml", folder / "cube.h5", folder / "job.log"
        self.part = folder / "cube.h5.part"
        self.yaml.write_text(INPUT)

    def submit(self, *arguments, options=("--ntasks=4", "--time=10"), script="scan.sbatch"):
        return self.slurm.submit(JOBS / script, self.yaml, self.cube, "--epoch", "0", *arguments,
                                 options=[*options, f"--output={self.log}"], folder=self.folder)  # fmt: skip

    def n_done(self):
        try:
            return int(state_of(self.part).sum())
        except (OSError, KeyError):
            return 0

    def ranks(self, job):
        """Process numbers of the job's scan. Another Slurm on this machine may have a job of that number."""
        marks, found = {f"SLURM_JOB_ID={job}".encode(), f"SLURM_CONF={self.slurm.folder}/slurm.conf".encode()}, []
        for path in pathlib.Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if (path / "exe").resolve() == BINARY and marks <= set((path / "environ").read_bytes().split(b"\0")):
                    if b"scan" in (path / "cmdline").read_bytes().split(b"\0"):
                        found.append(int(path.name))
        return found

    def send(self, number, job):
        for pid in self.ranks(job):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def run_until(self, job, condition, seconds=120):
        """Stop the job's ranks when the condition holds, however fast they are."""
        deadline = time.monotonic() + seconds
        while True:
            self.send(signal.SIGSTOP, job)
            if condition():
                return
            self.send(signal.SIGCONT, job)
            assert time.monotonic() < deadline, f"the job never came so far\n{self.said()}"
            assert self.slurm.state(job) not in ("COMPLETED", "FAILED"), f"the job ended before\n{self.said()}"
            time.sleep(0.05)

    def go_on(self, job):
        self.send(signal.SIGCONT, job)

    def said(self):
        return self.log.read_text(errors="replace") if self.log.exists() else "nothing was said"

    def assert_complete(self, job):
        state = self.slurm.wait(job)
        assert state == "COMPLETED", f"{state}\n{self.said()}\n{self.slurm.logs()}"
        hashes = re.findall(r"^data_hash: (\w+)$", self.said(), re.M)
        assert hashes[-1:] == [self.whole], self.said()
        assert self.cube.exists() and not self.part.exists()
        assert not (self.folder / "cube.h5.lock").exists()


def to_a_complete_cube(case):
    """One submission, nothing happens: ranks of srun; the launch is described once."""
    job = case.submit()
    case.assert_complete(job)
    assert len(re.findall(r"^dmumu scan: 1 host, 4 ranks, 1 thread per rank", case.said(), re.M)) == 1, case.said()
    assert "started again" not in case.said()


def limit(case):
    """It stands still until its time is nearly over, is stopped by what it knows of its end, requeued, and completes.

    40 s are left for a start on a busy machine; Slurm's signal comes 31 s before the end at the earliest.
    """
    limit_s, margin_s = 120, 80
    job = case.submit("--margin", margin_s, options=["--ntasks=4", f"--time={limit_s // 60}", "--signal=B:USR1@1"])
    case.run_until(job, lambda: case.n_done() > 0)
    begun = time.mktime(time.strptime(case.slurm.about(job)["StartTime"], "%Y-%m-%dT%H:%M:%S"))
    time.sleep(max(0.0, begun + limit_s - margin_s + 1.5 - time.time()))
    case.go_on(job)
    case.slurm.until(lambda: "started again" in case.said(), 60, f"the job is not requeued: {case.said()}")
    assert "the time is nearly over" in case.said(), case.said()
    done = int(re.search(r"incomplete: (\d+) of 320", case.said()).group(1))
    assert 0 < done < N_CURVES
    case.assert_complete(job)
    assert f"resumed: {done} of 320 curves were there" in case.said(), case.said()


def signal_of_slurm(case):
    """The same by the signal that Slurm sends, through mpirun, in a job that does not know its end."""
    case.slurm.environment |= {"MPI_LAUNCH": f"{MPIRUN} -n 3", "SLURM_JOB_END_TIME": "none"}
    job = case.submit("--margin", "0", options=["--ntasks=4", "--time=1", "--signal=B:USR1@55"])
    case.run_until(job, lambda: case.n_done() > 0)
    case.slurm.until(lambda: "USR1 came" in case.said(), 60, "Slurm sends no signal")
    case.go_on(job)
    case.slurm.until(lambda: "started again" in case.said(), 60, f"the job is not requeued: {case.said()}")
    case.slurm.until(lambda: case.slurm.state(job) == "PENDING", 60, "the job is not requeued")
    case.slurm.call("scontrol", "update", f"JobId={job}", "TimeLimit=10")  # one signal is enough
    assert "USR1 or USR2 came" in case.said(), case.said()
    case.assert_complete(job)


def wrong_pmi(case):
    """srun that does not connect the ranks: refused before any work, by us or by the MPI; with the right one it works."""
    scan_command = [str(BINARY), "scan", str(case.yaml), "-o", str(case.cube)]
    result = subprocess.run(["srun", "--mpi=none", "-n", "3", *scan_command], env=case.slurm.environment,
                            capture_output=True, text=True, timeout=120, check=False)  # fmt: skip
    assert result.returncode != 0 and not list(case.folder.glob("cube*")), result
    ours = result.stderr.count("3 processes were launched (SLURM_STEP_NUM_TASKS=3), but MPI sees 1")
    assert ours == 1 or "direct launched using \"srun\"" in result.stderr, result.stderr  # so says Open MPI 4
    out = case.slurm.call("srun", "--mpi=pmix", "-n", "3", *scan_command, seconds=120)
    assert f"data_hash: {case.whole}" in out, out


def scancel(case):
    """A cancelled job leaves what it has done; the next submission goes on with it."""
    job = case.submit()
    case.run_until(job, lambda: case.n_done() > 0)
    done = case.n_done()
    case.slurm.call("scancel", job)
    case.go_on(job)
    assert case.slurm.wait(job) == "CANCELLED"
    case.slurm.until(lambda: not case.ranks(job), 60, "ranks outlive their job")
    assert case.n_done() >= done
    case.assert_complete(case.submit())
    assert re.search(r"resumed: \d+ of 320 curves were there", case.said()), case.said()


def array(case):
    """Three parts, each a task; then the merge, which waits for them."""
    case.slurm.environment |= {"DMUMU": str(BINARY), "ARRAY_OPTIONS": "--ntasks=2 --time=10"}
    out = case.slurm.call(str(JOBS / "array.sbatch"), "3", str(case.yaml), str(case.cube), folder=case.folder)
    parts, merge = re.search(r"array (\d+) of 3 parts, then merge (\d+) into", out).groups()
    assert case.slurm.wait(merge, 240) == "COMPLETED", "\n".join(p.read_text() for p in case.folder.glob("*.log"))
    assert case.slurm.wait(parts) in ("COMPLETED", "GONE")
    said = next(case.folder.glob("dmumu-merge-*.log")).read_text()
    assert f"data_hash: {case.whole}" in said, said
    assert len(list(case.folder.glob("cube.?-of-3.h5"))) == 3


def array_task_killed(case):
    """A task's ranks are killed; it is started again by itself, and the merge still waits for it."""
    case.slurm.environment |= {"DMUMU": str(BINARY), "ARRAY_OPTIONS": "--ntasks=2 --time=10"}
    out = case.slurm.call(str(JOBS / "array.sbatch"), "2", str(case.yaml), str(case.cube), "--epoch", "0",
                          folder=case.folder)  # fmt: skip
    merge = re.search(r"then merge (\d+) into", out).group(1)
    case.part = case.folder / "cube.2-of-2.h5.part"
    task = next(line.split()[0] for line in squeue_of(case) if line.endswith("_2"))
    case.run_until(task, lambda: case.n_done() > 0)
    os.kill(case.ranks(task)[-1], signal.SIGKILL)
    case.go_on(task)
    deadline = time.monotonic() + 240
    while case.slurm.state(merge) not in ("COMPLETED", "FAILED", "CANCELLED", "GONE"):
        assert time.monotonic() < deadline, said_by_all(case)
        for job in case.slurm.call("squeue", "-h", "-r", "-t", "PD", "-o", "%A").split():
            if job != merge:
                case.slurm.hurry(job)
        time.sleep(0.5)
    said = next(case.folder.glob("dmumu-merge-*.log")).read_text()
    assert f"data_hash: {case.whole}" in said and "started again" in said_by_all(case), said + said_by_all(case)


def said_by_all(case):
    return "\n".join(path.read_text(errors="replace") for path in sorted(case.folder.glob("*.log")))


def squeue_of(case):
    """Lines of number and name: "3 1_2" is task 2 of array 1."""
    return case.slurm.call("squeue", "-h", "-r", "-o", "%A %i").splitlines()


def node_killed(case, node):
    """A power failure of one of two nodes; the third takes its place."""
    job = case.submit(options=["--nodes=2", "--ntasks=4", "--time=10"])
    case.run_until(job, lambda: case.n_done() > 0)
    nodes = set(case.slurm.call("scontrol", "show", "hostnames", case.slurm.about(job)["NodeList"]).split())
    assert nodes == {"n1", "n2"}, nodes
    done = case.n_done()
    case.slurm.kill_node(node)
    case.go_on(job)
    case.slurm.until(lambda: "down" in case.slurm.call("sinfo", "-h", "-n", node, "-o", "%T"), 180, "the node is not missed")
    case.assert_complete(job)
    again = set(case.slurm.call("scontrol", "show", "hostnames", case.slurm.about(job)["NodeList"]).split())
    assert node not in again, again
    assert re.search(r"resumed: (\d+) of 320", case.said()) and done > 0


def node_of_the_batch_script_killed(case):
    node_killed(case, "n1")


def other_node_killed(case):
    node_killed(case, "n2")


CASES = {  # name: function, nodes
    "complete": (to_a_complete_cube, 1),
    "limit": (limit, 1),
    "signal": (signal_of_slurm, 1),
    "wrong-pmi": (wrong_pmi, 1),
    "scancel": (scancel, 1),
    "array": (array, 1),
    "array-killed": (array_task_killed, 1),
    "batch-node": (node_of_the_batch_script_killed, 3),
    "other-node": (other_node_killed, 3),
}


def try_case(name, home, whole):
    function, nodes = CASES[name]
    begin = time.monotonic()
    home.mkdir()
    try:
        with slurms.Slurm(home / "slurm", nodes=nodes) as slurm:
            slurm.environment["DMUMU"] = str(BINARY)
            function(Case(home, slurm, whole))
    except (AssertionError, TimeoutError, StopIteration, OSError, subprocess.SubprocessError):
        print(f"failed: {name} after {time.monotonic() - begin:.0f} s\n{traceback.format_exc()}", flush=True)
        return False
    print(f"counted: {name}: complete, with the same data_hash, {time.monotonic() - begin:.0f} s", flush=True)
    return True


def main():
    folder, names = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:] or list(CASES)
    lacking = slurms.missing()
    if lacking:
        print("skipped: a Slurm of one's own needs", ", ".join(lacking))
        return 77
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "whole.yaml").write_text(INPUT)
    whole = data_hash(scan(folder / "whole.yaml", "-o", folder / "whole.h5", ranks=2))
    with concurrent.futures.ThreadPoolExecutor(max_workers=len(names)) as pool:
        passed = list(pool.map(lambda name: try_case(name, folder / name, whole), names))
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
