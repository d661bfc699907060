"""The cube as others see it: xarray with both engines, h5py, ncdump, h5ls, h5dump; and `dmumu info`.

The cube is $DMUMU_TEST_CUBE if that is set, else a scan of inputs/smoke.yaml.
"""

import os
import pathlib
import re
import shutil
import subprocess
import zlib

import numpy as np
import pytest

xarray = pytest.importorskip("xarray")
h5py = pytest.importorskip("h5py")

AXES = ("region", "alfven_mach", "beta", "injection_scale", "rigidity")
AXIS_UNITS = {"region": "1", "alfven_mach": "1", "beta": "1", "injection_scale": "pc", "rigidity": "GV"}
# name: (number of axes, type, units); the D of single modes are there if the model has the mode
VARIABLES = {
    "D": (5, "f8", "cm2 s-1"),
    "rel_error": (5, "f4", "1"),
    "mu_star": (5, "f4", "1"),
    "quality": (5, "u1", "1"),
    "alfven_speed": (4, "f8", "km s-1"),
    "temperature": (4, "f8", "K"),
    "density": (4, "f8", "cm-3"),
    "magnetic_field": (4, "f8", "uG"),
    "x_c": (4, "f8", "1"),
    "state": (4, "u1", "1"),
    "cost": (4, "f4", "s"),
}
MODE_VARIABLES = {name: (5, "f8", "cm2 s-1") for name in ("D_fast", "D_alfven", "D_slow")}
FLAGS = {
    "region": "disk halo",
    "quality": "ok not_confined not_converged failed",
    "state": "pending done",
}
PROVENANCE = (
    "Conventions title source version git_revision git_dirty compiler build_flags hdf5_version mpi_version gsl_version "
    "command host_count ranks threads_per_rank date_start date_end configuration physics_hash data_hash"
).split()


@pytest.fixture(scope="module")
def cube(request, tmp_path_factory):
    """Path of a finished cube."""
    if "DMUMU_TEST_CUBE" in os.environ:
        return pathlib.Path(os.environ["DMUMU_TEST_CUBE"])
    path = tmp_path_factory.mktemp("cube") / "smoke.h5"
    run, root = request.getfixturevalue("run"), request.getfixturevalue("root")
    done = run("scan", root / "inputs" / "smoke.yaml", "-o", path)
    assert done.returncode == 0, done.stderr
    return path


@pytest.fixture(scope="module", params=["netcdf4", "h5netcdf"])
def dataset(cube, request):
    """The cube opened by xarray with each engine."""
    pytest.importorskip({"netcdf4": "netCDF4", "h5netcdf": "h5netcdf"}[request.param])
    with xarray.open_dataset(cube, engine=request.param) as opened:
        yield opened


