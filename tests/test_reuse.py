"""`dmumu scan --reuse` and `--part`, and `dmumu merge`: what was computed once is not computed again, and the cube is the
same as of one scan."""

import re
import shutil
import signal
import subprocess

import h5py
import numpy as np
import pytest
import yaml as pyyaml
from scans import BINARY, TIMEOUT_S, Running, command, data_hash, environment, qualities, report, scan, state_of

# 48 curves of 5 rigidities; steps that other grids can meet: six per decade of beta, two per decade of rigidity.
INPUT = """\
title: A grid to grow
axes:
  region: [disk, halo]
  alfven_mach: {values: [0.3, 0.5, 0.9]}
  beta: {from: 0.2, to: 2, points: 4, spacing: log}
  injection_scale_pc: {values: [30, 100]}
  rigidity_gv: {from: 10, to: 1000, points: 5, spacing: log}
model:
  tolerance: 1.0e-2
"""
N_CURVES = 48


@pytest.fixture(scope="module")
def yaml(tmp_path_factory):
    path = tmp_path_factory.mktemp("input") / "scan.yaml"
    path.write_text(INPUT)
    return path


@pytest.fixture(scope="module")
def old(yaml, tmp_path_factory):
    """The cube to reuse, and its scan."""
    cube = tmp_path_factory.mktemp("old") / "old.h5"
    return cube, scan(yaml, "-o", cube, ranks=2)


def changes(*settings):
    return [word for setting in settings for word in ("--set", setting)]


def computed(result):
    return int(re.match(r"(\d+) curves in ", result.stdout).group(1))


def reused(result):
    """Whole curves, and values of others; (0, 0) when nothing is said."""
    found = re.search(r"^reused: (\d+) of \d+ curves, and (\d+) values of others$", result.stdout, re.M)
    return (int(found.group(1)), int(found.group(2))) if found else (0, 0)


def merge(*arguments, ranks=None):
    launch = ["mpirun", "-n", str(ranks), "--bind-to", "none"] if ranks else []
    return subprocess.run(
        [*launch, str(BINARY), "merge", *map(str, arguments)],
        env=environment(), capture_output=True, text=True, timeout=TIMEOUT_S,
    )  # fmt: skip


def rescan(cube, tmp_path, **keywords):
    """From nothing, with the configuration that a cube holds: the scan that it must equal."""
    with h5py.File(cube) as file:
        text = file.attrs["configuration"]
    path = tmp_path / "again.yaml"
    path.write_text(text.decode() if isinstance(text, bytes) else text)
    return scan(path, "-o", tmp_path / "again.h5", **keywords)


# ---- reuse ----


@pytest.mark.parametrize("ranks, threads", [(None, 1), (3, 1), (2, 2)])
def test_a_whole_cube_is_taken_over(yaml, old, tmp_path, ranks, threads):
    result = scan(yaml, "-o", tmp_path / "cube.h5", "--reuse", old[0], ranks=ranks, threads=threads)
    assert data_hash(result) == data_hash(old[1])
    assert computed(result) == 0 and reused(result) == (N_CURVES, 0)
    assert qualities(result) == qualities(old[1])
    with h5py.File(tmp_path / "cube.h5") as new, h5py.File(old[0]) as before:
        assert np.array_equal(new["cost"][...], before["cost"][...])  # of when they were computed
        said = f"with values of 1 cube (data_hash {data_hash(old[1])[:12]})"
        assert said in new.attrs["history"].decode()


GROWTH = {
    "a region less": (["axes.region=[halo]"], 24, 0, 0),
    "Mach numbers more": (["axes.alfven_mach={values: [0.2, 0.3, 0.4, 0.5, 0.9]}"], 48, 32, 0),
    "a longer beta": (["axes.beta={from: 0.2, to: 20, points: 7, spacing: log}"], 48, 36, 0),
    "a finer beta": (["axes.beta.points=7"], 48, 36, 0),
    "injection scales between": (["axes.injection_scale_pc={values: [30, 55, 100]}"], 48, 24, 0),
    "longer rigidities": (["axes.rigidity_gv={from: 10, to: 1.0e5, points: 9, spacing: log}"], 0, 48, 48 * 5),
    "finer rigidities": (["axes.rigidity_gv.points=9"], 0, 48, 48 * 5),
    "fewer rigidities": (["axes.rigidity_gv={values: [10, 100, 1000]}"], 48, 0, 0),
    "finer in two": (["axes.beta.points=7", "axes.rigidity_gv.points=9"], 0, 84, 48 * 5),
}


