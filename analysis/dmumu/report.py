"""One self-contained page about a cube: what was computed, on what, how accurate; figures; an explorer that works offline.

    dmumu report CUBE.h5 -o report.html
    PYTHONPATH=analysis python3 -m dmumu.report CUBE.h5 -o report.html          the same, without the program

The explorer has D(R) and its slope at every point of the grid, published D(R) over it if the program dmumu is found (in
$DMUMU, build/ or on PATH: `dmumu models` computes them). A cube too large for a page is thinned, which the page says.
"""

import argparse
import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np

from . import open_cube, quality_counts
from .page import figure_svg, page, table, text
from .plot import overview

__all__ = ["build", "main"]

HERE = pathlib.Path(__file__).resolve().parent
AXES = ("region", "alfven_mach", "beta", "injection_scale", "rigidity")
LABELS = {"region": "region", "alfven_mach": "M_A", "beta": "β", "injection_scale": "L", "rigidity": "R"}
LONG = {"region": "Region", "alfven_mach": "Alfvénic Mach number M_A", "beta": "Plasma beta β",
        "injection_scale": "Injection scale L", "rigidity": "Rigidity R (cursor)"}  # fmt: skip
UNITS = {"injection_scale": " pc", "rigidity": " GV"}
# Where the sliders begin, on the nearest points.
START = {"region": 1, "alfven_mach": 0.5, "beta": 0.14, "injection_scale": 100, "rigidity": 1000}
MOST_VALUES = 1_500_000
MEANINGS = {
    "ok": "the estimated error is within the tolerance",
    "not_confined": "no pitch angle has a mean free path within the zone: not the diffusive regime, no value",
    "not_converged": "the estimated error exceeds the tolerance",
    "failed": "outside the model's range, divergent, or a numerical failure, no value",
}
STYLE = """
.explorer { border: 1px solid var(--line); border-radius: 6px; padding: 1rem; background: var(--shade); }
.sliders { display: grid; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); gap: .5rem 1.5rem; margin-bottom: .8rem; }
.sliders label { display: grid; grid-template-columns: 1fr auto; font-size: .9rem; } .sliders input, .sliders select
{ grid-column: 1 / -1; width: 100%; } .sliders output { font-weight: 600; font-variant-numeric: tabular-nums; }
.explorer svg { width: 100%; height: auto; background: #fff; font: 12px system-ui, sans-serif; display: block; margin-top: .3rem; }
:focus-visible { outline: 3px solid #2a5d8f; outline-offset: 2px; }
.grid { stroke: #e6e9ed; } .frame { fill: none; stroke: #444; } .label { font-size: 13px; } .band { fill: #7f8b99; opacity: .25; }
.model { fill: none; stroke: #7f8b99; stroke-width: .8; } .curve { fill: none; stroke: #004f8a; stroke-width: 2.2; }
.kept { fill: none; stroke-width: 1.6; stroke-dasharray: 6 3; } .cursor { stroke: #b03060; stroke-dasharray: 3 3; }
.dot { fill: #b03060; } #readout { font-weight: 600; min-height: 1.5em; font-variant-numeric: tabular-nums; }
#models { columns: 17rem; font-size: .85rem; border: 1px solid var(--line); } #models label { display: block; }
#kept { font-size: .85rem; } details pre { overflow-x: auto; background: var(--shade); padding: .7rem; font-size: .8rem; }
"""


def thinned(cube):
    """The cube with few enough values for a page, and a sentence about what was left out (empty: nothing)."""
    steps = dict.fromkeys(AXES[1:], 1)

    def sizes():
        return {name: len(range(0, cube.sizes[name], step)) for name, step in steps.items()}

    while cube.sizes["region"] * np.prod(list(sizes().values()), dtype=float) > MOST_VALUES:
        longest = max(sizes(), key=sizes().get)
        steps[longest] *= 2
    left = [f"one value in {step} of {LABELS[name]}" for name, step in steps.items() if step > 1]
    part = cube.isel({name: slice(None, None, step) for name, step in steps.items()})
    return part, f"The cube is too large for a page: the explorer has {', '.join(left)}." if left else ""


def find_program():
    """The program dmumu, or None."""
    built, installed = HERE / "../../build/dmumu", HERE / "../../../../bin/dmumu"
    for path in (os.environ.get("DMUMU"), built, installed, shutil.which("dmumu")):
        if path and os.access(path, os.X_OK):
            return str(path)
    return None


def published(rigidity):
    """[{name, title, log10_d, slope}] of the registry, from `dmumu models`; [] without the program."""
    program = find_program()
    if program is None:
        return []
    listed = subprocess.run([program, "models"], capture_output=True, text=True, check=True).stdout.splitlines()
    names = [line.split()[0] for line in listed[2:] if line.strip() and not line.startswith("`")]
    values = ",".join(f"{r:.17g}" for r in rigidity)
    models = []
    for name in names:
        lines = subprocess.run(
            [program, "models", name, "--rigidity", values], capture_output=True, text=True, check=True
        ).stdout.splitlines()
        rows = np.array([line.split() for line in lines if not line.startswith("#")], float)
        models.append({
            "name": name, "title": lines[0].lstrip("# "), "log10_d": np.log10(rows[:, 1]).round(5).tolist(),
            "slope": rows[:, -1].round(4).tolist(),
        })  # fmt: skip
    return models


