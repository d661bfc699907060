#!/usr/bin/python3
"""Draw what `make bench-scale` simulated: efficiency, the master's load, the tail and the blocks against cores.

    analysis/figures/scale.py build/scale.csv -o docs/scale.png       (or .pdf, .svg)

One line per cube and threads per rank, told apart by colour (Okabe and Ito's, safe for the colour-blind), marker and
dashes. `computing` is the part of the threads' time that curves and tables took; efficiency counts against it what one
thread alone would not have done: filling the tables of an M_A on every rank that works there.
"""

import argparse
import csv
import sys

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import FuncFormatter, NullLocator

STYLE = {
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.linewidth": 0.8,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "ytick.right": True,
    "pdf.fonttype": 42,
}
LINES = (
    {"color": "#0072B2", "marker": "o", "linestyle": "-"},
    {"color": "#D55E00", "marker": "s", "linestyle": "--"},
    {"color": "#009E73", "marker": "^", "linestyle": "-."},
    {"color": "#CC79A7", "marker": "D", "linestyle": ":"},
)
WANTED = {"ranks": 4096, "efficiency": 0.9}
LOAD_LIMIT = 0.25  # DMUMU_MASTER_LOAD


def read(path):
    """The studies of the file, in its order: {(name, threads): {column: array}}."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    if not rows:
        raise ValueError("no rows")
    studies = {}
    for row in rows:
        studies.setdefault((row["cube"], int(row["threads"])), []).append(row)
    names = [name for name in rows[0] if name not in ("cube", "threads")]
    return {
        key: {name: np.array([float(row[name]) for row in study]) for name in names} | {"threads": key[1]}
        for key, study in studies.items()
    }


def text(name):
    return name.replace("10^7", "$10^7$").replace("M_A", "$M_A$")


def draw_lines(axes, studies, column):
    """`column` is a name or a function of a study."""
    for (name, threads), study in studies.items():
        values = np.array(column(study) if callable(column) else study[column])
        if axes.get_yscale() == "log":
            values[values <= 0] = np.nan  # one rank asks nobody and waits for nobody
        style = LINES[list(studies).index((name, threads)) % len(LINES)]
        axes.plot(study["ranks"] * threads, values, label=text(name), markersize=4, linewidth=1.5, **style)


def tidy(axes):
    axes.set_xscale("log")
    axes.set_xlim(0.8, 1.3e5)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}".replace(",", "\u202f")))
    axes.grid(which="major", color="0.9", linewidth=0.6)
    axes.set_axisbelow(True)


def mark(axes, value, text, **where):
    axes.axhline(value, color="0.35", linewidth=0.9, linestyle=(0, (4, 3)))
    axes.annotate(text, (1, value), textcoords="offset points", xytext=(2, -11), fontsize=8.5, color="0.35", **where)


def draw(studies):
    with plt.rc_context(STYLE):
        figure, grid = plt.subplots(2, 2, figsize=(10, 7.4), sharex=True, layout="constrained")
        (efficiency, computing), (load, tail) = grid
        draw_lines(efficiency, studies, "efficiency")
        efficiency.set_title("Efficiency against one thread")
        draw_lines(computing, studies, "computing")
        computing.set_title("Part of the threads' time in curves and tables")
        for axes in (efficiency, computing):
            axes.set_ylim(0, 1.05)
            mark(axes, WANTED["efficiency"], f"{WANTED['efficiency']:g}")
            axes.axvline(WANTED["ranks"], color="0.35", linewidth=0.9, linestyle=(0, (4, 3)))
        load.set_yscale("log")
        draw_lines(load, studies, "load")
        load.set_title("Part of rank 0's time spent on messages")
        mark(load, LOAD_LIMIT, "0.25: blocks grow")
        load.set_ylim(1e-5, 1.5)
        tail.set_yscale("log")
        draw_lines(tail, studies, lambda study: study["tail_s"] / study["seconds"])
        tail.set_title("Tail: first idle thread to the end, part of the run")
        tail.set_ylim(1e-5, 1.5)
        for axes in grid.flat:
            tidy(axes)
        for axes in grid[-1]:
            axes.set_xlabel("threads of all ranks")
        handles, labels = efficiency.get_legend_handles_labels()
        figure.get_layout_engine().set(rect=(0, 0, 1, 0.92))
        figure.legend(handles, labels, loc="upper center", ncols=2, frameon=False)
    return figure


def main(arguments=None):
    parser = argparse.ArgumentParser(description="The scheduler on many ranks, as simulated by `make bench-scale`.")
    parser.add_argument("csv", help="what build/scale wrote")
    parser.add_argument("-o", "--output", required=True, help="figure; its suffix says the format (png, pdf, svg)")
    options = parser.parse_args(arguments)
    try:
        studies = read(options.csv)
    except (OSError, ValueError, KeyError) as problem:
        print(f"scale.py: {options.csv}: {problem}", file=sys.stderr)
        return 1
    draw(studies).savefig(options.output, dpi=160)
    return 0


if __name__ == "__main__":
    sys.exit(main())
