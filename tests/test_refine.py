"""dmumu refine: the loop of scan and refine to its end, against the kernel; errors beside those found here; bad input."""

import os
import re
import shutil
import subprocess
import sys

import h5py
import numpy as np
import pytest
import xarray
import yaml as pyyaml
from scans import TIMEOUT_S, command, environment, small_disk

import dmumu

TARGET = 5e-3
AXES = ("alfven_mach", "beta", "injection_scale", "rigidity")
KEYS = ("alfven_mach", "beta", "injection_scale_pc", "rigidity_gv")
CONFIG = """
title: A grid to refine
axes:
  region: [halo]
  alfven_mach: {values: [0.3, 0.7]}
  beta: {values: [0.05, 0.2, 0.6], spacing: log}
  injection_scale_pc: {values: [30, 200], spacing: log}
  rigidity_gv: {from: 10, to: 1.0e5, points: 6, spacing: log}
model:
  modes: [fast]
  tolerance: 1.0e-3
"""
MOST_ROUNDS = 8


def table_of(result):
    """{axis: (cells, worst, over)} of what was printed."""
    assert result.returncode == 0, result.stderr
    lines = (line.split() for line in result.stdout.splitlines())
    rows = {words[0]: words for words in lines if words and words[0] in AXES}
    assert list(rows) == list(AXES)
    return {axis: (int(row[1]), float(row[2]) if row[2] != "-" else np.nan, int(row[4])) for axis, row in rows.items()}


def nodes_of(path):
    with h5py.File(path) as file:
        return {axis: file[axis][...] for axis in AXES}


def scan_of(run, *arguments):
    result = run("scan", *arguments)
    assert result.returncode == 0, result.stderr
    return result


