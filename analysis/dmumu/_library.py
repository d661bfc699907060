"""libdmumu through ctypes: where it is, its structs and functions, and its errors as exceptions.

Looked for in this order; the first that is there is it:
  1. $DMUMU_LIBRARY, the path of a libdmumu.so; an error if it cannot be loaded
  2. build/libdmumu.so of the checkout that this package lies in
  3. PREFIX/lib/libdmumu.so where this package is in PREFIX/share/dmumu/python, as `make install` puts it
  4. libdmumu.so.0 where the system's loader looks
A library whose version or structs are not those of this package is an error, never used.
"""

from __future__ import annotations

import ctypes
import functools
import os
import pathlib
from collections.abc import Iterator
from ctypes import POINTER, c_bool, c_char, c_char_p, c_double, c_int, c_int32, c_size_t, c_uint8, c_uint64, c_void_p

from dmumu import _data_structs, _names
from dmumu._version import VERSION

VARIABLE = "DMUMU_LIBRARY"
SYSTEM_NAME = f"libdmumu.so.{VERSION.split('.')[0]}"
HERE = pathlib.Path(__file__).resolve().parent
CHECKOUT = (HERE / "../..").resolve()

N_REGIONS, N_MODES, N_AXES = len(_names.REGIONS), len(_names.MODES), len(_names.AXES)
N_QUANTITIES = len(_names.QUANTITIES)
N_GRADIENT = N_AXES - 1


class LibraryError(RuntimeError):
    """libdmumu is needed and not there, or is another one than this package is for."""


# The structs of include/dmumu.h, field by field; `check_abi` compares them with the library's own table.


class Error(ctypes.Structure):
    """struct dmumu_error."""

    _fields_ = [("status", c_int), ("message", c_char * 512)]


class RegionSpec(ctypes.Structure):
    """struct dmumu_region_spec."""

    _fields_ = [
        ("magnetic_field_ug", c_double),
        ("alfven_speed_km_s", c_double),
        ("density_cm3", c_double),
        ("temperature_k", c_double),
        ("zone_size_pc", c_double),
        ("x_c", c_double),
        ("beta_follows", c_int),
        ("collisionless", c_bool),
        ("viscous", c_bool),
    ]


class Model(ctypes.Structure):
    """struct dmumu_model."""

    _fields_ = [
        ("modes", c_bool * N_MODES),
        ("energy_fraction", c_double * N_MODES),
        ("broadening", c_int),
        ("alfven_cascade", c_int),
        ("harmonics", c_int),
        ("confinement", c_int),
        ("truncation_angle", c_int),
        ("disk_prefactor", c_int),
        ("tolerance", c_double),
        ("region", RegionSpec * N_REGIONS),
    ]


class Point(ctypes.Structure):
    """struct dmumu_point."""

    _fields_ = [
        ("region", c_int),
        ("alfven_mach", c_double),
        ("beta", c_double),
        ("injection_scale_pc", c_double),
    ]


class Medium(ctypes.Structure):
    """struct dmumu_medium."""

    _fields_ = [
        ("magnetic_field_ug", c_double),
        ("density_cm3", c_double),
        ("temperature_k", c_double),
        ("alfven_speed_km_s", c_double),
        ("slow_speed_km_s", c_double),
        ("zone_size_pc", c_double),
        ("x_c", c_double),
    ]


class Curve(ctypes.Structure):
    """struct dmumu_curve."""

    _fields_ = [
        ("d_cm2_s", POINTER(c_double)),
        ("d_mode_cm2_s", POINTER(c_double) * N_MODES),
        ("rel_error", POINTER(c_double)),
        ("mu_star", POINTER(c_double)),
        ("quality", POINTER(c_uint8)),
    ]


class Pitch(ctypes.Structure):
    """struct dmumu_pitch."""

    _fields_ = [
        ("transit_time_per_s", c_double * N_MODES),
        ("gyro_per_s", c_double * N_MODES),
        ("total_per_s", c_double),
        ("mean_free_path_pc", c_double),
    ]


class CubeOptions(ctypes.Structure):
    """struct dmumu_cube_options."""

    _fields_ = [
        ("quantity", c_int),
        ("interpolation", c_int),
        ("outside", c_int * N_AXES),
        ("partial", c_bool),
        ("guard", c_bool),
    ]


class CubeAxis(ctypes.Structure):
    """struct dmumu_cube_axis."""

    _fields_ = [("n", c_size_t), ("values", POINTER(c_double)), ("log_spaced", c_bool)]


class CubeAbout(ctypes.Structure):
    """struct dmumu_cube_about."""

    _fields_ = [
        ("axis", CubeAxis * N_AXES),
        ("has_quantity", c_bool * N_QUANTITIES),
        ("n_curves", c_uint64),
        ("n_done", c_uint64),
        ("n_nan", c_uint64),
        ("title", c_char_p),
        ("configuration", c_char_p),
        ("physics", c_char_p),
        ("physics_hash", c_char_p),
        ("data_hash", c_char_p),
    ]


