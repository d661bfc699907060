#!/bin/bash
# The oracle's values again: tests/reference/values.txt, by the reference kernel. Called by `make reference`, which builds
# the program first. A few seconds per point and core, three hours for all on one. POINTS= and TOLERANCE= change what is computed;
# ONLY="259 1507" keeps all other values, and says in a line of its own which were made again.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${BUILD:-build}
points=${POINTS:-2000}
tolerance=${TOLERANCE:-1e-8}
table=tests/reference/values.txt
oracle="src/core/kernel_ref.c src/core/diffusion_ref.c src/core/bessel_ref.c src/core/quadrature.c tests/reference/points.c"
# shellcheck disable=SC2086 # a list of files
commit=$(git log -1 --format=%h -- $oracle 2>/dev/null || echo unknown)
raw=$(mktemp)
trap 'rm -f "$raw"' EXIT
if [ -n "${ONLY:-}" ]; then
    for point in $ONLY; do
        [[ $point =~ ^[0-9]+$ && $point -lt $points ]] || { echo "ONLY: '$point' is no point, 0 to $((points - 1))" >&2 && exit 2; }
    done
    # shellcheck disable=SC2016 # for that bash to expand
    # shellcheck disable=SC2086 # a list of numbers
    printf '%s\n' $ONLY | sort -un | OMP_NUM_THREADS=1 xargs -P "$(nproc)" -I{} bash -c \
        '"$0" "$2" "$(($2 + 1))" "$1"' "$build/tests/reference/make_reference" "$tolerance" {} >"$raw"
    [ -s "$raw" ] || exit 1
    {
        grep '^# [^i]' "$table"
        echo "# Again, TOLERANCE=$tolerance, at commit $commit: $(cut -d' ' -f1 "$raw" | sort -n | tr '\n' ' ' | sed 's/ $//')"
        grep '^# i' "$table"
        awk 'NR == FNR { new[$1]; print; next } !/^#/ && !($1 in new)' "$raw" "$table" | sort -n
    } >"$table.new"
else
    "$build/tests/reference/make_reference" 0 "$points" "$tolerance" >"$raw"
    {
        echo "# D by the reference kernel (src/core/kernel_ref.c, diffusion_ref.c) at the points of tests/reference/points.c."
        echo "# Made by: make reference POINTS=$points TOLERANCE=$tolerance   at commit $commit"
        echo "# index rigidity_gv D D_fast D_alfven D_slow [cm2/s] mu_star quality rel_error seconds"
        sort -n "$raw"
    } >"$table.new"
fi
mv "$table.new" "$table"
echo "$table: $(grep -vc '^#' "$table") points, $(wc -l <"$raw") of them made now"
