#!/usr/bin/python3
"""B/C and B/O of AMS-02, DAMPE and CALET against a cube: a page that says what the data say. `make report` calls it.

    analysis/figures/against_data.py formula=CUBE,FIT angle=CUBE,FIT both=CUBE,FIT --data FOLDER -o page.html [--pdf]

Three variants of one scan, each with the file that `dmumu fit` made of it: the formula's truncation angle, the published
script's, and that with its 1/8 for the disk as well. Every sentence with a number in it is made from the numbers.
"""

import argparse
import pathlib
import sys

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.backends.backend_pdf import PdfPages
from scipy.stats import chi2 as chi2_law

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import dmumu
from dmumu.likelihood import Ratios, curve, energy_gev_n
from dmumu.page import figure_svg, page, print_pdf, table

FILES = [
    "AMS-02_B_C_rigidity.txt",
    "AMS-02_B_O_rigidity.txt",
    "DAMPE_B_C_kineticEnergyPerNucleon.txt",
    "CALET_B_C_kineticEnergyPerNucleon.txt",
]
VARIANTS = {
    "formula": "formula",
    "angle": "published angle",
    "both": "published angle and 1/8",
}
# The published two-zone choices: M_A of disk and halo, at the beta and L of the published tables.
CHOICES = {"disk 0.4, halo 0.5": (0.4, 0.5), "disk 0.5, halo 0.5": (0.5, 0.5)}
BETA, SCALE_PC = 0.14, 100
# 900 pc of disk and 5100 pc of halo are the paper's zones: a half-thickness of 0.9 kpc and an edge at 6 kpc.
SIZE_KPC, HEIGHT_KPC = 0.9, 6.0
POINT = ("alfven_mach", "beta", "injection_scale")
COLOURS = {"best": "#000000", "disk 0.4, halo 0.5": "#0072b2", "disk 0.5, halo 0.5": "#d55e00"}
MARKERS = {"AMS-02": "o", "DAMPE": "s", "CALET": "^"}
STYLES = {"formula": "-", "angle": ":", "both": "--"}
STYLE = {"font.size": 9.5, "axes.linewidth": 0.8, "xtick.direction": "in", "ytick.direction": "in",
         "axes.titlesize": 10, "legend.fontsize": 8, "legend.frameon": False}  # fmt: skip


class Variant:
    """One cube and its fit."""

    def __init__(self, name, text):
        cube, fit = text.split(",")
        self.name, self.label = name, VARIANTS[name]
        self.cube = dmumu.open_cube(cube)
        self.fit = xarray.open_dataset(fit, engine="h5netcdf")
        self.freedom = int(self.fit.attrs["degrees_of_freedom"])

    def curve(self, region, point):
        """D(R) at (M_A, beta, L), which must be on the grid."""
        chosen = dict(zip(POINT, point, strict=True))
        part = dmumu.nearest(self.cube["D"].to_dataset(name="D"), **chosen)["D"].sel(region=region)
        for name, value in chosen.items():
            if not np.isclose(float(part[name]), value, rtol=1e-9):
                raise ValueError(f"{name} = {value:g} is not on the axis of the cube")
        return curve(part["rigidity"].values, part.values)

    def choice(self, name):
        """The two curves of a published choice."""
        disk, halo = CHOICES[name]
        return self.curve("disk", (disk, BETA, SCALE_PC)), self.curve("halo", (halo, BETA, SCALE_PC))

    def best_at(self, size, height):
        """(chi^2, disk point, halo point) of the best pair in one galaxy."""
        at = {"disk_size": size, "halo_height": height}
        part = self.fit.sel(at, method="nearest")
        points = [[float(part[f"galaxy_{region}_{axis}"]) for axis in POINT] for region in ("disk", "halo")]
        return float(part["chi2_disk_size_halo_height"]), *points

    def best_curves(self, size=SIZE_KPC, height=HEIGHT_KPC):
        """The two curves of the best pair in one galaxy."""
        _, disk, halo = self.best_at(size, height)
        return self.curve("disk", disk), self.curve("halo", halo)


def ams_bc(ratios):
    """The set of AMS-02's B/C."""
    return next(s for s in ratios.sets if s[0] == "AMS-02 B_C")


