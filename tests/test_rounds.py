"""dmumu scan with lookup_tolerance: rounds of scans until look-ups are right; ranks, threads, kills, limits, and the kernel."""

import os
import re
import signal
import subprocess
import sys

import h5py
import numpy as np
import pytest
import yaml as pyyaml
from scans import ROOT, TIMEOUT_S, Running, data_hash, environment, report, scan
from test_refine import AXES, CONFIG, KEYS, nodes_of

TOLERANCE = 1e-3
# One M_A, as each takes tables: the last test has several.
INPUT = f"lookup_tolerance: {TOLERANCE}\n" + CONFIG.replace("{values: [0.3, 0.7]}", "{values: [0.5]}")
REFINED = ("beta", "injection_scale", "rigidity")


def errors_of(path):
    with h5py.File(path) as file:
        return {name: file[f"refinement/{name}"][...] for name in file["refinement"]}


@pytest.fixture(scope="module")
def yaml(tmp_path_factory):
    path = tmp_path_factory.mktemp("rounds") / "in.yaml"
    path.write_text(INPUT)
    return path


@pytest.fixture(scope="module")
def done(yaml):
    """(cube, what the scan said) of one rank."""
    cube = yaml.parent / "cube.h5"
    return cube, scan(yaml, "-o", cube, threads=2)


def test_the_scan_ends_with_look_ups_that_are_right(yaml, done):
    cube, result = done
    assert result.returncode == 0, result.stderr
    assert sorted(os.listdir(cube.parent)) == ["cube.h5", "in.yaml"]
    rounds = re.findall(r"^dmumu scan: round (\d+), .*: (\d+) of \d+ cells are over 0\.001; (\d+) of 10240", result.stderr, re.M)
    assert [int(row[0]) for row in rounds] == list(range(len(rounds))) and len(rounds) >= 3
    assert rounds[-1][1:] == ("0", "10240") and int(rounds[0][1]) > 0 and int(rounds[0][2]) < 9000
    assert "look-ups are right to 0.001: 0 of 10240 random ones are over it" in result.stdout
    with h5py.File(cube) as file:
        assert "look-ups are right to 0.001" in str(file.attrs["history"])
        stored = pyyaml.safe_load(file.attrs["configuration"])
        assert stored["lookup_tolerance"] == TOLERANCE
        assert file["refinement"].attrs["verdict"] == b"look-ups are right to 0.001: 0 of 10240 random ones are over it"
    assert max(errors_of(cube)[f"error_{axis}"].max() for axis in REFINED) <= TOLERANCE
    for axis, key in zip(AXES, KEYS, strict=True):
        assert np.array_equal(stored["axes"][key]["values"], nodes_of(cube)[axis])
        assert len(nodes_of(cube)[axis]) > 2 or axis == "alfven_mach"


def test_ranks_and_threads_do_not_matter_and_the_grid_alone_gives_the_same(done, yaml, tmp_path):
    cube, result = done
    other = scan(yaml, "-o", tmp_path / "other.h5", ranks=3)
    assert data_hash(other) == data_hash(result)
    for name, values in errors_of(cube).items():
        assert np.array_equal(values, errors_of(tmp_path / "other.h5")[name], equal_nan=True)
    with h5py.File(cube) as file:
        (tmp_path / "grid.yaml").write_bytes(bytes(file.attrs["configuration"]))
    alone = scan(tmp_path / "grid.yaml", "-o", tmp_path / "alone.h5", "--set", "lookup_tolerance=null", "--set",
                 "lookup_share=null", "--set", "lookup_rounds=null", "--set", "lookup_values=null", threads=2)  # fmt: skip
    assert data_hash(alone) == data_hash(result)
    again = scan(tmp_path / "grid.yaml", "-o", tmp_path / "again.h5", threads=2)
    assert data_hash(again) == data_hash(result) and "round 1" not in again.stderr


@pytest.mark.parametrize("last", ["", ".part"])
def test_a_killed_scan_goes_on(done, yaml, tmp_path, last):
    """Killed as soon as there is the cube of round 0, or a part of round 1."""
    cube = tmp_path / "cube.h5"
    wanted = tmp_path / ("cube.h5.round-0" if not last else "cube.h5.round-1.part")
    with Running(yaml, "-o", cube, "--epoch", 0, ranks=2) as running:
        running.run_until(wanted.exists)
        for pid in running.ranks():
            os.kill(pid, signal.SIGKILL)
    if not last:  # as when it is killed before it can unlock
        (tmp_path / "cube.h5.round-0.lock").touch()
    left = sorted(os.listdir(tmp_path))
    assert wanted.name in left and "cube.h5" not in left
    refused = scan(yaml, "-o", cube)
    assert refused.returncode == 2 and "--resume" in refused.stderr and "cube.h5.round-" in refused.stderr
    assert {*os.listdir(tmp_path), "cube.h5.lock"} == {*left, "cube.h5.lock"}
    other = scan(yaml, "-o", cube, "--resume", "--set", "axes.alfven_mach.values=[0.3, 0.6]")
    assert other.returncode != 0 and "of another grid" in other.stderr
    resumed = scan(yaml, "-o", cube, "--resume", threads=2)
    assert data_hash(resumed) == data_hash(done[1])
    assert os.listdir(tmp_path) == ["cube.h5"]
    nothing = scan(yaml, "-o", cube, "--resume")
    assert nothing.returncode == 0 and "nothing to do" in nothing.stdout
    finer = scan(yaml, "-o", cube, "--resume", "--set", "lookup_tolerance=2e-3")
    assert finer.returncode == 2 and "for lookup_tolerance 0.001" in finer.stderr


