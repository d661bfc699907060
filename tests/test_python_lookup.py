"""Look-ups from Python: numpy's against libdmumu's, and both against what is known otherwise."""

import itertools

import numpy as np
import pytest
from python_cubes import ARGUMENTS, NUMERIC, make, random_points, straight, write

import dmumu

SAME = 1e-12
ENGINES = pytest.mark.parametrize("library", [True, False], ids=["libdmumu", "numpy"])
INTERPOLATIONS = pytest.mark.parametrize("interpolation", ["cubic", "linear"])

# name: (values of each axis, linear axes, part of values that are NaN)
CUBES = {
    "even": ((5, 4, 3, 9), (), 0.0),
    "linear axes": ((5, 4, 3, 9), ("alfven_mach", "rigidity"), 0.0),
    "holes": ((6, 5, 4, 12), ("beta",), 0.08),
    "many holes": ((5, 4, 4, 9), (), 0.4),
    "two values": ((2, 2, 2, 2), (), 0.05),
    "one value": ((1, 4, 1, 7), ("beta",), 0.05),
    "one value of all but M_A": ((7, 1, 1, 1), (), 0.0),
    "large enough for bricks": ((14, 11, 9, 31), (), 0.02),
}
OUTSIDES = [
    "error",
    "clamp",
    "power_law",
    {"alfven_mach": "clamp", "injection_scale_pc": "clamp", "rigidity_gv": "power_law"},
]


def both(path, **options):
    """The cube by libdmumu and by numpy."""
    return dmumu.Cube(path, library=True, **options), dmumu.Cube(path, library=False, **options)


def assert_same(ours, theirs):
    np.testing.assert_array_equal(np.isnan(ours), np.isnan(theirs))
    np.testing.assert_allclose(ours, theirs, rtol=SAME)


# One rigidity has no power law to go on with: test_python_cube.py.
CASES = [(name, out) for name in CUBES for out in OUTSIDES if CUBES[name][0][-1] > 1 or "power_law" not in str(out)]


@INTERPOLATIONS
@pytest.mark.parametrize("name, outside", CASES, ids=str)
def test_numpy_and_libdmumu_give_the_same_numbers(tmp_path, interpolation, name, outside):
    n, linear, holes = CUBES[name]
    axes, _ = make(tmp_path / "cube.h5", n=n, linear=linear, holes=holes)
    library, numpy = both(tmp_path / "cube.h5", interpolation=interpolation, outside=outside, nan_outside=True)
    assert library.engine.startswith("libdmumu") and numpy.engine == "numpy"
    some = 0
    for at_nodes, seed in ((0.1, 1), (0.7, 2)):
        where = random_points(axes, 600, seed, beyond=0.1, at_nodes=at_nodes)
        d = library(**where)
        some += np.isfinite(d).sum()
        assert_same(numpy(**where), d)
        ours, theirs = numpy.gradient(**where), library.gradient(**where)
        assert_same(ours.d_cm2_s, theirs.d_cm2_s)
        for axis in NUMERIC:
            a, b = getattr(ours, axis), getattr(theirs, axis)
            np.testing.assert_array_equal(np.isnan(a), np.isnan(b), axis)
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-11, err_msg=axis)
    assert some > 100


@INTERPOLATIONS
def test_complaints_are_the_same(tmp_path, interpolation):
    axes, _ = make(tmp_path / "cube.h5", regions=(1,))
    library, numpy = both(tmp_path / "cube.h5", interpolation=interpolation)
    inside = {argument: axes[name].mean() for name, argument in zip(NUMERIC, ARGUMENTS, strict=True)}
    for change in (
        {"region": "disk"},
        {"region": 7},
        {"region": -1},
        {"alfven_mach": 0.5},
        {"beta": [2.0, 3.1, 0.1]},
        {"injection_scale_pc": np.full(3000, 1e4)},
        {"rigidity_gv": np.nan},
        {"rigidity_gv": [2.0, -1.0], "beta": 5.0},
        {"rigidity_gv": np.inf},
    ):
        said = []
        for cube in (library, numpy):
            for look_up in (cube, cube.gradient):
                with pytest.raises(ValueError, match="cube.h5: point ") as caught:
                    look_up(**{"region": "halo", **inside, **change})
                said.append(str(caught.value))
        assert len(set(said)) == 1, said


@ENGINES
@INTERPOLATIONS
def test_nodes_are_exact(tmp_path, library, interpolation):
    axes, d = make(tmp_path / "cube.h5", n=(5, 4, 3, 9), linear=("beta",), holes=0.1)
    cube = dmumu.Cube(tmp_path / "cube.h5", library=library, interpolation=interpolation)
    grids = np.meshgrid([0, 1], *(axes[name] for name in NUMERIC), indexing="ij")
    looked_up = cube(region=grids[0], **dict(zip(ARGUMENTS, grids[1:], strict=True)))
    np.testing.assert_array_equal(looked_up, d)


