"""Maps over two parameters: D or another quantity, the local slope, the quality, the interpolation error."""

import matplotlib.pyplot as plt
import numpy
import xarray
from matplotlib.colors import BoundaryNorm, ListedColormap, LogNorm, Normalize
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from dmumu import flag_names

from . import refinement, selection, style
from .selection import PlotError, name_of

__all__ = ["draw_error", "draw_map", "draw_quality"]

QUALITY_COLOURS = {"ok": "#E8EEF2", "not_converged": "#F0C05A", "not_confined": "#3A7CA5", "failed": "#1A1A1A"}
SEVERITY = ("ok", "not_converged", "not_confined", "failed")
SLOPES = {1 / 3: ("1/3", "-"), 1 / 2: ("1/2", (0, (4, 2)))}
NO_VALUE = {"facecolor": "0.92", "hatch": "////", "edgecolor": "0.6", "linewidth": 0}


def edges(coordinate):
    """The n + 1 borders of n cells: half-way between the values on the axis's own scale, or as the coordinate says."""
    if "edges" in coordinate.attrs:
        return coordinate.attrs["edges"]
    logarithmic = style.scale_of(coordinate) == "log"
    x = numpy.log(coordinate.values) if logarithmic else coordinate.values.astype(float)
    inner = (x[1:] + x[:-1]) / 2
    x = numpy.concatenate([[x[0] - (inner[0] - x[0])], inner, [x[-1] + (x[-1] - inner[-1])]])
    return numpy.exp(x) if logarithmic else x


def check_axes(cube, x, y):
    """PlotError where the two parameters of a map are not two of the cube's numeric axes with some values."""
    for name, asked_by in ((x, "-x"), (y, "-y")):
        selection.check_axis(cube, name, asked_by)
    if x == y or "region" in (x, y):
        raise PlotError(f"-x {x} -y {y}: two different numeric parameters are needed; each region is a panel of its own")


def panels(n):
    """A row of n maps."""
    figure, grid = plt.subplots(
        1, n, figsize=(1.9 + 3.4 * n, 3.8), sharex=True, sharey=True, squeeze=False, layout="constrained"
    )
    return figure, list(grid[0])


def draw_mesh(axes, part, x, y, **keywords):
    """The cells of a map, over hatching that shows where there is no value."""
    borders = edges(part[x]), edges(part[y])
    axes.patch.set(**NO_VALUE)
    axes.set_xscale(style.scale_of(part[x]))
    axes.set_yscale(style.scale_of(part[y]))
    mesh = axes.pcolormesh(
        *borders, numpy.ma.masked_invalid(part.transpose(y, x).values), rasterized=True, zorder=1, **keywords
    )
    axes.set_xlim(borders[0][0], borders[0][-1])
    axes.set_ylim(borders[1][0], borders[1][-1])
    axes.set_xlabel(style.axis_label(part[x]))
    axes.set_ylabel(style.axis_label(part[y]))
    axes.label_outer()
    axes.tick_params(direction="out", top=False, right=False, which="both")
    style.tidy(axes, grid=False)
    return mesh


def legend_below(figure, handles):
    """What the hatching and the lines mean, under the panels, which make room for it."""
    if handles:
        room = 0.3 / figure.get_size_inches()[1]
        figure.get_layout_engine().set(rect=(0, room, 1, 1 - room))
        figure.legend(handles=handles, loc="lower left", frameon=False, ncol=len(handles), borderaxespad=0.3)


def colour_bar(figure, mesh, axes, label, extend="neither", aspect=25):
    """The colours of a map and what they stand for; a logarithmic one of few decades has 2 and 5 of each as well."""
    bar = figure.colorbar(mesh, ax=axes, pad=0.02, aspect=aspect, extend=extend)
    if isinstance(mesh.norm, LogNorm) and mesh.norm.vmax < 100 * mesh.norm.vmin:
        bar.ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: style.power_text(value)))
        bar.ax.yaxis.set_minor_formatter(NullFormatter())
    bar.ax.tick_params(direction="out")
    bar.set_label(label)