def tool(*command):
    """Standard output of a command-line tool that must succeed; skips where it is not installed."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def expected_variables(names):
    return VARIABLES | {name: MODE_VARIABLES[name] for name in MODE_VARIABLES if name in names}


def test_axes_are_coordinates_in_order(dataset):
    assert tuple(dataset.sizes) == AXES
    assert tuple(dataset.coords) == AXES
    for name in AXES:
        values = dataset[name].values
        assert values.ndim == 1 and values.size >= 1
        assert np.all(np.isfinite(values)) and np.all(np.diff(values.astype(float)) > 0), name
        assert dataset[name].dtype == ("u1" if name == "region" else "f8")
        assert dataset[name].attrs["units"] == AXIS_UNITS[name]
        assert dataset[name].attrs["long_name"]
        assert dataset[name].attrs["axis_scale"] in ("log", "linear")
    assert dataset["rigidity"].attrs["axis_scale"] == "log"


def test_variables(dataset):
    expected = expected_variables(dataset.data_vars)
    assert set(dataset.data_vars) == set(expected)
    assert any(name in dataset for name in MODE_VARIABLES)
    for name, (n_axes, dtype, units) in expected.items():
        variable = dataset[name]
        assert variable.dims == AXES[:n_axes], name
        assert variable.dtype == dtype, name
        assert variable.attrs["units"] == units, name
        assert variable.attrs["long_name"] and variable.attrs["comment"], name
        if dtype[0] == "f":
            assert np.isnan(variable.encoding["_FillValue"]), name


def test_flags(dataset):
    for name, meanings in FLAGS.items():
        assert dataset[name].attrs["flag_meanings"] == meanings
        values = np.atleast_1d(dataset[name].attrs["flag_values"])
        assert values.dtype == dataset[name].dtype
        assert values.tolist() == list(range(len(meanings.split())))
        assert set(np.unique(dataset[name])) <= set(values.tolist())


def test_the_scan_is_complete_and_consistent(dataset):
    assert np.all(dataset["state"] == 1)
    has_value = np.isin(dataset["quality"], (0, 2))
    assert np.array_equal(np.isfinite(dataset["D"]), has_value)
    assert has_value.any() and np.all(dataset["D"].values[has_value] > 0)
    assert np.all(dataset["cost"] >= 0)


def test_a_value_is_found_by_name(dataset):
    one = dataset["D"].sel(region=int(dataset["region"][-1]), rigidity=30.0, method="nearest").isel(
        alfven_mach=0, beta=0, injection_scale=0
    )
    assert one.ndim == 0


def test_provenance(dataset):
    for name in PROVENANCE:
        assert name in dataset.attrs, name
        assert str(dataset.attrs[name]).strip(), name
    assert dataset.attrs["Conventions"] == "CF-1.10"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", dataset.attrs["date_start"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", dataset.attrs["date_end"])
    assert dataset.attrs["date_start"] <= dataset.attrs["date_end"]
    for name in ("physics_hash", "data_hash"):
        assert re.fullmatch("[0-9a-f]{64}", dataset.attrs[name])
    assert dataset.attrs["git_dirty"] in ("true", "false", "unknown")
    assert "title:" in dataset.attrs["configuration"]


def test_both_engines_agree(cube):
    pytest.importorskip("netCDF4")
    pytest.importorskip("h5netcdf")
    with xarray.open_dataset(cube, engine="netcdf4") as one, xarray.open_dataset(cube, engine="h5netcdf") as other:
        xarray.testing.assert_equal(one, other)


def test_layout_in_the_file(cube):
    with h5py.File(cube, "r") as file:
        order = [name for name in file if isinstance(file[name], h5py.Dataset)]
        assert set(order) == set(AXES) | set(expected_variables(order))
        created = []  # fails where the order of creation is not tracked
        root = h5py.h5g.open(file.id, b"/")
        root.links.iterate(lambda name: created.append(name.decode()), idx_type=h5py.h5.INDEX_CRT_ORDER)
        assert tuple(created[:5]) == AXES
        for name in order:
            dataset = file[name]
            assert dataset.chunks is None and dataset.compression is None, name
            assert dataset.id.get_storage_size() == dataset.size * dataset.dtype.itemsize, name
            assert dataset.dtype.byteorder in "<|=", name
            if name in AXES:
                assert h5py.h5ds.is_scale(dataset.id)
            else:
                assert [dataset.dims[i][0].name.strip("/") for i in range(dataset.ndim)] == list(AXES[: dataset.ndim])


def test_ncdump(cube):
    header = tool("ncdump", "-h", cube)
    dimensions = re.search(r"dimensions:(.*?)variables:", header, re.S)[1]
    assert re.findall(r"(\w+) = \d+ ;", dimensions) == list(AXES)
    assert "double D(region, alfven_mach, beta, injection_scale, rigidity) ;" in header
    assert 'injection_scale:units = "pc" ;' in header
    assert 'quality:flag_meanings = "ok not_confined not_converged failed" ;' in header
    assert "D:_FillValue = NaN ;" in header
    assert ":data_hash" in header


def test_h5ls(cube):
    listing = tool("h5ls", cube)
    for name in (*AXES, *VARIABLES):
        assert re.search(rf"^{name}\s+Dataset \{{", listing, re.M), name


def test_h5dump(cube):
    assert "H5T_IEEE_F64LE" in tool("h5dump", "-H", "-d", "D", cube)
    assert '"cm2 s-1' in tool("h5dump", "-a", "/D/units", cube)
    values = re.search(r"DATA \{(.*?)\}", tool("h5dump", "-d", "rigidity", cube), re.S)[1]
    with h5py.File(cube, "r") as file:
        assert len(re.findall(r"[\d.e+]+(?=,|\s*$)", re.sub(r"\(\d+\):", "", values))) == file["rigidity"].size


def test_info(cube, run):
    done = run("info", cube, "--verify")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    with h5py.File(cube, "r") as file:
        n_curves, n_values = file["state"].size, file["D"].size
        smallest = np.nanmin(file["D"][...])
        n_ok = int(np.sum(file["quality"][...] == 0))
        data_hash = file.attrs["data_hash"]
    data_hash = data_hash.decode() if isinstance(data_hash, bytes) else str(data_hash)
    assert f"complete: {n_curves} of {n_curves} curves" in done.stdout
    assert re.search(rf"^  ok +{n_ok} +{100 * n_ok / n_values:.2f} %$", done.stdout, re.M)
    assert re.search(rf"^  D +{re.escape(f'{smallest:.6g}')} ", done.stdout, re.M)
    for name in AXES:
        assert re.search(rf"^  {name} +\d+  ", done.stdout, re.M)
    assert data_hash in done.stdout
    assert "data_hash verified" in done.stdout


def test_info_finds_a_changed_value(cube, run, tmp_path):
    changed = tmp_path / "changed.h5"
    shutil.copy(cube, changed)
    with h5py.File(changed, "r+") as file:
        file["D"][-1, -1, -1, -1, -1] = 1.0
    assert run("info", changed).returncode == 0
    done = run("info", changed, "--verify")
    assert done.returncode == 1
    assert "do not match data_hash" in done.stderr


def test_info_of_an_unfinished_scan(cube, run, tmp_path):
    part = tmp_path / "cube.h5.part"
    shutil.copy(cube, part)
    with h5py.File(part, "r+") as file:
        n_curves = file["state"].size
        state = file["state"][...]
        state.flat[0] = 0
        file["state"][...] = state
        file.attrs.modify("data_hash", np.bytes_("unfinished"))
    done = run("info", part)
    assert done.returncode == 0, done.stderr
    assert f"not complete: {n_curves - 1} of {n_curves} curves" in done.stdout
    assert run("info", part, "--verify").returncode == 1


def test_info_of_what_is_no_cube(run, tmp_path):
    text = tmp_path / "text.h5"
    text.write_text("no cube\n" * 100)
    (tmp_path / "empty.h5").touch()
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["D"] = np.zeros(3)
    for name, reason in (
        ("text.h5", "not a cube"),
        ("empty.h5", "not a cube"),
        ("other.h5", "no axis region"),
        ("absent.h5", "No such file"),
        (".", "not a file"),
    ):
        done = run("info", tmp_path / name)
        assert done.returncode == 1, name
        assert done.stderr.startswith("dmumu info: ") and reason in done.stderr, done.stderr
        assert done.stdout == ""


def test_info_usage(run):
    done = run("info", "--help")
    assert done.returncode == 0 and done.stdout.startswith("Usage: dmumu info CUBE.h5")
    assert run("info").returncode == 2
    assert run("info", "one", "two").returncode == 2
    assert run("info", "--no-such-option", "one").returncode == 2


def test_info_prints_no_control_characters(cube, run, tmp_path):
    hostile = tmp_path / "hostile.h5"
    shutil.copy(cube, hostile)
    with h5py.File(hostile, "r+") as file:
        file.attrs["title"] = "a\x1b[31mb"
    done = run("info", hostile)
    assert done.returncode == 0
    assert "\x1b" not in done.stdout and "a?[31mb" in done.stdout


def test_info_finds_a_changed_value(cube, run, tmp_path):
    changed = tmp_path / "changed.h5"
    for name, where in (("D", (0, 0, 0, 0, 0)), ("cost", (1, 1, 1, 1)), ("x_c", (0, 0, 0, 1))):
        shutil.copy(cube, changed)
        with h5py.File(changed, "r+") as file:
            file[name][where] = 2.5
        done = run("info", changed)
        assert done.returncode == 1 and done.stdout == "", name
        assert "checksum" in done.stderr and str(changed) in done.stderr, done.stderr


def test_info_finds_a_changed_axis(cube, run, tmp_path):
    changed = tmp_path / "changed.h5"
    shutil.copy(cube, changed)
    with h5py.File(changed, "r+") as file:
        file["beta"][0] *= 1.001
    done = run("info", changed)
    assert done.returncode == 1 and "header_hash" in done.stderr, done.stderr


def test_info_finds_lost_axes(cube, run, tmp_path):
    """The heap that says which axes a variable has is the one part of HDF5's structures without a checksum."""
    broken = tmp_path / "broken.h5"
    content = bytearray(cube.read_bytes())
    heap = content.index(b"GCOL")
    content[heap + 16 : heap + 2048] = bytes([0xFF]) * 2032
    broken.write_bytes(content)
    done = run("info", broken)
    assert done.returncode == 1 and done.stdout == "", done.stderr
    assert "damaged" in done.stderr and str(broken) in done.stderr


