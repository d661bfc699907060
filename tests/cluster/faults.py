#!/usr/bin/env python3
"""What can happen to a scan besides being killed: faults.py FOLDER [CASE...]. In plain MPI, without Slurm.

Every case has a deadline, and ends with the cube of an undisturbed scan. Prints a line per case; exit status 1 when any
failed, 77 when all were skipped.
"""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from scans import Running, data_hash, report, scan, state_of  # noqa: E402

INPUT = """\
title: A scan in trouble
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
# Not done within the second or two until a rank is stopped.
LARGER = ["--set", "axes.beta.points=80", "--set", "axes.injection_scale_pc.points=40"]
N_LARGER = 2 * 4 * 80 * 40


class Skipped(Exception):
    pass


def n_done(cube):
    try:
        return int(state_of(cube.with_name(cube.name + ".part")).sum())
    except (OSError, KeyError):
        return 0


@contextlib.contextmanager
def small_disk(folder, megabytes):
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        raise Skipped("a small tmpfs cannot be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(path):
    """Take all the room that is left on a file's disk."""
    with contextlib.suppress(OSError), open(path, "wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass
    assert shutil.disk_usage(path.parent).free == 0


def goes_on(yaml, cube, whole):
    assert data_hash(scan(yaml, "-o", cube, "--resume", ranks=2)) == whole


def disk_full(folder, yaml, whole, ranks):
    """Full from one moment to the next while it writes: the room was taken before, so that the scan completes."""
    with small_disk(folder / "disk", 2) as disk:
        cube = disk / "cube.h5"
        with Running(yaml, "-o", cube, "--epoch", 0, ranks=ranks) as running:
            running.run_until(lambda: 0 < n_done(cube))
            fill(disk / "ballast")
            running.send(signal.SIGCONT, "all ranks")
            result = running.end()
        if result.returncode == 0:
            assert data_hash(result) == whole
            return "completed all the same"
        assert result.returncode == 1 and "dmumu scan: " in result.stderr, report(result)
        (disk / "ballast").unlink()
        goes_on(yaml, cube, whole)
        return "stopped, and resumed when there was room"


def disk_too_small(folder, yaml, whole, ranks):
    """No room for the cube: refused before any work, and nothing left."""
    with small_disk(folder / "disk", 1) as disk:
        fill(disk / "ballast")
        result = scan(yaml, "-o", disk / "cube.h5", ranks=ranks)
        assert result.returncode == 2, report(result)
        assert sorted(path.name for path in disk.iterdir()) == ["ballast"]
        (disk / "ballast").unlink()
        goes_on(yaml, disk / "cube.h5", whole)
    return "refused at once"


def read_only(folder, yaml, whole, ranks):
    """A folder on a disk that is mounted for reading."""
    with small_disk(folder / "disk", 4) as disk:
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        result = scan(yaml, "-o", disk / "cube.h5", ranks=ranks)
        assert result.returncode == 2 and report(result).count("dmumu scan: ") >= 1, report(result)
        assert "Read-only file system" in report(result), report(result)
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
        goes_on(yaml, disk / "cube.h5", whole)
    return "refused at once"


def removed(folder, yaml, whole, ranks, remove):
    home = folder / "out"
    home.mkdir()
    cube = home / "cube.h5"
    with Running(yaml, "-o", cube, "--epoch", 0, ranks=ranks) as running:
        running.run_until(lambda: 0 < n_done(cube))
        remove(cube)
        running.send(signal.SIGCONT, "all ranks")
        result = running.end()
    assert result.returncode == 1, report(result)
    assert sum(line.startswith("dmumu scan: ") and "cube.h5" in line for line in report(result).splitlines()) == 1
    assert not cube.exists()
    home.mkdir(exist_ok=True)
    goes_on(yaml, cube, whole)
    return "stopped at the next epoch with one sentence"


def output_deleted(folder, yaml, whole, ranks):
    return removed(folder, yaml, whole, ranks, lambda cube: cube.with_name(cube.name + ".part").unlink())


def folder_deleted(folder, yaml, whole, ranks):
    return removed(folder, yaml, whole, ranks, lambda cube: shutil.rmtree(cube.parent))


def output_moved(folder, yaml, whole, ranks):
    """Another file of that name in its place is not written to."""

    def exchange(cube):
        part = cube.with_name(cube.name + ".part")
        part.rename(cube.with_name("taken.h5"))
        shutil.copy(cube.with_name("taken.h5"), part)

    return removed(folder, yaml, whole, ranks, exchange)


def stand_still(cube, yaml, ranks):
    """A scan of which one rank stands still for ten seconds, just after a write; the curves that were done meanwhile."""
    with Running(yaml, "-o", cube, "--epoch", 1, "--margin", 0, *LARGER, ranks=ranks) as running:
        running.run_until(lambda: 0 < n_done(cube))
        before = n_done(cube)
        running.send(signal.SIGCONT, "all ranks")
        deadline = time.monotonic() + 120
        while n_done(cube) == before:
            assert time.monotonic() < deadline, "no epoch is written"
            time.sleep(0.01)
        running.send(signal.SIGSTOP, "one rank")
        before = n_done(cube)
        time.sleep(10.0)
        running.send(signal.SIGUSR1, "all ranks")
        running.send(signal.SIGCONT, "all ranks")
        result = running.end()
    assert result.returncode in (0, 3), report(result)
    return (n_done(cube) if result.returncode == 3 else N_LARGER) - before


def stopped_rank(folder, yaml, whole, ranks):
    """The others work on, and it goes on with them. In the middle of a collective write it would keep them: then again."""
    if ranks < 2:
        return None  # it has nobody to wait for
    gained = 0
    for attempt in range(3):
        cube = folder / f"cube{attempt}.h5"
        gained = stand_still(cube, yaml, ranks)
        if gained > 100:
            break
    assert gained > 100, f"only {gained} curves were computed meanwhile"
    again = scan(yaml, "-o", cube, "--resume", *LARGER, ranks=2)
    assert data_hash(again) == data_hash(scan(yaml, "-o", folder / "undisturbed.h5", *LARGER, ranks=2))
    return f"the others computed {gained} curves meanwhile"


CASES = [disk_full, disk_too_small, read_only, output_deleted, output_moved, folder_deleted, stopped_rank]


def main():
    folder, names = pathlib.Path(sys.argv[1]), sys.argv[2:]
    yaml = folder / "scan.yaml"
    yaml.write_text(INPUT)
    whole = data_hash(scan(yaml, "-o", folder / "whole.h5", ranks=2))
    failed = passed = 0
    for case in CASES:
        for ranks in (1, 3):
            name = case.__name__.replace("_", "-")
            if names and name not in names:
                continue
            home = folder / f"{name}.{ranks}"
            home.mkdir()
            try:
                said = case(home, yaml, whole, ranks)
                if said is None:
                    continue
                print(f"counted: {name}, {ranks} rank{'s' if ranks > 1 else ''}: {said}", flush=True)
                passed += 1
            except Skipped as why:
                print(f"skipped: {name}: {why}", flush=True)
            except (AssertionError, subprocess.SubprocessError, OSError):
                failed += 1
                traceback.print_exc()
                print(f"failed: {name}, {ranks} ranks", flush=True)
    return 1 if failed else 0 if passed else 77


if __name__ == "__main__":
    sys.exit(main())
