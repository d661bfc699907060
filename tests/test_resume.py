"""`dmumu scan --resume`: whatever ends a scan, the next one goes on with what it left, and the cube is the same.

The killed scans of test_kills_at_random_moments: $DMUMU_KILLS (default 10); $DMUMU_SEED chooses the moments.
"""

import json
import os
import random
import re
import shutil
import signal
import time

import h5py
import numpy as np
import pytest
from scans import Running, data_hash, qualities, report, scan, state_of

KILLS = int(os.environ.get("DMUMU_KILLS", 10))
SEED = int(os.environ.get("DMUMU_SEED", 4))

# 320 curves of about 8 ms: long enough to be interrupted, and little to write.
INPUT = """\
title: A scan that is interrupted
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


@pytest.fixture(scope="module")
def yaml(tmp_path_factory):
    path = tmp_path_factory.mktemp("input") / "scan.yaml"
    path.write_text(INPUT)
    return path


@pytest.fixture(scope="module")
def whole(yaml, tmp_path_factory):
    """The undisturbed cube, its scan, and the seconds that it took."""
    cube = tmp_path_factory.mktemp("whole") / "cube.h5"
    begin = time.monotonic()
    return cube, scan(yaml, "-o", cube, ranks=2), time.monotonic() - begin


@pytest.fixture(scope="module")
def left(yaml, tmp_path_factory):
    """What a scan that was killed half-way has left: a folder to copy from, never to use."""
    folder = tmp_path_factory.mktemp("left")
    with Running(yaml, "-o", folder / "cube.h5", "--epoch", 0, ranks=2) as running:
        running.run_until(lambda: n_done(folder / "cube.h5") >= N_CURVES // 4)
        running.send(signal.SIGKILL, "all ranks")
        assert running.end().returncode != 0
    assert N_CURVES // 4 <= state_of(folder / "cube.h5.part").sum() < N_CURVES
    return folder


@pytest.fixture
def part(left, tmp_path):
    """A copy of it, to go on with: the path of the cube."""
    for path in left.iterdir():
        shutil.copy(path, tmp_path)
    return tmp_path / "cube.h5"


def part_of(cube):
    return cube.with_name(cube.name + ".part")


def n_done(cube):
    """Curves that the ledger of the .part says are done; 0 before it can be read."""
    try:
        return int(state_of(part_of(cube)).sum())
    except (OSError, KeyError):
        return 0


def found(result):
    return int(re.search(r"^resumed: (\d+) of \d+ curves were there$", result.stdout, re.M).group(1))


# ---- going on ----


@pytest.mark.parametrize("ranks, threads", [(None, 1), (None, 3), (1, 2), (2, 1), (3, 2), (5, 1)])
def test_any_ranks_and_threads_go_on(yaml, whole, part, ranks, threads):
    done = int(state_of(part_of(part)).sum())
    result = scan(yaml, "-o", part, "--resume", ranks=ranks, threads=threads)
    assert data_hash(result) == data_hash(whole[1])
    assert found(result) == done
    assert result.stdout.startswith(f"{N_CURVES - done} curves in ")
    assert qualities(result) == qualities(whole[1])
    assert f"resumed: {done} of {N_CURVES} curves are there" in result.stderr
    assert [path.name for path in part.parent.iterdir()] == ["cube.h5"]
    with h5py.File(part) as cube:
        lines = cube.attrs["history"].decode().splitlines()
    assert "begun on 1 host, 2 ranks x 1 thread" in lines[0]
    assert f"resumed at {done} curves on 1 host, {ranks or 1} rank" in lines[1]


def test_what_is_done_is_not_computed_again(yaml, part):
    """The cost of the curves that were there is what the first scan took, to the bit."""
    with h5py.File(part_of(part)) as file:
        done, before = file["state"][...] == 1, file["cost"][...]
    assert scan(yaml, "-o", part, "--resume").returncode == 0
    with h5py.File(part) as file:
        after = file["cost"][...]
    assert np.array_equal(before[done], after[done])
    assert (after[~done] > 0).all()


@pytest.mark.parametrize("ranks", [None, 2])
def test_without_the_flag_both_ways_are_told(yaml, part, ranks):
    before = part_of(part).read_bytes()
    result = scan(yaml, "-o", part, ranks=ranks)
    assert result.returncode == 2
    said = [line for line in report(result).splitlines() if "cube.h5.part" in line]
    assert len(said) == 1 and "--resume" in said[0] and "--overwrite" in said[0]
    assert part_of(part).read_bytes() == before


def test_overwrite_starts_again(yaml, whole, part):
    result = scan(yaml, "-o", part, "--overwrite", ranks=2)
    assert data_hash(result) == data_hash(whole[1])
    assert result.stdout.startswith(f"{N_CURVES} curves in ")


def test_nothing_there_is_a_beginning(yaml, tmp_path, whole):
    result = scan(yaml, "-o", tmp_path / "cube.h5", "--resume", ranks=2)
    assert data_hash(result) == data_hash(whole[1])


@pytest.mark.parametrize("ranks", [None, 2])
def test_a_complete_cube_is_left_alone(yaml, tmp_path, whole, ranks):
    shutil.copy(whole[0], tmp_path / "cube.h5")
    result = scan(yaml, "-o", tmp_path / "cube.h5", "--resume", ranks=ranks)
    assert data_hash(result) == data_hash(whole[1])
    assert "nothing to do" in result.stdout
    assert (tmp_path / "cube.h5").read_bytes() == whole[0].read_bytes()


def test_a_complete_cube_of_something_else_is_not_taken_for_this_one(yaml, tmp_path, whole):
    shutil.copy(whole[0], tmp_path / "cube.h5")
    result = scan(yaml, "-o", tmp_path / "cube.h5", "--resume", "--set", "model.tolerance=1e-2")
    assert result.returncode == 2
    assert "model.tolerance (0.001 there, 0.01 here)" in result.stderr
    assert (tmp_path / "cube.h5").read_bytes() == whole[0].read_bytes()


def test_resume_with_overwrite_replaces_the_old_cube_in_the_end(yaml, whole, part):
    part.write_text("an old cube")
    result = scan(yaml, "-o", part, "--resume")
    assert result.returncode == 2 and "--overwrite" in result.stderr
    assert part.read_text() == "an old cube"
    result = scan(yaml, "-o", part, "--resume", "--overwrite")
    assert data_hash(result) == data_hash(whole[1])
    assert found(result) > 0


# ---- other physics, another grid, another version ----


@pytest.mark.parametrize("ranks", [None, 3])
@pytest.mark.parametrize(
    "changes, said",
    [
        (["model.tolerance=2e-3"], ["model.tolerance (0.001 there, 0.002 here)"]),
        (["model.modes=[fast]"], ["model.modes ([fast, alfven] there, [fast] here)"]),
        (
            ["halo.zone_size_pc=5000", "disk.x_c=spitzer"],
            ["disk.x_c (1e+06 there, spitzer here)", "halo.zone_size_pc (5100 there, 5000 here)"],
        ),
        (["axes.beta.points=9"], ["axis beta", "8 values", "9 from", "--reuse"]),
        (["axes.rigidity_gv.to=1e6"], ["axis rigidity", "100000", "1000000"]),
    ],
)
def test_other_physics_is_refused_key_by_key(yaml, part, ranks, changes, said):
    before = part_of(part).read_bytes()
    options = [word for change in changes for word in ("--set", change)]
    result = scan(yaml, "-o", part, "--resume", *options, ranks=ranks)
    assert result.returncode == 2, report(result)
    lines = [line for line in report(result).splitlines() if "cannot continue" in line]
    assert len(lines) == 1
    for words in said:
        assert words in lines[0]
    assert part_of(part).read_bytes() == before


def test_what_is_no_physics_may_differ(yaml, whole, part):
    result = scan(yaml, "-o", part, "--resume", "--set", "title=Another title", "--epoch", 1, "--buffer", 1)
    assert data_hash(result) == data_hash(whole[1])


@pytest.mark.parametrize("ranks", [None, 2])
def test_a_changed_value_is_noticed(yaml, part, ranks):
    with h5py.File(part_of(part), "r+") as file:
        curve = np.argwhere(file["state"][...] == 1)[-1]
        file["rel_error"][(*curve, 3)] *= 1.5
    result = scan(yaml, "-o", part, "--resume", ranks=ranks)
    assert result.returncode == 2
    assert report(result).count("do not have the checksum") == 1


# ---- kills ----


@pytest.fixture(scope="module")
def tally():
    """How many scans were killed how and where: printed, and written to $DMUMU_TEST_DIR for docs/reliability.md."""
    counts = {}
    yield counts
    print("\nkills:", json.dumps(counts, sort_keys=True))
    if "DMUMU_TEST_DIR" in os.environ:
        with open(os.path.join(os.environ["DMUMU_TEST_DIR"], "kills.json"), "w") as file:
            json.dump(counts, file, sort_keys=True, indent=1)


def phase_of(cube):
    if cube.exists():
        return "complete"
    if not part_of(cube).exists():
        return "before .part"
    done = int(state_of(part_of(cube)).sum())
    return "all done" if done == N_CURVES else "some done" if done > 0 else "none done"


def test_kills_at_random_moments(yaml, whole, tmp_path, tally):
    """Killed again and again, on other ranks each time; what was done stays done, and in the end the cube is the same."""
    rng = random.Random(SEED)
    begin = time.monotonic()
    kills = cubes = 0
    span_s = whole[2]  # that a scan takes from start to end, by the last one: other work comes and goes
    while kills < KILLS:
        cube = tmp_path / f"cube{cubes}.h5"
        cubes += 1
        before = np.zeros(N_CURVES, dtype="u1")
        # on average three kills per cube; then it may end
        while not cube.exists():
            ranks, threads, epoch = rng.choice([1, 2, 3]), rng.choice([1, 2]), rng.choice([0, 0.1, 0.5])
            how = rng.choice(["one rank", "all ranks", "mpirun"])
            undisturbed = kills >= KILLS or rng.random() < 0.25
            fresh, start = not part_of(cube).exists(), time.monotonic()
            with Running(yaml, "-o", cube, "--resume", "--epoch", epoch, ranks=ranks, threads=threads) as running:
                if not undisturbed:
                    time.sleep(rng.uniform(0.0, span_s))
                    running.send(signal.SIGKILL, how)
                result = running.end()
            if undisturbed or result.returncode == 0:
                assert result.returncode == 0, report(result)
                assert data_hash(result) == data_hash(whole[1])
                assert [path.name for path in tmp_path.glob(f"cube{cubes - 1}.*")] == [cube.name]
                if fresh:
                    span_s = time.monotonic() - start
                continue
            kills += 1
            phase = phase_of(cube)
            tally[f"{how}, {phase}"] = tally.get(f"{how}, {phase}", 0) + 1
            if phase not in ("complete", "before .part"):
                after = state_of(part_of(cube))
                assert (after >= before).all(), "what was done is pending again"
                before = after
        cube.unlink()
    print(f"{kills} kills, {cubes} cubes, {time.monotonic() - begin:.0f} s")


def test_what_was_flushed_is_not_computed_again(yaml, tmp_path):
    """What is in the ledger while the scan runs is there after the kill: at most an epoch's work is lost."""
    cube = tmp_path / "cube.h5"
    with Running(yaml, "-o", cube, "--epoch", 0, ranks=2) as running:
        running.run_until(lambda: n_done(cube) > 0)
        once = n_done(cube)
        running.send(signal.SIGCONT, "all ranks")
        running.run_until(lambda: n_done(cube) > once)
        seen = state_of(part_of(cube))
        running.send(signal.SIGKILL, "all ranks")
        running.end()
    assert once < seen.sum() < N_CURVES
    assert (state_of(part_of(cube)) >= seen).all()
    result = scan(yaml, "-o", cube, "--resume")
    assert found(result) >= seen.sum()


# ---- two scans on one output ----


@pytest.mark.parametrize("way, ranks", [([], None), (["--resume"], 2), (["--overwrite"], None)])
def test_the_second_scan_is_refused(yaml, whole, tmp_path, way, ranks):
    """Also while the first is stopped: that is not dead. (It leaves the cores to the second.)"""
    cube = tmp_path / "cube.h5"
    with Running(yaml, "-o", cube, "--epoch", 0.1, ranks=2) as running:
        running.run_until(part_of(cube).exists)
        second = scan(yaml, "-o", cube, *way, ranks=ranks)
        assert second.returncode == 2, report(second)
        assert report(second).count("another scan is writing this cube") == 1
        pid = int(re.search(r"process (\d+) on", second.stderr).group(1))
        assert pid in running.ranks()
        assert str(cube) + ".lock" in second.stderr
        running.send(signal.SIGCONT, "all ranks")
        first = running.end()
    assert data_hash(first) == data_hash(whole[1])
    assert [path.name for path in tmp_path.iterdir()] == ["cube.h5"]
