#!/bin/bash
# Write the header with the git revision and the compiler flags, touching it only when they have changed:
# revision.sh HEADER MPICC FLAGS. Outside a git clone the revision is "unknown".
set -eu
header=$1 compiler=$2 flags=$3
cd "$(dirname "$0")/.."
revision=unknown dirty=0
# The project may lie inside another repository (an unpacked archive): only its own counts.
if [ -e .git ] && commit=$(git rev-parse --verify --quiet HEAD 2>/dev/null); then
    revision=$commit
    [ -z "$(git status --porcelain 2>/dev/null)" ] || dirty=1
fi
quote() { sed 's/["\\]/\\&/g' <<<"$1"; }
mkdir -p "$(dirname "$header")"
cat >"$header.new" <<END
#define DMUMU_GIT_REVISION "$revision"
#define DMUMU_GIT_DIRTY $dirty
#define DMUMU_BUILD_FLAGS "$(quote "$compiler $flags")"
END
if cmp -s "$header.new" "$header"; then rm "$header.new"; else mv "$header.new" "$header"; fi
