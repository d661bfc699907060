"""libdmumu as others use it: installed, found by pkg-config, linked, loaded."""

import ctypes
import faulthandler
import gzip
import math
import os
import re
import shutil
import subprocess
from pathlib import Path

import h5py
import pytest

ROOT = Path(__file__).resolve().parent.parent
BUILD = Path(os.environ.get("BUILD", ROOT / "build"))
SCAN = """\
title: a cube to look up
axes:
  region: [disk, halo]
  alfven_mach: {values: [0.4, 0.6, 0.8]}
  beta: {values: [0.1, 0.3]}
  injection_scale_pc: {values: [100]}
  rigidity_gv: {from: 10, to: 1.0e4, points: 7, spacing: log}
"""


def run(*words, **options):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=600, **options)


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    """What `make install` puts below a PREFIX."""
    folder = tmp_path_factory.mktemp("installed")
    done = run("make", "-s", "install", f"PREFIX={folder}", f"BUILD={BUILD}", cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def environment(prefix):
    return {**os.environ, "PKG_CONFIG_PATH": f"{prefix}/lib/pkgconfig", "LD_LIBRARY_PATH": f"{prefix}/lib"}


@pytest.fixture(scope="module")
def cube(prefix, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cube")
    (folder / "in.yaml").write_text(SCAN)
    done = run(prefix / "bin/dmumu", "scan", "in.yaml", "-o", "cube.h5", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "cube.h5"


def test_the_installed_program_finds_its_python(prefix, cube, tmp_path):
    """`report` of an installed program, far from the checkout, with the package beside it."""
    page = tmp_path / "page.html"
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("DMUMU", "PYTHON"))}
    command = [prefix / "bin/dmumu", "report", cube, "-o", page]
    assert f"PYTHONPATH='{prefix}/share/dmumu/python'" in run(*command, "--print-command", cwd=tmp_path, env=clean).stdout
    done = run(*command, cwd=tmp_path, env=clean)
    assert done.returncode == 0, done.stderr
    assert "crams2021" in page.read_text(encoding="utf-8")
    code = "from dmumu import _library; print(_library.need().path)"
    said = run("/usr/bin/python3", "-c", code, cwd=tmp_path, env=clean | {"PYTHONPATH": f"{prefix}/share/dmumu/python"})
    assert said.stdout.strip() == f"{prefix}/lib/libdmumu.so.0.2.0", said.stderr


def build(prefix, environment, program, *flags):
    words = run("pkg-config", "--cflags", "--libs", "dmumu", *flags, env=environment)
    assert words.returncode == 0, words.stderr
    example = prefix / "share/doc/dmumu/examples/lookup.c"
    done = run("cc", "-std=c11", "-Wall", "-Werror", example, *words.stdout.split(), "-o", program, env=environment)
    assert done.returncode == 0, done.stderr


def check_example(program, cube, environment):
    """The example at nodes of the cube, between them, and outside."""
    with h5py.File(cube) as file:
        wanted = file["D"][1, 2, 1, 0, :]
        mach, beta = file["alfven_mach"][2], file["beta"][1]
    done = run(program, cube, "halo", f"{mach:.17g}", f"{beta:.17g}", "100", env=environment)
    assert done.returncode == 0, done.stderr
    values = [float(line.split()[2]) for line in done.stdout.splitlines()]
    for i in (1, 2, 3, 4):
        assert f"{values[i]:.8g}" == f"{wanted[2 * (i - 1)]:.8g}"
    assert math.isnan(values[0]) and "point 0: rigidity 1 GV is outside of the cube: 10 to 10000" in done.stderr
    between = run(program, cube, "halo", "0.7", "0.2", "100", env=environment)
    assert all(1e26 < float(line.split()[2]) < 1e33 for line in between.stdout.splitlines()[1:])
    done = run(program, "/dev/null", "halo", "0.7", "0.2", "100", env=environment)
    assert done.returncode == 1 and "/dev/null" in done.stderr


def test_example_with_the_shared_library(prefix, environment, cube):
    build(prefix, environment, prefix / "lookup")
    check_example(prefix / "lookup", cube, environment)
    assert "libdmumu.so.0" in run("ldd", prefix / "lookup", env=environment).stdout


def test_example_with_the_static_library(prefix, environment, cube):
    hidden = prefix / "static"
    hidden.mkdir()
    for name in ("libdmumu.a", "pkgconfig"):
        shutil.move(prefix / "lib" / name, hidden / name)
    try:
        text = (hidden / "pkgconfig/dmumu.pc").read_text().replace("libdir=${prefix}/lib", f"libdir={hidden}")
        (hidden / "pkgconfig/dmumu.pc").write_text(text)
        environment = {**environment, "PKG_CONFIG_PATH": f"{hidden}/pkgconfig"}
        build(prefix, environment, prefix / "lookup_static", "--static")
        check_example(prefix / "lookup_static", cube, environment)
        assert "libdmumu" not in run("ldd", prefix / "lookup_static", env=environment).stdout
    finally:
        shutil.copytree(hidden, prefix / "lib", dirs_exist_ok=True)


def test_example_is_short():
    assert len((ROOT / "examples/lookup.c").read_text().splitlines()) <= 25


def test_shared_library_exports_the_header_and_nothing_else(prefix):
    header = re.sub(r"/\*.*?\*/", "", (ROOT / "include/dmumu.h").read_text(), flags=re.S)
    declared = set(re.findall(r"\b(dmumu_[a-z0-9_]+)\(", header))
    lines = run("nm", "-D", "--defined-only", prefix / "lib/libdmumu.so").stdout.splitlines()
    assert {line.split()[-1] for line in lines} == declared
    assert "dmumu_cube_eval" in declared


def test_library_never_touches_mpi(prefix):
    wanted = run("nm", "-D", "--undefined-only", prefix / "lib/libdmumu.so").stdout
    assert "H5Fopen" in wanted
    assert not re.search(r"\b(MPI_|PMPI_|ompi_|H5Pset_fapl_mpio)", wanted)
    needed = run("readelf", "-d", prefix / "lib/libdmumu.so").stdout
    assert "libdmumu.so.0" in re.search(r"SONAME.*", needed).group()
    assert not re.search(r"NEEDED.*libmpi", needed)


def test_library_loads_into_python(prefix, cube):
    library = ctypes.CDLL(str(prefix / "lib/libdmumu.so"))
    library.dmumu_version.restype = ctypes.c_char_p
    handle = ctypes.c_void_p()
    message = ctypes.create_string_buffer(4 + 512)
    assert library.dmumu_version().decode() in (ROOT / "CHANGELOG.md").read_text()
    assert library.dmumu_cube_open(str(cube).encode(), None, ctypes.byref(handle), message) == 0
    library.dmumu_cube_close(handle)


class Options(ctypes.Structure):
    """struct dmumu_cube_options."""

    _fields_ = [("quantity", ctypes.c_int), ("interpolation", ctypes.c_int), ("outside", ctypes.c_int * 5),
                ("partial", ctypes.c_bool), ("guard", ctypes.c_bool)]


class AbiEntry(ctypes.Structure):
    """struct dmumu_abi_entry."""

    _fields_ = [("struct_name", ctypes.c_char_p), ("field", ctypes.c_char_p), ("offset", ctypes.c_size_t),
                ("size", ctypes.c_size_t)]


def test_table_of_structs_serves_a_binding(prefix):
    library = ctypes.CDLL(str(prefix / "lib/libdmumu.so"))
    library.dmumu_abi_table.restype = ctypes.POINTER(AbiEntry)
    n = ctypes.c_size_t()
    table = library.dmumu_abi_table(ctypes.byref(n))
    entries = {(table[i].struct_name.decode(), table[i].field.decode()): table[i] for i in range(n.value)}
    for name, struct in (("dmumu_cube_options", Options), ("dmumu_abi_entry", AbiEntry)):
        assert entries[name, ""].size == ctypes.sizeof(struct)
        for field, _ in struct._fields_:
            assert entries[name, field].offset == getattr(struct, field).offset
            assert entries[name, field].size == getattr(struct, field).size


@pytest.mark.parametrize("file", sorted((ROOT / "tests/fuzz/corpus/hdf5").glob("*.gz")), ids=lambda file: file.stem)
def test_files_over_which_hdf5_crashes_are_refused_under_guard(prefix, tmp_path, file):
    library = ctypes.CDLL(str(prefix / "lib/libdmumu.so"))
    path = tmp_path / file.stem
    path.write_bytes(gzip.decompress(file.read_bytes()))
    options, handle, error = Options(), ctypes.c_void_p(), ctypes.create_string_buffer(4 + 512)
    library.dmumu_cube_options_default(ctypes.byref(options))
    assert (options.quantity, options.interpolation, options.partial, options.guard) == (0, 0, False, False)
    options.guard = options.partial = True
    faulthandler.disable()  # the crash is in a child, and expected
    status = library.dmumu_cube_open(str(path).encode(), ctypes.byref(options), ctypes.byref(handle), error)
    assert status == 6 and handle.value is None  # DMUMU_ERROR_FILE
    assert str(path) in error.raw[4:].split(b"\0")[0].decode()


def test_man_pages(prefix):
    for page in ("man1/dmumu.1", "man3/libdmumu.3", "man3/dmumu_cube.3"):
        path = prefix / "share/man" / page
        assert path.read_text().startswith(".TH ")
        if shutil.which("man"):
            done = run("man", "--warnings", "-l", path, env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "120"})
            assert done.returncode == 0 and done.stderr == "" and "SEE ALSO" in done.stdout