def judge(ratios, free, curves, size=SIZE_KPC, height=HEIGHT_KPC):
    """What a pair of curves is worth: chi^2 with k within 10 %, with k free, level and slope against AMS-02's B/C."""
    parts = ratios.parts(*curves, size, height)
    shape = free.parts(*curves, size, height)
    _, x, value, sigma, points = ams_bc(ratios)
    model = ratios.model(points, *curves, size, height)
    weight = (value / sigma) ** 2
    delta, log_x = np.log(model / value), np.log(x)
    level = np.average(delta, weights=weight)
    spread = log_x - np.average(log_x, weights=weight)
    tilt = (weight * spread * delta).sum() / (weight * spread**2).sum()
    return {
        "chi2": sum(p for p, _ in parts),
        "p": chi2_law.sf(sum(p for p, _ in parts), ratios.n_points),
        "free": sum(p for p, _ in shape),
        "p_free": chi2_law.sf(sum(p for p, _ in shape), ratios.n_points - len(shape)),
        "k": [k for _, k in shape],
        "level": float(np.exp(level)),
        "tilt": float(tilt),
        "tilt_error": float((weight * spread**2).sum() ** -0.5),
    }


def number(value, digits=3):
    """A number for people; a dash where there is none."""
    return "–" if not np.isfinite(value) else f"{value:.{digits}g}"


def chance(p):
    """A p-value for people."""
    if not np.isfinite(p) or p >= 0.01:
        return "–" if not np.isfinite(p) else f"{p:.2f}"
    mantissa, _, exponent = f"{p:.0e}".partition("e")
    return f"{mantissa}·10" + str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


# ---- figures


def lines(variants):
    """(label, curves, size, height, colour, style) of all that is drawn over the data."""
    drawn = []
    for variant in variants:
        if variant.name != "angle":
            label = f"best pair, {variant.label}"
            drawn.append((label, variant.best_curves(), COLOURS["best"], STYLES[variant.name]))
    for name in CHOICES:
        drawn.extend((f"{name}, {v.label}", v.choice(name), COLOURS[name], STYLES[v.name]) for v in variants)
    return drawn


def data_panel(axes, below, ratios, sets, everything, drawn, from_x):
    """Ratios over x on top, model over data below; what is below the fitted range is grey."""
    for label, x, value, sigma, points in everything.sets:
        if label in sets:
            experiment = label.split()[0]
            axes.errorbar(x, value, sigma, fmt=MARKERS[experiment], ms=3, lw=0.8, color="0.45", zorder=1, label=experiment)
            below.errorbar(x, np.ones_like(x), sigma / value, fmt=MARKERS[experiment], ms=2.5, lw=0.8, color="0.6", zorder=1)
    label = sets[0]
    quantity, axis = label.split()[1], "rigidity" if label.startswith("AMS") else "kineticEnergyPerNucleon"
    low = min(s[1].min() for s in everything.sets if s[0] in sets)
    high = max(s[1].max() for s in everything.sets if s[0] in sets)
    x = np.geomspace(low, high, 160)
    for name, curves, colour, style in drawn:
        smooth = ratios.smooth(quantity, axis, x, *curves, SIZE_KPC, HEIGHT_KPC)
        axes.plot(x, smooth, color=colour, ls=style, lw=1.3, label=name)
        for set_label, at, value, _, points in everything.sets:
            if set_label == label:
                model = ratios.model(points, *curves, SIZE_KPC, HEIGHT_KPC)
                below.plot(at, model / value, color=colour, ls=style, lw=1.1)
    for part in (axes, below):
        part.set_xscale("log")
        part.axvspan(low * 0.8, from_x, color="0.93", zorder=0, lw=0)
        part.set_xlim(low * 0.9, high * 1.1)
    axes.set_yscale("log")
    axes.set_title(f"{quantity.replace('_', '/')}, {' and '.join(s.split()[0] for s in sets)}")
    below.axhline(1, color="0.3", lw=0.6)
    below.set_yscale("log")
    below.set_ylim(0.2, 5)
    below.set_yticks([0.25, 0.5, 1, 2, 4], ["1/4", "1/2", "1", "2", "4"])
    below.set_yticks([], minor=True)
    below.set_xlabel("rigidity  [GV]" if axis == "rigidity" else "kinetic energy  [GeV/n]")


