"""Diffusion coefficients of cosmic rays: read a dmumu cube, look D up in it, compute it.

    import dmumu
    cube = dmumu.Cube("demo/galaxy.h5")
    cube(region="halo", alfven_mach=0.37, beta=0.2, injection_scale_pc=80, rigidity_gv=[1, 10, 100])   # cm2/s
    cube.sel(region="halo").sel(alfven_mach=0.5, beta=0.1, injection_scale=100, method="nearest").D    # xarray
    dmumu.curve(dmumu.Model(), [1, 10, 100], region="halo", alfven_mach=0.37, beta=0.2, injection_scale_pc=80).D

Cube       one cube: look-ups that broadcast, their derivatives, xarray (cube.py)
Model      the physics of a scan; `curve`, `pitch`, `medium` and `Kernel` compute with it (kernel.py)
open_cube  the cube as an xarray.Dataset; `nearest`, `quality_counts`, `flag_names` (reading.py)

Look-ups and kernel are libdmumu's (_library.py says where it is looked for); where there is none, look-ups are numpy's
(lookup.py), and there is no kernel. Every dimensional name ends in its unit, as in include/dmumu.h.
"""

from dmumu._library import LibraryError
from dmumu._version import VERSION as __version__
from dmumu.cube import Cube, CubeError, Gradient
from dmumu.kernel import Kernel, Medium, Model, Region, curve, medium, pitch
from dmumu.published import Published, published
from dmumu.reading import flag_names, nearest, open_cube, quality_counts

__all__ = [
    "Cube",
    "CubeError",
    "Gradient",
    "Kernel",
    "LibraryError",
    "Medium",
    "Model",
    "Published",
    "Region",
    "__version__",
    "curve",
    "flag_names",
    "medium",
    "nearest",
    "open_cube",
    "pitch",
    "published",
    "quality_counts",
]
