"""Quantities that follow from D: the local slope of D(R) and the mean free path."""

import numpy
import xarray

__all__ = ["QUANTITIES", "local_slope", "mean_free_path"]

SPEED_OF_LIGHT_CM_S = 2.99792458e10
PARSEC_CM = 3.0856775814913673e18  # IAU 2015


def local_slope(d):
    """delta = d ln D/d ln rigidity of a DataArray, at its own rigidities.

    Second order in the spacing, at the ends too where there are three rigidities; exact for power laws. NaN where D or a
    neighbour that the difference needs is NaN. ValueError with one rigidity.
    """
    if d.sizes["rigidity"] < 2:
        raise ValueError("a slope needs two rigidities, and there is one")
    axis = d.get_axis_num("rigidity")
    with numpy.errstate(divide="ignore", invalid="ignore"):
        ln_d = numpy.log(d.values)
    order = 2 if d.sizes["rigidity"] > 2 else 1
    slope = numpy.gradient(ln_d, numpy.log(d["rigidity"].values), axis=axis, edge_order=order)
    slope = numpy.where(numpy.isnan(ln_d), numpy.nan, slope)  # with even steps, differences reach over a single gap
    return xarray.DataArray(slope, coords=d.coords, dims=d.dims, name="slope").assign_attrs(
        units="1", long_name="local slope of D(R)"
    )


def mean_free_path(d):
    """3 D/c of a DataArray in cm^2/s, in pc."""
    path = d * (3 / SPEED_OF_LIGHT_CM_S / PARSEC_CM)
    return path.rename("mean_free_path").assign_attrs(units="pc", long_name="mean free path 3D/c")


QUANTITIES = {
    "slope": lambda cube: local_slope(cube["D"]),
    "mean_free_path": lambda cube: mean_free_path(cube["D"]),
}