def draw_ratios(variants, ratios, everything):
    """Three panels: B/C and B/O over rigidity, B/C over energy."""
    with plt.rc_context(STYLE):
        figure = plt.figure(figsize=(11.5, 7.2), layout="constrained")
        places = figure.add_gridspec(3, 3, height_ratios=[2.2, 1, 0.45])
        top = [figure.add_subplot(places[0, i]) for i in range(3)]
        grid = np.array([top, [figure.add_subplot(places[1, i], sharex=top[i]) for i in range(3)]])
        drawn = lines(variants)
        sets = (["AMS-02 B_C"], ["AMS-02 B_O"], ["DAMPE B_C", "CALET B_C"])
        starts = (200, 200, float(energy_gev_n("C12", 200)))
        for column, (names, start) in enumerate(zip(sets, starts, strict=True)):
            data_panel(grid[0, column], grid[1, column], ratios, names, everything, drawn, start)
            grid[0, column].tick_params(labelbottom=False)
            grid[0, column].set_ylim(0.02, 1)
        grid[0, 0].set_ylabel("ratio (factor k = 1)")
        grid[1, 0].set_ylabel("model / data")
        handles, labels = grid[0, 0].get_legend_handles_labels()
        kept = [(h, n) for h, n in zip(handles, labels, strict=True) if n != "AMS-02"]
        add_legend(figure.add_subplot(places[2, :]), kept)
        for axes in top:
            points = [(h, n) for h, n in zip(*axes.get_legend_handles_labels(), strict=True) if n in MARKERS]
            axes.legend(*zip(*points, strict=True), loc="lower left")
    return figure


def add_legend(axes, entries):
    """A legend in a place of its own."""
    axes.axis("off")
    axes.legend(*zip(*entries, strict=True), loc="center", ncols=3)


def draw_d(variants):
    """D of disk and halo of each line."""
    with plt.rc_context(STYLE):
        figure = plt.figure(figsize=(10, 4.9), layout="constrained")
        places = figure.add_gridspec(2, 2, height_ratios=[1, 0.2])
        left = figure.add_subplot(places[0, 0])
        grid = [left, figure.add_subplot(places[0, 1], sharey=left)]
        r = np.geomspace(1, 1e5, 300)
        for name, curves, colour, style in lines(variants):
            for axes, d in zip(grid, curves, strict=True):
                axes.loglog(r, d(r), color=colour, ls=style, lw=1.3, label=name)
        for axes, region in zip(grid, ("disk", "halo"), strict=True):
            axes.set_title(f"D in the {region}")
            axes.set_xlabel("rigidity  [GV]")
            axes.axvspan(1, 200, color="0.93", zorder=0, lw=0)
            axes.set_xlim(1, 1e5)
        grid[0].set_ylabel(r"$D$  [cm$^2$ s$^{-1}$]")
        add_legend(figure.add_subplot(places[1, :]), list(zip(*left.get_legend_handles_labels(), strict=True)))
    return figure


MAPS = [
    ("disk_alfven_mach", "halo_alfven_mach"),
    ("disk_alfven_mach", "disk_beta"),
    ("disk_alfven_mach", "disk_injection_scale"),
    ("disk_size", "halo_height"),
    ("halo_alfven_mach", "halo_beta"),
    ("halo_alfven_mach", "halo_injection_scale"),
]


def axis_label(name):
    symbols = {"alfven_mach": "$M_\\mathrm{A}$", "beta": "$\\beta$", "injection_scale": "$L$ [pc]", "size": "size [kpc]",
               "height": "height [kpc]"}  # fmt: skip
    region, _, axis = name.partition("_")
    return f"{region} {symbols[axis]}"