class CubePoints(ctypes.Structure):
    """struct dmumu_cube_points."""

    _fields_ = [
        ("n", c_size_t),
        ("region", POINTER(c_int32)),
        ("alfven_mach", POINTER(c_double)),
        ("beta", POINTER(c_double)),
        ("injection_scale_pc", POINTER(c_double)),
        ("rigidity_gv", POINTER(c_double)),
        ("stride", c_size_t * N_AXES),
    ]


class AbiEntry(ctypes.Structure):
    """struct dmumu_abi_entry."""

    _fields_ = [("struct_name", c_char_p), ("field", c_char_p), ("offset", c_size_t), ("size", c_size_t)]


STRUCTS: dict[str, type[ctypes.Structure]] = {
    "dmumu_error": Error,
    "dmumu_region_spec": RegionSpec,
    "dmumu_model": Model,
    "dmumu_point": Point,
    "dmumu_medium": Medium,
    "dmumu_curve": Curve,
    "dmumu_pitch": Pitch,
    "dmumu_cube_options": CubeOptions,
    "dmumu_cube_axis": CubeAxis,
    "dmumu_cube_about": CubeAbout,
    "dmumu_cube_points": CubePoints,
    "dmumu_abi_entry": AbiEntry,
    **_data_structs.STRUCTS,
}

DOUBLES, ERROR = POINTER(c_double), POINTER(Error)

# name: (what it returns, arguments); functions that can fail return a status and take an error last
FUNCTIONS = {
    "dmumu_version": (c_char_p, []),
    "dmumu_abi_table": (POINTER(AbiEntry), [POINTER(c_size_t)]),
    "dmumu_status_text": (c_char_p, [c_int]),
    "dmumu_model_default": (None, [POINTER(Model)]),
    "dmumu_model_check": (c_int, [POINTER(Model), ERROR]),
    "dmumu_medium_of_point": (c_int, [POINTER(Model), POINTER(Point), POINTER(Medium), ERROR]),
    "dmumu_tables_new": (c_int, [POINTER(Model), c_double, POINTER(c_void_p), ERROR]),
    "dmumu_tables_new_beside": (c_int, [c_void_p, c_double, POINTER(c_void_p), ERROR]),
    "dmumu_tables_free": (None, [c_void_p]),
    "dmumu_workspace_new": (c_int, [POINTER(c_void_p), ERROR]),
    "dmumu_workspace_free": (None, [c_void_p]),
    "dmumu_curve_compute": (c_int, [c_void_p, POINTER(Point), c_size_t, DOUBLES, POINTER(Curve), c_void_p, ERROR]),
    "dmumu_curve_compute_ref": (c_int, [POINTER(Model), POINTER(Point), c_size_t, DOUBLES, POINTER(Curve), ERROR]),
    "dmumu_pitch_compute": (
        c_int,
        [POINTER(Model), c_int, c_void_p, POINTER(Point), c_double, c_size_t, DOUBLES, POINTER(Pitch), c_void_p, ERROR],
    ),
    "dmumu_cube_options_default": (None, [POINTER(CubeOptions)]),
    "dmumu_cube_open": (c_int, [c_char_p, POINTER(CubeOptions), POINTER(c_void_p), ERROR]),
    "dmumu_cube_close": (None, [c_void_p]),
    "dmumu_cube_about": (POINTER(CubeAbout), [c_void_p]),
    "dmumu_cube_eval_many": (c_int, [c_void_p, POINTER(CubePoints), DOUBLES, ERROR]),
    "dmumu_cube_gradient": (c_int, [c_void_p, POINTER(CubePoints), DOUBLES, DOUBLES, ERROR]),
    "dmumu_isotope_find": (c_int, [c_char_p]),
    "dmumu_parametrisation_at": (POINTER(_data_structs.Parametrisation), [c_size_t]),
    "dmumu_parametrisation_check": (c_int, [POINTER(_data_structs.Parametrisation), ERROR]),
    "dmumu_parametrisation_d": (None, [POINTER(_data_structs.Parametrisation), c_int, c_size_t, DOUBLES, DOUBLES]),
}

# The statuses of include/dmumu.h in their order, and what each is in Python.
STATUSES: dict[str, type[Exception]] = {
    "OK": RuntimeError,  # never raised
    "ARGUMENT": ValueError,
    "MODEL": ValueError,
    "MEMORY": MemoryError,
    "NUMERIC": ArithmeticError,
    "INPUT": ValueError,
    "FILE": OSError,
    "INTERNAL": RuntimeError,
}
ARGUMENT, FILE = list(STATUSES).index("ARGUMENT"), list(STATUSES).index("FILE")