def norm_of(part, name):
    """(norm, extend) over the range of what is drawn, on the scale of the quantity.

    Of slopes one in fifty at either end is beyond, since a few at the edges of confinement are many times the others.
    """
    values = part.values[numpy.isfinite(part.values)]
    logarithmic = style.scale_of(part) == "log"
    if logarithmic:
        values = values[values > 0]
    if not values.size:
        raise PlotError(f"{name} has no value at what was asked for (not confined or failed), so there is no map of it")
    low, high = float(values.min()), float(values.max())
    extend = "neither"
    if part.name == "slope":
        low, high = (float(value) for value in numpy.percentile(values, (2, 98)))
        extend = {(False, False): "neither", (True, False): "min", (False, True): "max", (True, True): "both"}[
            (bool(values.min() < low), bool(values.max() > high))
        ]
    if low == high:
        low, high = low - 0.05 * abs(low) - 1e-300, high + 0.05 * abs(high) + 1e-300
    return (LogNorm if logarithmic else Normalize)(low, high), extend


def titles(names, cube, held, extra=()):
    """The title of each panel: its region, what is held and what more there is to say."""
    text = ", ".join([*([selection.describe(cube, held)] if held else []), *extra])
    return [":  ".join([name.capitalize(), *([text] if text else [])]) for name in names]


def draw_map(cube, x, y, variable="D", regions=None, fixed=None):
    """A quantity over two axes, a panel per region; the local slope with lines at 1/3 and 1/2."""
    check_axes(cube, x, y)
    quantity = selection.quantity(cube, variable, along=("region", x, y))
    names = selection.regions(cube, regions)
    part, held = selection.hold(cube, quantity.sel(region=names), {x, y}, fixed or {})
    norm, extend = norm_of(part, f"{name_of(cube)}: {variable}")
    with plt.rc_context(style.STYLE):
        figure, axes = panels(len(names))
        lines = {}
        for i, (panel, title) in enumerate(zip(axes, titles(names, cube, held), strict=True)):
            one = part.isel(region=i)
            mesh = draw_mesh(panel, one, x, y, norm=norm, cmap="viridis")
            panel.set_title(title)
            if variable == "slope":
                lines.update(draw_slopes(panel, one, x, y))
        colour_bar(figure, mesh, axes, style.axis_label(quantity), extend)
        handles = list(lines.values())
        if not numpy.isfinite(part.values).all():
            handles.append(Patch(label="no value: not confined or failed", **NO_VALUE))
        legend_below(figure, handles)
    return figure


def draw_slopes(axes, part, x, y):
    """Lines of the slopes 1/3 and 1/2 where the map has them, through the nodes; {slope: entry of the legend}."""
    values = part.transpose(y, x).values
    if min(values.shape) < 2 or not numpy.isfinite(values).any():
        return {}
    low, high = numpy.nanmin(values), numpy.nanmax(values)
    entries = {}
    for slope, (text, dashes) in SLOPES.items():
        if low < slope < high:
            axes.contour(
                part[x].values, part[y].values, numpy.ma.masked_invalid(values), levels=[slope], colors="white",
                linewidths=2.6, zorder=2,
            )  # fmt: skip
            axes.contour(
                part[x].values, part[y].values, numpy.ma.masked_invalid(values), levels=[slope], colors="black",
                linewidths=1.2, linestyles=[dashes], zorder=3,
            )  # fmt: skip
            entries[slope] = Line2D([], [], color="black", linewidth=1.2, linestyle=dashes, label=rf"$\delta$ = {text}")
    return entries


