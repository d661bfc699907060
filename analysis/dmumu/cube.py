"""A cube in use: D at any point of it, vectorised and broadcasting, its derivatives, and xarray's names for all it holds."""

from __future__ import annotations

import ctypes
import os
import pathlib
import types
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np
import xarray
from numpy.typing import ArrayLike, NDArray

from dmumu import _library, _names
from dmumu._file import CubeError, read
from dmumu.kernel import Model
from dmumu.lookup import Interpolator, Options, Points
from dmumu.reading import open_cube

Result = Any  # float for scalars, xarray.DataArray where an argument is one, else an array

# What open_cube calls the axes of which the arguments have a unit.
AXIS_OF = dict(zip(_names.ARGUMENTS, _names.AXES, strict=True))


class Gradient(NamedTuple):
    """D and d ln D / d ln x along each axis, of the shape that the arguments broadcast to; NaN where D is.

    Along an axis on which the value was clamped 0; along an axis of one value NaN: the cube does not know.
    """

    d_cm2_s: Result
    alfven_mach: Result
    beta: Result
    injection_scale: Result
    rigidity: Result


class Engine(Protocol):
    """What looks values up: libdmumu or numpy. Both give [n], [n, 4], and what is wrong with the first point or ""."""

    def eval(self, points: Points) -> tuple[NDArray[np.float64], str]: ...

    def gradient(self, points: Points) -> tuple[NDArray[np.float64], NDArray[np.float64], str]: ...


class Compiled:
    """A cube that libdmumu has opened."""

    def __init__(self, library: _library.Library, path: str, options: Options) -> None:
        wanted = _library.CubeOptions(options.quantity, options.interpolation)
        wanted.outside[:], wanted.partial = options.outside, options.partial
        self.library, self.handle = library, ctypes.c_void_p()
        status, message = library.call("dmumu_cube_open", os.fsencode(path), wanted, self.handle)
        if status in (_library.ARGUMENT, _library.FILE):
            raise CubeError(message)
        if status:
            raise _library.exception_of(status)(message)

    def __del__(self) -> None:
        if getattr(self, "handle", None):
            self.library.handle.dmumu_cube_close(self.handle)

    def eval(self, points: Points) -> tuple[NDArray[np.float64], str]:
        d = np.empty(points.n)
        return d, self._call("dmumu_cube_eval_many", points, doubles(d))

    def gradient(self, points: Points) -> tuple[NDArray[np.float64], NDArray[np.float64], str]:
        d, gradient = np.empty(points.n), np.empty((points.n, _library.N_GRADIENT))
        return d, gradient, self._call("dmumu_cube_gradient", points, doubles(d), doubles(gradient))

    def _call(self, name: str, points: Points, *results: object) -> str:
        region = points.region.ctypes.data_as(ctypes.POINTER(ctypes.c_int32))
        given = _library.CubePoints(points.n, region, *map(doubles, points.values))
        given.stride[:] = [int(len(array) > 1) for array in (points.region, *points.values)]
        status, message = self.library.call(name, self.handle, given, *results)
        if status not in (0, _library.ARGUMENT):
            raise _library.exception_of(status)(message)
        return message


