"""A cube at a glance: families of D against rigidity in each region, over M_A at fixed beta and L, over beta at fixed M_A.

One column per region, one row per family; colours from maps that rise evenly in lightness, so that they also read in
grey and by the colour-blind, with the values on a bar of their own. Where D is NaN (not confined, failed) a curve has a
gap; an open circle closes each end that a gap makes.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm, ListedColormap

from ..reading import nearest
from .style import STYLE, SYMBOLS, curve, tidy

__all__ = ["draw"]

UNITS = {"alfven_mach": "", "beta": "", "injection_scale": " pc"}
NAMES = {"alfven_mach": "Alfvénic Mach number", "beta": "plasma beta"}
# Each family and its colours: the part of the map that white paper does not swallow.
FAMILIES = {"alfven_mach": ("viridis", 0.93), "beta": ("plasma", 0.88)}


def colour_map(family, n):
    """n colours for the values of a family."""
    name, end = FAMILIES[family]
    return ListedColormap(plt.get_cmap(name)(np.linspace(0, end, n)))


def draw_family(axes, curves, family):
    """One curve for each value of `family`; curves is D over (family, rigidity)."""
    colours = colour_map(family, curves.sizes[family])
    rigidity = curves["rigidity"].values
    for i in range(curves.sizes[family]):
        curve(axes, rigidity, curves.isel({family: i}).values, colours(i))
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.margins(x=0)


def add_bar(figure, row_axes, values, family):
    """The colour of each value, as a bar of n boxes beside its row."""
    n = len(values)
    mappable = ScalarMappable(BoundaryNorm(np.arange(n + 1) - 0.5, n), colour_map(family, n))
    bar = figure.colorbar(mappable, ax=row_axes, ticks=range(n), pad=0.015, fraction=0.04, aspect=22)
    bar.ax.set_yticklabels([f"{value:.2g}" for value in values])
    bar.ax.tick_params(length=0, which="both")
    bar.outline.set_linewidth(0.6)
    bar.set_label(f"{NAMES[family]} {SYMBOLS[family]}")


def fixed_text(part, names):
    """'beta = 0.1, L = 100 pc' from the grid point that was taken."""
    return ", ".join(f"{SYMBOLS[name]} = {float(part[name]):.3g}{UNITS[name]}" for name in names)


def draw(cube, fixed):
    """The figure of a cube; `fixed` gives the value of each axis that a family holds."""
    regions = [str(name) for name in cube["region"].values]
    with plt.rc_context(STYLE):
        figure, grid = plt.subplots(
            len(FAMILIES), len(regions), figsize=(1.8 + 4.1 * len(regions), 7.8), sharex=True, sharey="row",
            squeeze=False, layout="constrained",
        )  # fmt: skip
        for row, family in zip(grid, FAMILIES, strict=True):
            held = {name: value for name, value in fixed.items() if name != family}
            part = nearest(cube[["D"]], **held)
            for axes, region in zip(row, regions, strict=True):
                draw_family(axes, part["D"].sel(region=region).transpose(family, "rigidity"), family)
                tidy(axes)
                axes.set_title(f"{region.capitalize()}:  {fixed_text(part, held)}")
            row[0].set_ylabel(r"Diffusion coefficient $D$  [cm$^2$ s$^{-1}$]")
            add_bar(figure, row, part[family].values, family)
        for axes in grid[-1]:
            axes.set_xlabel(r"Rigidity $\rho$  [GV]")
        figure.suptitle(str(cube.attrs.get("title", "Cosmic-ray diffusion on MHD turbulence")), fontsize=13)
        if not np.isfinite(cube["D"].values).all():
            figure.supxlabel(
                "Open circles: a curve ends where particles are not confined to the region, or D could not be computed.",
                fontsize=9, color="0.35",
            )  # fmt: skip
    return figure