@pytest.fixture(scope="module")
def coarse(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("refine")
    (folder / "coarse.yaml").write_text(CONFIG)
    scan_of(run, folder / "coarse.yaml", "-o", folder / "cube0.h5")
    return folder / "cube0.h5"


@pytest.fixture(scope="module")
def rounds(run, coarse):
    """The loop: [(cube, what refine said, the next input or None, what the scan said or None)]."""
    folder, cube, done = coarse.parent, coarse, []
    for i in range(MOST_ROUNDS):
        following = folder / f"next{i}.yaml"
        said = run("refine", cube, "--to", TARGET, "--sample", "all", "-o", following, "--errors", folder / f"errors{i}.h5")
        assert said.returncode == 0, said.stderr
        if not following.exists():
            return [*done, (cube, said, None, None)]
        new = folder / f"cube{i + 1}.h5"
        done.append((cube, said, following, scan_of(run, following, "--reuse", cube, "-o", new)))
        cube = new
    pytest.fail(f"not within the target after {MOST_ROUNDS} rounds:\n{said.stdout}")


def test_the_loop_ends_within_the_target(rounds):
    assert len(rounds) >= 3
    worst = [max(row[1] for row in table_of(said).values()) for _, said, _, _ in rounds]
    assert all(after < before for before, after in zip(worst, worst[1:], strict=False)), worst
    assert worst[0] > 10 * TARGET and worst[-1] <= TARGET
    assert all(row[2] == 0 for row in table_of(rounds[-1][1]).values())
    assert re.search(r"^all \d+ cells are within the target$", rounds[-1][1].stdout, re.M)
    assert re.search(r"^10240 of 10240 random look-ups are within 0\.005 ", rounds[-1][1].stdout, re.M)
    assert "look-ups are right to 0.005: 0 of 10240 random ones are over it" in rounds[-1][1].stdout
    for _, said, _, _ in rounds[:-1]:
        assert "look-ups are not right to 0.005:" in said.stdout


def test_random_look_ups_agree_with_the_kernel(rounds, coarse):
    cube = dmumu.Cube(rounds[-1][0])
    nodes = nodes_of(coarse)
    random = np.random.default_rng(20261126)
    rigidity = np.exp(random.uniform(*np.log(nodes["rigidity"][[0, -1]]), 40))
    worst, coarse_worst, before = 0.0, 0.0, dmumu.Cube(coarse)
    for _ in range(12):
        point = {key: random.uniform(*nodes[axis][[0, -1]]) for key, axis in zip(KEYS[:3], AXES, strict=False)}
        kernel = np.asarray(dmumu.curve(cube.model, rigidity, region="halo", **point).D)
        looked_up = np.asarray(cube(region="halo", rigidity_gv=rigidity, **point))
        worst = max(worst, np.abs(np.log(looked_up / kernel)).max())
        at_first = np.asarray(before(region="halo", rigidity_gv=rigidity, **point))
        coarse_worst = max(coarse_worst, np.abs(np.log(at_first / kernel)).max())
    assert worst <= TARGET < coarse_worst / 10, (worst, coarse_worst)


def test_old_nodes_stay_to_the_bit_and_only_new_points_are_computed(rounds):
    for (cube, _, following, said), (new, _, _, _) in zip(rounds, rounds[1:], strict=False):
        before, after = nodes_of(cube), nodes_of(new)
        text = pyyaml.safe_load(following.read_text())
        with h5py.File(cube) as old_file, h5py.File(new) as new_file:
            index = [np.searchsorted(after[axis], before[axis]) for axis in AXES]
            for axis, key, where in zip(AXES, KEYS, index, strict=True):
                assert np.array_equal(after[axis][where], before[axis])
                assert np.array_equal(np.array(text["axes"][key]["values"], float), after[axis])
            old, again = old_file["D"][0], new_file["D"][0][np.ix_(*index)]
            assert np.array_equal(old, again, equal_nan=True)
            curves = old[..., 0].size
        found = re.search(r"^reused: (\d+) of \d+ curves, and (\d+) values of others$", said.stdout, re.M)
        reused = int(found[1]) + int(found[2]) / len(before["rigidity"])
        assert reused == curves


def test_errors_are_those_of_look_ups_beside_the_kernel(rounds, coarse):
    """Along beta and rigidity, from the look-up and the kernel in Python."""
    cube, nodes = dmumu.Cube(coarse), nodes_of(coarse)
    with h5py.File(coarse.parent / "errors0.h5") as file:
        stored = {axis: file[f"refinement/error_{axis}"][...] for axis in AXES}
        assert file.attrs["cube_data_hash"] == h5py.File(coarse).attrs["data_hash"]
    for axis in AXES:
        assert stored[axis].shape == (len(nodes[axis]) - 1,)
    middle = {axis: np.sqrt(nodes[axis][1:] * nodes[axis][:-1]) for axis in ("beta", "rigidity")}

    def worst(machs, betas, rigidities):
        found = []
        for mach in machs:
            for beta in betas:
                for scale in nodes["injection_scale"]:
                    where = dict(region="halo", alfven_mach=mach, beta=beta, injection_scale_pc=scale)
                    kernel = np.asarray(dmumu.curve(cube.model, rigidities, **where).D)
                    found.append(np.abs(np.log(np.asarray(cube(rigidity_gv=rigidities, **where)) / kernel)))
        return np.max(found, axis=0)

    along_beta = [worst(nodes["alfven_mach"], [beta], nodes["rigidity"]).max() for beta in middle["beta"]]
    np.testing.assert_allclose(stored["beta"].ravel(), along_beta, rtol=1e-6)
    along_rigidity = worst(nodes["alfven_mach"], nodes["beta"], middle["rigidity"])
    np.testing.assert_allclose(stored["rigidity"].ravel(), along_rigidity, rtol=1e-6)


def test_threads_and_samples(coarse, tmp_path):
    """The same with any number of threads; a sample finds nothing worse than all media."""

    def errors(sample, threads):
        side = tmp_path / f"{sample}_{threads}.h5"
        words = command("refine", coarse, "--to", TARGET, "--errors", side, "--sample", sample)
        done = subprocess.run(words, env=environment(threads), capture_output=True, text=True, timeout=TIMEOUT_S)
        assert done.returncode == 0, done.stderr
        with h5py.File(side) as file:
            return np.concatenate([file[f"refinement/error_{axis}"][...].ravel() for axis in AXES])

    few, everything = errors(3, 1), errors("all", 1)
    assert np.array_equal(few, errors(3, 4)) and np.array_equal(everything, errors("all", 3))
    assert (few <= everything).all() and (few < everything).any()


def test_plot_reads_the_side_file(run, rounds, coarse, root):
    folder = coarse.parent

    def draw(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "dmumu.plot", "error", *map(str, arguments), "-x", "alfven_mach", "-y", "beta"],
            cwd=root / "analysis", capture_output=True, text=True,
        )  # fmt: skip

    done = draw(coarse, "--errors", folder / "errors0.h5", "-o", folder / "error.png")
    assert done.returncode == 0, done.stderr
    assert (folder / "error.png").stat().st_size > 10000
    wrong = draw(rounds[1][0], "--errors", folder / "errors0.h5", "-o", folder / "wrong.png")
    assert wrong.returncode != 0 and "data_hash" in wrong.stderr and "errors0.h5" in wrong.stderr
    none = draw(coarse, "--errors", folder / "none.h5", "-o", folder / "none.png")
    assert none.returncode != 0 and "none.h5 cannot be read" in none.stderr