def test_a_repacked_cube_is_a_cube(cube, run, tmp_path):
    repacked = tmp_path / "repacked.h5"
    tool("h5repack", "-f", "GZIP=4", cube, repacked)
    done = run("info", "--verify", repacked)
    assert done.returncode == 0, done.stderr
    with h5py.File(repacked, "r+") as file:
        file["D"][0, 0, 0, 0, 0] = 2.5
    assert run("info", repacked).returncode == 1


def test_a_cube_written_anew_has_no_checksums(cube, run, tmp_path):
    """xarray keeps variables and attributes, not the group of checksums: the copy is read, but may not be verified."""
    copy = tmp_path / "copy.h5"
    with xarray.open_dataset(cube, engine="h5netcdf") as opened:
        opened.isel(rigidity=slice(0, 5)).to_netcdf(copy, engine="h5netcdf")
    done = run("info", copy)
    assert done.returncode == 0, done.stderr
    assert run("info", "--verify", copy).returncode == 1


def test_checksums_are_those_of_zlib(cube):
    """What integrity/checksum is, in Python: CRC-32 over the point's values, variable after variable."""
    with h5py.File(cube) as file:
        names = []
        file.id.links.iterate(lambda name: names.append(name.decode()), idx_type=h5py.h5.INDEX_CRT_ORDER)
        point = (1, 0, 1, 0)
        checksum = 0
        for name in (name for name in names if name not in (*AXES, "state", "integrity")):
            data = np.ascontiguousarray(file[name][point]).astype(file[name].dtype.newbyteorder("<"))
            checksum = zlib.crc32(data.tobytes(), checksum)
        assert checksum == file["integrity/checksum"][point]
