#!/bin/bash
# The oracle's values again: tests/reference/values.txt, by the reference kernel at 200 points. Called by `make reference`, which builds the
# program first. Takes about half an hour on two cores. POINTS= and TOLERANCE= change what is computed.
set -eu
cd "$(dirname "$0")/../.."
build=${BUILD:-build}
points=${POINTS:-200}
tolerance=${TOLERANCE:-1e-5}
table=tests/reference/values.txt
raw=$(mktemp)
trap 'rm -f "$raw"' EXIT
"$build/tests/reference/make_reference" 0 "$points" "$tolerance" >"$raw"
{
    echo "# D by the reference kernel (src/core/kernel_ref.c, diffusion_ref.c) at the points of tests/reference/points.c, tolerance $tolerance."
    echo "# Made by: make reference POINTS=$points TOLERANCE=$tolerance"
    echo "# index rigidity_gv D D_fast D_alfven D_slow [cm2/s] mu_star quality seconds"
    sort -n "$raw"
} >"$table.new"
mv "$table.new" "$table"
echo "$table: $points points"