def test_errors_are_stored_in_the_cube(run, coarse, tmp_path, root):
    """As beside it; again in place of the old ones; the data and their hash stay, and readers of all kinds go on."""
    cube = tmp_path / "cube.h5"
    shutil.copy(coarse, cube)
    said = run("refine", cube, "--to", 0.5, "--sample", 1)
    assert said.returncode == 0, said.stderr
    said = run("refine", cube, "--to", TARGET, "--sample", "all")
    assert said.returncode == 0 and os.listdir(tmp_path) == ["cube.h5"], said.stderr
    with h5py.File(cube) as file, h5py.File(coarse) as before, h5py.File(coarse.parent / "errors0.h5") as side:
        assert set(file) == {*before, "refinement"}
        assert file.attrs["data_hash"] == before.attrs["data_hash"] == file["refinement"].attrs["cube_data_hash"]
        assert np.array_equal(file["D"][...], before["D"][...], equal_nan=True)
        for axis in AXES:
            assert np.array_equal(file[f"refinement/error_{axis}"][...], side[f"refinement/error_{axis}"][...])
        assert file["refinement"].attrs["target"] == b"0.005" and "not right to 0.005" in str(file.attrs["history"])
    info = run("info", cube, "--verify")
    assert info.returncode == 0, info.stderr
    assert re.search(r"^  injection_scale +1 cells, worst .*, 1 over 0\.005, 0 without a value$", info.stdout, re.M)
    group = xarray.open_dataset(cube, group="refinement", engine="h5netcdf")
    nodes = nodes_of(cube)
    np.testing.assert_allclose(group.beta, np.sqrt(nodes["beta"][1:] * nodes["beta"][:-1]))
    assert group.error_beta.dims == ("beta",) and (group.points_beta > 0).all()
    assert xarray.open_dataset(cube, engine="h5netcdf").sizes["beta"] == len(nodes["beta"])
    assert dmumu.Cube(cube).model == dmumu.Cube(coarse).model
    scanned = scan_of(run, coarse.parent / "coarse.yaml", "--reuse", cube, "-o", tmp_path / "again.h5")
    assert re.search(r"^reused: (\d+) of \1 curves", scanned.stdout, re.M)
    resumed = scan_of(run, coarse.parent / "coarse.yaml", "-o", cube, "--resume")
    assert "nothing to do" in resumed.stdout
    drawn = subprocess.run(
        [sys.executable, "-m", "dmumu.plot", "error", cube, "-x", "alfven_mach", "-y", "beta", "-o", tmp_path / "error.png"],
        cwd=root / "analysis", capture_output=True, text=True,
    )  # fmt: skip
    assert drawn.returncode == 0 and (tmp_path / "error.png").stat().st_size > 10000, drawn.stderr


def test_a_cube_that_is_to_be_kept(run, coarse):
    before = coarse.read_bytes()
    for option in ("--keep", "--errors"):
        side = [coarse.parent / "kept.h5"] if option == "--errors" else []
        said = run("refine", coarse, "--to", TARGET, "--sample", 1, option, *side)
        assert said.returncode == 0 and "random look-ups" in said.stdout, said.stderr
        assert coarse.read_bytes() == before


def test_a_cube_that_cannot_be_written_stays(run, coarse, tmp_path):
    """On a disk without room for a copy, and on one that may only be read."""
    kilobytes = coarse.stat().st_size * 2 // 1024 + 1000  # room for a copy, but not for what comes into it
    with small_disk(tmp_path / "disk", kilobytes) as disk:
        cube = disk / "cube.h5"
        shutil.copy(coarse, cube)
        full = run("refine", cube, "--to", TARGET, "--sample", 1)
        assert full.returncode == 1 and "cube.h5.new" in full.stderr and "No space left" in full.stderr
        assert os.listdir(disk) == ["cube.h5"] and cube.read_bytes() == coarse.read_bytes()
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        refused = run("refine", cube, "--to", TARGET, "--sample", 1)
        assert refused.returncode == 2 and "Read-only file system" in refused.stderr and "--keep" in refused.stderr
        assert "curves to compute" not in refused.stderr
        assert run("refine", cube, "--to", TARGET, "--sample", 1, "--keep").returncode == 0


