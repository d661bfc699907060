#!/usr/bin/python3
"""Draw the table of `make certify`: relative error of D against R, M_A and beta, and achieved against estimated error.

    analysis/figures/certify.py build/certify.csv -o build/certify.png       (or .pdf, .svg)

One colour and one symbol per tolerance, told apart in grey and by the colour-blind as well; filled where the value is
`ok`, open where it is flagged `not_converged`. Errors below what the oracle knows are in the grey band.
"""

import argparse
import sys

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter

ORACLE_ERROR = 1e-8
FLOOR = 2e-11  # what is smaller is drawn here
TOP = 1.0
LOOKS = (("#0072B2", "o"), ("#E69F00", "s"), ("#CC3311", "^"))  # one per tolerance, from the coarsest
AXES = {
    "larmor_ratio": r"$R = r_\mathrm{L}/L$",
    "alfven_mach": r"Alfvénic Mach number $M_\mathrm{A}$",
    "beta": r"plasma beta $\beta$",
}
STYLE = {
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.linewidth": 0.8,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "ytick.right": True,
    "pdf.fonttype": 42,
}


def power_of_ten(value):
    """1e-4 as 10^-4."""
    return rf"$10^{{{round(np.log10(value))}}}$"


def with_value(table):
    """The rows at which both kernels have a value."""
    return table[np.isfinite(table["oracle_d_cm2_s"]) & np.isfinite(table["d_cm2_s"])]


def scatter(axes, x, rows, look):
    """Errors over x: filled where ok, open where flagged."""
    colour, symbol = look
    error = np.clip(rows["true_error"], FLOOR, TOP)
    flagged = rows["quality"] == "not_converged"
    axes.plot(
        x[~flagged], error[~flagged], symbol, color=colour, markersize=2.2, markeredgewidth=0, alpha=0.55, rasterized=True
    )
    axes.plot(
        x[flagged], error[flagged], symbol, color=colour, markersize=4.0, markerfacecolor="none", markeredgewidth=0.9,
        rasterized=True,
    )  # fmt: skip


def tidy(axes):
    """Logarithmic axes with a tick per decade, few of them labelled; the oracle's band behind all."""
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_ylim(0.7 * FLOOR, TOP)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(base=100 if axis is axes.yaxis else 10, numticks=9))
        axis.set_minor_locator(LogLocator(numticks=30))
        axis.set_minor_formatter(NullFormatter())
    axes.axhspan(0.5 * FLOOR, ORACLE_ERROR, color="0.93", zorder=0, linewidth=0)


def draw_against(axes, name, table, tolerances):
    """One panel: error against one coordinate, each tolerance a dashed line."""
    for tolerance, look in zip(tolerances, LOOKS, strict=False):
        rows = table[table["tolerance"] == tolerance]
        axes.axhline(tolerance, color=look[0], linewidth=0.9, linestyle=(0, (5, 3)))
        scatter(axes, rows[name], rows, look)
    tidy(axes)
    axes.set_xlabel(AXES[name])


def draw_honesty(axes, table, tolerances):
    """Achieved against estimated: on 1:1 the estimate is exact, above 3:1 it would be a third of the error."""
    for tolerance, look in zip(tolerances, LOOKS, strict=False):
        rows = table[table["tolerance"] == tolerance]
        scatter(axes, np.clip(rows["rel_error"], FLOOR, TOP), rows, look)
    line = np.array([1e-10, TOP])
    axes.plot(line, line, color="0.15", linewidth=1.0)
    axes.plot(line, 3 * line, color="0.15", linewidth=1.0, linestyle=":")
    tidy(axes)
    axes.set_xlim(1e-9, TOP)
    axes.set_xlabel("Estimated relative error")
    for factor, text, side in ((1, "1 : 1", 1), (3, "a third of the error", -1)):
        axes.annotate(
            text, (2e-2, 2e-2 * factor), xytext=(5 * side, -4 * side), textcoords="offset points", fontsize=9,
            ha="left" if side > 0 else "right", va="top" if side > 0 else "bottom",
        )  # fmt: skip


def legend_entries(tolerances):
    """Symbols of the tolerances, and what filled and open mean."""
    entries = [
        Line2D([], [], color=colour, marker=symbol, markersize=5, linewidth=0.9, linestyle=(0, (5, 3)),
               label=rf"tolerance {power_of_ten(tolerance)}")
        for tolerance, (colour, symbol) in zip(tolerances, LOOKS, strict=False)
    ]  # fmt: skip
    entries.append(
        Line2D([], [], color="0.3", marker="o", markersize=5, markerfacecolor="none", linestyle="none",
               label="flagged not_converged")
    )  # fmt: skip
    entries.append(Line2D([], [], color="0.88", linewidth=7, label="below the oracle's own error"))
    return entries


def draw(table):
    """The figure of a table."""
    tolerances = sorted(set(table["tolerance"]), reverse=True)
    if len(tolerances) > len(LOOKS):
        raise ValueError(f"{len(tolerances)} tolerances in the table; at most {len(LOOKS)} can be told apart")
    table = with_value(table)
    looks = LOOKS[: len(tolerances)]
    with plt.rc_context(STYLE):
        figure, grid = plt.subplots(2, 2, figsize=(10, 8.4), sharey=True, layout="constrained")
        panels = list(grid.flat)
        for axes, name in zip(panels, AXES, strict=False):
            draw_against(axes, name, table, tolerances[: len(looks)])
        draw_honesty(panels[3], table, tolerances)
        for row in grid:
            row[0].set_ylabel(r"Relative error of $D$, against the oracle")
        n = len(table) // len(tolerances)
        figure.suptitle(f"The production kernel against the oracle at {n} points of the whole range", fontsize=13)
        figure.get_layout_engine().set(rect=(0, 0.04, 1, 0.96))  # room for the legend
        figure.legend(handles=legend_entries(tolerances), loc="lower center", ncol=5, frameon=False, fontsize=9)
    return figure


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Errors of the production kernel, from the table of `make certify`.")
    parser.add_argument("table", help="CSV file written by `make certify`")
    parser.add_argument("-o", "--output", required=True, help="figure; its suffix says the format (png, pdf, svg)")
    options = parser.parse_args(arguments)
    try:
        table = np.genfromtxt(options.table, delimiter=",", names=True, dtype=None, encoding="utf-8")
        figure = draw(table)
    except (OSError, ValueError) as problem:
        print(f"certify.py: {options.table}: {str(problem).splitlines()[0]}", file=sys.stderr)
        return 1
    figure.savefig(options.output, dpi=160)
    return 0


if __name__ == "__main__":
    sys.exit(main())
