"""Scans as the tests start them: with a deadline each, in an environment of their own, and stopped by force.

A scan that runs while a test does something to it is a `Running`: it is started in a session of its own, knows its
ranks, and leaves no process behind, whatever becomes of the test.
"""

import contextlib
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import h5py
import pytest

ROOT = Path(__file__).resolve().parent.parent
BINARY = Path(os.environ.get("DMUMU_BIN") or os.environ.get("DMUMU") or ROOT / "build" / "dmumu").resolve()
TIMEOUT_S = 300  # a scan that hangs fails its test instead of the whole run

os.environ.setdefault("HDF5_USE_FILE_LOCKING", "FALSE")  # h5py may look at a file while it is written


# For Open MPI: as root, and with more ranks than cores.
OPEN_MPI = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    # a rank that waits leaves the core to the one that it waits for: on a busy machine a hundred times faster
    "OMPI_MCA_mpi_yield_when_idle": "1",
    "OMPI_MCA_pml": "^cm",  # which takes 0.2 s at each start to find that it has no network
}


def environment(threads=1, **extra):
    """The caller's environment without a launcher's traces, fit for more ranks than cores and for root."""
    launcher = re.compile(r"^(OMPI_|PMI_|PMIX_|PRTE_|SLURM_)")
    env = {name: value for name, value in os.environ.items() if not launcher.match(name)}
    env |= OPEN_MPI | {"OMP_NUM_THREADS": str(threads)}
    return env | {name: str(value) for name, value in extra.items()}


def command(*arguments, ranks=None):
    launch = ["mpirun", "-n", str(ranks), "--bind-to", "none"] if ranks else []
    return [*launch, str(BINARY), *map(str, arguments)]


def scan(*arguments, ranks=None, threads=1, **extra):
    return subprocess.run(
        command("scan", *arguments, ranks=ranks),
        env=environment(threads, **extra), capture_output=True, text=True, timeout=TIMEOUT_S,
    )  # fmt: skip


def data_hash(result):
    assert result.returncode == 0, result.stderr
    return re.search(r"^data_hash: ([0-9a-f]{64})$", result.stdout, re.M).group(1)


def qualities(result):
    line = re.search(r"^values: (.*)$", result.stdout, re.M).group(1)
    return {name: int(count) for name, count in (item.split() for item in line.split(", "))}


def report(result):
    """Everything that was said, mpirun's own remarks included: for messages that must come once."""
    return result.stdout + result.stderr


@contextlib.contextmanager
def small_disk(folder, kilobytes):
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("mounting a small tmpfs needs root")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", folder], capture_output=True, text=True
    )
    if mounted.returncode != 0:
        pytest.skip(f"a small tmpfs cannot be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def state_of(path):
    """The ledger of a cube or of a .part: a flat array, 1 where a curve is done."""
    with h5py.File(path, "r") as file:
        return file["state"][...].ravel()


class Running:
    """A scan in the background: `with Running(yaml, "-o", cube, ranks=3) as scan: ...`; killed at the end."""

    def __init__(self, *arguments, ranks=None, threads=1, **extra):
        self.process = subprocess.Popen(
            command("scan", *arguments, ranks=ranks),
            env=environment(threads, **extra), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            start_new_session=True,
        )  # fmt: skip
        self.n_ranks = ranks

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for pid in [*self.ranks(), self.process.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if not self.process.stdout.closed:
            self.process.communicate(timeout=TIMEOUT_S)
        self.wait_for_the_end_of_all_ranks()

    def ranks(self):
        """Process numbers of the ranks that run: processes of our session that execute the program.

        Not their children: those in which files are opened for a look (src/cube/guard.c) come and go.
        """
        found = {}
        for path in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                state, parent, _, session = (path / "stat").read_text().rpartition(")")[2].split()[:4]
                if int(session) == self.process.pid and state not in "ZX" and (path / "exe").resolve() == BINARY:
                    found[int(path.name)] = int(parent)
        return sorted(pid for pid, parent in found.items() if parent not in found)

    def wait_for_ranks(self, seconds=30):
        deadline = time.monotonic() + seconds
        while len(ranks := self.ranks()) < (self.n_ranks or 1) and time.monotonic() < deadline:
            assert self.process.poll() is None, self.process.communicate()
            time.sleep(0.01)
        assert len(ranks) == (self.n_ranks or 1)
        return ranks

    def wait_for_the_end_of_all_ranks(self, seconds=30):
        deadline = time.monotonic() + seconds
        while self.ranks() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not self.ranks(), "ranks outlive their scan"

    def run_until(self, condition, slice_s=0.02, seconds=TIMEOUT_S):
        """Stop the ranks when the condition holds: they run for a slice, stand while it is looked at, and so on.

        So a scan is caught in the middle however fast the machine is. All ranks are stopped when this returns.
        """
        deadline = time.monotonic() + seconds
        self.wait_for_ranks()
        while True:
            self.send(signal.SIGSTOP, "all ranks")
            if condition():
                return
            assert self.process.poll() is None, "the scan ended before the condition held"
            assert time.monotonic() < deadline, "the condition never held"
            self.send(signal.SIGCONT, "all ranks")
            time.sleep(slice_s)

    def send(self, number, to):
        """A signal to "one rank" (the last), to "all ranks", or to "mpirun"."""
        ranks = self.ranks()
        for pid in {"one rank": ranks[-1:], "all ranks": ranks, "mpirun": [self.process.pid]}[to]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def end(self, seconds=TIMEOUT_S):
        """Wait for the scan; its exit status and what it said on stdout and stderr, as subprocess.run gives them."""
        out, errors = self.process.communicate(timeout=seconds)
        self.wait_for_the_end_of_all_ranks()
        return subprocess.CompletedProcess(self.process.args, self.process.returncode, out, errors)