def draw_maps(variant):
    """Marginal maps of chi^2 less its least, over the grid's own values."""
    least = float(variant.fit["best_chi2"][0])
    with plt.rc_context(STYLE):
        figure, grid = plt.subplots(2, 3, figsize=(11.5, 6.4), layout="constrained")
        for axes, (first, second) in zip(grid.flat, MAPS, strict=True):
            values = variant.fit[f"chi2_{first}_{second}"].transpose(second, first).values - least
            shown = axes.imshow(np.clip(values, 0, 100), origin="lower", aspect="auto", cmap="viridis_r",
                                norm=matplotlib.colors.PowerNorm(0.5, 0, 100))  # fmt: skip
            j, i = np.nonzero(values <= 4)
            axes.plot(i, j, "o", color="black", ms=3)
            if values.size <= 20:
                for j, i in np.ndindex(values.shape):
                    axes.annotate(f"{values[j, i]:.1f}", (i, j), (0, 7), textcoords="offset points", ha="center", fontsize=8)
            for set_ticks, name in ((axes.set_xticks, first), (axes.set_yticks, second)):
                ticks = variant.fit[name].values
                set_ticks(range(len(ticks)), [f"{v:g}" for v in ticks], fontsize=7)
            axes.tick_params(axis="x", rotation=60 if variant.fit.sizes[first] > 10 else 0)
            axes.set_xlabel(axis_label(first))
            axes.set_ylabel(axis_label(second))
        figure.colorbar(shown, ax=grid, label="$\\chi^2$ less its least, everything else free", pad=0.01, extend="max")
    return figure


# ---- text


def describe(point):
    """M_A, beta, L of a point, for a table."""
    return f"{point[0]:.3g}, {point[1]:.3g}, {point[2]:.3g}"


def spell(point):
    """The same in a sentence."""
    return f"M_A = {point[0]:.3g}, β = {point[1]:.3g}, L = {point[2]:.3g} pc"


def choice_rows(variants, ratios, free):
    """A row for each published choice and variant, and for each best pair in the same galaxy."""
    rows, found = [], {}
    for name in CHOICES:
        for variant in variants:
            found[name, variant.name] = result = judge(ratios, free, variant.choice(name))
            result["elsewhere"] = best_galaxy(variant, ratios, variant.choice(name))
            rows.append(row_of(f"{name}, {variant.label}", result))
    for variant in variants:
        found["best", variant.name] = result = judge(ratios, free, variant.best_curves())
        rows.append(row_of(f"best pair, {variant.label}", result))
    return rows, found


def best_galaxy(variant, ratios, curves):
    """(chi^2, size, height) of the galaxy of the fit's lists in which a pair does best."""
    sizes, heights = variant.fit["disk_size"].values, variant.fit["halo_height"].values
    return min((ratios.chi2(*curves, s, h), s, h) for s in sizes for h in heights)


def row_of(name, result):
    return [
        name, f"{result['chi2']:.1f}", chance(result["p"]), chance(result["p_free"]),
        f"{min(result['k']):.2f}–{max(result['k']):.2f}", f"{result['level']:.2f}",
        f"{result['tilt']:+.2f} ± {result['tilt_error']:.2f}",
        "{:.1f} ({:g}, {:g})".format(*result["elsewhere"]) if "elsewhere" in result else "",
    ]  # fmt: skip


def galaxy_rows(variants):
    rows = []
    for variant in variants:
        for size in variant.fit["disk_size"].values:
            for height in variant.fit["halo_height"].values:
                chi2, disk, halo = variant.best_at(size, height)
                p = chi2_law.sf(chi2, variant.freedom)
                rows.append([variant.label, f"{size:g}", f"{height:g}", f"{chi2:.1f}", chance(p), describe(disk), describe(halo)])
    return rows


def best_rows(variants):
    rows = []
    for variant in variants:
        for i in range(min(5, variant.fit.sizes["best"])):
            part = variant.fit.isel(best=i)
            points = [[float(part[f"best_{region}_{axis}"]) for axis in POINT] for region in ("disk", "halo")]
            rows.append([
                variant.label, str(i + 1), f"{float(part['best_chi2']):.2f}", chance(float(part["best_p_value"])),
                describe(points[0]), describe(points[1]), f"{float(part['best_disk_size']):g}",
                f"{float(part['best_halo_height']):g}",
                ", ".join(f"{k:.2f}" for k in part["best_normalisation"].values),
            ])  # fmt: skip
    return rows


def verdict(p):
    return "is compatible with the data" if p > 0.05 else "is in tension with the data" if p > 1e-3 else "is excluded by the data"


