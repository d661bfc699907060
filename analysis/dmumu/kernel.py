"""The kernel from Python: D(R), D_mumu(mu) and the medium of any point, computed by libdmumu.

A Model is the physics of a scan, as the sections model, disk and halo of an input file give it; inputs/reference.yaml
documents each key. A Kernel holds what all curves of one (model, M_A) share, which takes longer than a curve: keep it where
only beta, L, region or rigidity change.
"""

from __future__ import annotations

import ctypes
import dataclasses
import math
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray
from numpy.typing import ArrayLike, NDArray

from dmumu import _library, _names

DAMPINGS = ("collisionless", "viscous")


@dataclasses.dataclass(frozen=True)
class Region:
    """The medium of one region, struct dmumu_region_spec. None: not given.

    beta follows one of temperature, density and magnetic_field, and exactly the other two must be given; alfven_speed_km_s
    may stand for the density.
    """

    magnetic_field_ug: float | None = 1.0
    alfven_speed_km_s: float | None = 10.0
    density_cm3: float | None = None
    temperature_k: float | None = None
    zone_size_pc: float = 5100.0  # the largest mean free path that counts as confined
    damping: Sequence[str] = ("collisionless",)  # of the fast modes: collisionless, viscous
    x_c: float | str = 1e6  # [1] viscous cut-off k_c L across B, or "spitzer"
    beta_follows: str = "temperature"

    def as_c(self, key: str) -> _library.RegionSpec:
        """For the library; ValueError, naming key and value, for a word that is not known."""
        for word in self.damping:
            _names.number_of(f"{key}.damping", word, DAMPINGS)
        if isinstance(self.x_c, str):
            _names.number_of(f"{key}.x_c", self.x_c, ("spitzer",))
        optional = (self.magnetic_field_ug, self.alfven_speed_km_s, self.density_cm3, self.temperature_k)
        return _library.RegionSpec(
            *(math.nan if value is None else value for value in optional),
            self.zone_size_pc,
            math.nan if isinstance(self.x_c, str) else self.x_c,
            _names.number_of(f"{key}.beta_follows", self.beta_follows, _names.BETA_FOLLOWS),
            *(word in self.damping for word in DAMPINGS),
        )


@dataclasses.dataclass(frozen=True)
class Model:
    """The physics of a scan, all that is not an axis: struct dmumu_model. The defaults are the library's."""

    modes: Sequence[str] = ("fast", "alfven")
    energy_fraction: Mapping[str, float] = dataclasses.field(default_factory=dict)  # [1] of each mode; 1 if not given
    broadening: str = "yl08"
    alfven_cascade: str = "gs95"
    harmonics: int = 1  # N: all |n| <= N
    confinement: str = "zone"
    truncation_angle: str = "formula"
    disk_prefactor: str = "formula"
    tolerance: float = 1e-4  # [1] relative, on D
    disk: Region = Region(zone_size_pc=900.0, damping=("collisionless", "viscous"))
    halo: Region = Region()

    def as_c(self) -> _library.Model:
        """For the library; ValueError, naming key and value, for a word that is not known."""
        for key, words in (("modes", self.modes), ("energy_fraction", self.energy_fraction)):
            for word in words:
                _names.number_of(f"model.{key}", word, _names.MODES)
        model = _library.Model()
        for i, mode in enumerate(_names.MODES):
            model.modes[i] = mode in self.modes
            model.energy_fraction[i] = self.energy_fraction.get(mode, 1.0)
        for key, names in CHOICES.items():
            setattr(model, key, _names.number_of(f"model.{key}", getattr(self, key), names))
        model.harmonics, model.tolerance = self.harmonics, self.tolerance
        for i, region in enumerate(_names.REGIONS):
            model.region[i] = getattr(self, region).as_c(region)
        return model

    @staticmethod
    def from_physics(text: str) -> Model:
        """The model of a cube, from its attribute `physics`, which is YAML; ValueError for a key that is not known."""
        import yaml

        sections = yaml.safe_load(text)
        shared, regions = dict(sections.pop("model")), {}
        for name in [name for name in sections if name in _names.REGIONS]:
            keys = {"magnetic_field_ug": None, "alfven_speed_km_s": None, **sections.pop(name)}
            regions[name] = _from_keys(Region, name, keys)
        if sections:
            raise ValueError(f"{next(iter(sections))}: no section of a model")
        return _from_keys(Model, "model", {**shared, **regions})


CHOICES = {
    "broadening": _names.BROADENINGS,
    "alfven_cascade": _names.CASCADES,
    "confinement": _names.CONFINEMENTS,
    "truncation_angle": _names.VARIANTS,
    "disk_prefactor": _names.VARIANTS,
}


