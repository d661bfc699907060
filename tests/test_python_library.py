"""The binding against the library: structs, enums, functions, version; and how the library is found."""

import ctypes
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from python_cubes import make

import dmumu
from dmumu import _library, _names


@pytest.fixture(scope="module")
def header(root):
    return re.sub(r"/\*.*?\*/", "", (root / "include/dmumu.h").read_text(), flags=re.S)


def test_every_struct_is_as_the_library_has_it(library):
    ours, theirs = list(_library.layout_of_binding()), list(_library.layout_of_library(library.handle))
    assert ours == theirs
    assert len({name for name, *_ in theirs}) == len(_library.STRUCTS) == 25


def test_every_struct_of_the_header_with_fields_is_checked(header):
    assert set(re.findall(r"\bstruct (dmumu_\w+)\s*\{", header)) == set(_library.STRUCTS)


@pytest.mark.parametrize("struct, field", [(s, f) for s, f, *_ in _library.layout_of_binding()])
def test_no_difference_of_a_struct_escapes(struct, field):
    layout = list(_library.layout_of_binding())
    place = [entry[:2] for entry in layout].index((struct, field))
    offset, size = layout[place][2:]
    for other in ((offset + 4, size), (offset, size + 4)):
        changed = [*layout[:place], (struct, field, *other), *layout[place + 1 :]]
        with pytest.raises(_library.LibraryError, match=f"lib.so: struct {struct}{'.' if field else ''}{field} "):
            _library.check_abi("lib.so", layout, changed)
    for changed in (layout[:place] + layout[place + 1 :], [*layout, (struct, "more", 0, 4)]):
        with pytest.raises(_library.LibraryError, match="none"):
            _library.check_abi("lib.so", layout, changed)


def test_structs_in_another_order_are_noticed():
    layout = list(_library.layout_of_binding())
    with pytest.raises(_library.LibraryError, match="another order"):
        _library.check_abi("lib.so", layout, layout[::-1])


@pytest.mark.parametrize(
    "function, names",
    [
        ("region", _names.REGIONS),
        ("mode", _names.MODES),
        ("quality", _names.QUALITIES),
        ("broadening", _names.BROADENINGS),
        ("cascade", _names.CASCADES),
        ("confinement", _names.CONFINEMENTS),
        ("variant", _names.VARIANTS),
        ("beta_follows", _names.BETA_FOLLOWS),
        ("axis", _names.AXES),
        ("quantity", _names.QUANTITIES),
        ("interpolation", _names.INTERPOLATIONS),
        ("outside", _names.OUTSIDES),
    ],
)
def test_names_are_the_library_s(library, function, names):
    name_of = getattr(library.handle, f"dmumu_{function}_name")
    name_of.restype, name_of.argtypes = ctypes.c_char_p, [ctypes.c_int]
    assert [name_of(i) for i in range(len(names) + 1)] == [*(name.encode() for name in names), None]


def test_units_are_the_library_s(library):
    units_of = library.handle.dmumu_axis_units
    units_of.restype, units_of.argtypes = ctypes.c_char_p, [ctypes.c_int]
    assert [units_of(i).decode() for i in range(len(_names.AXES))] == list(_names.AXIS_UNITS)


def test_statuses_and_kernels_are_the_header_s(header):
    listed = re.search(r"DMUMU_STATUS_LIST\(X\)(.*?)#define", header, flags=re.S).group(1)
    names = re.findall(r"X\(DMUMU_(?:ERROR_)?(\w+),", listed)
    assert names == list(_library.STATUSES)
    kernels = re.search(r"enum dmumu_kernel \{(.*?)\}", header).group(1)
    assert re.findall(r"DMUMU_KERNEL_(\w+)", kernels) == [name.upper() for name in _names.KERNELS]