def test_the_last_round_of_a_killed_scan_leaves_nothing(yaml, tmp_path):
    """Killed when the cube of round 0 is complete and still locked; then it is the last."""
    cube = tmp_path / "cube.h5"
    with Running(yaml, "-o", cube, "--epoch", 0) as running:
        running.run_until((tmp_path / "cube.h5.round-0").exists)
        running.send(signal.SIGKILL, "all ranks")
        running.end()
    (tmp_path / "cube.h5.round-0.lock").touch()
    assert scan(yaml, "-o", cube, "--resume", "--set", "lookup_rounds=1").returncode == 4
    assert os.listdir(tmp_path) == ["cube.h5"]


def test_a_scan_that_is_stopped_goes_on(done, yaml, tmp_path):
    with Running(yaml, "-o", tmp_path / "cube.h5", "--epoch", 0) as running:
        running.run_until((tmp_path / "cube.h5.round-0").exists)
        running.send(signal.SIGUSR1, "all ranks")
        running.send(signal.SIGCONT, "all ranks")
        out, err = running.process.communicate(timeout=TIMEOUT_S)
    assert running.process.returncode == 3, out + err
    assert re.search(r"^incomplete: .*--resume$", out, re.M), out
    assert data_hash(scan(yaml, "-o", tmp_path / "cube.h5", "--resume")) == data_hash(done[1])


def test_overwrite_starts_again(done, yaml, tmp_path):
    cube = tmp_path / "cube.h5"
    for name in ("cube.h5", "cube.h5.round-0", "cube.h5.round-7.part"):
        (tmp_path / name).write_text("mine")
    assert scan(yaml, "-o", cube).returncode == 2
    assert cube.read_text() == "mine"
    assert data_hash(scan(yaml, "-o", cube, "--overwrite", threads=2)) == data_hash(done[1])
    assert os.listdir(tmp_path) == ["cube.h5"]


@pytest.mark.parametrize(
    "limit, words",
    [("lookup_rounds=1", "the limit of 1 round is reached"), ("lookup_values=80", "over the limit of 80 values")],
)
def test_limits_are_said(yaml, tmp_path, limit, words):
    cube = tmp_path / "cube.h5"
    result = scan(yaml, "-o", cube, "--set", limit, ranks=2)
    assert result.returncode == 4, report(result)
    assert "look-ups are not right to 0.001" in result.stdout and words in result.stdout
    with h5py.File(cube) as file:
        assert words in str(file.attrs["history"]) and words in str(file["refinement"].attrs["verdict"])
        assert file["D"].size <= (80 if "values" in limit else 1e5)
    assert os.listdir(tmp_path) == ["cube.h5"]


def test_a_share_costs_less(done, yaml, tmp_path):
    result = scan(yaml, "-o", tmp_path / "cube.h5", "--set", "lookup_share=0.85", threads=2)
    assert result.returncode == 0, result.stderr
    over, points = map(int, re.search(r"right to 0\.001, the share of 0\.85 that is asked for: (\d+) of (\d+) random", result.stdout).groups())
    assert 0 < over <= 0.15 * points
    with h5py.File(tmp_path / "cube.h5") as file, h5py.File(done[0]) as every:
        assert file["D"].size < every["D"].size


def test_a_cube_of_nothing(yaml, tmp_path):
    """No point confined: no look-up is wrong."""
    result = scan(yaml, "-o", tmp_path / "cube.h5", "--set", "halo.zone_size_pc=0.001")
    assert result.returncode == 0, report(result)
    assert "none of 10240 random look-ups has a value\nno random look-up has a value that could be wrong" in result.stdout


def test_older_cubes_are_reused_and_dry_runs_tell(done, yaml, tmp_path):
    reused = scan(yaml, "-o", tmp_path / "cube.h5", "--reuse", done[0], threads=2)
    assert data_hash(reused) == data_hash(done[1])
    assert all(a == b for a, b in re.findall(r"reused: (\d+) of (\d+) curves$", reused.stderr, re.M))
    told = scan(yaml, "--dry-run")
    assert told.returncode == 0 and re.search(r"^look-up tolerance +0\.001 for 100 % of the look-ups", told.stdout, re.M)
    part = scan(yaml, "-o", tmp_path / "part.h5", "--part", "1/2")
    assert part.returncode == 2 and "lookup_tolerance" in part.stderr and "--part" in part.stderr
    few = scan(yaml, "-o", tmp_path / "few.h5", "--set", "lookup_values=35")
    assert few.returncode == 2 and "lookup_values: '35'" in few.stderr and "36 or more" in few.stderr
    assert sorted(os.listdir(tmp_path)) == ["cube.h5"]


def test_a_random_model_beside_the_kernel(tmp_path):
    """A small `make lookups`."""
    result = subprocess.run(
        [sys.executable, ROOT / "tests/lookups/lookups.py", "--models", "1", "--media", "25", "--tolerance", "5e-3"],
        env=environment(2, DMUMU_LIBRARY=os.environ["DMUMU_LIBRARY"]), capture_output=True, text=True, timeout=TIMEOUT_S,
    )  # fmt: skip
    assert result.returncode == 0, report(result)
    assert "500 look-ups: 500 have values on both sides, 0 are off by more than 0.005" in result.stdout
    assert result.stdout.endswith("1 of 1 models right at every look-up, 0 not\n")