def _from_keys(kind: type, section: str, keys: Mapping[str, Any]) -> Any:
    known = {field.name for field in dataclasses.fields(kind)}
    for key in keys:
        if key not in known:
            raise ValueError(f"{section}.{key}: no key of a model")
    # YAML 1.1 reads 1e6, without a dot, as a text.
    numbers = {k: float(v) if k == "x_c" and v != "spitzer" else v for k, v in keys.items()}
    return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in numbers.items()})


@dataclasses.dataclass(frozen=True)
class Medium:
    """What a point stands for, struct dmumu_medium."""

    magnetic_field_ug: float
    density_cm3: float
    temperature_k: float
    alfven_speed_km_s: float
    slow_speed_km_s: float  # phase speed along B of the slow mode for k_perp >> k_par
    zone_size_pc: float
    x_c: float  # k_c L; NaN where the region has no viscous damping


def _point(region: str, alfven_mach: float, beta: float, injection_scale_pc: float) -> _library.Point:
    return _library.Point(_names.number_of("region", region, _names.REGIONS), alfven_mach, beta, injection_scale_pc)


def medium(model: Model, *, region: str, alfven_mach: float, beta: float, injection_scale_pc: float) -> Medium:
    """The medium of one point: B, n, T and v_A closed with beta; ValueError where the model contradicts itself."""
    result = _library.Medium()
    point = _point(region, alfven_mach, beta, injection_scale_pc)
    _library.need().demand("dmumu_medium_of_point", model.as_c(), point, result)
    return Medium(*(getattr(result, name) for name, _ in result._fields_))


class _Owned:
    """Something of the library's, freed with its owner."""

    def __init__(self, library: _library.Library, what: str, *arguments: object) -> None:
        self.pointer, self.free = ctypes.c_void_p(), getattr(library.handle, f"dmumu_{what}_free")
        library.demand(f"dmumu_{what}_new", *arguments, self.pointer)

    def __del__(self) -> None:
        if getattr(self, "pointer", None):
            self.free(self.pointer)


class Kernel:
    """The kernel of one model and M_A; any number of threads may use it at once.

    model        see Model
    alfven_mach  [1]
    kernel       "fast", or "ref": plain nested quadrature, slow, the oracle of the tests

    Raises LibraryError without libdmumu; ValueError, naming the key, for a model that contradicts itself.
    """

    def __init__(self, model: Model, alfven_mach: float, kernel: str = "fast") -> None:
        self.model, self.alfven_mach = model, float(alfven_mach)
        self._kernel = _names.number_of("kernel", kernel, _names.KERNELS)
        self._library, self._model = _library.need(), model.as_c()
        self._library.demand("dmumu_model_check", self._model)
        self._tables, self._workspaces = None, threading.local()
        if kernel == "fast":
            self._tables = _Owned(self._library, "tables", self._model, self.alfven_mach)

    def _shared(self) -> tuple[Any, Any]:
        """Tables, and the workspace of this thread; None where the kernel needs none."""
        if self._tables is None:
            return None, None
        if not hasattr(self._workspaces, "of_thread"):
            self._workspaces.of_thread = _Owned(self._library, "workspace")
        return self._tables.pointer, self._workspaces.of_thread.pointer

    def curve(self, rigidity_gv: ArrayLike, *, region: str, beta: float, injection_scale_pc: float) -> xarray.Dataset:
        """D(R) of one point.

        rigidity_gv         [n] GV, > 0, any order
        region              "disk" or "halo"
        beta                [1]
        injection_scale_pc  [pc]

        Returns what a cube has, over `rigidity` [n]: D and, of each mode of the model, D_fast, D_alfven, D_slow, cm2/s;
        rel_error; mu_star; quality. D is NaN where quality is not_confined or failed.
        """
        rigidity = np.atleast_1d(np.asarray(rigidity_gv, dtype=float))
        if rigidity.ndim != 1:
            raise ValueError(f"rigidity_gv: an array of {rigidity.ndim} dimensions, and a curve has one")
        rigidity = np.ascontiguousarray(rigidity)
        modes = [mode for mode in _names.MODES if mode in self.model.modes]
        values = {name: np.empty(len(rigidity)) for name in ["D", *(f"D_{m}" for m in modes), "rel_error", "mu_star"]}
        quality = np.empty(len(rigidity), np.uint8)
        arrays = _library.Curve(
            _doubles(values["D"]),
            (_library.DOUBLES * len(_names.MODES))(*(_doubles(values.get(f"D_{mode}")) for mode in _names.MODES)),
            _doubles(values["rel_error"]),
            _doubles(values["mu_star"]),
            quality.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8)),
        )
        point = _point(region, self.alfven_mach, beta, injection_scale_pc)
        tables, workspace = self._shared()
        what = (point, len(rigidity), _doubles(rigidity), arrays)
        if tables is None:
            self._library.demand("dmumu_curve_compute_ref", self._model, *what)
        else:
            self._library.demand("dmumu_curve_compute", tables, *what, workspace)
        return _dataset(rigidity, values, quality, region, point)

    def pitch(
        self, mu: ArrayLike, rigidity_gv: float, *, region: str, beta: float, injection_scale_pc: float
    ) -> xarray.Dataset:
        """D_mumu(mu) of one point at one rigidity.

        mu           [n] pitch-angle cosines in [0, 1)
        rigidity_gv  [GV]

        Returns, over `mu` [n]: transit_time (n = 0) and gyro (1 <= |n| <= N), over `mode` too, and total, s-1;
        mean_free_path, v (1 - mu^2) / (2 D_mumu), pc.
        """
        cosines = np.ascontiguousarray(np.atleast_1d(np.asarray(mu, dtype=float)))
        result = (_library.Pitch * len(cosines))()
        point = _point(region, self.alfven_mach, beta, injection_scale_pc)
        tables, workspace = self._shared()
        self._library.demand(
            "dmumu_pitch_compute",
            *(self._model, self._kernel, tables, point, float(rigidity_gv), len(cosines), _doubles(cosines)),
            *(result, workspace),
        )
        rates = {name: [list(getattr(at, f"{name}_per_s")) for at in result] for name in ("transit_time", "gyro")}
        by_mode = {name: (("mu", "mode"), np.array(x), {"units": "s-1"}) for name, x in rates.items()}
        total = np.array([at.total_per_s for at in result])
        path = np.array([at.mean_free_path_pc for at in result])
        return xarray.Dataset(
            {**by_mode, "total": ("mu", total, {"units": "s-1"}), "mean_free_path": ("mu", path, {"units": "pc"})},
            {"mu": ("mu", cosines, {"units": "1"}), "mode": list(_names.MODES)},
            {"region": region, "alfven_mach": point.alfven_mach, "beta": beta, "rigidity_gv": float(rigidity_gv)},
        )