class Closed:
    """What is left of a cube that is closed."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path

    def __getattr__(self, name: str) -> Any:
        raise ValueError(f"{self.path}: the cube is closed")


def doubles(array: NDArray[np.float64]) -> Any:
    """The array as C has it; it must be contiguous, and outlive the pointer."""
    return array.ctypes.data_as(_library.DOUBLES)


def region_numbers(region: ArrayLike) -> NDArray[np.int32]:
    """Regions by name or number as numbers; ValueError for another name, TypeError for what is neither."""
    given = np.asarray(region)
    if given.dtype.kind in "UO":
        return np.array([_names.number_of("region", str(x), _names.REGIONS) for x in given.flat], "i4").reshape(given.shape)
    if given.dtype.kind not in "iu":
        raise TypeError(f"region: {region!r} is neither a name ({', '.join(_names.REGIONS)}) nor a number of one")
    return given.astype("i4")


def outside_numbers(outside: str | Mapping[str, str]) -> tuple[int, int, int, int, int]:
    """The option `outside`, by axis: a word for all of them ("power_law": of rigidity, with "error" for the others)."""
    chosen = [_names.OUTSIDES.index("error")] * len(_names.AXES)
    if isinstance(outside, str):
        word = _names.number_of("outside", outside, _names.OUTSIDES)
        first = len(_names.AXES) - 1 if outside == "power_law" else 1
        chosen[first:] = [word] * (len(_names.AXES) - first)
    else:
        for name, word in outside.items():
            axis = _names.number_of("outside", AXIS_OF.get(name, name), _names.AXES)
            chosen[axis] = _names.number_of(f"outside of {name}", word, _names.OUTSIDES)
    return tuple(chosen)


class Cube:
    """One cube: `cube(region=..., alfven_mach=..., ...)` is D there, `cube.sel(...)` what the file holds.

    path           of the file of `dmumu scan`
    quantity       what is looked up: "D", or "D_fast", "D_alfven", "D_slow", of one mode alone
    interpolation  of ln D: "cubic", monotone, or "linear"; exact at the nodes
    outside        of an axis: "error", "clamp" (the end of the axis), or "power_law" in rigidity; {axis: word} for each
    nan_outside    what is outside, and has outside "error", is NaN instead of an exception: for fits
    partial        take a cube that is not complete: what is pending is NaN
    library        True: look-ups by libdmumu; False: by numpy, the same to 1e-12, slower; None: by whichever is there

    Where the cube has no D (not confined, failed), neither has a look-up: NaN, never an exception. Any number of threads
    may look values up at once; a pickled cube opens its file again.

    Raises FileNotFoundError; CubeError, a ValueError, for what is no cube, damaged or not complete, or has not that
    quantity; LibraryError for a library of another version.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        quantity: str = "D",
        interpolation: str = "cubic",
        outside: str | Mapping[str, str] = "error",
        nan_outside: bool = False,
        partial: bool = False,
        library: bool | None = None,
    ) -> None:
        self.path, self.nan_outside = pathlib.Path(path), nan_outside
        self._arguments = {"quantity": quantity, "interpolation": interpolation, "outside": outside}
        self._arguments |= {"nan_outside": nan_outside, "partial": partial, "library": library}
        options = Options(
            _names.number_of("quantity", quantity, _names.QUANTITIES),
            _names.number_of("interpolation", interpolation, _names.INTERPOLATIONS),
            outside_numbers(outside),
            partial,
        )
        for axis, word in enumerate(options.outside):
            if (axis == 0 and word) or (axis < len(_names.AXES) - 1 and _names.OUTSIDES[word] == "power_law"):
                raise ValueError(f"outside of axis {_names.AXES[axis]} there is no {_names.OUTSIDES[word]!r}")
        self.path.stat()  # FileNotFoundError, or whatever keeps it from being read
        loaded = None if library is False else _library.need() if library else _library.find()
        if loaded is None:
            self.engine = "numpy"
            self._engine: Engine | Closed = Interpolator(read(self.path, options), options)
        else:
            self.engine = f"libdmumu {loaded.version} ({loaded.path})"
            self._engine = Compiled(loaded, str(self.path), options)
        self.dataset: xarray.Dataset = open_cube(self.path)
        self.axes: dict[str, NDArray[Any]] = {name: self.dataset[name].values for name in _names.AXES}

    def __call__(self, **where: ArrayLike | xarray.DataArray) -> Result:
        """D in cm2/s.

        region              "disk", "halo", or their numbers 0, 1
        alfven_mach, beta   [1]
        injection_scale_pc  [pc]
        rigidity_gv         [GV]

        Scalars, arrays that broadcast, or xarray.DataArrays, which broadcast by name; that of an axis of one value may be
        left out. A float if all are scalars, a DataArray if one is, else an array; NaN where there is no D.

        Raises ValueError, naming file, axis, value and range, for what is outside of the cube (but see nan_outside).
        """
        points, finish = self._points(where)
        d, complaint = self._engine.eval(points)
        self._check(complaint)
        return finish(d, "D", "cm2 s-1")

    def gradient(self, **where: ArrayLike | xarray.DataArray) -> Gradient:
        """D in cm2/s and d ln D / d ln of alfven_mach, beta, injection_scale and rigidity, those of the interpolation.

        Arguments and exceptions as of a call. d ln D / d ln rigidity is the local slope of D(R).
        """
        points, finish = self._points(where)
        d, gradient, complaint = self._engine.gradient(points)
        self._check(complaint)
        names = [f"dlnD_dln_{name}" for name in _names.AXES[1:]]
        slopes = [finish(gradient[:, i].copy(), name, "1") for i, name in enumerate(names)]
        return Gradient(finish(d, "D", "cm2 s-1"), *slopes)

    def _check(self, complaint: str) -> None:
        if complaint and not self.nan_outside:
            raise ValueError(f"{self.path}: {complaint}")

    def _points(self, where: dict[str, Any]) -> tuple[Points, Callable[[NDArray[np.float64], str, str], Result]]:
        """The points, and what makes a result of their values, a name and a unit."""
        given = self._complete(where)
        labelled = {name: value for name, value in given.items() if isinstance(value, xarray.DataArray)}
        template = None
        if labelled:
            for name, value in given.items():
                if name not in labelled and np.ndim(value) > 0:
                    raise TypeError(f"{name}: an array without names beside DataArrays; make it a DataArray too")
            aligned = xarray.align(*labelled.values(), join="exact", copy=False)
            broadcast = xarray.broadcast(*aligned)
            given |= zip(labelled, (array.values for array in broadcast), strict=True)
            template = broadcast[0]
        arrays = [region_numbers(given["region"])]
        arrays += [np.asarray(given[name], dtype=float) for name in _names.ARGUMENTS[1:]]
        shape = np.broadcast_shapes(*(array.shape for array in arrays))
        flat = [
            array.reshape(1) if array.size == 1 else np.ascontiguousarray(np.broadcast_to(array, shape)).reshape(-1)
            for array in arrays
        ]
        points = Points(int(np.prod(shape, dtype=int)), flat[0], tuple(flat[1:]))

        def finish(values: NDArray[np.float64], name: str, unit: str) -> Result:
            if template is None:
                return float(values[0]) if shape == () else values.reshape(shape)
            attributes = {"units": unit}
            return xarray.DataArray(values.reshape(shape), template.coords, template.dims, name=name, attrs=attributes)

        return points, finish

    def _complete(self, where: dict[str, Any]) -> dict[str, Any]:
        """The five arguments in their order; those of axes of one value may be missing."""
        for name in where:
            if name not in _names.ARGUMENTS:
                raise TypeError(f"{name!r} is no parameter of a cube: {', '.join(_names.ARGUMENTS)}")
        for name in _names.ARGUMENTS:
            values = self.axes[AXIS_OF[name]]
            if name not in where and len(values) > 1:
                raise TypeError(f"{name} is not given, and {self.path} has {len(values)} values of it")
        return {name: where.get(name, self.axes[AXIS_OF[name]][0]) for name in _names.ARGUMENTS}

    def sel(self, method: str | None = None, tolerance: float | None = None, **where: Any) -> xarray.Dataset:
        """The part of `dataset` at values of axes, as xarray.Dataset.sel has it; units may stand behind the names.

        `method` and `tolerance` are for the axes that are numbers; `region` is chosen by name.
        """
        named = {AXIS_OF.get(name, name): value for name, value in where.items()}
        part = self.dataset.sel(region=named.pop("region")) if "region" in named else self.dataset
        return part.sel(named, method=method, tolerance=tolerance) if named else part

    def __getitem__(self, name: str) -> xarray.DataArray:
        """A variable or an axis of the file."""
        return self.dataset[name]

    @property
    def model(self) -> Model:
        """The physics that the cube was computed with, for `dmumu.curve`; needs the module yaml."""
        if not self.dataset.attrs.get("physics"):
            raise CubeError(f"{self.path}: it has no attribute physics, so its model is not known")
        return Model.from_physics(self.dataset.attrs["physics"])

    def close(self) -> None:
        """Let go of file and memory; the cube is of no use then."""
        self.dataset.close()
        self._engine = Closed(self.path)

    def __enter__(self) -> Cube:
        return self

    def __exit__(self, kind: type | None, problem: BaseException | None, trace: types.TracebackType | None) -> None:
        self.close()

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path, "arguments": self._arguments}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["path"], **state["arguments"])

    def __repr__(self) -> str:
        shape = " x ".join(f"{len(values)} {name}" for name, values in self.axes.items())
        chosen = f"{self._arguments['quantity']}, {self._arguments['interpolation']}"
        return f"<dmumu.Cube {self.path}: {shape}; {chosen}, by {self.engine}>"
