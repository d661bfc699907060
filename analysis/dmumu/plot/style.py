"""How the figures look: type, colours that the colour-blind tell apart, labels with units, ticks, legends."""

import re

import matplotlib
import numpy
from matplotlib.colors import ListedColormap
from matplotlib.lines import Line2D
from matplotlib.ticker import AutoMinorLocator, LogLocator, NullFormatter

__all__ = ["STYLE", "SYMBOLS", "axis_label", "categorical", "curve", "gap_ends", "legend_beside", "sequential", "tidy"]

STYLE = {
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.linewidth": 0.8,
    "legend.fontsize": 9,
    "legend.title_fontsize": 9,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "ytick.right": True,
    "pdf.fonttype": 42,  # text stays text
    "svg.fonttype": "path",
    "svg.hashsalt": "dmumu",  # the same figure is the same file
    "hatch.linewidth": 0.5,
    "hatch.color": "0.6",
}
SYMBOLS = {
    "region": "region",
    "alfven_mach": r"$M_\mathrm{A}$",
    "beta": r"$\beta$",
    "injection_scale": r"$L$",
    "rigidity": r"$\rho$",
}
NAMES = {
    "region": "Region",
    "alfven_mach": r"Alfvénic Mach number $M_\mathrm{A}$",
    "beta": r"Plasma beta $\beta$",
    "injection_scale": r"Injection scale $L$",
    "rigidity": r"Rigidity $\rho$",
    "D": r"Diffusion coefficient $D$",
    "D_fast": r"$D$, fast modes alone",
    "D_alfven": r"$D$, Alfvén modes alone",
    "D_slow": r"$D$, slow modes alone",
    "slope": r"Local slope $\delta = \mathrm{d}\,\ln D/\mathrm{d}\,\ln\rho$",
    "mean_free_path": r"Mean free path $3D/c$",
    "rel_error": r"Estimated relative error of $D$",
    "mu_star": r"Largest confined pitch-angle cosine $\mu_*$",
    "x_c": r"Viscous cut-off $x_\mathrm{c} = k_\mathrm{c} L$",
}
LINEAR = {"mu_star", "slope", "quality", "state"}  # the others are drawn on a logarithmic scale
# Okabe & Ito's colours, in an order that also steps in lightness.
CATEGORIES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7")
DASHES = ("-", (0, (6, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)))


def unit_text(variable, form=" [{}]"):
    """The units of a variable as LaTeX in `form`, nothing where it has none: 'cm2 s-1' is cm$^2$ s$^{-1}$."""
    units = str(variable.attrs.get("units", "1"))
    return "" if units == "1" else form.format(re.sub(r"(?<=[A-Za-z])(-?\d+)", r"$^{\1}$", units))


def axis_label(variable):
    """Name and unit of a quantity, for an axis or a colour bar."""
    name = NAMES.get(variable.name) or str(variable.attrs.get("long_name", variable.name))
    return name[0].upper() + name[1:] + unit_text(variable)


def scale_of(variable):
    """"log" or "linear": as a coordinate of the cube says, else by the kind of quantity."""
    if "axis_scale" in variable.attrs:
        return str(variable.attrs["axis_scale"])
    return "linear" if variable.name in LINEAR else "log"


def sequential(n):
    """n colours that rise evenly in lightness; the end that white paper swallows is left out."""
    return ListedColormap(matplotlib.colormaps["viridis"](numpy.linspace(0, 0.9, n)))


def categorical(i):
    """(colour, dashes) of the i-th of a few things without an order."""
    return CATEGORIES[i % len(CATEGORIES)], DASHES[i % len(DASHES)]


def gap_ends(values):
    """Indices of the last finite value before each gap and of the first one after."""
    finite = numpy.isfinite(values)
    before = finite & ~numpy.append(finite[1:], True)
    after = finite & ~numpy.insert(finite[:-1], 0, True)
    return numpy.flatnonzero(before | after)


def curve(axes, x, y, colour, dashes="-", label=None, width=1.5, zorder=2):
    """One curve, and an open circle where a gap of NaN begins or ends."""
    axes.plot(x, y, color=colour, linestyle=dashes, linewidth=width, label=label, zorder=zorder, solid_capstyle="butt")
    ends = gap_ends(y)
    if len(ends):
        axes.plot(
            x[ends], y[ends], linestyle="none", marker="o", markersize=3.5, markerfacecolor="white", markeredgewidth=0.9,
            color=colour, zorder=zorder,
        )  # fmt: skip


def tidy(axes, grid=True):
    """Decades on logarithmic axes, minor ticks within them where they are few, a faint grid behind the curves."""
    for axis in (axes.xaxis, axes.yaxis):
        if axis.get_scale() == "log":
            low, high = sorted(axis.get_view_interval())
            if high / low > 30:
                within = range(2, 10) if high / low < 1e10 else (1,)
                axis.set_major_locator(LogLocator(numticks=10))
                axis.set_minor_locator(LogLocator(subs=within, numticks=100))
                axis.set_minor_formatter(NullFormatter())
        else:
            axis.set_minor_locator(AutoMinorLocator())
    if grid:
        axes.grid(which="major", color="0.9", linewidth=0.6)
    axes.set_axisbelow(True)


def gap_handle():
    """What the open circles mean, for a legend."""
    return Line2D(
        [], [], linestyle="none", marker="o", markersize=3.5, markerfacecolor="white", markeredgewidth=0.9, color="0.3",
        label="no value beyond",
    )  # fmt: skip


def legend_beside(axes, handles=None, title=None):
    """A legend to the right of a panel, where no curve is."""
    handles = axes.get_legend_handles_labels()[0] if handles is None else handles
    return axes.legend(
        handles=handles, title=title, loc="upper left", bbox_to_anchor=(1.03, 1.0), borderaxespad=0, frameon=False,
        handlelength=2.6, alignment="left",
    )  # fmt: skip


def power_text(value, digits=4):
    """1e6 as 10^6, 3e6 as 3 x 10^6, 250 as 250."""
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    mantissa, exponent = float(mantissa), int(exponent)
    if -3 < exponent < 4:
        return f"{mantissa * 10.0**exponent:g}"
    return rf"$10^{{{exponent}}}$" if mantissa == 1 else rf"${mantissa:g} \times 10^{{{exponent}}}$"
