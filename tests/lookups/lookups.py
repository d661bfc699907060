"""Are look-ups right to the error that was asked for? Random models, each scanned with lookup_tolerance; then random look-ups
beside the kernel. Prints a table and a count, and fails if a look-up of a cube that says it is right is not.

The models: a region, its fast modes with or without Alfven and slow ones, broadened resonance of either shape, either
cascade, one or two harmonics, confinement or none, either truncation angle, energy fractions; each of M_A, beta and L over
half a decade somewhere in 0.15 to 2, 0.03 to 10 and 10 to 300 pc, rigidities over two decades, 10 GV to 1 PV. In the disk
they begin at 1 TV: below, where the viscous cut-off passes the resonance, D changes by orders of magnitude within a few per
cent of R, at an R that moves with L, M_A and beta, and no product of axes of reasonable size follows it (README.md).
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "analysis"))
os.environ.setdefault("DMUMU_LIBRARY", str(pathlib.Path(os.environ.get("BUILD", ROOT / "build")).resolve() / "libdmumu.so"))

import dmumu  # noqa: E402

MEDIA_OF_A_MACH = 5
HALF_DECADE = 10**0.5
OF_A_CURVE = {"alfven_mach": (0.15, 2), "beta": (0.03, 10), "injection_scale_pc": (10, 300)}


def span(random, low, high, width):
    """{from, to} of so wide a part of a range, anywhere in it on the logarithmic scale."""
    start = low * (high / width / low) ** random.random()
    return {"from": float(f"{start:.4g}"), "to": float(f"{start * width:.4g}"), "spacing": "log"}


def draw_model(random, tolerance):
    """An input file, as a mapping."""
    region = str(random.choice(["disk", "halo"]))
    axes = {"region": [region]}
    for key, limits in OF_A_CURVE.items():
        axes[key] = {**span(random, *limits, HALF_DECADE), "points": 4}
    axes["rigidity_gv"] = {**span(random, 1e3 if region == "disk" else 10, 1e6, 100), "points": 11}
    modes = ["fast", *(mode for mode in ("alfven", "slow") if random.random() < 0.5)]
    return {
        "title": "Random model",
        "lookup_tolerance": tolerance,
        "axes": axes,
        "model": {
            "modes": modes,
            "broadening": str(random.choice(["yl08", "gaussian"])),
            "alfven_cascade": str(random.choice(["gs95", "b06"])),
            "harmonics": int(random.choice([1, 2])),
            "confinement": str(random.choice(["zone", "none"])),
            "truncation_angle": str(random.choice(["formula", "published"])),
            "energy_fraction": {mode: float(f"{10 ** random.uniform(-0.5, 0.5):.3g}") for mode in modes},
        },
    }


def describe(config):
    axes, model = config["axes"], config["model"]
    ranges = (f"{axis} {axes[axis]['from']:g}..{axes[axis]['to']:g}" for axis in (*OF_A_CURVE, "rigidity_gv"))
    words = (model[key] for key in ("broadening", "alfven_cascade", "confinement", "truncation_angle"))
    return f"{axes['region'][0]}: {'+'.join(model['modes'])}, {', '.join(words)}, N = {model['harmonics']}; {', '.join(ranges)}"


def scan(config, folder, arguments):
    """(path of the cube, exit status, seconds)."""
    folder.mkdir()
    (folder / "in.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    program = pathlib.Path(os.environ.get("DMUMU", ROOT / os.environ.get("BUILD", "build") / "dmumu")).resolve()
    start = time.monotonic()
    done = subprocess.run(
        [program, "scan", folder / "in.yaml", "-o", folder / "cube.h5", *arguments],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    if done.returncode not in (0, 4):
        sys.exit(f"dmumu scan failed:\n{done.stderr}")
    return folder / "cube.h5", done.returncode, time.monotonic() - start


def drawn(random, axis, n):
    return np.exp(random.uniform(np.log(axis["from"]), np.log(axis["to"]), n))


def compare(path, config, media, rigidities, random):
    """(|ln D_lookup - ln D_kernel|, D_lookup, D_kernel) at media x rigidities random points; five media share an M_A, since
    each of these takes the kernel new tables."""
    cube, axes = dmumu.Cube(path), config["axes"]
    looked_up, kernel = [], []
    for i in range(media):
        if i % MEDIA_OF_A_MACH == 0:
            mach = drawn(random, axes["alfven_mach"], 1)[0]
            of_mach = dmumu.Kernel(cube.model, mach)
        point = {key: drawn(random, axes[key], 1)[0] for key in ("beta", "injection_scale_pc")}
        point["region"] = axes["region"][0]
        rigidity_gv = np.sort(drawn(random, axes["rigidity_gv"], rigidities))
        looked_up.append(np.asarray(cube(rigidity_gv=rigidity_gv, alfven_mach=mach, **point)))
        kernel.append(np.asarray(of_mach.curve(rigidity_gv, **point).D))
    looked_up, kernel = np.array(looked_up), np.array(kernel)
    return np.abs(np.log(looked_up / kernel)), looked_up, kernel


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--models", type=int, default=3)
    parser.add_argument("--media", type=int, default=500)
    parser.add_argument("--rigidities", type=int, default=20)
    parser.add_argument("--tolerance", type=float, default=1e-3)
    parser.add_argument("--keep", type=pathlib.Path, help="folder for inputs and cubes (default: thrown away)")
    options, arguments = parser.parse_known_args()  # the rest goes to dmumu scan
    right = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or pathlib.Path(temporary)
        folder.mkdir(exist_ok=True)
        for i in range(options.models):
            random = np.random.default_rng([options.seed, i])
            config = draw_model(random, options.tolerance)
            print(f"model {i + 1}  {describe(config)}", flush=True)
            path, status, seconds = scan(config, folder / f"model{i + 1}", arguments)
            sizes = dmumu.open_cube(path).sizes
            grid = " x ".join(str(n) for n in sizes.values())
            said = "right" if status == 0 else "not right: a limit was reached"
            print(f"  grid {grid} in {seconds:.0f} s; the scan says: {said}", flush=True)
            error, looked_up, kernel = compare(path, config, options.media, options.rigidities, random)
            both = np.isfinite(error)
            wrong = (error[both] > options.tolerance).sum() + (np.isfinite(looked_up) & np.isnan(kernel)).sum()
            worst, median = (error[both].max(), np.median(error[both])) if both.any() else (np.nan, np.nan)
            print(
                f"  {error.size} look-ups: {both.sum()} have values on both sides, {wrong} are off by more than"
                f" {options.tolerance:g}, worst {worst:.2g}, median {median:.1g}; {np.isnan(looked_up).sum()} look-ups are NaN,"
                f" of which the kernel has a value for {(np.isnan(looked_up) & np.isfinite(kernel)).sum()}",
                flush=True,
            )
            right += status == 0 and wrong == 0
    print(f"{right} of {options.models} models right at every look-up, {options.models - right} not")
    return 0 if right == options.models else 1


if __name__ == "__main__":
    sys.exit(main())
