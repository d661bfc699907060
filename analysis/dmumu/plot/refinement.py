"""The interpolation errors that `dmumu refine` stores in a cube: the group `refinement`.

What is read: a variable `error_AXIS` for each axis that was refined (`error_beta`, ...), the relative error of a look-up in
the middle of the cells of that axis, with five dimensions in the order of the axes. A dimension has the length of its axis
(the value is at the nodes of it), one less (in its cells), or 1 (the largest over the whole axis). NaN is a cell that was
not looked at.
"""

import h5py
import numpy
import xarray

from .selection import AXES, PlotError, name_of

__all__ = ["read_errors"]

GROUP = "refinement"
ADVICE = "`dmumu refine {path} --to 1e-3` computes and stores them"


def middles(axis):
    """The middles of the cells of a coordinate, on its own scale."""
    values = axis.values.astype(float)
    if axis.attrs.get("axis_scale") == "log":
        return numpy.sqrt(values[1:] * values[:-1])
    return (values[1:] + values[:-1]) / 2


def labelled(cube, name, values):
    """An array of the group as a DataArray whose dimensions are those of the cube; cells are at their middles."""
    path = name_of(cube)
    if values.ndim != len(AXES):
        raise PlotError(f"{path}: {GROUP}/{name} has {values.ndim} dimensions, and {len(AXES)} are expected, one per axis")
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


def read_errors(cube):
    """{axis: relative error of look-ups between the nodes of that axis}; PlotError where the cube has none."""
    path = name_of(cube)
    with h5py.File(path, "r") as file:
        if GROUP not in file:
            advice = ADVICE.format(path=path)
            raise PlotError(f"{path} has no group '{GROUP}', so its interpolation errors are not known; {advice}")
        errors = {
            axis: labelled(cube, f"error_{axis}", file[GROUP][f"error_{axis}"][...].astype(float))
            for axis in AXES[1:]
            if f"error_{axis}" in file[GROUP]
        }
    if not errors:
        raise PlotError(
            f"{path}: the group '{GROUP}' has none of {', '.join(f'error_{axis}' for axis in AXES[1:])}; "
            + ADVICE.format(path=path)
        )
    return errors
