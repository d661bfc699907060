#!/bin/bash
# The oracle's values again: tests/reference/values.txt, by the reference kernel. Called by `make reference`, which builds
# the program first. About a second per point and core. POINTS= and TOLERANCE= change what is computed.
set -eu
cd "$(dirname "$0")/../.."
build=${BUILD:-build}
points=${POINTS:-2000}
tolerance=${TOLERANCE:-1e-8}
table=tests/reference/values.txt
oracle="src/core/kernel_ref.c src/core/diffusion_ref.c src/core/bessel_ref.c src/core/quadrature.c tests/reference/points.c"
raw=$(mktemp)
trap 'rm -f "$raw"' EXIT
"$build/tests/reference/make_reference" 0 "$points" "$tolerance" >"$raw"
{
    echo "# D by the reference kernel (src/core/kernel_ref.c, diffusion_ref.c) at the points of tests/reference/points.c."
    # shellcheck disable=SC2086 # a list of files
    echo "# Made by: make reference POINTS=$points TOLERANCE=$tolerance   at commit $(git log -1 --format=%h -- $oracle 2>/dev/null || echo unknown)"
    echo "# index rigidity_gv D D_fast D_alfven D_slow [cm2/s] mu_star quality rel_error seconds"
    sort -n "$raw"
} >"$table.new"
mv "$table.new" "$table"
echo "$table: $points points"
