"""The scale at which damping ends the fast cascade, against the angle between wave and field, in disk and halo."""

import matplotlib.pyplot as plt
import numpy
from matplotlib.lines import Line2D

from dmumu import damping

from . import style
from .selection import PlotError

__all__ = ["draw_truncation"]

RANGES = {"alfven_mach": (0.05, 3.0), "beta": (1e-3, 30.0), "x_c": (1e-3, 1e30), "injection_scale": (0.1, 1000.0)}
# The disk is a pale band under the line of the halo, so that one sees where they are the same.
LOOKS = {"halo": {"linewidth": 1.5, "zorder": 2}, "disk": {"linewidth": 5, "alpha": 0.4, "zorder": 1.5}}
LABELS = {"halo": "halo: collisionless", "disk": "disk: the smaller of that\nand viscous"}
LARGEST_LN = 400.0  # what is larger is drawn here, far above the figure
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
DECADES_ABOVE = 4  # above the largest x_max between 15 and 75 degrees


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
    regions = list(dict.fromkeys(regions))
    for name in regions:
        if name not in LOOKS:
            raise PlotError(f"--region {name}: no such region; there are disk, halo")
    if len(alfven_mach) > 1 and len(beta) > 1:
        raise PlotError("--alfven-mach and --beta both have several values; one of them may")
    over = "beta" if len(beta) > 1 else "alfven_mach"
    models = [(mach, b) for mach in alfven_mach for b in beta]
    colours = style.sequential(len(models)) if len(models) > 1 else lambda i: style.CATEGORIES[0]
    with plt.rc_context(style.STYLE):
        figure, axes = plt.subplots(figsize=(6.8 if injection_scale is None else 7.8, 4.2), layout="constrained")
        looks = LOOKS if len(regions) > 1 else {regions[0]: LOOKS["halo"]}
        top = 1.0
        for i, (mach, b) in enumerate(models):
            for name in regions:
                ln_x_max = damping.ln_x_max(ANGLE_DEG, mach, b, x_c if name == "disk" else None)
                x_max = numpy.exp(numpy.fmin(ln_x_max, LARGEST_LN))
                axes.plot(ANGLE_DEG, x_max, color=colours(i), **looks[name])
                inner = (ANGLE_DEG > 15) & (ANGLE_DEG < 75)
                top = max(top, numpy.max(x_max[inner]))
        axes.axhspan(1e-9, 1, color="0.9", linewidth=0, zorder=0)
        axes.set_yscale("log")
        axes.set_xlim(0, 90)
        axes.set_ylim(0.1, min(top * 10.0**DECADES_ABOVE, 1e30))
        axes.set_xticks(range(0, 91, 15))
        axes.set_xlabel("Angle between wave and field [degrees]")
        axes.set_ylabel(r"Truncation scale $x_\mathrm{max} = k_\mathrm{max} L$")
        style.tidy(axes)
        if injection_scale is not None:
            axes.tick_params(right=False, which="both")
            right = axes.twinx()
            right.set_yscale("log")
            right.set_ylim(*(injection_scale / x for x in axes.get_ylim()))
            style.tidy(right, grid=False)
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
        labels = LABELS if "halo" in regions else {"disk": "disk: the smaller of\ncollisionless and viscous"}
        handles += [Line2D([], [], color="0.3", label=labels[name], **looks[name]) for name in regions]
        handles.append(Line2D([], [], color="0.9", linewidth=8, label="no fast modes left"))
        if injection_scale is None:
            style.legend_beside(axes, handles)
        else:  # beyond the second axis, for which the layout makes no room by itself
            figure.get_layout_engine().set(rect=(0, 0, 0.7, 1))
            figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.71, 0.95), frameon=False, alignment="left")
    return figure
