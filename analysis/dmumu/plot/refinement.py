"""The interpolation errors of a cube: the group `refinement`, in the file of `dmumu refine --errors` or in the cube itself.

What is read: a variable `error_AXIS` for each axis that was refined (`error_beta`, ...), the relative error of a look-up in
the middle of the cells of that axis: one value per cell, the largest over the other axes; or five dimensions in the order of
the axes, each of the length of its axis (the value is at the nodes of it), one less (in its cells), or 1 (the largest over
the whole axis). NaN is a cell that was not looked at.
"""

import h5py
import numpy
import xarray

from .selection import AXES, PlotError, name_of

__all__ = ["read_errors"]

GROUP = "refinement"
ADVICE = "`dmumu refine {path} --to 1e-3` computes them and stores them in it"


def middles(axis):
    """The middles of the cells of a coordinate, on its own scale."""
    values = axis.values.astype(float)
    if axis.attrs.get("axis_scale") == "log":
        return numpy.sqrt(values[1:] * values[:-1])
    return (values[1:] + values[:-1]) / 2


def labelled(cube, path, own, values):
    """The errors of the axis `own` as a DataArray whose dimensions are those of the cube; cells are at their middles."""
    name = f"error_{own}"
    if values.ndim == 1:
        values = values.reshape([-1 if axis == own else 1 for axis in AXES])
    if values.ndim != len(AXES):
        raise PlotError(f"{path}: {GROUP}/{name} has {values.ndim} dimensions, and 1 is expected, or {len(AXES)}, one per axis")
    coords = {}
    for axis, n in zip(AXES, values.shape, strict=True):
        nodes = cube.sizes[axis]
        if n == nodes:
            coords[axis] = cube[axis]
        elif n == nodes - 1 and axis != "region":
            attributes = {**cube[axis].attrs, "edges": cube[axis].values}
            coords[axis] = xarray.DataArray(middles(cube[axis]), dims=axis, attrs=attributes)
        elif n != 1:
            raise PlotError(f"{path}: {GROUP}/{name} has {n} values along {axis}, and the cube has {nodes}")
    return xarray.DataArray(values, dims=AXES, coords=coords, name=name)


def text_of(attrs, name):
    """An attribute of text; "" where there is none."""
    value = attrs.get(name, "")
    return value.decode() if isinstance(value, bytes) else str(value)


def check_side(cube, file, path):
    """A file beside the cube must be about this cube."""
    about, own = text_of(file.attrs, "cube_data_hash"), text_of(cube.attrs, "data_hash")
    if about != own:
        raise PlotError(
            f"--errors {path}: it is about the cube with data_hash {about[:12] or 'unknown'}; {name_of(cube)} has {own[:12]}"
        )


def read_errors(cube, side=None):
    """{axis: relative error of look-ups between the nodes of that axis}, from the file `side` of `dmumu refine --errors` or,
    without it, from the cube; PlotError where there is none."""
    path = side or name_of(cube)
    advice = ADVICE.format(path=name_of(cube))
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise PlotError(f"--errors {path} cannot be read: {error}") from error
    with file:
        if side:
            check_side(cube, file, path)
        if GROUP not in file:
            raise PlotError(f"{path} has no group '{GROUP}', so its interpolation errors are not known; {advice}")
        if not side and text_of(file[GROUP].attrs, "cube_data_hash") not in ("", text_of(cube.attrs, "data_hash")):
            raise PlotError(f"{path}: the interpolation errors in it are of other data than it has now; {advice}")
        errors = {
            axis: labelled(cube, path, axis, file[GROUP][f"error_{axis}"][...].astype(float))
            for axis in AXES[1:]
            if f"error_{axis}" in file[GROUP]
        }
    if not errors:
        raise PlotError(
            f"{path}: the group '{GROUP}' has none of {', '.join(f'error_{axis}' for axis in AXES[1:])}; {advice}"
        )
    return errors
