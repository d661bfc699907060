#!/bin/bash
# Scans killed at random moments, a rank, all ranks or mpirun, and resumed on others: tests/test_resume.py says how.
# $KILLS: how many (100); $SEED: which. Exit status 0 passed. Environment: DMUMU, DMUMU_TEST_DIR, PYTHON.
set -u
cd "$(dirname "$0")/../.."
scratch=$(mktemp -d "${DMUMU_TEST_DIR:-/tmp}/kills.XXXXXX") || exit 1
trap 'rm -rf "$scratch"' EXIT
DMUMU_KILLS=${KILLS:-100} DMUMU_SEED=${SEED:-5} DMUMU_TEST_DIR=$scratch timeout "${DMUMU_TEST_TIMEOUT:-570}" \
    "${PYTHON:-/usr/bin/python3}" -m pytest -q -p no:cacheprovider --basetemp="$scratch/pytest" \
    tests/test_resume.py -k kills_at_random_moments || exit 1
"${PYTHON:-/usr/bin/python3}" - "$scratch/kills.json" <<'END'
import json, sys
counts = json.load(open(sys.argv[1]))
print("counted:", sum(counts.values()), "kills, each cube the same in the end:",
      ", ".join(f"{n} {what}" for what, n in sorted(counts.items())))
END