def allowed(variant, axis, more=4.0):
    """Values of an axis within `more` of the least chi^2, everything else free: first, last, how many, of how many."""
    other = "halo_height" if axis != "halo_height" else "disk_size"
    name = f"chi2_{axis}_{other}" if axis != "halo_height" else f"chi2_{other}_{axis}"
    profile = variant.fit[name].min(dim=other).values
    inside = np.flatnonzero(profile <= np.nanmin(profile) + more)
    values = variant.fit[axis].values
    return values[inside[0]], values[inside[-1]], len(inside), len(values)


def sentences(variants, found, ratios):
    """What the data say, from the numbers."""
    formula = next(v for v in variants if v.name == "formula")
    chi2, disk, halo = formula.best_at(SIZE_KPC, HEIGHT_KPC)
    part = formula.fit.isel(best=0)
    whole = float(part["best_chi2"])
    p = chi2_law.sf(whole, formula.freedom)
    said = [
        f"With the formula as it stands, the best pair of the grid {verdict(p)} above 200 GV: χ² = {whole:.1f} for "
        f"{formula.freedom} degrees of freedom (p = {chance(p)}), with {spell(part_point(part, 'disk'))} in the disk and "
        f"{spell(part_point(part, 'halo'))} in the halo, in a galaxy of {float(part['best_disk_size']):g} and "
        f"{float(part['best_halo_height']):g} kpc. In the paper's galaxy ({SIZE_KPC:g} and {HEIGHT_KPC:g} kpc) it is χ² = {chi2:.1f}, "
        f"with {spell(disk)} in the disk and {spell(halo)} in the halo.",
        survival(found, ratios),
    ]
    for name in CHOICES:
        a, b, c = (found[name, v] for v in ("both", "angle", "formula"))
        said.append(
            f"Published choice {name}: with both of the script's slips χ² = {a['chi2']:.0f} of {ratios.n_points} points "
            f"(p = {chance(a['p'])}), B/C {a['level']:.2f} times AMS-02's; with the published angle alone {b['chi2']:.0f}, "
            f"{b['level']:.2f} times; with the formula {c['chi2']:.0f} (p = {chance(c['p'])}), {c['level']:.2f} times. "
            f"{agreement(c)}"
        )
    ends = []
    for axis in ("disk_alfven_mach", "disk_beta", "halo_alfven_mach", "halo_beta"):
        low, high, n, of = allowed(formula, axis)
        name = axis.replace("_alfven_mach", " M_A").replace("_beta", " β")
        ends.append(f"{name} {low:g} to {high:g} ({n} of {of})")
    said.append(
        f"Within 4 of the least χ², everything else free, are, with how many of the grid's values: {', '.join(ends)}. One "
        f"grammage is measured at each rigidity, and the zone that contributes less of it is left open. {at_ends(formula)}"
    )
    return said


def at_ends(variant):
    """Whether the best pair lies at ends of the axes: then the grid does not enclose it."""
    names = [f"{region}_{axis}" for region in ("disk", "halo") for axis in POINT] + ["disk_size", "halo_height"]
    best = variant.fit.isel(best=0)
    ends = [
        axis_label(name).replace("$", "").replace("\\mathrm{A}", "A").replace("\\beta", "β").split(" [")[0]
        for name in names
        if variant.fit.sizes[name] > 1 and float(best[f"best_{name}"]) in variant.fit[name].values[[0, -1]]
    ]
    if not ends:
        return "The best pair lies inside the grid on every axis."
    return f"The best pair lies at an end of the axis in {', '.join(ends)}: the grid does not enclose it there."


def survival(found, ratios):
    """How much of the published agreement is left with the formula, as the numbers are."""

    def extremes(variant, key):
        values = [found[name, variant][key] for name in CHOICES]
        return f"{chance(min(values))} to {chance(max(values))}"

    def count(variant, key):
        return sum(found[name, variant][key] > 0.05 for name in CHOICES)

    def elsewhere(variant):
        best = [found[name, variant]["elsewhere"][0] for name in CHOICES]
        p = chi2_law.sf(min(best), ratios.n_points)
        return f"{min(best):.0f} to {max(best):.0f} (p = {chance(p)} at best)"

    n = len(CHOICES)
    return (
        f"How much of the published agreement survives: with both slips, {count('both', 'p')} of {n} published choices agree with the "
        f"data in level and shape, k within 10 %, and {count('both', 'p_free')} of {n} in shape, that is with each data set's factor "
        f"free (p = {extremes('both', 'p_free')}). With the formula it is {count('formula', 'p')} of {n} and {count('formula', 'p_free')} of {n} "
        f"(p = {extremes('formula', 'p_free')}). The level hangs on the gas column assumed here, 2.3 mg/cm², and on the "
        f"heights: with those of the galaxies tried that suit each choice best, χ² is {elsewhere('both')} with both slips, and "
        f"{elsewhere('formula')} with the formula."
    )


