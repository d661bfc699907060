"""dmumu fit: every pair of a small cube against the same likelihood in NumPy, minima and maps against all pairs, the same
bits on any ranks and threads, and each kind of bad input."""

import os
import subprocess

import numpy as np
import pytest

xarray = pytest.importorskip("xarray")

from dmumu import open_cube
from dmumu.likelihood import Posterior, Ratios, curve

CONFIG = """
axes:
  region: [disk, halo]
  alfven_mach: {values: [0.3, 0.5, 0.9]}
  beta: {values: [0.05, 0.5]}
  injection_scale_pc: {values: [30, 100]}
  rigidity_gv: {from: 1, to: 1.0e5, points: 41, spacing: log}
"""
AXES = [
    *(f"{region}_{axis}" for region in ("disk", "halo") for axis in ("alfven_mach", "beta", "injection_scale")),
    "disk_size",
    "halo_height",
]
GALAXIES = ["--disk-size", "0,0.5,0.9", "--halo-height", "3,6"]


def write_ratio(path, quantity, axis, x, slope, seed):
    """A made-up measurement in KISS form: a power law with 5 % of noise."""
    random = np.random.default_rng(seed)
    y = 0.15 * (x / 100) ** -slope * (1 + 0.05 * random.standard_normal(len(x)))
    rows = [f"{a:.6e} {b:.6e} {0.03 * b:.4e} {0.05 * b:.4e} {0.02 * b:.4e} {0.02 * b:.4e}" for a, b in zip(x, y, strict=True)]
    header = f"#Experiment: Made up\n#Y Quantity: {quantity}\n#X Quantity: {axis}\n"
    path.write_text(header + "\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def cube(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("fit")
    (folder / "in.yaml").write_text(CONFIG)
    result = run("scan", folder / "in.yaml", "-o", folder / "cube.h5")
    assert result.returncode == 0, result.stderr
    return folder / "cube.h5"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    return [
        write_ratio(folder / "bc.txt", "B_C", "rigidity", np.geomspace(3, 3000, 23), 0.35, 1),
        write_ratio(folder / "bo.txt", "B_O", "rigidity", np.geomspace(3, 3000, 17), 0.35, 2),
        write_ratio(folder / "energy.txt", "B/C", "kineticEnergyPerNucleon", np.geomspace(5, 4000, 11), 0.33, 3),
    ]


def fit(run, cube, files, side, *options, **keywords):
    result = run("fit", cube, "--data", *files, "-o", side, *options, **keywords)
    assert result.returncode == 0, result.stderr
    return xarray.open_dataset(side, engine="h5netcdf")


def curve_at(cube, region, mach, beta, scale):
    part = cube["D"].sel(region=region, alfven_mach=mach, beta=beta, injection_scale=scale)
    return curve(part["rigidity"].values, part.values)


@pytest.mark.parametrize(
    "options, keywords",
    [
        ([], {}),
        (["--range", "20:2000", "--errors", "linear", "--normalisation", "free"], {"range_gv": (20, 2000), "errors": "linear", "normalisation": np.inf}),
        (["--range", "20:2000", "--errors", "stat", "--normalisation", "fixed", "--advection", "12", "--gas", "2",
          "--modulation", "0", "--flux-slope", "2.6"],
         {"range_gv": (20, 2000), "errors": "stat", "normalisation": 0, "advection_km_s": 12, "gas_mg_cm2": 2,
          "modulation_gv": 0, "flux_slope": 2.6}),
    ],
)  # fmt: skip
def test_every_pair_is_that_of_numpy(run, cube, files, tmp_path, options, keywords):
    found = fit(run, cube, files, tmp_path / "fit.h5", "--best", 1000, *GALAXIES, *options)
    opened, ratios = open_cube(cube), Ratios(files, **keywords)
    assert found.attrs["pairs"] == 12 * 12 * 6 and found.sizes["best"] == 864  # all curves have values here
    assert found.sizes["point"] == ratios.n_points
    assert (np.diff(found["best_chi2"].values) >= 0).all()
    for i in np.random.default_rng(4).choice(864, 120, replace=False):
        at = {name: float(found[f"best_{name}"][i]) for name in AXES}
        curves = [curve_at(opened, r, *(at[f"{r}_{a}"] for a in ("alfven_mach", "beta", "injection_scale"))) for r in ("disk", "halo")]
        parts = ratios.parts(*curves, at["disk_size"], at["halo_height"])
        np.testing.assert_allclose(found["best_set_chi2"][i].values, [p[0] for p in parts], rtol=1e-8)
        np.testing.assert_allclose(found["best_normalisation"][i].values, [p[1] for p in parts], rtol=1e-10)
        np.testing.assert_allclose(float(found["best_chi2"][i]), sum(p[0] for p in parts), rtol=1e-8)


def test_maps_are_minima_over_all_pairs(run, cube, files, tmp_path):
    found = fit(run, cube, files, tmp_path / "fit.h5", "--best", 1000, *GALAXIES)
    chi2 = found["best_chi2"].values
    index = {name: np.searchsorted(found[name].values, found[f"best_{name}"].values) for name in AXES}

    def least(names):
        table = np.full([found.sizes[name] for name in names], np.inf)
        np.minimum.at(table, tuple(index[name] for name in names), chi2)
        return table

    n_maps = 0
    for a, first in enumerate(AXES):
        for second in AXES[a + 1 :]:
            np.testing.assert_array_equal(found[f"chi2_{first}_{second}"].values, least([first, second]))
            n_maps += 1
    assert n_maps == 28
    for region in ("disk", "halo"):
        names = ["disk_size", "halo_height", *(f"{region}_{axis}" for axis in ("alfven_mach", "beta", "injection_scale"))]
        assert found[f"chi2_{region}"].dims == tuple(names)
        np.testing.assert_array_equal(found[f"chi2_{region}"].values, least(names))
    assert set(found["galaxy_disk_beta"].dims) == {"disk_size", "halo_height"}


def test_p_values_are_those_of_scipy(run, cube, files, tmp_path):
    from scipy.stats import chi2

    found = fit(run, cube, files, tmp_path / "fit.h5", "--best", 1000, *GALAXIES)
    freedom = found.attrs["degrees_of_freedom"]
    assert freedom == found.sizes["point"] - 8  # each axis has several values; priors cost nothing
    expected = chi2.sf(found["best_chi2"].values, freedom)
    np.testing.assert_allclose(found["best_p_value"].values, expected, rtol=1e-9, atol=1e-290)


@pytest.mark.parametrize("ranks, threads", [(None, 1), (None, 3), (2, 1), (3, 2)])
def test_the_same_bits_on_any_ranks_and_threads(dmumu, mpi_environment, cube, files, tmp_path, ranks, threads):
    def values(path, ranks, threads):
        launcher = [] if ranks is None else ["mpirun", "--bind-to", "none", "-np", str(ranks)]
        command = [*launcher, dmumu, "fit", cube, "--data", *files, *GALAXIES, "-o", path]
        environment = {**mpi_environment, "OMP_NUM_THREADS": str(threads)}
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, env=environment, check=False)
        assert done.returncode == 0, done.stderr
        data = xarray.open_dataset(path, engine="h5netcdf")
        return {name: data[name].values.tobytes() for name in data.variables if data[name].dtype.kind == "f"}, done.stdout

    alone, said = values(tmp_path / "alone.h5", None, 2)
    other, also = values(tmp_path / "other.h5", ranks, threads)
    assert len(alone) > 50 and alone == other
    assert said == also


