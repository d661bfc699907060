#!/usr/bin/env python3
"""The look-ups of tests/bench/lookup.c by scipy: lookup.py CUBE POINTS RATES.

Times scipy's RegularGridInterpolator on the same cube and points, in the same coordinates (ln of everything), compares its
multilinear values with those of libdmumu, and prints libdmumu's rates over scipy's. RATES: what `lookup time` printed.
"""

import re
import sys
import time

import h5py
import numpy as np
from scipy.interpolate import RegularGridInterpolator

N_CUBIC, TRIES = 200, 3
AXES = ("alfven_mach", "beta", "injection_scale", "rigidity")


def rate(interpolate, points, method):
    """Look-ups per second of computing, the best of some tries; and the values."""
    best = 0.0
    for _ in range(TRIES):
        start = time.process_time()
        values = interpolate(points, method=method)
        best = max(best, len(points) / (time.process_time() - start))
    return best, values


def main():
    cube, points, rates = sys.argv[1:]
    with h5py.File(cube) as file:
        axes = [np.log(file[name][:]) for name in AXES]
        ln_d = np.log(file["D"][0])
    table = np.fromfile(points).reshape(-1, 6)
    u = np.log(table[:, :4])
    interpolate = RegularGridInterpolator(axes, ln_d)
    linear, values = rate(interpolate, u, "linear")
    difference = np.max(np.abs(values - np.log(table[:, 4])))
    try:
        cubic = rate(interpolate, u[:N_CUBIC], "cubic")[0]
    except ValueError:
        cubic = float("nan")  # a scipy from before 1.9
    print(f"{'scipy, random points':34} {linear:14.3g} {cubic:14.3g}")
    ours = [float(x) for x in re.search(r"eval_many +(\S+) +(\S+)", open(rates).read()).groups()]
    print(f"{'libdmumu over scipy':34} {ours[0] / linear:14.3g} {ours[1] / cubic:14.3g}")
    print(f"largest difference of ln D, multilinear: {difference:.1e}")
    return 0 if difference < 1e-12 else 1


if __name__ == "__main__":
    sys.exit(main())
