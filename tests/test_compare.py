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


def deviations(run, cube, name):
    """ln(D/D_model) and its local slopes over the whole cube, and the rigidities."""
    data = xarray.open_dataset(cube, engine="h5netcdf")
    rigidity = data.rigidity.values
    delta = np.log(data.D.values / model(run, name, rigidity))
    return delta, np.gradient(delta, np.log(rigidity), axis=-1, edge_order=2), rigidity


def expected(run, cube, name, low, high, free):
    """distance, worst, normalisation, mean slope, distance and worst of the slopes, over the cube's first four axes."""
    delta, slopes, rigidity = deviations(run, cube, name)
    inside = (rigidity >= low * 0.999999) & (rigidity <= high * 1.000001)
    delta, slopes = delta[..., inside], slopes[..., inside]
    mean = delta.mean(axis=-1)
    if free:
        delta = delta - mean[..., None]
    x = np.log(rigidity[inside])
    x = x - x.mean()
    ln_d = np.log(xarray.open_dataset(cube, engine="h5netcdf").D.values[..., inside])
    slope = (ln_d * x).sum(axis=-1) / (x * x).sum()
    slope_rms = np.sqrt((slopes**2).mean(axis=-1))
    return np.sqrt((delta**2).mean(axis=-1)), abs(delta).max(axis=-1), np.exp(mean), slope, slope_rms, abs(slopes).max(axis=-1)


def test_side_file_has_the_cubes_five_axes(run, cube, tmp_path):
    """Deviations and slopes at every rigidity, in range or not, beside the models' own; the axes as the cube has them."""
    assert run("compare", cube, "--model", "crams2021,min", "-o", tmp_path / "side.h5").returncode == 0
    data = xarray.open_dataset(tmp_path / "side.h5", engine="h5netcdf")
    original = xarray.open_dataset(cube, engine="h5netcdf")
    assert data.slope.dims == original.D.dims and data.deviation.dims == ("model", *original.D.dims)
    for axis in original.D.dims:
        assert (data[axis].values == original[axis].values).all()
        for name in {"units", "axis_scale", "flag_values", "flag_meanings"} & set(original[axis].attrs):
            assert np.array_equal(data[axis].attrs[name], original[axis].attrs[name])
    slopes = np.gradient(np.log(original.D.values), np.log(original.rigidity.values), axis=-1, edge_order=2)
    np.testing.assert_allclose(data.slope.values, slopes, atol=1e-6)
    for name in data.model.values:
        delta, difference, rigidity = deviations(run, cube, name)
        one = data.sel(model=name)
        np.testing.assert_allclose(one.deviation.values, delta, atol=2e-6)
        np.testing.assert_allclose(data.slope.values - one.model_slope.values, difference, atol=2e-6)
        np.testing.assert_allclose(one.model_D.values, model(run, name, rigidity), rtol=1e-9)


def test_side_file_of_heights(run, cube, tmp_path):
    """With D/H the deviation is that of D/H, and model_D stays D."""
    options = ["--model", "max", "--halo-height", 7.5, "-o", tmp_path / "side.h5"]
    assert run("compare", cube, *options).returncode == 0
    data = xarray.open_dataset(tmp_path / "side.h5", engine="h5netcdf")
    delta, _, rigidity = deviations(run, cube, "max")
    np.testing.assert_allclose(data.deviation.values[0], delta + np.log(2), atol=2e-6)  # 15 kpc is max's
    np.testing.assert_allclose(data.model_D.values[0], model(run, "max", rigidity), rtol=1e-9)


def test_not_confined_is_not_compared(run, cube, tmp_path):
    """A cube with gaps: no distance where the range has one, slopes from one side beside it."""
    import h5py

    gaps = tmp_path / "gaps.h5"
    gaps.write_bytes(cube.read_bytes())
    with h5py.File(gaps, "r+") as file:
        del file["integrity"]
        file["D"][1, 0, 0, 0, 10] = np.nan  # within the range
        file["D"][1, 0, 0, 1, 17:] = np.nan  # right above it
        rigidity = file["rigidity"][...]
        line = np.log(file["D"][1, 0, 0, 1])
    assert rigidity[10] > 200 and rigidity[16] <= 1e4 < rigidity[17]
    result = run("compare", gaps, "--model", "max")
    assert result.returncode == 0, result.stderr
    assert "15 of 16 curves have values" in result.stdout
    data = xarray.open_dataset(tmp_path / "gaps.compare.h5", engine="h5netcdf").sel(model="max")
    assert np.isnan(data.distance.values[1, 0, 0, 0]) and np.isnan(data.slope_distance.values[1, 0, 0, 0])
    assert np.isfinite(data.distance.values).sum() == np.isfinite(data.slope_worst.values).sum() == 15
    x = np.log(rigidity)
    inner = np.gradient(line[:17], x[:17], edge_order=2)
    np.testing.assert_allclose(data.slope.values[1, 0, 0, 1, :17], inner, atol=1e-6)
    assert np.isnan(data.slope.values[1, 0, 0, 1, 17:]).all()
    found = np.isfinite(data.deviation.values)
    assert (found == np.isfinite(xarray.open_dataset(gaps, engine="h5netcdf").D.values)).all()


