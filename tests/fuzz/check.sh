#!/bin/bash
# The fuzz targets for a short while each, all at once, from the seeds: part of `make check`. Before, the command lines of
# cli_seeds.txt through the program itself under sanitizers, for leaks. $FUZZ_SECONDS: per target (default 8, since other
# tests run meanwhile).
# Exit status 0 passed, 77 skipped: no clang with libFuzzer. Environment: BUILD (default build).
set -u
cd "$(dirname "$0")/../.."
build=${BUILD:-build}
tests/fuzz/build.sh
status=$?
[ $status -eq 0 ] || exit $status
failures=0
export ASAN_OPTIONS=allocator_may_return_null=1:intercept_tls_get_addr=0
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

echo "== each command line of cli_seeds.txt, in a process of its own"
scratch=$(mktemp -d "${DMUMU_TEST_DIR:-/tmp}/fuzz.XXXXXX") || exit 1
trap 'rm -rf "$scratch"' EXIT
cp inputs/smoke.yaml "$scratch/in.yaml"
program=$(realpath "$build/fuzz/dmumu") suppressions=$PWD/tests/fuzz/lsan.supp
while read -r line; do
    # What computes takes time here, and what begins MPI loses memory in modules that are unloaded before leaks are
    # looked for: fuzz_cli looks for these.
    [[ $line != scan*in.yaml* ]] || continue
    leaks=1
    [[ $line != merge* && $line != fit* ]] || leaks=0
    read -ra words <<<"$line"
    said=$(cd "$scratch" && LSAN_OPTIONS=suppressions=$suppressions:print_suppressions=0 \
        ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=$leaks timeout 120 "$program" "${words[@]}" 2>&1 >/dev/null)
    status=$?
    if [ $status -gt 2 ] || grep -q Sanitizer <<<"$said"; then
        echo "FAILED: dmumu $line: status $status: $said"
        failures=$((failures + 1))
    fi
done <tests/fuzz/cli_seeds.txt

echo "== files over which HDF5 crashes, loops or wants 4 GB: refused, with and without sanitizers"
for file in tests/fuzz/corpus/hdf5/*.gz; do
    name=$scratch/$(basename "$file" .gz)
    gunzip -c "$file" >"$name"
    for info in "$program" "$build/dmumu"; do
        said=$(timeout 300 "$info" info "$name" 2>&1 >"$scratch/page")
        status=$?
        if [ $status -ne 1 ] || [ -s "$scratch/page" ] || ! grep -q "^dmumu info: .*$name" <<<"$said"; then
            echo "FAILED: $info info $name: status $status: $said"
            failures=$((failures + 1))
        fi
    done
done

echo "== libFuzzer"
for target in config cube cli; do
    FUZZ_SEED=1 FUZZ_CORPUS=$scratch/corpus tests/fuzz/run.sh "${FUZZ_SECONDS:-8}" $target >"$scratch/$target.log" 2>&1 &
done
for job in $(jobs -p); do wait "$job" || failures=$((failures + 1)); done
sed 's/^fuzz .*: no finding/counted: &/' "$scratch"/*.log
[ $failures -eq 0 ] && echo "fuzz: all passed"
exit $((failures > 0))
