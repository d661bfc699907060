"""D_mumu(mu), from the text that `dmumu curve --pitch` writes."""

import re

import matplotlib.pyplot as plt
import numpy

from . import style
from .selection import PlotError

__all__ = ["draw_pitch", "read_pitch"]

MODES = {"fast": "fast", "alfven": "Alfvén", "slow": "slow"}
KINDS = {"transit_time": ("transit time", "-"), "gyro": ("gyro-resonance", (0, (6, 2)))}
MOST_PANELS = 6
DECADES = 12  # below the largest total that are drawn, where there is anything
AXES = {
    "region": (r"region: \[(\w+)\]", ""),
    "alfven_mach": (r"alfven_mach: \{.*values: \[([^\],]+)\]", ""),
    "beta": (r"beta: \{.*values: \[([^\],]+)\]", ""),
    "injection_scale": (r"injection_scale_pc: \{.*values: \[([^\],]+)\]", " pc"),
}


def read_pitch(path):
    """(table, title) of the output of `dmumu curve --pitch`: a structured array with a field per column, and the point that
    it is for. PlotError where the file is something else."""
    try:
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        raise PlotError(f"{path}: {getattr(problem, 'strerror', None) or 'not a text file'}") from problem
    headers = [line[1:].split() for line in lines if line.startswith("# rigidity_gv ")]
    if not headers or "D_total_per_s" not in headers[-1]:
        found = "it holds D(R)" if headers else "it has no line '# rigidity_gv mu ...'"
        raise PlotError(f"{path} is not the output of `dmumu curve --pitch`: {found}")
    names = headers[-1]
    rows = []
    for number, line in enumerate(lines, 1):
        if line.startswith("#") or not line.strip():
            continue
        try:
            row = tuple(float(text) for text in line.split())
        except ValueError:
            row = ()
        if len(row) != len(names):
            raise PlotError(f"{path}, line {number}: {len(names)} numbers are expected, as its header says")
        rows.append(row)
    if not rows:
        raise PlotError(f"{path} has a header, but no values")
    return numpy.array(rows, dtype=[(name, float) for name in names]), point_of("\n".join(lines))


def point_of(text):
    """'Halo:  M_A = 0.5, ...' from the header."""
    found = {name: re.search(pattern, text) for name, (pattern, _) in AXES.items()}
    region = found.pop("region")
    numbers = [
        f"{style.SYMBOLS[name]} = {float(match[1]):.4g}{AXES[name][1]}" for name, match in found.items() if match
    ]
    return ":  ".join([*([region[1].capitalize()] if region else []), ", ".join(numbers)])


def choose(path, present, wanted):
    """The rigidities of the file that are asked for, all by default."""
    if wanted is None:
        chosen = list(present)
    else:
        chosen = []
        for value in wanted:
            match = present[numpy.isclose(present, value, rtol=1e-6, atol=0)]
            if not len(match):
                raise PlotError(
                    f"{path}: --rigidity {value:g} is not in the file, which has "
                    f"{', '.join(f'{other:.6g}' for other in present)} GV"
                )
            chosen.append(float(match[0]))
    if len(chosen) > MOST_PANELS:
        raise PlotError(f"{path} has {len(chosen)} rigidities, and {MOST_PANELS} fit into a figure: choose with --rigidity")
    return chosen


def draw_panel(axes, rows):
    """Total, and each mode and kind of resonance that is not zero everywhere."""
    mu = rows["mu"]
    style.curve(axes, mu, rows["D_total_per_s"], "0.75", width=4.0, label="total", zorder=1.5)
    for i, (mode, name) in enumerate(MODES.items()):
        for kind, (text, dashes) in KINDS.items():
            column = f"D_{mode}_{kind}_per_s"
            if column in rows.dtype.names and (rows[column] > 0).any():
                values = numpy.where(rows[column] > 0, rows[column], numpy.nan)
                axes.plot(mu, values, color=style.CATEGORIES[i], linestyle=dashes, linewidth=1.5, label=f"{name}, {text}")


def draw_pitch(path, rigidities=None):
    """A panel per rigidity: D_mumu in 1/s against mu, total and contributions."""
    table, title = read_pitch(path)
    chosen = choose(path, numpy.unique(table["rigidity_gv"]), rigidities)
    if not (table["D_total_per_s"] > 0).any():
        raise PlotError(f"{path} has no positive D_mumu")
    columns = min(3, len(chosen))
    rows = -(-len(chosen) // columns)
    with plt.rc_context(style.STYLE):
        figure, grid = plt.subplots(
            rows, columns, figsize=(2.2 + 3.0 * columns, 0.7 + 3.1 * rows), sharex=True, sharey=True, squeeze=False,
            layout="constrained",
        )  # fmt: skip
        figure.get_layout_engine().set(wspace=0.05)  # 1.0 and 0.0 of neighbours apart
        panels = list(grid.flat)
        for axes, rigidity in zip(panels, chosen, strict=False):
            draw_panel(axes, table[table["rigidity_gv"] == rigidity])
            axes.set_title(rf"$\rho$ = {style.power_text(rigidity)} GV")
        for axes in panels[len(chosen) :]:
            axes.remove()
        top = numpy.nanmax(table["D_total_per_s"])
        for i, axes in enumerate(panels[: len(chosen)]):
            axes.set_yscale("log")
            axes.set_xlim(0, 1)
            axes.set_ylim(bottom=max(axes.get_ylim()[0], top * 10.0**-DECADES))
            style.tidy(axes)
            if i + columns >= len(chosen):
                axes.set_xlabel(r"Pitch-angle cosine $\mu$")
                axes.tick_params(labelbottom=True)
        for row in grid:
            row[0].set_ylabel(r"$D_{\mu\mu}$ [s$^{-1}$]")
        drawn = {}
        for axes in panels[: len(chosen)]:
            drawn.update((handle.get_label(), handle) for handle in axes.get_legend_handles_labels()[0])
        style.legend_beside(panels[min(columns, len(chosen)) - 1], list(drawn.values()))
        if title:
            figure.suptitle(title, fontsize=10)
    return figure
