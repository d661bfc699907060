"""The scale at which damping ends the fast cascade, against the angle between wave and field, in disk and halo."""

import matplotlib.pyplot as plt
import numpy
from matplotlib.lines import Line2D

from dmumu import damping

from . import style
from .selection import PlotError

__all__ = ["draw_truncation"]

RANGES = {"alfven_mach": (0.05, 3.0), "beta": (1e-3, 30.0), "x_c": (1e-3, 1e30), "injection_scale": (0.1, 1000.0)}
DASHES = {"halo": "-", "disk": (0, (5, 2))}
# Every third of a degree, closer where x_max runs away: along the field and across it.
ANGLE_DEG = numpy.unique(
    numpy.concatenate(
        [
            numpy.linspace(0, 90, 271)[1:-1],
            numpy.geomspace(1e-2, 1, 60),
            90 - numpy.geomspace(1e-2, 1, 60),
            numpy.degrees(numpy.arccos(numpy.sqrt(1 / 3))) + numpy.linspace(-1, 1, 121),
        ]
    )
)
DECADES_ABOVE = 3  # above the largest x_max between 5 and 85 degrees


def check(name, values):
    """PlotError where a value is outside of what the model allows."""
    low, high = RANGES[name]
    for value in values:
        if not low <= value <= high:
            raise PlotError(f"--{name.replace('_', '-')} {value:g} is outside of {low:g} to {high:g}")


def draw_truncation(alfven_mach=(0.5,), beta=(0.14,), x_c=1e6, regions=("disk", "halo"), injection_scale=None):
    """x_max(angle) for a family over M_A or over beta; with injection_scale in pc also 1/k_max in pc, on the right."""
    check("alfven_mach", alfven_mach)
    check("beta", beta)
    check("x_c", [x_c])
    check("injection_scale", [] if injection_scale is None else [injection_scale])
    for name in regions:
        if name not in DASHES:
            raise PlotError(f"--region {name}: no such region; there are disk, halo")
    if len(alfven_mach) > 1 and len(beta) > 1:
        raise PlotError("--alfven-mach and --beta both have several values; one of them may")
    over = "beta" if len(beta) > 1 else "alfven_mach"
    models = [(mach, b) for mach in alfven_mach for b in beta]
    colours = style.sequential(len(models)) if len(models) > 1 else lambda i: style.CATEGORIES[0]
    with plt.rc_context(style.STYLE):
        figure, axes = plt.subplots(figsize=(6.4, 4.2), layout="constrained")
        top = 1.0
        for i, (mach, b) in enumerate(models):
            for name in regions:
                x_max = damping.x_max(ANGLE_DEG, mach, b, x_c if name == "disk" else None)
                axes.plot(ANGLE_DEG, x_max, color=colours(i), linestyle=DASHES[name], linewidth=1.5)
                inner = (ANGLE_DEG > 5) & (ANGLE_DEG < 85)
                top = max(top, numpy.max(x_max[inner & numpy.isfinite(x_max)]))
        axes.axhspan(1e-9, 1, color="0.9", linewidth=0, zorder=0)
        axes.set_yscale("log")
        axes.set_xlim(0, 90)
        axes.set_ylim(0.1, top * 10.0**DECADES_ABOVE)
        axes.set_xticks(range(0, 91, 15))
        axes.set_xlabel("Angle between wave and field [degrees]")
        axes.set_ylabel(r"Truncation scale $x_\mathrm{max} = k_\mathrm{max} L$")
        style.tidy(axes)
        if injection_scale is not None:
            axes.tick_params(right=False, which="both")
            right = axes.secondary_yaxis("right", functions=(lambda x: injection_scale / x, lambda s: injection_scale / s))
            right.set_ylabel(rf"$1/k_\mathrm{{max}}$ [pc] for $L$ = {injection_scale:g} pc")
        other = "alfven_mach" if over == "beta" else "beta"
        constant = {"alfven_mach": alfven_mach, "beta": beta}[other][0]
        texts = [f"{style.SYMBOLS[other]} = {constant:.4g}"]
        if "disk" in regions:
            texts.append(rf"$x_\mathrm{{c}}$ = {style.power_text(x_c)}")
        axes.set_title(", ".join(texts))
        handles = [
            Line2D([], [], color=colours(i), label=f"{style.SYMBOLS[over]} = {(mach if over == 'alfven_mach' else b):.4g}")
            for i, (mach, b) in enumerate(models)
        ]
        kinds = {"halo": "halo: collisionless", "disk": "disk: and viscous"}
        handles += [Line2D([], [], color="0.3", linestyle=DASHES[name], label=kinds[name]) for name in regions]
        handles.append(Line2D([], [], color="0.9", linewidth=8, label="no fast modes left"))
        legend = style.legend_beside(axes, handles)
        if injection_scale is not None:
            legend.set_bbox_to_anchor((1.24, 1.0))
    return figure
