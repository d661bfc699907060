#!/bin/bash
# Benchmark, in one run: the NumPy baseline (median of three) and bench.c, which prints the ratios, on one core; then scans on
# two, ranks against threads, and what the machine's two cores can at all. Called by `make bench`.
set -eu
cd "$(dirname "$0")/../.."
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1
seconds=$(for _ in 1 2 3; do
    "${PYTHON:-/usr/bin/python3}" analysis/numpy_reference.py --rigidity 1:1e6:61 --seconds-only
done | sort -g | sed -n 2p)
echo "one core of: $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)"
"${BUILD:-build}/bench" "$seconds"
"${PYTHON:-/usr/bin/python3}" tests/bench/ranks.py efficiency "${BUILD:-build}/dmumu" "${BUILD:-build}/bench"