@pytest.mark.parametrize("growth, ranks", [(name, [None, 2, 3][i % 3]) for i, name in enumerate(GROWTH)])
def test_only_new_points_are_computed(yaml, old, tmp_path, growth, ranks):
    settings, whole, new, values = GROWTH[growth]
    cube = tmp_path / "cube.h5"
    result = scan(yaml, "-o", cube, "--reuse", old[0], *changes(*settings), ranks=ranks, threads=2)
    assert result.returncode == 0, report(result)
    assert (computed(result), reused(result)) == (new, (whole, values))
    assert data_hash(result) == data_hash(rescan(cube, tmp_path))
    assert qualities(result)["failed"] == 0


def test_coordinates_that_differ_by_rounding_become_the_older_ones(yaml, old, tmp_path):
    """The longer axis, scanned from nothing, has other last bits: the cube shows the coordinates of its values."""
    longer = changes("axes.beta={from: 0.2, to: 20, points: 7, spacing: log}")
    result = scan(yaml, "-o", tmp_path / "cube.h5", "--reuse", old[0], *longer)
    assert "differed from those of older cubes by rounding" in result.stderr
    assert scan(yaml, "-o", tmp_path / "plain.h5", *longer).returncode == 0
    with h5py.File(tmp_path / "cube.h5") as new, h5py.File(old[0]) as before, h5py.File(tmp_path / "plain.h5") as plain:
        assert np.array_equal(new["beta"][:4], before["beta"][...])
        assert not np.array_equal(new["beta"][...], plain["beta"][...])
        assert np.allclose(new["beta"][...], plain["beta"][...], rtol=1e-12, atol=0)
        configuration = pyyaml.safe_load(new.attrs["configuration"])
        assert configuration["axes"]["beta"]["values"] == new["beta"][...].tolist()


def test_a_refined_axis_gives_the_undisturbed_hash(yaml, old, tmp_path):
    """Steps that are halved meet the older ones to the bit: then the cube is that of a scan from nothing."""
    finer = changes("axes.beta.points=7")
    plain = scan(yaml, "-o", tmp_path / "plain.h5", *finer)
    result = scan(yaml, "-o", tmp_path / "cube.h5", "--reuse", old[0], *finer, ranks=2)
    assert "by rounding" not in result.stderr
    assert data_hash(result) == data_hash(plain)


def test_several_cubes_are_reused_together(yaml, old, tmp_path):
    """Lists and repeated options; cubes of other rigidities complete each other; nothing is left to compute."""
    pieces = {
        "low": ["axes.rigidity_gv={values: [10, 31.622776601683793]}"],
        "high": ["axes.rigidity_gv={values: [100, 316.22776601683796, 1000]}", "axes.region=[disk]"],
        "halo": ["axes.region=[halo]", "axes.alfven_mach={values: [0.3, 0.5]}"],
        "last": ["axes.region=[halo]", "axes.alfven_mach={values: [0.9]}"],
    }
    for name, settings in pieces.items():
        assert scan(yaml, "-o", tmp_path / f"{name}.h5", *changes(*settings)).returncode == 0
    paths = [str(tmp_path / f"{name}.h5") for name in pieces]
    result = scan(yaml, "-o", tmp_path / "cube.h5", "--reuse", ",".join(paths[:2]), "--reuse", paths[2], "--reuse",
                  paths[3], ranks=2)  # fmt: skip
    assert data_hash(result) == data_hash(old[1])
    assert computed(result) == 0 and reused(result) == (N_CURVES, 0)


def n_done(cube):
    """Curves that are done in the .part of a cube; 0 before it can be read."""
    try:
        return int(state_of(cube.with_name(cube.name + ".part")).sum())
    except (OSError, KeyError):
        return 0


def interrupted(yaml, cube, *settings, at_least=3):
    """A scan that is killed with some of its curves done: their number."""
    with Running(yaml, "-o", cube, "--epoch", 0, *settings, ranks=1) as running:
        running.run_until(lambda: n_done(cube) >= at_least, slice_s=0.002)  # a curve takes as long
        running.send(signal.SIGKILL, "all ranks")
        running.end()
    return n_done(cube)


def test_what_an_interrupted_scan_left_is_reused(yaml, old, tmp_path):
    done = interrupted(yaml, tmp_path / "left.h5")
    assert 0 < done < N_CURVES
    result = scan(yaml, "-o", tmp_path / "cube.h5", "--reuse", tmp_path / "left.h5.part", ranks=2)
    assert data_hash(result) == data_hash(old[1])
    assert reused(result) == (done, 0) and computed(result) == N_CURVES - done


