#!/usr/bin/python3
"""Draw a cube: families of D against rigidity in each region, over M_A at fixed beta and L, and over beta at fixed M_A.

    analysis/figures/galaxy.py demo/galaxy.h5 -o demo/galaxy.png       (or .pdf, .svg)
"""

import argparse
import pathlib
import sys

import matplotlib

matplotlib.use("Agg")

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import dmumu
from dmumu.plot.overview import draw


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Families of D against rigidity, from a cube.")
    parser.add_argument("cube", help="HDF5 file written by `dmumu scan`")
    parser.add_argument("-o", "--output", required=True, help="figure; its suffix says the format (png, pdf, svg)")
    parser.add_argument("--alfven-mach", type=float, default=0.5, help="held while beta varies; the nearest is taken")
    parser.add_argument("--beta", type=float, default=0.1, help="held while M_A varies")
    parser.add_argument("--injection-scale", type=float, default=100, help="pc, held in both")
    options = parser.parse_args(arguments)
    try:
        cube = dmumu.open_cube(options.cube)
    except (OSError, ValueError) as problem:
        print(f"galaxy.py: {problem}", file=sys.stderr)
        return 1
    fixed = {
        "alfven_mach": options.alfven_mach,
        "beta": options.beta,
        "injection_scale": options.injection_scale,
    }
    draw(cube, fixed).savefig(options.output, dpi=160)
    return 0


if __name__ == "__main__":
    sys.exit(main())
