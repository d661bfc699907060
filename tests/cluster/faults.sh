#!/bin/bash
# Full and read-only disks, an output that is deleted or replaced underneath, a rank that stands still: faults.py.
# Exit status 0 passed, 77 skipped. Environment: DMUMU (default build/dmumu), DMUMU_TEST_DIR (scratch), PYTHON.
set -u
cd "$(dirname "$0")/../.."
scratch=$(mktemp -d "${DMUMU_TEST_DIR:-/tmp}/faults.XXXXXX") || exit 1
trap 'rm -rf "$scratch"' EXIT
"${PYTHON:-/usr/bin/python3}" tests/cluster/faults.py "$scratch" "$@"
