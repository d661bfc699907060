"""Read a dmumu cube into xarray.

    import dmumu
    cube = dmumu.open_cube("demo/galaxy.h5")
    cube.D.sel(region="halo").sel(alfven_mach=0.5, beta=0.1, injection_scale=100, method="nearest")

The cube is a netCDF-4 file that `xarray.open_dataset` reads as it is; this module only puts names in place of the flag
numbers and picks curves. Units are in each variable's `units`.
"""

import numpy
import xarray

__all__ = ["flag_names", "nearest", "open_cube", "quality_counts"]


def flag_names(variable):
    """{number: name} of a CF flag variable (`region`, `quality`, `state`)."""
    values = variable.attrs["flag_values"]
    return dict(zip((int(value) for value in values), variable.attrs["flag_meanings"].split(), strict=True))


def open_cube(path):
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


def nearest(cube, **fixed):
    """The part of the cube at the grid points nearest (in the axis's own scale) to the values given, one per axis."""
    chosen = {}
    for name, value in fixed.items():
        scale = numpy.log if cube[name].attrs.get("axis_scale") == "log" else numpy.asarray
        chosen[name] = int(numpy.argmin(abs(scale(cube[name].values) - scale(value))))
    return cube.isel(chosen)


def quality_counts(cube):
    """{name: number of values} of `quality`, every name there, also those with none."""
    return {name: int((cube["quality"] == value).sum()) for value, name in flag_names(cube["quality"]).items()}