@ENGINES
@INTERPOLATIONS
def test_power_laws_are_exact_between_and_beyond(tmp_path, library, interpolation):
    axes, _ = make(tmp_path / "cube.h5", formula=straight)
    cube = dmumu.Cube(tmp_path / "cube.h5", library=library, interpolation=interpolation, outside="power_law")
    where = random_points(axes, 2000)
    where["rigidity_gv"] = where["rigidity_gv"] * np.geomspace(1e-3, 1e3, 2000)
    u = np.log([where[name] for name in ARGUMENTS])
    wanted = np.exp(straight(u)) * np.where(where["region"] == "halo", 10, 1)
    np.testing.assert_allclose(cube(**where), wanted, rtol=1e-10)  # a thousand times beyond, rounding grows
    gradient = cube.gradient(**where)
    for name, slope in zip(NUMERIC, (-2.5, 0.3, 0.5, 0.4), strict=True):
        np.testing.assert_allclose(getattr(gradient, name), slope, atol=1e-12)


@ENGINES
@INTERPOLATIONS
def test_derivatives_are_those_of_the_values(tmp_path, library, interpolation):
    axes, _ = make(tmp_path / "cube.h5", linear=("injection_scale",), holes=0.05)
    cube = dmumu.Cube(tmp_path / "cube.h5", library=library, interpolation=interpolation)
    where = random_points(axes, 3000, at_nodes=0.0)
    gradient, step = cube.gradient(**where), 1e-6
    checked = 0
    for name, argument in zip(NUMERIC, ARGUMENTS, strict=True):
        near = np.min(np.abs(where[argument][:, None] / axes[name] - 1), axis=1) < 4 * step
        up, down = (cube(**{**where, argument: np.where(near, where[argument], where[argument] * f)}) for f in
                    (1 + step, 1 - step))  # fmt: skip
        slope = (np.log(up) - np.log(down)) / (np.log1p(step) - np.log1p(-step))
        good = ~near & np.isfinite(slope)
        checked += good.sum()
        np.testing.assert_allclose(getattr(gradient, name)[good], slope[good], atol=3e-6 * 65)
        np.testing.assert_allclose(np.median(np.abs(getattr(gradient, name) - slope)[good]), 0, atol=1e-6)
    assert checked > 2000


@ENGINES
def test_multilinear_is_scipys(tmp_path, library):
    interpolate = pytest.importorskip("scipy.interpolate").RegularGridInterpolator
    axes, d = make(tmp_path / "cube.h5", linear=("beta",))
    cube = dmumu.Cube(tmp_path / "cube.h5", library=library, interpolation="linear")
    where = random_points(axes, 3000)
    u = {name: axes[name] if name == "beta" else np.log(axes[name]) for name in NUMERIC}
    points = np.stack([where[a] if n == "beta" else np.log(where[a]) for n, a in zip(NUMERIC, ARGUMENTS, strict=True)], 1)
    points = np.clip(points, [x[0] for x in u.values()], [x[-1] for x in u.values()])  # ends, but for rounding
    wanted = np.where(where["region"] == "halo", 10, 1) * np.exp(interpolate(list(u.values()), np.log(d[0]))(points))
    np.testing.assert_allclose(cube(**where), wanted, rtol=SAME)


@ENGINES
def test_cubic_is_monotone_and_better_than_linear(tmp_path, library):
    """A smooth, steep curve in one axis: between its nodes' values everywhere, and nearer to it than straight lines."""

    def steep(u):
        return 65 + 3 * np.tanh(8 * (u[3] - 0.5))

    axes, d = make(tmp_path / "cube.h5", n=(1, 1, 1, 14), formula=steep)
    rigidity = np.geomspace(axes["rigidity"][0], axes["rigidity"][-1], 400)
    wanted = steep(np.log([rigidity] * 4))
    errors = {}
    for interpolation in ("cubic", "linear"):
        cube = dmumu.Cube(tmp_path / "cube.h5", library=library, interpolation=interpolation)
        values = np.log(cube(region="disk", rigidity_gv=rigidity))
        assert np.all(np.diff(values) > -1e-12)
        errors[interpolation] = np.max(np.abs(values - wanted))
    assert errors["cubic"] < errors["linear"] / 3


@ENGINES
@INTERPOLATIONS
def test_a_nan_counts_where_it_is_a_corner(tmp_path, library, interpolation):
    """One NaN: look-ups in its sixteen cells are NaN, those anywhere else are numbers."""
    axes, d = make(tmp_path / "cube.h5", n=(5, 5, 5, 5), formula=straight)
    d[0, 2, 2, 2, 2] = np.nan
    write(tmp_path / "cube.h5", axes, d)
    cube = dmumu.Cube(tmp_path / "cube.h5", library=library, interpolation=interpolation)
    middles = {name: (axes[name][1:] + axes[name][:-1]) / 2 for name in NUMERIC}
    for cell in itertools.product(range(4), repeat=4):
        where = {a: middles[n][i] for n, a, i in zip(NUMERIC, ARGUMENTS, cell, strict=True)}
        assert np.isnan(cube(region="disk", **where)) == all(i in (1, 2) for i in cell)
        assert np.isfinite(cube(region="halo", **where))