def draw_quality(cube, x, y, regions=None, fixed=None):
    """The quality of D over two axes, a panel per region: the worst one over the axes that are not held."""
    check_axes(cube, x, y)
    quality = selection.quantity(cube, "quality", along=("region", x, y))
    numbers = {name: value for value, name in flag_names(quality).items()}
    unknown = sorted(set(numbers) - set(SEVERITY))
    if unknown:
        raise PlotError(f"{name_of(cube)}: quality has the flag '{unknown[0]}'; known are {', '.join(SEVERITY)}")
    names = selection.regions(cube, regions)
    severity = quality.copy(data=numpy.full(quality.shape, numpy.nan)).astype(float)
    for rank, name in enumerate(SEVERITY):
        severity = severity.where(quality != numbers.get(name, -1), rank)
    reduced = []

    def worst(part, open_axes):
        reduced.extend(open_axes)
        return part.max(open_axes)

    everything, _ = selection.hold(cube, severity.sel(region=names), {x, y}, fixed or {}, lambda part, _: part)
    part, held = selection.hold(cube, severity.sel(region=names), {x, y}, fixed or {}, worst)
    with plt.rc_context(style.STYLE):
        figure, axes = panels(len(names))
        n = len(SEVERITY)
        colours = ListedColormap([QUALITY_COLOURS[name] for name in SEVERITY])
        extra = [f"worst over {' and '.join(style.SYMBOLS[name] for name in reduced)}"] if reduced else []
        for i, (panel, title) in enumerate(zip(axes, titles(names, cube, held, extra), strict=True)):
            draw_mesh(panel, part.isel(region=i), x, y, norm=BoundaryNorm(numpy.arange(n + 1) - 0.5, n), cmap=colours)
            panel.set_title(title)
        handles = []
        for rank, name in enumerate(SEVERITY):
            count = int((everything == rank).sum())
            label = f"{name.replace('_', ' ')}: {count} of {everything.size}"
            handles.append(Patch(facecolor=QUALITY_COLOURS[name], edgecolor="0.4", linewidth=0.6, label=label))
        style.legend_beside(axes[-1], handles, "values of D")
    return figure


def draw_error(cube, x, y, axis=None, regions=None, fixed=None, side=None):
    """The relative error of look-ups between nodes over two axes: the largest over the axes that are not held, and over all
    axes of interpolation or along `axis` alone. `side` is the file of `dmumu refine --errors`, or None."""
    check_axes(cube, x, y)
    errors = refinement.read_errors(cube, side)
    if axis is not None and axis not in errors:
        raise PlotError(f"{name_of(cube)} has no interpolation error along '{axis}' (--axis); it has {', '.join(errors)}")
    names = selection.regions(cube, regions)
    chosen = errors if axis is None else {axis: errors[axis]}
    with plt.rc_context(style.STYLE):
        figure, grid = plt.subplots(
            len(chosen), len(names), figsize=(1.9 + 3.4 * len(names), 0.8 + 3.0 * len(chosen)), sharex=True, sharey=True,
            squeeze=False, layout="constrained",
        )  # fmt: skip
        parts = {name: worst_error(cube, error, x, y, names, fixed) for name, error in chosen.items()}
        everything = numpy.concatenate([part.values.ravel() for part, _, _ in parts.values()])
        norm, _ = norm_of(xarray.DataArray(everything, name="error"), f"{name_of(cube)}: the interpolation error")
        for row, (name, (part, held, reduced)) in zip(grid, parts.items(), strict=True):
            extra = [f"along {style.SYMBOLS[name]}"]
            extra += [f"worst over {', '.join(style.SYMBOLS[other] for other in reduced)}"] if reduced else []
            for i, (panel, title) in enumerate(zip(row, titles(names, cube, held, extra), strict=True)):
                mesh = draw_mesh(panel, part.isel(region=i), x, y, norm=norm, cmap="viridis")
                panel.set_title(title)
                panel.set_xlim(cube[x].values[0], cube[x].values[-1])
                panel.set_ylim(cube[y].values[0], cube[y].values[-1])
        colour_bar(figure, mesh, grid, "Relative error of look-ups between nodes", aspect=25 * len(chosen))
        if not numpy.isfinite(everything).all():
            legend_below(figure, [Patch(label="not computed", **NO_VALUE)])
    return figure


def worst_error(cube, error, x, y, names, fixed):
    """(map, held, axes reduced) of one error: the nearest cell where an axis is held, else the largest along it."""
    if error.sizes["region"] == cube.sizes["region"]:
        error = error.sel(region=names)
    else:
        error = error.isel(region=[0] * len(names))
    held, reduced = {}, []
    for name in selection.NUMERIC:
        value = (fixed or {}).get(name)
        if name in (x, y):
            if value is not None:
                raise PlotError(f"{selection.option(name)} {value:g} holds an axis that the figure varies; leave it out")
            if error.sizes[name] == 1 and name not in error.coords:
                error = error.isel({name: [0] * cube.sizes[name]}).assign_coords({name: cube[name]})
        elif value is not None and name in error.coords:
            selection.check_inside(cube, name, value)
            error = selection.nearest(error, **{name: value})
            held[name] = float(error[name])
        else:
            if cube.sizes[name] > 1:
                reduced.append(name)
            error = error.max(name)
    return error, held, reduced