def _doubles(array: NDArray[np.float64] | None) -> Any:
    return None if array is None else array.ctypes.data_as(_library.DOUBLES)


def _dataset(
    rigidity: NDArray[np.float64],
    values: Mapping[str, NDArray[np.float64]],
    quality: NDArray[np.uint8],
    region: str,
    point: _library.Point,
) -> xarray.Dataset:
    """A curve with the names and attributes of a cube."""
    units = {name: "cm2 s-1" if name.startswith("D") else "1" for name in values}
    flags = {"flag_values": np.arange(len(_names.QUALITIES), dtype="u1"), "flag_meanings": " ".join(_names.QUALITIES)}
    variables = {name: ("rigidity", array, {"units": units[name]}) for name, array in values.items()}
    variables["quality"] = ("rigidity", quality, {"units": "1", **flags})
    where = {"alfven_mach": point.alfven_mach, "beta": point.beta, "injection_scale": point.injection_scale_pc}
    coordinates = {"rigidity": ("rigidity", rigidity, {"units": "GV", "axis_scale": "log"}), "region": region, **where}
    return xarray.Dataset(variables, coordinates)


def curve(
    model: Model,
    rigidity_gv: ArrayLike,
    *,
    region: str,
    alfven_mach: float,
    beta: float,
    injection_scale_pc: float,
    kernel: str = "fast",
) -> xarray.Dataset:
    """D(R) of one point, from the kernel: see Kernel.curve, and keep a Kernel for many points of one M_A."""
    made = Kernel(model, alfven_mach, kernel)
    return made.curve(rigidity_gv, region=region, beta=beta, injection_scale_pc=injection_scale_pc)


def pitch(
    model: Model,
    mu: ArrayLike,
    rigidity_gv: float,
    *,
    region: str,
    alfven_mach: float,
    beta: float,
    injection_scale_pc: float,
    kernel: str = "fast",
) -> xarray.Dataset:
    """D_mumu(mu) of one point at one rigidity, from the kernel: see Kernel.pitch."""
    made = Kernel(model, alfven_mach, kernel)
    return made.pitch(mu, rigidity_gv, region=region, beta=beta, injection_scale_pc=injection_scale_pc)