def test_a_curve_without_values_is_in_no_pair(run, tmp_path, files):
    """Weak turbulence that does not confine, beside one that does."""
    (tmp_path / "in.yaml").write_text(CONFIG.replace("[0.3, 0.5, 0.9]", "[0.05, 0.9]"))
    assert run("scan", tmp_path / "in.yaml", "-o", tmp_path / "cube.h5").returncode == 0
    opened = open_cube(tmp_path / "cube.h5")
    ratios = Ratios(files)
    grid, needed = opened["rigidity"].values, ratios.rigidities_gv
    low, high = np.searchsorted(grid, needed.min(), "right") - 1, np.searchsorted(grid, needed.max())
    whole = np.isfinite(opened["D"].values[..., low : high + 1]).all(axis=-1).reshape(2, -1).sum(axis=1)
    assert 0 < whole.prod() < 64
    found = fit(run, tmp_path / "cube.h5", files, tmp_path / "fit.h5")
    assert found.attrs["pairs"] == whole.prod()
    assert np.isfinite(found["chi2_disk"].values).sum() == whole[0]


def test_without_a_disk_the_disk_has_no_say(run, cube, files, tmp_path):
    found = fit(run, cube, files, tmp_path / "fit.h5", "--disk-size", "0")
    disk = found["chi2_disk"].values.ravel()
    assert (disk == disk[0]).all()
    assert len(set(found["chi2_halo"].values.ravel())) > 1


def test_tables(run, cube, files, tmp_path):
    result = run("fit", cube, "--data", files[0], *GALAXIES, "--best", 3, "--range", "10:2000")
    assert result.returncode == 0
    for words in ("864 pairs, 6 galaxies", "Best pairs", "set by set", "What each axis allows", "moves with the galaxy", "Below 200 GV"):
        assert words in result.stdout
    assert "dmumu fit: started, 864 pairs" in result.stderr and "100.0 %" in result.stderr
    assert "Below 200 GV" not in run("fit", cube, "--data", files[0]).stdout