def test_functions_are_declared_as_in_the_header(header):
    """Number of arguments, and which are pointers, numbers or sizes."""
    for name, (_, arguments) in _library.FUNCTIONS.items():
        declared = re.search(rf"\b{name}\((.*?)\);", header, flags=re.S).group(1)
        words = [] if declared.strip() == "void" else declared.split(",")
        assert len(words) == len(arguments), name
        for word, argument in zip(words, arguments, strict=True):
            is_pointer = "*" in word or "[" in word
            simple = {ctypes.c_double: "double", ctypes.c_size_t: "size_t", ctypes.c_int: "enum "}
            assert is_pointer == (argument not in simple), f"{name}: {word}"
            assert is_pointer or simple[argument] in word, f"{name}: {word}"


def test_version_is_the_header_s(root, library):
    version = re.search(r'#define DMUMU_VERSION "(.*)"', (root / "include/dmumu.h").read_text()).group(1)
    assert dmumu.__version__ == library.version == version


def python(code, **environment):
    """Run Python code in a process of its own, with dmumu on its path."""
    path = str(_library.CHECKOUT / "analysis")
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONPATH": path, **environment},
    )


WHERE = "from dmumu import _library; x = _library.find(); print(x.path if x else None)"


def test_the_variable_says_which_library(library, tmp_path):
    other = tmp_path / "other.so"
    other.symlink_to(os.path.abspath(library.path))
    assert python(WHERE, DMUMU_LIBRARY=str(other)).stdout.strip() == str(other)


def test_without_the_variable_it_is_that_of_the_checkout(root):
    built = root / "build" / "libdmumu.so"
    if not built.exists():
        pytest.skip(f"{built} does not exist: another BUILD is tested")
    assert python(WHERE, DMUMU_LIBRARY="").stdout.strip() == str(built)


@pytest.mark.parametrize("content", [None, b"", b"no library"])
def test_a_library_that_cannot_be_loaded_is_an_error_that_names_it(tmp_path, content):
    path = tmp_path / "broken.so"
    if content is not None:
        path.write_bytes(content)
    done = python(WHERE, DMUMU_LIBRARY=str(path))
    assert done.returncode == 1
    assert "LibraryError" in done.stderr and f"DMUMU_LIBRARY={path} cannot be loaded" in done.stderr


def compiled(tmp_path, source):
    (tmp_path / "other.c").write_text(source)
    done = subprocess.run(
        ["cc", "-shared", "-fPIC", tmp_path / "other.c", "-o", tmp_path / "other.so"], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return tmp_path / "other.so"


def test_another_library_is_refused(tmp_path):
    path = compiled(tmp_path, "int some_function(void) { return 0; }\n")
    with pytest.raises(dmumu.LibraryError, match=f"{path} is not the libdmumu of this package: it has no dmumu_"):
        _library.Library(str(path))


def test_another_version_is_refused(tmp_path):
    functions = "".join(f"void {name}(void) {{}}\n" for name in _library.FUNCTIONS if name != "dmumu_version")
    path = compiled(tmp_path, functions + 'const char *dmumu_version(void) { return "9.8.7"; }\n')
    with pytest.raises(dmumu.LibraryError, match=f"{path} is libdmumu 9.8.7, and this package is for"):
        _library.Library(str(path))


def test_without_a_library_look_ups_are_numpys_and_the_kernel_says_what_is_missing(tmp_path, monkeypatch):
    axes, _ = make(tmp_path / "cube.h5")
    monkeypatch.setattr(_library, "find", lambda: None)
    cube = dmumu.Cube(tmp_path / "cube.h5")
    assert cube.engine == "numpy"
    d = cube(region="halo", alfven_mach=1.5, beta=2, injection_scale_pc=2, rigidity_gv=axes["rigidity"])
    assert np.all(d > 0)
    for call in (
        lambda: dmumu.Cube(tmp_path / "cube.h5", library=True),
        lambda: dmumu.Kernel(dmumu.Model(), 0.5),
        lambda: dmumu.medium(dmumu.Model(), region="halo", alfven_mach=0.5, beta=0.1, injection_scale_pc=100),
    ):
        with pytest.raises(dmumu.LibraryError, match="libdmumu is not found.*DMUMU_LIBRARY"):
            call()
