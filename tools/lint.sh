#!/bin/bash
# Static checks: lint.sh FILE..., after the objects have been built in $BUILD. Called by `make lint`.
# Format check, clang-tidy, cppcheck, nm rules: all are run even when one complains, and any complaint fails.
set -u
cd "$(dirname "$0")/.."
build=${BUILD:-build}
jobs=${JOBS:-2}
scratch=$build/lint
failures=""
sources=()
for file in "$@"; do [[ $file == *.c ]] && sources+=("$file"); done

# The compile flags: config.mk's variables, whose references to each other make resolves. clang may lack an omp.h of
# its own: it gets the compiler's, alone, without the rest of that folder.
rm -rf "$scratch"
mkdir -p "$scratch"
omp=$("${CC:-cc}" -print-file-name=include/omp.h)
[ ! -e "$omp" ] || sed -E 's/__malloc__ *\([^)]*\)/__malloc__/' "$omp" >"$scratch/omp.h" # gcc's form, unknown to clang
libraries=$(printf 'include %s/config.mk\nflags:\n\t@echo $(MPI_CFLAGS) $(CORE_CFLAGS)\n' "$build" | env -u MAKEFLAGS -u MAKELEVEL make -s -f - flags)
[ ! -e "$build/revision.h" ] || libraries+=" -include $build/revision.h"
export TIDY_FLAGS="-Iinclude -Isrc -isystem $scratch $libraries ${CFLAGS:-}"

echo "clang-format: $# files"
clang-format --dry-run -Werror "$@" || failures+=" clang-format"

echo "clang-tidy: ${#sources[@]} files, $jobs at a time"
# The largest first: what is left for the end, when cores run out of work, is short.
ls -S "${sources[@]}" | xargs -P "$jobs" -n 1 bash -c '
    log=$(clang-tidy --quiet "--warnings-as-errors=*" "$0" -- $TIDY_FLAGS 2>&1) && exit 0
    grep -vE "^[0-9]+ warnings? (generated|treated)" <<<"$log"
    exit 1' || failures+=" clang-tidy"

# Its memleak and uninitvar stumble over realloc(p) and &x behind '?:'; clang's analyzer has followed the same paths.
echo "cppcheck: ${#sources[@]} files"
cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 -j "$jobs" \
    --suppress=missingIncludeSystem --suppress=memleak --suppress=uninitvar --suppress=legacyUninitvar --suppress=unknownMacro -Iinclude -Isrc "${sources[@]}" || failures+=" cppcheck"

echo "symbols: tools/nm_rules.sh"
tools/nm_rules.sh "$build/obj" || failures+=" symbols"

[ -z "$failures" ] || { echo "lint failed:$failures"; exit 1; }
echo "lint: clean"