@pytest.mark.parametrize(
    "row, words",
    [
        ("1 2 3", "the row has 3 columns; it must have 6"),
        ("300 x 0.1 0.1 0.1 0.1", "column 2: 'x' is not a number"),
        ("-3 0.1 0.1 0.1 0.1 0.1", "column 1: '-3' is out of range"),
        ("300 0.1 -1 0.1 0.1 0.1", "column 3: '-1' is out of range"),
        ("300 nan 0.1 0.1 0.1 0.1", "column 2: 'nan' is not a finite number"),
    ],
)
@pytest.mark.parametrize("ranks", [None, 2])
def test_a_bad_line_says_where_and_why(run, cube, files, tmp_path, row, words, ranks):
    bad = tmp_path / "bad.txt"
    text = files[0].read_text(encoding="utf-8")
    bad.write_text(text + row + "\n", encoding="utf-8")
    line = len(text.splitlines()) + 1
    result = run("fit", cube, "--data", files[1], bad, ranks=ranks)
    assert result.returncode == 2
    assert f"bad.txt:{line}: {words}" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    "options, words",
    [
        ([], "--data: at least one file is wanted"),
        (["--data", "none.txt"], "none.txt: cannot be read"),
        (["--data", "{0}", "--range", "1e4:1e5"], "none of its 23 points lies between 10000 and 100000 GV"),
        (["--data", "{0}", "--range", "5:2"], "not ascending"),
        (["--data", "{0}", "--range", "5"], "must be from:to"),
        (["--data", "{0}", "--range", "1:2000", "--errors", "both"], "must be quadrature, linear or stat"),
        (["--data", "{0}", "--normalisation", "loose"], "'loose' is not a number"),
        (["--data", "{0}", "--disk-size", "4", "--halo-height", "3"], "more than the least --halo-height"),
        (["--data", "{0}", "--halo-height", "6,3"], "not ascending"),
        (["--data", "{0}", "--best", "0"], "a whole number from 1"),
        (["--data", "{0}", "--advektion", "3"], "did you mean '--advection'"),
    ],
)
def test_bad_usage(run, cube, files, options, words):
    result = run("fit", cube, *(option.format(*files) for option in options))
    assert result.returncode == 2, result.stderr
    assert words in result.stderr and result.stdout == ""


def test_rigidities_that_the_cube_lacks(run, tmp_path, files):
    (tmp_path / "in.yaml").write_text(CONFIG.replace("to: 1.0e5", "to: 1.0e3"))
    assert run("scan", tmp_path / "in.yaml", "-o", tmp_path / "cube.h5").returncode == 0
    result = run("fit", tmp_path / "cube.h5", "--data", files[0])
    assert result.returncode == 2 and "its rigidities go from 1 to 1000" in result.stderr


def test_both_regions_are_needed(run, tmp_path, files):
    (tmp_path / "in.yaml").write_text(CONFIG.replace("[disk, halo]", "[halo]"))
    assert run("scan", tmp_path / "in.yaml", "-o", tmp_path / "cube.h5").returncode == 0
    result = run("fit", tmp_path / "cube.h5", "--data", files[0])
    assert result.returncode == 2 and "has no disk" in result.stderr


def test_an_existing_file_is_kept(run, cube, files, tmp_path):
    side = tmp_path / "fit.h5"
    side.write_text("mine")
    result = run("fit", cube, "--data", files[0], "-o", side)
    assert result.returncode == 2 and "exists" in result.stderr and side.read_text() == "mine"
    assert run("fit", cube, "--data", files[0], "-o", side, "--overwrite").returncode == 0
    assert not os.path.exists(f"{side}.part")


def test_posterior_is_chi2_on_the_grid_and_bounded(cube, files):
    opened, ratios = open_cube(cube), Ratios(files)
    posterior = Posterior(ratios, opened, disk_size_kpc=0.9, halo_height_kpc=(3, 12))
    assert posterior.names[-1] == "ln_halo_height" and posterior.n == 7
    point = [0.5, 0.05, 100, 0.9, 0.5, 30, 6]
    chi2 = ratios.chi2(curve_at(opened, "disk", *point[:3]), curve_at(opened, "halo", *point[3:6]), 0.9, 6)
    assert posterior(np.log(point)) == pytest.approx(-0.5 * chi2, rel=1e-9)
    assert posterior(np.log([*point[:6], 13])) == -np.inf
    assert np.isfinite([posterior(theta) for theta in posterior.start(8)]).all()


