#!/bin/bash
# A job to a complete cube; scancel, and the next submission; ranks that srun does not connect.
# In a real Slurm on this machine: slurm_jobs.py. Exit status 0 passed, 77 skipped: no Slurm here.
# Environment: DMUMU (default build/dmumu), DMUMU_TEST_DIR (scratch), PYTHON.
set -u
cd "$(dirname "$0")/../.."
scratch=$(mktemp -d "${DMUMU_TEST_DIR:-/tmp}/slurm.XXXXXX") || exit 1
trap 'rm -rf "$scratch"' EXIT
"${PYTHON:-/usr/bin/python3}" tests/cluster/slurm_jobs.py "$scratch/s" complete wrong-pmi scancel
