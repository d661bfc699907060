#!/bin/bash
# The scheduler on 1 to 100,000 ranks: measures messages between two processes, then scale.c measures curves and
# decisions, simulates and prints; the figure goes to docs/scale.png. Then real scans, 1 to 16 ranks on this machine.
# Called by `make bench-scale`.
set -eu
cd "$(dirname "$0")/../.."
build=${BUILD:-build}
export OMP_WAIT_POLICY=passive
# Containers run as root and CI machines have few cores; inside Slurm neither is to be overridden.
if [ -z "${SLURM_JOB_ID:-}" ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
fi
echo "machine: $(nproc) cores of $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)"
read -r receive send < <(OMP_NUM_THREADS=1 mpirun -n 2 --bind-to none "$build/scale" --messages)
"$build/scale" "$receive" "$send" "$build/scale.csv"
"${PYTHON:-/usr/bin/python3}" analysis/figures/scale.py "$build/scale.csv" -o docs/scale.png
echo "figure: docs/scale.png"
"${PYTHON:-/usr/bin/python3}" tests/bench/ranks.py crowd "$build/dmumu"