def test_posterior_under_emcee(cube, files):
    emcee = pytest.importorskip("emcee", reason="emcee is not installed")
    posterior = Posterior(Ratios(files), open_cube(cube))
    start = posterior.start(16)
    sampler = emcee.EnsembleSampler(16, posterior.n, posterior)
    sampler.run_mcmc(start, 50)
    chain = sampler.get_chain(flat=True)
    assert (chain >= posterior.low).all() and (chain <= posterior.high).all()
    assert sampler.get_log_prob()[-10:].mean() > np.mean([posterior(theta) for theta in start])


# ---- files of measurements: the program and Python read the same, and complain alike

HEADER = "#Experiment: E\n#Y Quantity: B_C\n#X Quantity: rigidity\n"
USINE = (
    "# quantity sub-exp axis <E> low up value stat- stat+ sys- sys+ url phi distance dates limit\n"
    "B/C AMS02 EKN 150 100 200 0.06 0.001 0.002 0.002 0.003 url 500 1 dates 0\n"
    "B/C AMS02 EKN 250 200 300 0.05 0.001 0.001 0.002 0.002 url 500 1 dates 1\n"
    "B/O AMS02 R 500 400 600 0.05 0.001 0.001 0.002 0.002 url 500 1 dates 0\n"
    "B/C AMS02 EKN 350 300 400 0.04 0.001 0.001 0.002 0.002\n"
)


def test_usine_files_in_python(run, cube, tmp_path):
    """A file of several quantities: chi^2 of the best pair is that of the likelihood in NumPy."""
    (tmp_path / "usine.txt").write_text(USINE)
    files = [f"{tmp_path / 'usine.txt'}@b_c", f"{tmp_path / 'usine.txt'}@B_O"]
    result = run("fit", cube, "--data", *files, "-o", tmp_path / "fit.h5")
    assert result.returncode == 0, result.stderr
    ratios = Ratios(files)
    assert ratios.n_points == 3 and [s[0] for s in ratios.sets] == ["AMS02 B_C", "AMS02 B_O"]
    found, opened = xarray.open_dataset(tmp_path / "fit.h5", engine="h5netcdf"), open_cube(cube)
    curves = []
    for region in ("disk", "halo"):
        point = {axis: float(found[f"best_{region}_{axis}"][0]) for axis in ("alfven_mach", "beta", "injection_scale")}
        curves.append(curve(opened["rigidity"].values, opened["D"].sel(region=region).sel(point).values))
    assert ratios.chi2(*curves) == pytest.approx(float(found["best_chi2"][0]), rel=1e-9)


BAD = [
    HEADER + "300 0.3 0.01 0.01 0.02\n",
    HEADER + "300 0.3 0.01 0.01 0.02 0.02 7\n",
    HEADER + "300 0.3 0.01 0.01 0.02 0.02" + 30 * " 7" + "\n",
    HEADER + "300 0.3 0.01 0.01 0.02 0.02\n400 x.4 0 0 1 1\n",
    HEADER + "300 0.3 0.01 -0.01 0.02 0.02\n",
    HEADER + "0 0.3 0.01 0.01 0.02 0.02\n",
    HEADER + "300 nan 0.01 0.01 0.02 0.02\n",
    HEADER + "300 0.3 0.01 0.01 0.02 1e999\n",
    HEADER + "300,0.3;0.01 0.01 0.02 0.02 0.1\n",
    HEADER + "300 0.3 0 0 0 0\n",
    HEADER + "3 0.3 0.01 0.01 0.02 0.02\n",
    HEADER,
    "",
    "#X Quantity: speed\n300 0.3 0 0 0 0\n",
    "#X Quantity: rigidity\n300 0.3 0.1 0.1 0 0\n",
    "#Y Quantity: B_C\n300 0.3 0.1 0.1 0 0\n",
    HEADER.replace("B_C", "Be_B") + "300 0.3 0.1 0.1 0 0\n",
    HEADER.replace("rigidity", "kineticEnergy") + "300 0.3 0.1 0.1 0 0\n",
    USINE,
    "B/C AMS02 EKN 1 1 1 1\n",
    "B/C AMS02 XYZ 1 1 1 1 0 0 0 0\n",
    "B/C AMS02 R 1 1 1 ? 0 0 0 0\n",
    "B/C AMS02 R 300 1 1 1 0 0 0 0\nB/C AMS02 EKN 300 1 1 1 0 0 0 0\n",
    "B/C AMS02 R 300 1 1 1 0 0 0 0 u 1 1 d 1\n",
]


@pytest.mark.parametrize("text", BAD)
def test_complaints_about_data_are_the_same_in_python(run, cube, tmp_path, text):
    path = tmp_path / "bad.txt"
    path.write_text(text)
    result = run("fit", cube, "--data", path)
    assert result.returncode == 2, result.stdout
    with pytest.raises(ValueError) as raised:
        Ratios([path])
    assert f"dmumu fit: {raised.value}" == result.stderr.splitlines()[0]
