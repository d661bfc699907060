#!/bin/bash
# The demonstration: scan inputs/galaxy.yaml on all the cores of this machine and draw the cube. Called by `make demo`.
# RANKS= (default 2) MPI ranks share the cores as OpenMP threads. Writes demo/galaxy.h5 and demo/galaxy.png.
set -eu
cd "$(dirname "$0")/.."
build=${BUILD:-build}
python=${PYTHON:-/usr/bin/python3}
cores=$(nproc)
ranks=${RANKS:-2}
[ "$ranks" -le "$cores" ] || ranks=$cores
export OMP_NUM_THREADS=$((cores / ranks))
# Open MPI refuses to start as root, the usual state of a container, unless told twice that it may.
[ "$(id -u)" -ne 0 ] || export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

mkdir -p demo
echo "demo: $ranks MPI ranks x $OMP_NUM_THREADS thread(s) on $cores core(s)"
# Without --bind-to none each of two ranks would keep all its threads on one core.
mpirun -np "$ranks" --bind-to none "$build/dmumu" scan inputs/galaxy.yaml -o demo/galaxy.h5 --overwrite
"$python" analysis/figures/galaxy.py demo/galaxy.h5 -o demo/galaxy.png
echo
echo "cube    demo/galaxy.h5     ($build/dmumu info demo/galaxy.h5)"
echo "figure  demo/galaxy.png"
