#!/bin/bash
# The production kernel against all of the oracle's values: a table, a figure and the verdict. Called by `make certify`,
# which builds the program first. TOLERANCES= changes at which. Fails where a requirement is not met.
set -u
cd "$(dirname "$0")/../.." || exit 2
build=${BUILD:-build}
status=0
tools/deps.sh figures || exit 2
# shellcheck disable=SC2086 # a list
"$build/tests/reference/certify" tests/reference/values.txt "$build/certify.csv" ${TOLERANCES:-} || status=$?
[ "$status" -le 1 ] || exit "$status"
"${PYTHON:-/usr/bin/python3}" analysis/figures/certify.py "$build/certify.csv" -o "$build/certify.png" || exit 2
echo "table   $build/certify.csv"
echo "figure  $build/certify.png"
exit "$status"
