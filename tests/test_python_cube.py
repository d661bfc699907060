"""dmumu.Cube: what it takes, what it gives back, what it refuses."""

import pickle
import threading

import h5py
import numpy as np
import pytest
import xarray
from python_cubes import NUMERIC, make, random_points

import dmumu

ENGINES = pytest.mark.parametrize("engine", [True, False], ids=["libdmumu", "numpy"])
INSIDE = {"region": "halo", "alfven_mach": 1.3, "beta": 2.1, "injection_scale_pc": 2.6, "rigidity_gv": 1.7}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Path, axes and D of a cube."""
    path = tmp_path_factory.mktemp("cube") / "cube.h5"
    return path, *make(path)


@pytest.fixture(params=[True, False], ids=["libdmumu", "numpy"])
def cube(request, made):
    with dmumu.Cube(made[0], library=request.param) as opened:
        yield opened


def test_scalars_give_a_float(cube):
    d = cube(**INSIDE)
    assert type(d) is float and 1e26 < d < 1e31
    gradient = cube.gradient(**INSIDE)
    assert gradient.d_cm2_s == d and all(type(x) is float for x in gradient)


def test_arrays_broadcast(cube):
    mach, rigidity = np.linspace(1.1, 2.9, 6)[:, None], np.linspace(1.2, 2.8, 5)
    d = cube(**{**INSIDE, "alfven_mach": mach, "rigidity_gv": rigidity})
    gradient = cube.gradient(**{**INSIDE, "alfven_mach": mach, "rigidity_gv": rigidity})
    assert d.shape == gradient.rigidity.shape == (6, 5)
    for i in range(6):
        for k in range(5):
            one = {**INSIDE, "alfven_mach": mach[i, 0], "rigidity_gv": rigidity[k]}
            assert d[i, k] == cube(**one)
            assert gradient.rigidity[i, k] == cube.gradient(**one).rigidity
    with pytest.raises(ValueError, match="shape mismatch"):
        cube(**{**INSIDE, "alfven_mach": [1.1, 1.2], "rigidity_gv": [1.1, 1.2, 1.3]})


@pytest.mark.parametrize("shape", [(0,), (1,), (1, 1), (3, 0)])
def test_shapes_are_kept(cube, shape):
    assert cube(**{**INSIDE, "beta": np.full(shape, 2.0)}).shape == shape
    assert cube.gradient(**{**INSIDE, "beta": np.full(shape, 2.0)}).beta.shape == shape


def test_memory_in_any_order(cube):
    values = np.linspace(1.1, 2.9, 24).reshape(4, 6)
    wanted = cube(**{**INSIDE, "rigidity_gv": values})
    np.testing.assert_array_equal(cube(**{**INSIDE, "rigidity_gv": np.asfortranarray(values)}), wanted)
    np.testing.assert_array_equal(cube(**{**INSIDE, "rigidity_gv": values[::-1, ::2]}), wanted[::-1, ::2])
    assert cube(**{**INSIDE, "rigidity_gv": 2}) == cube(**{**INSIDE, "rigidity_gv": np.float32(2)})


def test_regions_by_name_and_number(cube):
    disk, halo = (cube(**{**INSIDE, "region": region}) for region in ("disk", "halo"))
    assert halo == pytest.approx(10 * disk)
    np.testing.assert_array_equal(cube(**{**INSIDE, "region": [0, 1, 1]}), [disk, halo, halo])
    np.testing.assert_array_equal(cube(**{**INSIDE, "region": np.array(["halo", "disk"])}), [halo, disk])
    with pytest.raises(ValueError, match="region: 'bulge' is none of disk, halo"):
        cube(**{**INSIDE, "region": ["halo", "bulge"]})
    with pytest.raises(TypeError, match="region: 1.0 is neither"):
        cube(**{**INSIDE, "region": 1.0})


def test_dataarrays_broadcast_by_name(cube):
    mach = xarray.DataArray([1.2, 2.2], dims="alfven_mach", coords={"alfven_mach": [1.2, 2.2]})
    rigidity = xarray.DataArray([1.5, 1.6, 1.7], dims="rigidity")
    region = xarray.DataArray(["disk", "halo"], dims="region", coords={"region": ["disk", "halo"]})
    where = {**INSIDE, "alfven_mach": mach, "rigidity_gv": rigidity, "region": region}
    d, gradient = cube(**where), cube.gradient(**where)
    assert d.name == "D" and d.attrs["units"] == "cm2 s-1" and dict(d.sizes) == dict(region=2, alfven_mach=2, rigidity=3)
    assert gradient.beta.dims == d.dims and gradient.beta.name == "dlnD_dln_beta"
    one = d.sel(region="halo", alfven_mach=2.2).isel(rigidity=1)
    assert float(one) == cube(**{**INSIDE, "alfven_mach": 2.2, "rigidity_gv": 1.6})
    with pytest.raises(TypeError, match="beta: an array without names"):
        cube(**{**where, "beta": [1.1, 1.2]})
    with pytest.raises(ValueError):
        cube(**{**where, "beta": mach.assign_coords(alfven_mach=[1.2, 2.3])})


def test_parameters_that_are_missing_or_unknown_are_named(cube):
    with pytest.raises(TypeError, match="rigidity_gv is not given, and .*cube.h5 has 9 values"):
        cube(**{name: value for name, value in INSIDE.items() if name != "rigidity_gv"})
    with pytest.raises(TypeError, match="'rigidity' is no parameter of a cube: region, alfven_mach"):
        cube(**INSIDE, rigidity=1)


@ENGINES
def test_axes_of_one_value_may_be_left_out(tmp_path, engine):
    axes, d = make(tmp_path / "cube.h5", n=(1, 4, 1, 6), regions=(1,))
    cube = dmumu.Cube(tmp_path / "cube.h5", library=engine)
    assert cube(beta=axes["beta"][2], rigidity_gv=axes["rigidity"][3]) == d[0, 0, 2, 0, 3]
    with pytest.raises(ValueError, match="alfven_mach 2.1 is outside of the cube: 2 to 2"):
        cube(beta=axes["beta"][2], rigidity_gv=axes["rigidity"][3], alfven_mach=2.1)


def test_outside_is_an_exception_that_says_where(made, cube):
    path, axes, _ = made
    with pytest.raises(ValueError, match=rf"{path}: point 1: beta 3.5 is outside of the cube: 1 to 3"):
        cube(**{**INSIDE, "beta": [2.0, 3.5]})


@ENGINES
def test_outside_may_be_nan_the_end_or_a_power_law(made, engine):
    path, axes, _ = made
    beyond = {**INSIDE, "rigidity_gv": [2.9, 3.0, 30.0]}
    nan = dmumu.Cube(path, library=engine, nan_outside=True)(**beyond)
    clamp = dmumu.Cube(path, library=engine, outside="clamp")(**beyond)
    law = dmumu.Cube(path, library=engine, outside="power_law")
    assert np.isfinite(nan[:2]).all() and np.isnan(nan[2])
    assert clamp[2] == clamp[1] and clamp[0] == nan[0]
    d, gradient = law(**beyond), law.gradient(**beyond)
    assert gradient.rigidity[2] == pytest.approx(gradient.rigidity[1])
    assert d[2] == pytest.approx(d[1] * 10 ** gradient.rigidity[1], rel=1e-10)
    with pytest.raises(ValueError, match="beta 4 is outside"):
        law(**{**INSIDE, "beta": 4})


@ENGINES
@pytest.mark.parametrize(
    "options, words",
    [
        ({"outside": "extrapolate"}, "outside: 'extrapolate' is none of error, clamp, power_law"),
        ({"outside": {"mach": "clamp"}}, "outside: 'mach' is none of region"),
        ({"outside": {"beta": "wrap"}}, "outside of beta: 'wrap' is none of"),
        ({"outside": {"beta": "power_law"}}, "outside of axis beta there is no 'power_law'"),
        ({"outside": {"region": "clamp"}}, "outside of axis region there is no 'clamp'"),
        ({"interpolation": "quintic"}, "interpolation: 'quintic' is none of cubic, linear"),
        ({"quantity": "T"}, "quantity: 'T' is none of D"),
        ({"quantity": "D_slow"}, "cube.h5: it has no variable D_slow"),
    ],
)
def test_options_that_make_no_sense_are_named(made, engine, options, words):
    with pytest.raises(ValueError, match=words):
        dmumu.Cube(made[0], library=engine, **options)


@ENGINES
def test_one_rigidity_has_no_power_law(tmp_path, engine):
    make(tmp_path / "cube.h5", n=(3, 2, 2, 1))
    with pytest.raises(dmumu.CubeError, match="cube.h5: it has one rigidity: no power law to go on with"):
        dmumu.Cube(tmp_path / "cube.h5", library=engine, outside="power_law")


@ENGINES
def test_single_modes_are_looked_up(made, engine):
    whole, alone = (dmumu.Cube(made[0], library=engine, quantity=name)(**INSIDE) for name in ("D", "D_fast"))
    assert alone == pytest.approx(2 * whole)


@ENGINES
def test_a_cube_that_is_not_complete(tmp_path, engine):
    state = np.ones((2, 5, 4, 3), "u1")
    state[1, 4] = 0
    axes, d = make(tmp_path / "cube.h5.part", state=state, attributes={"data_hash": "unfinished"})
    with pytest.raises(dmumu.CubeError, match=r"cube.h5.part: not complete: 12 of 120 curves are pending"):
        dmumu.Cube(tmp_path / "cube.h5.part", library=engine)
    cube = dmumu.Cube(tmp_path / "cube.h5.part", library=engine, partial=True)
    point = {"beta": axes["beta"][1], "injection_scale_pc": axes["injection_scale"][1], "rigidity_gv": axes["rigidity"][4]}
    assert cube(region="halo", alfven_mach=axes["alfven_mach"][3], **point) == d[1, 3, 1, 1, 4]
    assert np.isnan(cube(region="halo", alfven_mach=axes["alfven_mach"][4], **point))
    assert cube(region="disk", alfven_mach=axes["alfven_mach"][4], **point) == d[0, 4, 1, 1, 4]


def damage_pending(file):
    file.attrs["data_hash"] = "abc"
    file["state"][0, 0, 0, 0] = 0


def damage_state(file):
    file["state"][0, 0, 0, 1] = 7


def damage_order(file):
    file["beta"][...] = file["beta"][()][::-1]


def damage_variable(file):
    del file["x_c"]


@ENGINES
@pytest.mark.parametrize(
    "damage, words",
    [
        (damage_pending, "damaged: a complete cube, but 1 of its curves are pending"),
        (damage_state, "damaged: the state of curve 1 is 7, which is none"),
        (damage_order, "not a cube: axis beta has values that are not ascending"),
        (damage_variable, "not a cube: it has no variable x_c"),
    ],
)
def test_a_damaged_cube_is_refused(tmp_path, engine, damage, words):
    make(tmp_path / "cube.h5")
    with h5py.File(tmp_path / "cube.h5", "r+") as file:
        damage(file)
    with pytest.raises(dmumu.CubeError, match=f"cube.h5: {words}"):
        dmumu.Cube(tmp_path / "cube.h5", library=engine)


@ENGINES
def test_what_is_no_file_or_no_cube(tmp_path, engine):
    with pytest.raises(FileNotFoundError, match="none.h5"):
        dmumu.Cube(tmp_path / "none.h5", library=engine)
    (tmp_path / "text.h5").write_text("no HDF5")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = [1.0]
    for name in ("text.h5", "other.h5"):
        with pytest.raises(dmumu.CubeError, match=name):
            dmumu.Cube(tmp_path / name, library=engine)


def test_values_of_the_file_by_name(made, cube):
    _, axes, d = made
    part = cube.sel(region="halo", alfven_mach=axes["alfven_mach"][2], rigidity_gv=1.0, method="nearest")
    np.testing.assert_array_equal(part.D.values, d[1, 2, :, :, 0])
    assert float(part["alfven_mach"]) == axes["alfven_mach"][2]
    assert cube.sel(region="halo").D.dims == NUMERIC and cube["beta"].attrs["units"] == "1"
    np.testing.assert_array_equal(cube.sel(injection_scale_pc=slice(1.5, None)).injection_scale,
                                  axes["injection_scale"][axes["injection_scale"] >= 1.5])  # fmt: skip
    with pytest.raises(KeyError):
        cube.sel(alfven_mach=1.23456)
    for name, values in axes.items():
        np.testing.assert_array_equal(cube.axes[name], values)


def test_a_pickled_cube_opens_again(made, cube):
    again = pickle.loads(pickle.dumps(cube))
    assert again.engine == cube.engine and again(**INSIDE) == cube(**INSIDE)
    clamped = dmumu.Cube(made[0], outside={"beta": "clamp"}, interpolation="linear")
    where = {**INSIDE, "beta": 9.0}
    assert pickle.loads(pickle.dumps(clamped))(**where) == clamped(**where)


def test_a_closed_cube_says_so(made):
    cube = dmumu.Cube(made[0])
    cube.close()
    with pytest.raises(ValueError, match="cube.h5: the cube is closed"):
        cube(**INSIDE)


def test_threads_share_a_cube(made, cube):
    where = random_points(made[1], 2000)
    wanted, found = cube(**where), [None] * 4

    def look_up(i):
        found[i] = cube(**where)

    threads = [threading.Thread(target=look_up, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for values in found:
        np.testing.assert_array_equal(values, wanted)


def test_it_says_what_it_is(made, cube):
    assert str(made[0]) in repr(cube) and "9 rigidity" in repr(cube) and "cubic" in repr(cube)


# A cube from a scan: with checksums, and a model.


@pytest.fixture(scope="module")
def scanned(root, run, tmp_path_factory):
    path = tmp_path_factory.mktemp("scan") / "smoke.h5"
    done = run("scan", root / "inputs" / "smoke.yaml", "-o", path)
    assert done.returncode == 0, done.stderr
    return path


def test_a_scan_is_the_same_to_both_engines(scanned):
    library, numpy = (dmumu.Cube(scanned, library=engine) for engine in (True, False))
    where = random_points({name: library.axes[name] for name in NUMERIC}, 2000)
    np.testing.assert_allclose(numpy(**where), library(**where), rtol=1e-12)


def change_value(file):
    file["D"][0, 1, 1, 1, 3] *= 1.001


def change_cost(file):
    file["cost"][1, 0, 0, 1] += 1


def change_axis(file):
    file["beta"][0] *= 1.001


def change_configuration(file):
    file.attrs["configuration"] = "title: another"


@ENGINES
@pytest.mark.parametrize(
    "change, words",
    [
        (change_value, "the values of curve 7 do not have the checksum"),
        (change_cost, "the values of curve 9 do not have the checksum"),
        (change_axis, "header_hash"),
        (change_configuration, "header_hash"),
    ],
)
def test_a_changed_value_is_found(scanned, tmp_path, engine, change, words):
    path = tmp_path / "changed.h5"
    path.write_bytes(scanned.read_bytes())
    with h5py.File(path, "r+") as file:
        change(file)
    with pytest.raises(dmumu.CubeError, match=f"changed.h5: damaged, or changed by another program: .*{words}"):
        dmumu.Cube(path, library=engine)


@ENGINES
def test_a_copy_by_xarray_is_a_cube(scanned, tmp_path, engine):
    with xarray.open_dataset(scanned, engine="h5netcdf") as opened:
        opened.isel(rigidity=slice(0, 5)).to_netcdf(tmp_path / "copy.h5", engine="h5netcdf")
    copy, whole = dmumu.Cube(tmp_path / "copy.h5", library=engine), dmumu.Cube(scanned, library=engine)
    where = dict(region="disk", alfven_mach=0.5, beta=0.1, injection_scale_pc=50, rigidity_gv=copy.axes["rigidity"])
    np.testing.assert_allclose(copy(**where), whole(**where), rtol=1e-12)


def test_the_model_of_a_cube_computes_its_values(scanned):
    pytest.importorskip("yaml")
    cube = dmumu.Cube(scanned)
    for region, mach, beta, scale in (("disk", 0.3, 0.5, 30.0), ("halo", 0.8, 0.05, 100.0)):
        point = dict(region=region, alfven_mach=mach, beta=beta)
        curve = dmumu.curve(cube.model, cube.axes["rigidity"], injection_scale_pc=scale, **point)
        stored = cube.sel(injection_scale=scale, **point)
        for name in ("D", "D_fast", "D_alfven", "quality"):
            np.testing.assert_array_equal(curve[name].values, stored[name].values, name)
        np.testing.assert_array_equal(curve["mu_star"].values.astype("f4"), stored["mu_star"].values)
        looked_up = cube(injection_scale_pc=scale, rigidity_gv=cube.axes["rigidity"], **point)
        np.testing.assert_array_equal(looked_up, curve.D.values)