def layout_of_binding() -> Iterator[tuple[str, str, int, int]]:
    """(struct, field or "", offset, size) of every struct above, in the order of dmumu_abi_table."""
    for name, struct in STRUCTS.items():
        yield name, "", 0, ctypes.sizeof(struct)
        for field, *_ in struct._fields_:
            place = getattr(struct, field)
            yield name, field, place.offset, place.size


def layout_of_library(handle: ctypes.CDLL) -> Iterator[tuple[str, str, int, int]]:
    """The same of the structs as the library was compiled."""
    n = c_size_t()
    table = handle.dmumu_abi_table(ctypes.byref(n))
    for entry in table[: n.value]:
        yield entry.struct_name.decode(), entry.field.decode(), entry.offset, entry.size


def check_abi(path: str, binding: list[tuple[str, str, int, int]], library: list[tuple[str, str, int, int]]) -> None:
    """LibraryError where the two layouts differ, with the first entry that does."""
    if binding == library:
        return
    places = dict.fromkeys([entry[:2] for entry in library] + [entry[:2] for entry in binding])
    here, there = ({entry[:2]: entry[2:] for entry in layout} for layout in (binding, library))
    for struct, field in places:
        ours, theirs = here.get((struct, field)), there.get((struct, field))
        if ours != theirs:
            name = f"struct {struct}{'.' if field else ''}{field}"
            said = [f"offset {x[0]}, {x[1]} bytes" if x else "none" for x in (ours, theirs)]
            raise LibraryError(f"{path}: {name} is not as this package has it: {said[0]} here, {said[1]} there")
    raise LibraryError(f"{path}: the structs have their fields in another order than in this package")


class Library:
    """A loaded libdmumu, checked. Its functions are those of include/dmumu.h, by name, in `handle`."""

    def __init__(self, path: str) -> None:
        """Load `path`, a file or a name that the loader knows: OSError where it cannot be loaded, else LibraryError."""
        self.path = path
        self.handle = ctypes.CDLL(path)
        for name, (result, arguments) in FUNCTIONS.items():
            try:
                function = getattr(self.handle, name)
            except AttributeError:
                raise LibraryError(f"{path} is not the libdmumu of this package: it has no {name}") from None
            function.restype, function.argtypes = result, arguments
        self.version = self.handle.dmumu_version().decode()
        if self.version != VERSION:
            raise LibraryError(f"{path} is libdmumu {self.version}, and this package is for {VERSION}")
        check_abi(path, list(layout_of_binding()), list(layout_of_library(self.handle)))

    def call(self, name: str, *arguments: object) -> tuple[int, str]:
        """Call a function that takes an error last: its status, and what it has to say."""
        error = Error()
        status = getattr(self.handle, name)(*arguments, ctypes.byref(error))
        return status, error.message.decode(errors="replace") if status else ""

    def demand(self, name: str, *arguments: object) -> None:
        """The same, and anything but success is an exception."""
        status, message = self.call(name, *arguments)
        if status:
            raise exception_of(status)(message)


def exception_of(status: int) -> type[Exception]:
    """The exception that a status is."""
    kinds = list(STATUSES.values())
    return kinds[status] if 0 <= status < len(kinds) else RuntimeError


def find() -> Library | None:
    """The library, None where there is none; LibraryError where there is one that cannot be used."""
    return _find(os.environ.get(VARIABLE, ""))


def _neighbours() -> Iterator[pathlib.Path]:
    """The libraries that lie where the checkout or the installation of this package has its own."""
    built, installed = CHECKOUT / "build" / "libdmumu.so", (HERE / "../../../../lib/libdmumu.so").resolve()
    if (CHECKOUT / "include" / "dmumu.h").exists() and built.exists():
        yield built
    if HERE.parts[-4:] == ("share", "dmumu", "python", "dmumu") and installed.exists():
        yield installed


@functools.lru_cache(maxsize=None)
def _find(asked_for: str) -> Library | None:
    if asked_for:
        try:
            return Library(asked_for)
        except OSError as problem:
            raise LibraryError(f"{VARIABLE}={asked_for} cannot be loaded: {problem}") from problem
    for path in _neighbours():
        try:
            return Library(str(path))
        except OSError as problem:
            raise LibraryError(f"{path} cannot be loaded: {problem}") from problem
    try:
        return Library(SYSTEM_NAME)
    except OSError:
        return None


def need() -> Library:
    """The library, or LibraryError that says how to have one."""
    library = find()
    if library is None:
        raise LibraryError(
            f"libdmumu is not found: `make` in the checkout builds it, `make install` installs it as {SYSTEM_NAME}, "
            f"and {VARIABLE} may say where it is"
        )
    return library