def test_the_side_file_lies_beside_the_cube(run, cube, tmp_path):
    mine = tmp_path / "mine.h5"
    mine.write_bytes(cube.read_bytes())
    beside = tmp_path / "mine.compare.h5"
    assert run("compare", mine, "--model", "max", "--no-output").returncode == 0 and not beside.exists()
    first = run("compare", mine, "--model", "max")
    assert first.returncode == 0 and f"side file: {beside}" in first.stdout
    again = run("compare", mine, "--model", "max,min")
    assert again.returncode == 2 and again.stdout == "" and "--no-output does without" in again.stderr
    assert xarray.open_dataset(beside, engine="h5netcdf").sizes["model"] == 1
    assert run("compare", mine, "--model", "max,min", "--overwrite", "--no-curves").returncode == 0
    with xarray.open_dataset(beside, engine="h5netcdf") as data:
        assert data.sizes["model"] == 2 and "deviation" not in data and "slope" not in data
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.compare.h5", "mine.h5"]


def ranks(text):
    return [line.split() for line in text.splitlines() if re.match(r"^ +\d+ +\d\.", line)]


def test_ranking(run, cube):
    result = run("compare", cube, "--model", "evoli2019", "--best", 5, "--no-output")
    assert result.returncode == 0, result.stderr
    rms, worst, normalisation, slope, slope_rms, slope_worst = expected(run, cube, "evoli2019", 200, 1e4, False)
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
        assert float(row[11]) == pytest.approx(slope_rms[place], abs=6e-4)
        assert float(row[12]) == pytest.approx(slope_worst[place], abs=6e-4)


def test_over_height(run, cube, tmp_path):
    """D/H of a cube of twice the model's height is as far as D of half of it."""
    mine = tmp_path / "mine.yaml"
    mine.write_text(
        "low: {d0_cm2_s: 1e29, slope: 0.3, halo_height_kpc: 4}\n"
        "high: {d0_cm2_s: 2e29, slope: 0.3, halo_height_kpc: 4}\n"
        "none: {d0_cm2_s: 2e29, slope: 0.3}\n"
    )
    one = run("compare", cube, "--models", mine, "--model", "low", "--halo-height", 8, "--best", 1, "--no-output")
    two = run("compare", cube, "--models", mine, "--model", "high", "--best", 1, "--no-output")
    assert one.returncode == 0 and two.returncode == 0, one.stderr + two.stderr
    a, b = ranks(one.stdout)[0], ranks(two.stdout)[0]
    assert a[:9] == b[:9]
    assert float(a[9]) == pytest.approx(float(a[8]) / 8, rel=1e-3)
    result = run("compare", cube, "--models", mine, "--model", "none", "--halo-height", 8, "--no-output")
    assert result.returncode == 2 and "none states no halo height" in result.stderr


def test_default_is_all_models_above_200_gv(run, cube):
    result = run("compare", cube, "--best", 1, "--no-output")
    assert result.returncode == 0, result.stderr
    assert len(ranks(result.stdout)) == 12
    assert "Below 200 GV" not in result.stdout
    assert "Below 200 GV" in run("compare", cube, "--model", "max", "--range", "10:1e3", "--no-output").stdout
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
    refused(cube, "-o", cube, "--overwrite", says="is the cube itself")
    (tmp_path / "there.h5").write_text("mine")
    refused(cube, "-o", tmp_path / "there.h5", says="exists; --overwrite")
    refused(cube, "-o", tmp_path / "new.h5", "--no-output", says="only one of them")
    refused(tmp_path / "none.h5", says="none.h5", status=1)
    (tmp_path / "text.h5").write_text("not a cube")
    refused(tmp_path / "text.h5", says="text.h5", status=1)
    refused(cube, "-o", tmp_path / "no" / "such.h5", says="such.h5", status=1)
