"""A cube as an xarray.Dataset: names in place of flag numbers, the nearest grid point, counts of qualities.

The cube is a netCDF-4 file that `xarray.open_dataset` reads as it is; this is what saves typing.
"""

from __future__ import annotations

import os

import numpy
import xarray


def flag_names(variable: xarray.DataArray) -> dict[int, str]:
    """{number: name} of a CF flag variable (`region`, `quality`, `state`)."""
    values = variable.attrs["flag_values"]
    return dict(zip((int(value) for value in values), variable.attrs["flag_meanings"].split(), strict=True))


def open_cube(path: str | os.PathLike[str]) -> xarray.Dataset:
    """The cube as an xarray.Dataset, read lazily, with `region` labelled "disk" and "halo" instead of numbered.

    Raises FileNotFoundError, or ValueError where the file is not a cube.
    """
    refusal = f"{path} is not a dmumu cube: it has no variable D over named axes"
    try:
        cube = xarray.open_dataset(path, engine="h5netcdf")
    except ValueError as problem:  # variables without dimension scales
        raise ValueError(refusal) from problem
    if "D" not in cube or "region" not in cube.coords:
        cube.close()
        raise ValueError(refusal)
    names = flag_names(cube["region"])
    return cube.assign_coords(region=("region", [names[int(value)] for value in cube["region"].values]))


def nearest(cube: xarray.Dataset, **fixed: float) -> xarray.Dataset:
    """The part of the cube at the grid points nearest (in the axis's own scale) to the values given, one per axis."""
    chosen = {}
    for name, value in fixed.items():
        scale = numpy.log if cube[name].attrs.get("axis_scale") == "log" else numpy.asarray
        chosen[name] = int(numpy.argmin(abs(scale(cube[name].values) - scale(value))))
    return cube.isel(chosen)


def quality_counts(cube: xarray.Dataset) -> dict[str, int]:
    """{name: number of values} of `quality`, every name there, also those with none."""
    return {name: int((cube["quality"] == value).sum()) for value, name in flag_names(cube["quality"]).items()}