def agreement(formula):
    """One sentence on level and shape."""
    level = abs(np.log(formula["level"])) < np.log(1.2)
    shape = formula["p_free"] > 0.05
    tilt = f"d ln(model/data)/d ln R = {formula['tilt']:+.2f} ± {formula['tilt_error']:.2f}"
    both = {(True, True): "level (to 20 %) and shape agree", (True, False): "the level agrees to 20 %, the shape does not",
            (False, True): "the shape agrees, the level does not", (False, False): "neither level nor shape agrees"}  # fmt: skip
    return f"With the formula {both[bool(level), bool(shape)]}: {tilt}."


def part_point(part, region):
    return [float(part[f"best_{region}_{axis}"]) for axis in POINT]


def body_of(variants, ratios, free, figures):
    rows, found = choice_rows(variants, ratios, free)
    fit = variants[0].fit
    says = "".join(f"<li>{s}</li>" for s in sentences(variants, found, ratios))
    hashes = ", ".join(f"{v.label}: {v.fit.attrs['cube_data_hash'][:12]}" for v in variants)
    points = ", ".join(f"{len(s[1])} of {s[0].replace('_', '/')}" for s in ratios.sets)
    pairs = ", ".join(f"{int(v.fit.attrs['pairs']):,}" for v in variants)
    grid = variants[0].cube.sizes
    return (
        "<h1>Does this turbulence make the measured B/C and B/O?</h1>"
        f"<p class='quiet'>dmumu {fit.attrs['version']}; {pairs} pairs; {points}; "
        f"data_hash of the cubes: <code>{hashes}</code></p>"
        f"<div class='says'><strong>What the data say</strong><ul>{says}</ul></div>"
        "<h2>What was done</h2>"
        "<p>D(R) of fast and Alfvén modes was computed on a grid of "
        f"{grid['alfven_mach']} Mach numbers × {grid['beta']} β × {grid['injection_scale']} injection scales in disk and halo. "
        "Every pair of a disk and a halo point was taken through the stationary transport from a thin sheet, through D_disk up "
        "to the disk's half-thickness and D_halo up to a free edge, to a grammage, and with it to B/C and B/O. χ² adds "
        f"statistical and systematic errors in quadrature, point by point, from {fit.attrs['range_from_gv']:g} GV on: below, waves "
        "that cosmic rays make themselves are expected to take over. Each data set has a factor k on the model, 1 ± 0.1, for "
        "the cross sections. Nothing was adjusted: grid, range, errors and galaxies were set before the fit. "
        "Points of the grid that do not confine particles at the rigidities of the data are in no pair.</p>"
        "<p>Three variants of D: the formula; with x_max at the wave angle of the published script; with that and its 1/8 for "
        "1/4 in the disk, which is what the published tables hold. The published choices are M_A = 0.5 in the halo and 0.4 or "
        f"0.5 in the disk, at β = {BETA} and L = {SCALE_PC} pc, in a galaxy of their zones: {SIZE_KPC:g} kpc of disk, the edge at "
        f"{HEIGHT_KPC:g} kpc. Their paper used a full transport code, DRAGON2, in which the zones pass smoothly into each other; "
        "here it is the stationary one-dimensional solution, without energy losses.</p>"
        "<h2>Against the data</h2>"
        + figures["ratios"]
        + table(
            ["pair", "χ²", "p", "p, k free", "k, free", "B/C / AMS-02", "tilt", "χ² (size, height)"], rows,
            f"Above 200 GV, {ratios.n_points} points, size {SIZE_KPC:g} and height {HEIGHT_KPC:g} kpc. p: chance of a larger χ² for "
            "the pair as it is; for the best pairs, which were chosen among many, it is flattering. Tilt: d ln(model/data)/d ln R. Last: in the best of the "
            "galaxies below.",
        )  # fmt: skip
        + "<h2>The diffusion coefficients</h2>"
        + figures["d"]
        + "<h2>Where the pairs that fit are (formula)</h2>"
        + figures["maps"]
        + table(
            ["variant", "rank", "χ²", "p", "disk: M_A, β, L", "halo: M_A, β, L", "size", "height", "k of each set"],
            best_rows(variants),
            f"The best pairs over all galaxies, {variants[0].freedom} degrees of freedom.",
        )
        + "<h2>How the answer moves with the galaxy</h2>"
        + table(
            ["variant", "size [kpc]", "height [kpc]", "χ²", "p", "disk: M_A, β, L", "halo: M_A, β, L"], galaxy_rows(variants),
            "The best pair of each galaxy. The zones that decide on confinement stay 900 and 5100 pc, as in the cube.",
        )  # fmt: skip
        + "<h2>What this cannot say</h2><ul>"
        "<li>The systematic errors of one experiment move together, and B/C and B/O of AMS-02 share their boron; the files do "
        "not say how. Taken as independent, they make χ² too small for a shape and p too large.</li>"
        "<li>One-dimensional transport without energy losses, reacceleration or sources off the plane; cross sections constant "
        "above 10 GeV/n, and no production of boron at the sources.</li>"
        "<li>Turbulence that is the same throughout each zone, and one diffusion coefficient along the mean field taken for "
        "the whole: the field's direction has no say here.</li></ul>"
    )