@pytest.mark.parametrize("again", [True, False])
def test_a_scan_that_reuses_can_be_resumed(yaml, old, tmp_path, again):
    """With --reuse again or without: its coordinates are those that it began with."""
    cube = tmp_path / "cube.h5"
    more = changes("axes.beta={from: 0.2, to: 20, points: 13, spacing: log}", "model.tolerance=1e-2")
    done = interrupted(yaml, cube, "--reuse", old[0], *more, at_least=N_CURVES + 3)
    assert N_CURVES < done < 156
    result = scan(yaml, "-o", cube, "--resume", *(["--reuse", old[0]] if again else []), *more, ranks=2)
    assert result.returncode == 0, report(result)
    assert computed(result) == 156 - done
    assert data_hash(result) == data_hash(rescan(cube, tmp_path))


@pytest.mark.parametrize("ranks", [None, 2])
def test_what_cannot_be_reused_is_refused(yaml, old, tmp_path, ranks):
    damaged, other = tmp_path / "damaged.h5", tmp_path / "other.h5"
    shutil.copy(old[0], damaged)
    with h5py.File(damaged, "r+") as file:
        file["D_fast"][1, 2, 3, 1, 4] *= 1.001
    assert scan(yaml, "-o", other, *changes("model.energy_fraction.fast=0.5", "axes.region=[disk]")).returncode == 0
    for path, status, said in [
        (other, 2, r"other\.h5: it is of other physics: model\.energy_fraction .*fast: 0\.5"),
        (tmp_path / "none.h5", 2, r"none\.h5: No such file"),
        (yaml, 2, r"scan\.yaml.*not a cube"),
        (damaged, 1, r"damaged\.h5: damaged.*curve 47.*checksum"),
    ]:
        result = scan(yaml, "-o", tmp_path / "cube.h5", "--reuse", f"{old[0]},{path}" if path == other else path,
                      ranks=ranks)  # fmt: skip
        assert result.returncode == status, (path, report(result))
        assert len(re.findall(rf"^dmumu scan: .*{said}", report(result), re.M)) == 1, report(result)
        assert not (tmp_path / "cube.h5").exists()
        (tmp_path / "cube.h5.part").unlink(missing_ok=True)
    assert not list(tmp_path.glob("cube.h5*"))


@pytest.mark.parametrize("option", [["--reuse", "a.h5,"], ["--reuse", ""], ["--part", "0/3"], ["--part", "4/3"],
                                    ["--part", "x"], ["--part", "1"], ["--part", "1/49"]])  # fmt: skip
def test_bad_options(yaml, tmp_path, option):
    result = scan(yaml, "-o", tmp_path / "cube.h5", *option)
    assert result.returncode == 2 and option[0] in result.stderr, report(result)
    assert not list(tmp_path.iterdir())


# ---- parts and merge ----


@pytest.fixture(scope="module")
def parts(yaml, tmp_path_factory):
    """The grid in five parts."""
    folder = tmp_path_factory.mktemp("parts")
    paths = [folder / f"part{i}.h5" for i in range(1, 6)]
    total = 0
    for i, path in enumerate(paths, 1):
        result = scan(yaml, "-o", path, "--part", f"{i}/5")
        assert result.returncode == 0, result.stderr
        total += computed(result)
    assert total == N_CURVES
    return paths


@pytest.mark.parametrize("ranks", [None, 2, 5])
def test_merged_parts_are_the_whole(old, parts, tmp_path, ranks):
    cube = tmp_path / "cube.h5"
    result = merge(*reversed(parts), "-o", cube, ranks=ranks)
    assert data_hash(result) == data_hash(old[1])
    assert [path.name for path in tmp_path.iterdir()] == ["cube.h5"]
    with h5py.File(cube) as merged, h5py.File(old[0]) as whole:
        for name in ("configuration", "physics", "physics_hash", "title"):
            assert merged.attrs[name] == whole.attrs[name], name
        for axis in ("region", "alfven_mach", "beta", "injection_scale", "rigidity"):
            assert merged[axis].attrs["axis_scale"] == whole[axis].attrs["axis_scale"]
    assert subprocess.run([BINARY, "info", cube, "--verify"], capture_output=True, timeout=60).returncode == 0


@pytest.mark.parametrize("count", [2, 13])
def test_any_number_of_parts(yaml, old, tmp_path, count):
    paths = [tmp_path / f"part{i}.h5" for i in range(1, count + 1)]
    for i, path in enumerate(paths, 1):
        assert scan(yaml, "-o", path, "--part", f"{i}/{count}").returncode == 0
    assert data_hash(merge(*paths, "-o", tmp_path / "cube.h5")) == data_hash(old[1])


def test_cubes_of_other_rigidities_are_merged(yaml, old, tmp_path):
    low, high = tmp_path / "low.h5", tmp_path / "high.h5"
    scan(yaml, "-o", low, *changes("axes.rigidity_gv={values: [10, 100, 1000]}"))
    scan(yaml, "-o", high, *changes("axes.rigidity_gv={values: [31.622776601683793, 316.22776601683796]}"))
    assert data_hash(merge(high, low, "-o", tmp_path / "cube.h5", ranks=2)) == data_hash(old[1])