def plain(value):
    """Three digits, without an exponent where people would not write one."""
    return f"{float(f'{value:.3g}'):,.0f}" if 1000 <= value < 1e7 else f"{value:.3g}"


def axis_data(cube, name):
    """What the explorer knows of an axis."""
    if name == "region":
        texts = [str(value) for value in cube["region"].values]
        return {"name": name, "label": "region", "values": list(range(len(texts))), "texts": texts,
                "start": len(texts) - 1}  # fmt: skip
    values = cube[name].values
    start = int(np.argmin(abs(np.log(values / START[name]))))
    return {"name": name, "label": LABELS[name], "values": values.tolist(),
            "texts": [plain(value) + UNITS.get(name, "") for value in values], "start": start}  # fmt: skip


def explorer_data(cube, models):
    """All that explorer.js reads, as JSON that cannot end its own element."""
    d = cube["D"].transpose(*AXES).values
    log10_d = np.log10(d, where=d > 0, out=np.full(d.shape, np.nan)).astype("<f4")
    finite = log10_d[np.isfinite(log10_d)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (27.0, 31.0)
    data = {
        "axes": [axis_data(cube, name) for name in AXES],
        "log10_d": base64.b64encode(log10_d.tobytes()).decode(),
        "range": [np.floor(low * 2) / 2 - 0.1, np.ceil(high * 2) / 2 + 0.1],
        "models": models,
    }
    return json.dumps(data).replace("<", "\\u003c")


def slider(i, axis):
    """One labelled control; `output` shows its value."""
    label = f"<span>{text(LONG[axis['name']])}</span><output id='value-{i}' for='axis-{i}'></output>"
    if axis["name"] == "region":
        options = "".join(
            f"<option value='{k}'{' selected' if k == axis['start'] else ''}>{text(name)}</option>"
            for k, name in enumerate(axis["texts"])
        )
        return f"<label>{label}<select id='axis-{i}'>{options}</select></label>"
    last = len(axis["values"]) - 1
    return f"<label>{label}<input id='axis-{i}' type='range' min='0' max='{last}' step='1' value='{axis['start']}'></label>"


def explorer(cube, note):
    """The explorer's markup, with its data."""
    models = published(cube["rigidity"].values)
    axes = [axis_data(cube, name) for name in AXES]
    boxes = "".join(
        f"<label><input type='checkbox' id='model-{i}'{' checked' if not m['name'].startswith('feng') else ''}> "
        f"{text(m['title'])}</label>"
        for i, m in enumerate(models)
    )
    said = boxes or "The program dmumu was not found when this page was made, so it has no published curves."
    return (
        f"<div class='explorer'><div class='sliders'>{''.join(slider(i, axis) for i, axis in enumerate(axes))}</div>"
        "<p id='readout' role='status' aria-live='polite'></p>"
        "<svg id='plot-d' viewBox='0 0 720 380' role='img' aria-label='D against rigidity'></svg>"
        "<svg id='plot-slope' viewBox='0 0 720 210' role='img' aria-label='Local slope of D against rigidity'></svg>"
        "<p><button id='keep' type='button'>Keep this curve</button> <button id='clear' type='button'>Forget those kept</button></p>"
        f"<ul id='kept'></ul><fieldset id='models'><legend>Published D(R): thin lines, and grey between them</legend>{said}</fieldset>"
        f"<p class='quiet'>Tab goes from control to control, the arrow keys move a slider, space ticks a box. {text(note)} Published "
        "curves have halo heights of their own, and D and height are degenerate in the measurements behind them: compare slopes "
        "rather than levels.</p></div>"
        f"<script type='application/json' id='cube'>{explorer_data(cube, models)}</script>"
    )


def axes_table(cube):
    rows = []
    for name in AXES:
        values = cube[name].values
        if name == "region":
            rows.append([LONG[name], str(len(values)), ", ".join(str(v) for v in values), ""])
        else:
            shown = ", ".join(f"{v:.4g}" for v in values) if len(values) <= 12 else f"{values[0]:.4g} to {values[-1]:.4g}"
            rows.append([LONG[name].replace(" (cursor)", ""), str(len(values)), shown, cube[name].attrs.get("units", "")])
    return table(["axis", "values", "which", "unit"], rows, left=(2, 3))


def draw_errors(cube):
    """Histogram of rel_error by quality, with the tolerance if the configuration says it."""
    error, quality = cube["rel_error"].values.ravel(), cube["quality"].values.ravel()
    figure, axes = plt.subplots(figsize=(8, 3.2), layout="constrained")
    found = {name: error[(quality == code) & (error > 0)] for code, name in ((0, "ok"), (2, "not_converged"))}
    both = np.concatenate(list(found.values()))
    if both.size:
        bins = np.linspace(np.floor(np.log10(both.min())), np.ceil(np.log10(both.max())) + 1e-9, 60)
        axes.hist([np.log10(values) for values in found.values()], bins=bins, stacked=True, label=list(found),
                  color=["#2a5d8f", "#d55e00"])  # fmt: skip
        axes.legend(frameon=False)
        axes.set_yscale("log")
    axes.set_xlabel("log10 of the estimated relative error of D")
    axes.set_ylabel("values")
    return figure


def accuracy(cube):
    """Counts of each quality and the histogram."""
    counts = quality_counts(cube)
    total = cube["D"].size
    rows = [[name, f"{n:,}", f"{100 * n / total:.3g} %", MEANINGS.get(name, "")] for name, n in counts.items()]
    pending = total - sum(counts.values())
    if pending:
        rows.append(["pending", f"{pending:,}", f"{100 * pending / total:.3g} %", "the scan had not come to them"])
    made = table(["quality", "values", "share", "meaning"], rows, left=(3,))
    if "rel_error" in cube:
        error = cube["rel_error"].values
        error = error[np.isfinite(error)]
        if error.size:
            made += (
                f"<p>Estimated relative error of D, numerical: median {np.median(error):.2g}, 99 % below "
                f"{np.quantile(error, 0.99):.2g}, largest {error.max():.2g}. It says what the quadrature may be off, not how well "
                "the model holds.</p>"
            )
        figure = draw_errors(cube)
        made += figure_svg(figure, "Histogram of the estimated relative error", "Estimated relative errors, by quality.")
        plt.close(figure)
    return made


def families(cube):
    """Families of curves over M_A and over beta."""
    figure = overview.draw(cube, {"alfven_mach": 0.5, "beta": 0.1, "injection_scale": 100})
    made = figure_svg(figure, "D against rigidity in each region, over Mach number and over beta")
    plt.close(figure)
    return made


def provenance(cube):
    """The root attributes, long ones folded."""
    rows, long = [], ""
    for name, value in cube.attrs.items():
        words = str(value).strip()
        if "\n" in words or len(words) > 110:
            long += f"<details><summary>{text(name)}</summary><pre>{text(words)}</pre></details>"
        else:
            rows.append([name, words])
    return table(["attribute", "value"], rows, left=(1,)) + long


def build(cube_path):
    """The page of a cube as text."""
    cube = open_cube(cube_path)
    title = str(cube.attrs.get("title", "")) or pathlib.Path(cube_path).name
    part, note = thinned(cube)
    n_curves = cube["D"].size // cube.sizes["rigidity"]
    body = (
        f"<style>{STYLE}</style><h1>{text(title)}</h1><p class='quiet'>{text(pathlib.Path(cube_path).name)}: {n_curves:,} curves of "
        f"{cube.sizes['rigidity']} rigidities; dmumu {text(cube.attrs.get('version', ''))}; data_hash "
        f"<code>{text(cube.attrs.get('data_hash', 'none: not finished'))}</code></p>"
        "<p>The diffusion coefficient D(R) of cosmic rays along the mean field, from pitch-angle scattering on MHD turbulence, at "
        "each point of a grid.</p>"
        f"<h2>What was computed</h2>{axes_table(cube)}"
        f"<h2 class='screen'>Explorer</h2><div class='screen'>{explorer(part, note)}</div>"
        f"<h2>Families</h2>{families(cube)}<h2>How accurate</h2>{accuracy(cube)}"
        f"<h2>On what, from what</h2>{provenance(cube)}"
    )
    return page(title, body, (HERE / "explorer.js").read_text(encoding="utf-8"))


def write(path, made, overwrite):
    """The page under its name, all of it or nothing: it is `PATH.part` until it is complete."""
    path, part = pathlib.Path(path), pathlib.Path(f"{path}.part")
    if path.exists() and not path.is_file():  # a device or a pipe, which is to stay one
        path.write_text(made, encoding="utf-8")
        return
    try:
        part.write_text(made, encoding="utf-8")
        if not overwrite and path.exists():  # made by somebody else in the meantime
            raise FileExistsError(f"{path} exists; --overwrite replaces it")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def main(arguments=None):
    """The command line."""
    parser = argparse.ArgumentParser(prog="python3 -m dmumu.report", description="One self-contained page about a cube.")
    parser.add_argument("cube", help="HDF5 file written by `dmumu scan`")
    parser.add_argument("-o", "--output", required=True, help="the page, .html")
    parser.add_argument("--overwrite", action="store_true", help="the page may exist")
    options = parser.parse_args(arguments)
    output = pathlib.Path(options.output)
    if not options.overwrite and output.exists():
        print(f"dmumu.report: {output} exists; --overwrite replaces it", file=sys.stderr)
        return 2
    if not output.parent.is_dir():
        print(f"dmumu.report: {output} cannot be written: there is no folder {output.parent}", file=sys.stderr)
        return 2
    try:
        made = build(options.cube)
        write(options.output, made, options.overwrite)
    except (OSError, ValueError) as problem:
        print(f"dmumu.report: {problem}", file=sys.stderr)
        return 1
    print(f"page    {options.output}  ({len(made) / 1e6:.1f} MB)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
