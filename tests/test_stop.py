"""USR1, USR2 and the end of the time: a scan stops in good order, in whatever phase, and the next one goes on with it."""

import os
import re
import shutil
import signal
import subprocess
import time

import pytest
from scans import Running, data_hash, report, scan, state_of

INPUT = """\
title: A scan that is stopped
axes:
  region: [disk, halo]
  alfven_mach: {from: 0.2, to: 0.9, points: 4, spacing: log}
  beta: {from: 0.05, to: 0.5, points: 24, spacing: log}
  injection_scale_pc: {from: 30, to: 100, points: 5, spacing: log}
  rigidity_gv: {from: 10, to: 1.0e5, points: 9, spacing: log}
model:
  tolerance: 1.0e-3
"""
N_CURVES = 2 * 4 * 24 * 5

# fsync that takes its time, and leaves a mark meanwhile: so a scan can be caught while it writes.
SLOW_FSYNC = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int fsync(int file)
{
    char mark[4096];
    const struct timespec while_one_looks = {0, 300000000};
    snprintf(mark, sizeof mark, "%s/mark.%ld", getenv("DMUMU_TEST_MARKS"), (long)getpid());
    close(open(mark, O_CREAT | O_WRONLY, 0600));
    nanosleep(&while_one_looks, NULL);
    const int result = ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(file);
    unlink(mark);
    return result;
}
"""


@pytest.fixture(scope="module")
def yaml(tmp_path_factory):
    path = tmp_path_factory.mktemp("input") / "scan.yaml"
    path.write_text(INPUT)
    return path


@pytest.fixture(scope="module")
def whole(yaml, tmp_path_factory):
    """The data_hash of the undisturbed cube."""
    return data_hash(scan(yaml, "-o", tmp_path_factory.mktemp("whole") / "cube.h5", ranks=2))


@pytest.fixture(scope="module")
def slow_fsync(tmp_path_factory):
    """The environment with that fsync, as a function of a folder for the marks."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler")
    folder = tmp_path_factory.mktemp("fsync")
    (folder / "slow.c").write_text(SLOW_FSYNC)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", folder / "slow.so", folder / "slow.c", "-ldl"], check=True)
    return lambda marks: {"LD_PRELOAD": folder / "slow.so", "DMUMU_TEST_MARKS": marks}


def part_of(cube):
    return cube.with_name(cube.name + ".part")


def n_done(cube):
    try:
        return int(state_of(part_of(cube)).sum())
    except (OSError, KeyError):
        return 0


def holds_signals(pid):
    """Does a process hold back USR1? Before, the kernel would end it."""
    try:
        with open(f"/proc/{pid}/status") as status:
            blocked = int(re.search(r"^SigBlk:\s*([0-9a-f]+)$", status.read(), re.M).group(1), 16)
    except (OSError, AttributeError):
        return False
    return bool(blocked >> (signal.SIGUSR1 - 1) & 1)


def assert_stopped(result, cube, done=None):
    """Status 3, a sentence that says how to go on, a .part that can be read and that nobody holds."""
    assert result.returncode == 3, report(result)
    said = re.search(rf"^incomplete: (\d+) of {N_CURVES} curves are done; resume with: dmumu scan (.*) --resume$",
                     result.stdout, re.M)  # fmt: skip
    assert said and f"-o {cube}" in said.group(2), report(result)
    assert "data_hash" not in result.stdout
    assert sorted(path.name for path in cube.parent.glob("cube*")) == ["cube.h5.part"]
    assert n_done(cube) == int(said.group(1)) < N_CURVES
    assert done is None or n_done(cube) >= done


def assert_goes_on(yaml, cube, whole):
    before = n_done(cube)
    result = scan(yaml, "-o", cube, "--resume", ranks=2)
    assert data_hash(result) == whole
    assert result.stdout.startswith(f"{N_CURVES - before} curves in ")


# ---- signals in every phase ----


