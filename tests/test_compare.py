"""dmumu compare: against distances computed here from the cube itself, and each kind of bad input."""

import re

import numpy as np
import pytest

xarray = pytest.importorskip("xarray")

CONFIG = """
axes:
  region: [disk, halo]
  alfven_mach: {values: [0.3, 0.8]}
  beta: {values: [0.05, 0.5]}
  injection_scale_pc: {values: [30, 100]}
  rigidity_gv: {from: 1, to: 1.0e6, points: 25, spacing: log}
"""


@pytest.fixture(scope="module")
def cube(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("compare")
    (folder / "in.yaml").write_text(CONFIG)
    result = run("scan", folder / "in.yaml", "-o", folder / "cube.h5")
    assert result.returncode == 0, result.stderr
    return folder / "cube.h5"


def model(run, name, rigidity):
    text = run("models", name, "--rigidity", ",".join(f"{r:.17g}" for r in rigidity)).stdout
    return np.array([float(line.split()[1]) for line in text.splitlines() if not line.startswith("#")])


def expected(run, cube, name, low, high, free):
    """distance, worst, normalisation, slope over the cube's first four axes."""
    data = xarray.open_dataset(cube, engine="h5netcdf")
    part = data.D.sel(rigidity=slice(low * 0.999999, high * 1.000001))
    reference = model(run, name, part.rigidity.values)
    delta = np.log(part.values / reference)
    mean = delta.mean(axis=-1)
    if free:
        delta = delta - mean[..., None]
    x = np.log(part.rigidity.values)
    x = x - x.mean()
    slope = (np.log(part.values) * x).sum(axis=-1) / (x * x).sum()
    return np.sqrt((delta**2).mean(axis=-1)), abs(delta).max(axis=-1), np.exp(mean), slope


@pytest.mark.parametrize("free", [False, True])
@pytest.mark.parametrize("low, high", [(200, 1e4), (1, 1e6)])
def test_side_file(run, cube, tmp_path, low, high, free):
    side = tmp_path / "side.h5"
    options = ["--free-normalisation"] if free else []
    if (low, high) != (200, 1e4):  # the default
        options += ["--range", f"{low:g}:{high:g}"]
    result = run("compare", cube, "--model", "crams2021,max", "--model", "min", *options, "-o", side)
    assert result.returncode == 0, result.stderr
    data = xarray.open_dataset(side, engine="h5netcdf")
    original = xarray.open_dataset(cube, engine="h5netcdf")
    assert data.distance.dims == ("model", "region", "alfven_mach", "beta", "injection_scale")
    assert list(data.model.values) == ["crams2021", "max", "min"]
    for axis in data.distance.dims[1:]:
        assert (data[axis].values == original[axis].values).all()
    assert data.attrs["cube_data_hash"] == original.attrs["data_hash"]
    assert str(cube) in data.attrs["command"]
    for name in data.model.values:
        rms, worst, normalisation, slope = expected(run, cube, name, low, high, free)
        one = data.sel(model=name)
        np.testing.assert_allclose(one.distance.values, rms, rtol=1e-6, atol=1e-8)
        np.testing.assert_allclose(one.worst.values, worst, rtol=1e-6, atol=1e-8)
        np.testing.assert_allclose(one.normalisation.values, normalisation, rtol=1e-6)
        np.testing.assert_allclose(one.slope.values, slope, rtol=1e-6, atol=1e-8)
    assert not (tmp_path / "side.h5.part").exists()


def ranks(text):
    return [line.split() for line in text.splitlines() if re.match(r"^ +\d+ +\d\.", line)]


def test_ranking(run, cube):
    result = run("compare", cube, "--model", "evoli2019", "--best", 5)
    assert result.returncode == 0, result.stderr
    rms, worst, normalisation, slope = expected(run, cube, "evoli2019", 200, 1e4, False)
    order = np.argsort(rms.ravel(), kind="stable")
    data = xarray.open_dataset(cube, engine="h5netcdf")
    rows = ranks(result.stdout)
    assert len(rows) == 5
    for i, row in enumerate(rows):
        place = np.unravel_index(order[i], rms.shape)
        assert float(row[1]) == pytest.approx(rms[place], abs=6e-5)
        assert float(row[2]) == pytest.approx(worst[place], abs=6e-5)
        better = 100 * (rms.ravel()[order[i + 1]] / rms[place] - 1)
        assert float(row[3].rstrip("%")) == pytest.approx(better, abs=0.6)
        assert row[4] == ("disk", "halo")[place[0]]
        for k, axis in enumerate(("alfven_mach", "beta", "injection_scale"), 1):
            assert float(row[4 + k]) == pytest.approx(data[axis].values[place[k]], rel=1e-3)
        assert float(row[9]) == pytest.approx(normalisation[place], abs=6e-4)
        assert float(row[10]) == pytest.approx(slope[place], abs=6e-4)


def test_over_height(run, cube, tmp_path):
    """D/H of a cube of twice the model's height is as far as D of half of it."""
    mine = tmp_path / "mine.yaml"
    mine.write_text(
        "low: {d0_cm2_s: 1e29, slope: 0.3, halo_height_kpc: 4}\n"
        "high: {d0_cm2_s: 2e29, slope: 0.3, halo_height_kpc: 4}\n"
        "none: {d0_cm2_s: 2e29, slope: 0.3}\n"
    )
    one = run("compare", cube, "--models", mine, "--model", "low", "--halo-height", 8, "--best", 1)
    two = run("compare", cube, "--models", mine, "--model", "high", "--best", 1)
    assert one.returncode == 0 and two.returncode == 0, one.stderr + two.stderr
    a, b = ranks(one.stdout)[0], ranks(two.stdout)[0]
    assert a[:9] == b[:9]
    assert float(a[9]) == pytest.approx(float(a[8]) / 8, rel=1e-3)
    result = run("compare", cube, "--models", mine, "--model", "none", "--halo-height", 8)
    assert result.returncode == 2 and "none states no halo height" in result.stderr


def test_default_is_all_models_above_200_gv(run, cube):
    result = run("compare", cube, "--best", 1)
    assert result.returncode == 0, result.stderr
    assert len(ranks(result.stdout)) == 12
    assert "Below 200 GV" not in result.stdout
    assert "Below 200 GV" in run("compare", cube, "--model", "max", "--range", "10:1e3").stdout
    assert "Below 200 GV" in run("compare", "--help").stdout


def test_bad_input(run, cube, tmp_path):
    def refused(*arguments, says, status=2):
        result = run("compare", *arguments)
        assert result.returncode == status and result.stdout == "", result.stderr
        assert says in result.stderr.splitlines()[0]

    refused(says="a cube is wanted")
    refused(cube, cube, says="is a second")
    refused(cube, "--model", "crams", says="did you mean 'crams2021'")
    refused(cube, "--model", "max,max", says="'max' is given twice")
    refused(cube, "--model", "max,", says="no model ''")
    refused(cube, "--range", "200", says="must be from:to")
    refused(cube, "--range", "1e4:200", says="not ascending")
    refused(cube, "--range", "1e7:1e8", says="0 of its rigidities lie between")
    refused(cube, "--best", "0", says="from 1 to 1000")
    refused(cube, "--nucleus", "Fe", says="'Fe' is unknown")
    refused(cube, "--halo-height", "-4", says="'-4' is out of range")
    refused(cube, "-o", cube, says="exists; --overwrite")
    refused(tmp_path / "none.h5", says="none.h5", status=1)
    (tmp_path / "text.h5").write_text("not a cube")
    refused(tmp_path / "text.h5", says="text.h5", status=1)
    refused(cube, "-o", tmp_path / "no" / "such.h5", says="such.h5", status=1)