def write_fallback_pdf(path, drawn, text):
    """Without Chromium: what was found on a first page, then the figures."""
    import textwrap

    with PdfPages(path) as pdf:
        first = plt.figure(figsize=(11.5, 7))
        words = "\n\n".join(textwrap.fill(sentence, 130) for sentence in text)
        first.text(0.05, 0.93, "Does this turbulence make the measured B/C and B/O?", fontsize=15, va="top")
        first.text(0.05, 0.86, words, fontsize=10, va="top")
        pdf.savefig(first)
        for figure in drawn:
            pdf.savefig(figure)


def main(arguments=None):
    parser = argparse.ArgumentParser(description="B/C and B/O against a cube: a page.")
    parser.add_argument("variants", nargs=3, help="formula=CUBE,FIT angle=CUBE,FIT both=CUBE,FIT")
    parser.add_argument("--data", required=True, help="folder of the measured ratios")
    parser.add_argument("-o", "--output", required=True, help="page, .html")
    parser.add_argument("--pdf", action="store_true", help="the same as .pdf beside it")
    options = parser.parse_args(arguments)
    folder = pathlib.Path(options.data)
    files = [folder / name for name in FILES]
    try:
        variants = [Variant(*text.split("=", 1)) for text in options.variants]
        ratios, everything = Ratios(files), Ratios(files, range_gv=(5, 1e5))
        free = Ratios(files, normalisation=np.inf)
    except (OSError, KeyError, ValueError) as problem:
        print(f"against_data.py: {problem}", file=sys.stderr)
        return 1
    drawn = [draw_ratios(variants, ratios, everything), draw_d(variants), draw_maps(variants[0])]
    captions = [
        "Grey: below 200 GV, not fitted. Solid: the formula; dashed: the published angle and 1/8; dotted: the published angle. "
        "Models as they are, k = 1; below, over the data.",
        "D along the mean field; the best pairs are those in the galaxy of 0.9 and 6 kpc.",
        "χ² less its least over all pairs and galaxies, everything but the two axes free. Dots: within 4. White: no pair "
        "(not confined). Values on the grid, not spaced to scale.",
    ]
    figures = {
        name: figure_svg(figure, caption, caption)
        for name, figure, caption in zip(("ratios", "d", "maps"), drawn, captions, strict=True)
    }
    output = pathlib.Path(options.output)
    output.write_text(page("B/C and B/O against MHD turbulence", body_of(variants, ratios, free, figures)), encoding="utf-8")
    print(f"page    {output}")
    if options.pdf:
        pdf = output.with_suffix(".pdf")
        if not print_pdf(output, pdf):
            write_fallback_pdf(pdf, drawn, sentences(variants, choice_rows(variants, ratios, free)[1], ratios))
        print(f"pdf     {pdf}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