@pytest.mark.parametrize(
    "ranks, to, number",
    [(None, "all ranks", signal.SIGUSR1), (1, "mpirun", signal.SIGUSR2), (3, "mpirun", signal.SIGUSR1),
     (3, "all ranks", signal.SIGUSR2), (3, "one rank", signal.SIGUSR1)],
)  # fmt: skip
def test_while_it_computes(yaml, whole, tmp_path, ranks, to, number):
    cube = tmp_path / "cube.h5"
    with Running(yaml, "-o", cube, "--epoch", 0, "--margin", 0, ranks=ranks) as running:
        running.run_until(lambda: n_done(cube) > 0)
        done = n_done(cube)
        running.send(number, to)
        running.send(signal.SIGCONT, "all ranks")
        result = running.end()
    assert_stopped(result, cube, done)
    assert result.stderr.count("dmumu scan: USR1 or USR2 came: finishing what is in hand\n") == 1
    assert_goes_on(yaml, cube, whole)


def test_blocks_in_hand_are_finished(yaml, whole, tmp_path):
    """One block of a fixed size for each rank and one ahead, when there is time: whole blocks are done."""
    cube = tmp_path / "cube.h5"
    with Running(yaml, "-o", cube, "--epoch", 0, "--margin", 100, "--block", 10, ranks=2) as running:
        running.run_until(lambda: n_done(cube) > 0)
        running.send(signal.SIGUSR1, "all ranks")
        running.send(signal.SIGCONT, "all ranks")
        result = running.end()
    assert_stopped(result, cube)
    assert n_done(cube) % 10 == 0
    assert_goes_on(yaml, cube, whole)


@pytest.mark.parametrize("ranks", [None, 3])
def test_while_it_starts(yaml, whole, tmp_path, ranks):
    """MPI has not begun, or is beginning: the scan comes as far as its .part, and computes nothing."""
    cube = tmp_path / "cube.h5"
    with Running(yaml, "-o", cube, ranks=ranks) as running:
        running.run_until(lambda: running.ranks() and all(map(holds_signals, running.ranks())), slice_s=0.001)
        assert not part_of(cube).exists()
        running.send(signal.SIGUSR1, "all ranks")
        running.send(signal.SIGCONT, "all ranks")
        result = running.end()
    assert_stopped(result, cube)
    assert n_done(cube) == 0
    assert_goes_on(yaml, cube, whole)


@pytest.mark.parametrize("ranks", [None, 2])
def test_while_it_writes(yaml, whole, tmp_path, slow_fsync, ranks):
    """An epoch that is under way is written, and the last one after it."""
    cube, marks = tmp_path / "cube.h5", tmp_path / "marks"
    marks.mkdir()
    with Running(yaml, "-o", cube, "--epoch", 0, "--margin", 0, ranks=ranks, **slow_fsync(marks)) as running:
        running.run_until(lambda: part_of(cube).exists() and any(marks.iterdir()))
        running.send(signal.SIGUSR1, "all ranks")
        running.send(signal.SIGCONT, "all ranks")
        result = running.end()
    assert_stopped(result, cube)
    assert_goes_on(yaml, cube, whole)


@pytest.mark.parametrize("ranks", [None, 2])
def test_while_it_closes(yaml, whole, tmp_path, slow_fsync, ranks):
    """When all is computed it is completed."""
    cube, marks = tmp_path / "cube.h5", tmp_path / "marks"
    marks.mkdir()
    with Running(yaml, "-o", cube, ranks=ranks, **slow_fsync(marks)) as running:
        running.run_until(lambda: n_done(cube) == N_CURVES)
        assert not cube.exists()
        running.send(signal.SIGUSR1, "all ranks")
        running.send(signal.SIGCONT, "all ranks")
        result = running.end()
    assert data_hash(result) == whole
    assert cube.exists() and not part_of(cube).exists()


