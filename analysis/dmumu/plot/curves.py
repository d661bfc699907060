"""Curves from a cube: families over one parameter, and each mode's contribution."""

import matplotlib.pyplot as plt
import numpy
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm
from matplotlib.lines import Line2D

from . import selection, style
from .selection import PlotError, name_of

__all__ = ["draw_family", "draw_modes"]

MOST_IN_LEGEND = 14  # more members than that get a bar of colours
MODES = {"D_fast": "fast", "D_alfven": "Alfvén", "D_slow": "slow"}


def panels(n, **keywords):
    """A row of n panels that share their axes."""
    figure, grid = plt.subplots(
        1, n, figsize=(2.0 + 3.6 * n, 3.9), sharex=True, sharey=True, squeeze=False, layout="constrained", **keywords
    )
    figure.get_layout_engine().set(wspace=0.04)  # the ends of neighbouring axes apart
    return figure, list(grid[0])


def finish(axes, x, y):
    """Scales, labels and ticks of a panel; y is any part of the quantity drawn."""
    axes.set_xscale(style.scale_of(x))
    axes.set_yscale(style.scale_of(y))
    axes.set_xlim(float(x.values[0]), float(x.values[-1]))
    axes.set_xlabel(style.axis_label(x))
    axes.label_outer()


def refuse_empty(part, cube):
    """PlotError where nothing of what is asked for has a value."""
    if not numpy.isfinite(part.values).any():
        raise PlotError(
            f"{name_of(cube)}: {part.name} has no value at what was asked for (not confined or failed); look at it with "
            f"`python3 -m dmumu.plot quality`"
        )


def colour_bar(figure, axes, coordinate):
    """The colour of each member, as a bar of boxes beside the panels."""
    n = coordinate.size
    mappable = ScalarMappable(BoundaryNorm(numpy.arange(n + 1) - 0.5, n), style.sequential(n))
    step = -(-n // 15)
    bar = figure.colorbar(mappable, ax=axes, ticks=range(0, n, step), pad=0.02, aspect=25)
    bar.ax.set_yticklabels([style.power_text(value, 3) for value in coordinate.values[::step]])
    bar.ax.tick_params(length=0, which="both")
    bar.set_label(style.axis_label(coordinate))


def family_looks(coordinate):
    """[(colour, dashes, label)] of the members of a family."""
    if coordinate.name == "region":
        return [(*style.categorical(i), str(name)) for i, name in enumerate(coordinate.values)]
    colours = style.sequential(coordinate.size)
    few = coordinate.size <= len(style.DASHES)
    return [
        (colours(i), style.DASHES[i] if few else "-", f"{float(value):.4g}") for i, value in enumerate(coordinate.values)
    ]


def draw_family(cube, over, variable="D", against="rigidity", regions=None, fixed=None, values=None):
    """Curves of a quantity against one axis, one for each value of the axis `over`; a panel per region, or one for all
    where `over` is "region". `fixed` holds a value for each other axis, `values` thins the family out."""
    selection.check_axis(cube, over, "--over")
    selection.check_axis(cube, against, "--against")
    if over == against or against == "region":
        raise PlotError(f"--against {against} --over {over}: two different parameters are needed, and a region is no x axis")
    if values and over == "region":
        raise PlotError("--values thins out a numeric family; choose regions with --region")
    y = selection.quantity(cube, variable, along=("region", over, against))
    names = selection.regions(cube, regions)
    part, held = selection.hold(cube, y.sel(region=names), {over, against}, fixed or {})
    if over != "region":
        part = part.isel({over: selection.members(cube, over, values)})
    refuse_empty(part, cube)
    with plt.rc_context(style.STYLE):
        figure, axes = panels(1 if over == "region" else len(names))
        looks = family_looks(part[over])
        for i, panel in enumerate(axes):
            curves = (part if over == "region" else part.isel(region=i)).transpose(over, against)
            for row, (colour, dashes, _) in zip(curves.values, looks, strict=True):
                style.curve(panel, part[against].values, row, colour, dashes)
            where = [] if over == "region" else [names[i].capitalize()]
            panel.set_title(":  ".join([*where, selection.describe(cube, held)]))
            finish(panel, part[against], y)
            style.tidy(panel)
        axes[0].set_ylabel(style.axis_label(y))
        handles = [Line2D([], [], color=colour, linestyle=dashes, label=label) for colour, dashes, label in looks]
        gaps = not numpy.isfinite(part.values).all()
        if len(looks) > MOST_IN_LEGEND:
            colour_bar(figure, axes, part[over])
        else:
            title = "" if over == "region" else style.SYMBOLS[over] + style.unit_text(part[over])
            style.legend_beside(axes[-1], handles + [style.gap_handle()] * gaps, title)
    return figure


def draw_modes(cube, regions=None, fixed=None):
    """D of all modes and of each mode alone against rigidity, a panel per region."""
    present = [name for name in MODES if name in cube]
    if not present:
        raise PlotError(f"{name_of(cube)} has none of {', '.join(MODES)}: there are no modes to tell apart")
    selection.check_axis(cube, "rigidity", "the x axis,")
    names = selection.regions(cube, regions)
    parts = {}
    for name in ["D", *present]:
        parts[name], held = selection.hold(cube, cube[name].sel(region=names), {"rigidity"}, fixed or {})
    refuse_empty(parts["D"], cube)
    with plt.rc_context(style.STYLE):
        figure, axes = panels(len(names))
        for i, panel in enumerate(axes):
            rigidity = parts["D"]["rigidity"]
            values = parts["D"].isel(region=i).values
            style.curve(panel, rigidity.values, values, "0.75", width=4.0, label="all modes", zorder=1.5)
            for name in present:
                colour, dashes = style.categorical(list(MODES).index(name))
                alone = parts[name].isel(region=i).values
                style.curve(panel, rigidity.values, alone, colour, dashes, label=f"{MODES[name]} alone")
            panel.set_title(f"{names[i].capitalize()}:  {selection.describe(cube, held)}")
            finish(panel, rigidity, parts["D"])
            style.tidy(panel)
        axes[0].set_ylabel(style.axis_label(cube["D"]))
        gaps = any(not numpy.isfinite(part.values).all() for part in parts.values())
        handles = axes[-1].get_legend_handles_labels()[0]
        style.legend_beside(axes[-1], handles + [style.gap_handle()] * gaps)
    return figure