def test_a_part_is_interrupted_resumed_and_reused(yaml, old, parts, tmp_path):
    part = tmp_path / "part1.h5"
    interrupted(yaml, part, "--part", "1/5")
    assert scan(yaml, "-o", part, "--part", "1/5", "--resume").returncode == 0
    result = scan(yaml, "-o", tmp_path / "cube.h5", "--reuse", ",".join(map(str, [part, *parts[1:]])))
    assert data_hash(result) == data_hash(old[1]) and computed(result) == 0


def test_an_interrupted_merge_goes_on(yaml, old, parts, tmp_path):
    """What a merge that was killed leaves is a .part like any other."""
    cube = tmp_path / "cube.h5"
    interrupted(yaml, cube)
    assert data_hash(merge(*parts, "-o", cube)) == data_hash(old[1])
    assert [path.name for path in tmp_path.iterdir()] == ["cube.h5"]


@pytest.fixture(scope="module")
def misfits(yaml, tmp_path_factory):
    """Cubes that do not fit, by name."""
    folder = tmp_path_factory.mktemp("misfits")
    beta = 10 ** (-1 / 3)
    cubes = {
        "some": ["axes.beta={values: [0.2, 0.5]}"],
        "physics": ["axes.beta={values: [0.2]}", "disk.zone_size_pc=901"],
        "near": [f"axes.beta={{values: [{beta!r}]}}"],
        "nearer": [f"axes.beta={{values: [{beta * (1 + 4e-16)!r}]}}"],
    }
    for name, settings in cubes.items():
        assert scan(yaml, "-o", folder / f"{name}.h5", *changes("axes.region=[halo]", *settings)).returncode == 0
    interrupted(yaml, folder / "left.h5")
    return {name: folder / f"{name}.h5" for name in cubes} | {"left": folder / "left.h5.part"}


@pytest.mark.parametrize("ranks", [None, 2])
def test_what_does_not_fit_is_refused(old, parts, misfits, tmp_path, ranks):
    some = misfits["some"]
    for cubes, said in [
        ([*parts[:2], *parts[3:]], r"holes: \d+ of the 240 values .* the first is \w+, M_A 0\.\d"),
        ([*parts, parts[3]], r"overlap: .*part4\.h5 and .*part4\.h5 both have \w+, M_A"),
        ([some, old[0]], r"overlap: .*some\.h5 and .*old\.h5 both have halo, M_A 0\.3, beta 0\.2, L 30 pc, 10 GV"),
        ([some, misfits["physics"]], r"physics\.h5: it is of other physics: disk\.zone_size_pc \(901 there, 900 here\)"),
        ([misfits["near"], misfits["nearer"]], r"axis beta: 0\.464\d+ in .*near\.h5 and 0\.464\d+ in .*nearer\.h5 differ by rounding"),
        ([misfits["left"], some], r"left\.h5\.part is not complete: \d+ of 48 curves .*--resume"),
        ([tmp_path / "none.h5", some], r"none\.h5: No such file"),
    ]:
        result = merge(*cubes, "-o", tmp_path / "merged.h5", ranks=ranks)
        assert result.returncode == 2, report(result)
        assert len(re.findall(rf"^dmumu merge: .*{said}", report(result), re.M)) == 1, (said, report(result))
        assert not list(tmp_path.glob("merged.h5*"))


def test_merge_replaces_nothing(parts, tmp_path):
    cube = tmp_path / "cube.h5"
    cube.write_text("precious")
    result = merge(*parts, "-o", cube)
    assert result.returncode == 2 and "merge replaces nothing" in result.stderr
    assert cube.read_text() == "precious" and list(tmp_path.iterdir()) == [cube]
    assert merge(*parts).returncode == 2
    assert merge("-o", tmp_path / "other.h5").returncode == 2


def test_a_damaged_part_is_noticed_by_its_checksum(parts, tmp_path):
    damaged = tmp_path / "damaged.h5"
    shutil.copy(parts[0], damaged)
    with h5py.File(damaged, "r+") as file:
        file["mu_star"][0, 0, 0, 0, 0] = 0.125
    result = merge(damaged, *parts[1:], "-o", tmp_path / "cube.h5")
    assert result.returncode == 1 and "checksum" in result.stderr
    assert not (tmp_path / "cube.h5").exists()


def test_help_of_merge():
    result = subprocess.run(command("merge", "--help"), capture_output=True, text=True, timeout=60)
    assert result.returncode == 0 and "Exit status" in result.stdout