def test_while_it_takes_over(yaml, whole, tmp_path, slow_fsync):
    """A buffer for few curves makes many epochs of a takeover; what was taken over stays."""
    cube, marks, old = tmp_path / "cube.h5", tmp_path / "marks", tmp_path / "old.h5"
    marks.mkdir()
    assert scan(yaml, "-o", old, ranks=2).returncode == 0
    with Running(yaml, "-o", cube, "--reuse", old, "--buffer", 0.01, **slow_fsync(marks)) as running:
        running.run_until(lambda: n_done(cube) > 0)
        running.send(signal.SIGUSR1, "all ranks")
        running.send(signal.SIGCONT, "all ranks")
        result = running.end()
    assert_stopped(result, cube, done=1)
    result = scan(yaml, "-o", cube, "--resume", "--reuse", old)
    assert data_hash(result) == whole and result.stdout.startswith("0 curves in ")


# ---- time ----


def stand_until(yaml, cube, ranks, of_slurm, limit_s):
    """A scan that stands still in the middle until its time is over: its result and the curves that were done then; None
    when it had no time for one."""
    end = int(time.time()) + limit_s + 1
    extra = {"SLURM_JOB_END_TIME": end} if of_slurm else {}
    options = [] if of_slurm else ["--walltime", f"0:{limit_s}"]
    with Running(yaml, "-o", cube, "--epoch", 0, "--margin", 0, *options, ranks=ranks, **extra) as running:
        try:
            running.run_until(lambda: n_done(cube) > 0)
        except AssertionError:
            return None
        done = n_done(cube)
        time.sleep(max(0.0, end + 1.0 - time.time()))
        running.send(signal.SIGCONT, "all ranks")
        return running.end(), done


@pytest.mark.parametrize("ranks, of_slurm", [(None, False), (3, True)])
def test_when_the_time_is_over(yaml, whole, tmp_path, ranks, of_slurm):
    """Then it begins nothing more. On a machine too busy to do a curve in the time, it is given more."""
    for limit_s in (6, 20, 60):
        cube = tmp_path / f"limit{limit_s}" / "cube.h5"
        cube.parent.mkdir()
        stood = stand_until(yaml, cube, ranks, of_slurm, limit_s)
        if stood is not None:
            break
    result, done = stood
    assert_stopped(result, cube, done)
    assert result.stderr.count("dmumu scan: the time is nearly over: finishing what is in hand\n") == 1
    assert_goes_on(yaml, cube, whole)


def test_again_and_again_until_it_is_complete(yaml, whole, tmp_path):
    """As jobs do: a short time, resumed as long as the status is 3. A little more of it each time, or on a machine that is
    busy enough to need it all for the start it would be for ever."""
    cube, limit_s = tmp_path / "cube.h5", 2
    while True:
        result = scan(yaml, "-o", cube, "--resume", "--walltime", limit_s, "--margin", 1, ranks=2)
        if result.returncode == 0:
            break
        assert result.returncode == 3 or result.returncode == 1 and "not one curve" in result.stderr, report(result)
        limit_s += 1 if result.returncode == 3 else limit_s
        assert limit_s < 60, "it never is complete"
    assert data_hash(result) == whole


@pytest.mark.parametrize("ranks", [None, 2])
def test_no_time_at_all_is_a_failure(yaml, tmp_path, ranks):
    """Else a job that is started again whenever it stops would be for ever."""
    result = scan(yaml, "-o", tmp_path / "cube.h5", ranks=ranks, SLURM_JOB_END_TIME=int(time.time()) - 1)
    assert result.returncode == 1
    assert report(result).count("not one curve could be finished in the time") == 1
    assert not os.path.exists(tmp_path / "cube.h5")


@pytest.mark.parametrize("option", [["--walltime", "soon"], ["--walltime", "0"], ["--margin", "-1"]])
def test_bad_options(yaml, tmp_path, option):
    result = scan(yaml, "-o", tmp_path / "cube.h5", *option)
    assert result.returncode == 2 and option[0] in result.stderr
    assert not list(tmp_path.iterdir())