def test_points_that_are_not_confined_are_skipped(run, tmp_path):
    """A zone too small for the highest rigidities."""
    (tmp_path / "in.yaml").write_text(CONFIG + "halo: {zone_size_pc: 100}\n")
    scan_of(run, tmp_path / "in.yaml", "-o", tmp_path / "cube.h5")
    with h5py.File(tmp_path / "cube.h5") as file:
        d = file["D"][...]
    assert 0 < np.isnan(d).sum() < d.size
    result = run("refine", tmp_path / "cube.h5", "--to", 1, "--sample", "all")
    assert result.returncode == 0, result.stderr
    rows = {line.split()[0]: line.split() for line in result.stdout.splitlines() if line.split()[0] in AXES}
    assert all(int(row[-1]) > 0 for row in rows.values())
    curves = d[..., 0].size
    assert int(rows["rigidity"][-1]) + int(rows["rigidity"][-3]) == curves * 5
    assert re.search(r"(; [1-9]\d* have no value|^none of 10240 random look-ups has a value)$", result.stdout, re.M)


def test_what_is_there_is_kept(run, coarse, tmp_path):
    (tmp_path / "next.yaml").write_text("mine")
    (tmp_path / "side.h5").write_text("mine")
    for option, name in (("-o", "next.yaml"), ("--errors", "side.h5")):
        result = run("refine", coarse, "--to", TARGET, option, tmp_path / name)
        assert result.returncode == 2 and "--overwrite" in result.stderr
        assert (tmp_path / name).read_text() == "mine"
        result = run("refine", coarse, "--to", TARGET, "--sample", 1, option, tmp_path / name, "--overwrite", "--keep")
        assert result.returncode == 0, result.stderr
        assert (tmp_path / name).read_bytes() != b"mine"
    before = coarse.read_bytes()
    for option in ("-o", "--errors"):
        result = run("refine", coarse, "--to", TARGET, option, coarse, "--overwrite")
        assert result.returncode == 2 and "is the cube itself" in result.stderr
    assert coarse.read_bytes() == before
    assert not list(tmp_path.glob("*.part"))


BAD = [
    ([], 2, ["--to is missing"]),
    (["--to", "0"], 2, ["--to", "'0'", "1e-08"]),
    (["--to", "small"], 2, ["--to", "small"]),
    (["--to", "1e-4"], 2, ["--to", "1e-4", "model.tolerance", "cube0.h5", "0.001"]),
    (["--to", "1e-2", "--sample", "0"], 2, ["--sample", "'0'", "all"]),
    (["--to", "1e-2", "--sample", "some"], 2, ["--sample", "some"]),
    (["--to", "1e-2", "--share", "1.1"], 2, ["--share", "'1.1'", "0.5"]),
    (["--to", "1e-2", "--values", "many"], 2, ["--values", "many"]),
    (["--to", "1e-2", "other.h5"], 2, ["other.h5", "second"]),
    (["--to", "1e-2", "--smaple", "3"], 2, ["--smaple", "--sample"]),
    (["--to", "1e-2", "-o", "x", "--errors", "x"], 2, ["--errors", "'x'", "--output"]),
    (["--to", "1e-2", "--errors", "/nowhere/side.h5", "--sample", "1"], 1, ["/nowhere/side.h5"]),
    (["--to", "1e-2", "-o", "/nowhere/next.yaml", "--sample", "1"], 2, ["/nowhere/next.yaml"]),
]


@pytest.mark.parametrize("arguments, status, words", BAD)
def test_bad_input(run, coarse, arguments, status, words):
    result = run("refine", coarse, *arguments, "--keep")
    assert result.returncode == status, result.stdout + result.stderr
    assert result.stderr.startswith("dmumu refine: ")
    for word in words:
        assert word in result.stderr, result.stderr


def test_no_cube(run, coarse, tmp_path):
    (tmp_path / "text.h5").write_text("not a cube")
    (tmp_path / "cut.h5").write_bytes(coarse.read_bytes()[:-3000])
    for name in ("none.h5", "text.h5", "cut.h5"):
        result = run("refine", tmp_path / name, "--to", TARGET, "-o", tmp_path / "next.yaml")
        assert result.returncode == 1 and name in result.stderr, result.stderr
        assert not (tmp_path / "next.yaml").exists()


def test_help_has_the_loop(run):
    text = run("refine", "--help").stdout
    for word in ("--to", "--share", "--sample", "--errors", "--keep", "--overwrite", "--reuse cube$i.h5", "while dmumu refine"):
        assert word in text
