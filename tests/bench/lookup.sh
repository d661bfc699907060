#!/bin/bash
# Look-ups per second in a cube of ten million values, libdmumu's beside scipy's, in one run. Called by `make bench`.
set -eu
cd "$(dirname "$0")/../.."
build=${BUILD:-build}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
"$build/lookup" make "$scratch/cube.h5"
"$build/lookup" time "$scratch/cube.h5" "$scratch/points" | tee "$scratch/rates"
"${PYTHON:-/usr/bin/python3}" tests/bench/lookup.py "$scratch/cube.h5" "$scratch/points" "$scratch/rates"
