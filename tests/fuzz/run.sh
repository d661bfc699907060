#!/bin/bash
# Fuzz each target for a while: run.sh SECONDS [config|cube|cli...], after build.sh. Called by `make fuzz` and check.sh.
#
# First what is kept in tests/fuzz/corpus is tried again, then libFuzzer starts from the seeds (inputs/, small cubes, the
# command lines of cli_seeds.txt) and what earlier runs have kept in $FUZZ_CORPUS (default $BUILD/fuzz/corpus). A crash,
# hang or leak whose stack lies in HDF5 alone is counted, and `dmumu info` must refuse that file all the same; any other is
# a finding: kept in $BUILD/fuzz/findings, told, exit status 1. One line per target, and a last one that counts them.
# $FUZZ_SEED: libFuzzer's (0: any).
set -u
cd "$(dirname "$0")/../.."
seconds=${1:?seconds per target}
shift
targets=${*:-config cube cli}
build=${BUILD:-build}/fuzz
case $build in /*) ;; *) build=$PWD/$build ;; esac
here=$PWD/tests/fuzz
export ASAN_OPTIONS=allocator_may_return_null=1:intercept_tls_get_addr=0:allow_addr2line=1 UBSAN_OPTIONS=print_stacktrace=1 OMP_NUM_THREADS=1
export LSAN_OPTIONS=suppressions=$here/lsan.supp:print_suppressions=0
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
scratch=$(mktemp -d /dev/shm/dmumu-fuzz.XXXXXX 2>/dev/null || mktemp -d) || exit 1
export TMPDIR=$scratch
trap 'rm -rf "$scratch"' EXIT
passed=0 failed=0

make_seeds() {
    local seeds=$1
    case $2 in
        config) cp inputs/*.yaml "$seeds" ;;
        cube) "$build/tests/fuzz/make_seeds" "$seeds" ;;
        cli)
            local n=0 line
            while read -r line; do
                n=$((n + 1))
                { tr ' ' '\n' <<<"$line"; echo; cat inputs/smoke.yaml; } >"$seeds/line$n"
            done <"$here/cli_seeds.txt" ;;
    esac
}

# Words that libFuzzer puts in: the keys and values of the input files, the options.
make_dictionary() {
    { cat inputs/*.yaml; tr ' =.' '\n' <"$here/cli_seeds.txt"; } | grep -oE '[a-z_-]{3,}' | sort -u | sed 's/.*/"&"/'
}

# Does the first stack of this log end in HDF5, with no frame of ours in between?
is_of_hdf5() {
    awk '/^ *#[0-9]+ 0x/ {
             if ($0 ~ /libhdf5/) { hdf5 = 1; exit }
             if ($0 ~ /\/(src|tests\/fuzz)\/[a-z0-9_\/]*\.c:[0-9]/) { exit }
         }
         END { exit !hdf5 }' "$1"
}

# A file over which HDF5 fails must be refused by the program. Recipes are no files.
is_refused() {
    local said status
    [ "$(head -c 4 "$1" | tail -c 3)" = HDF ] || return 0
    said=$(timeout 120 "$build/dmumu" info "$1" 2>&1 >/dev/null)
    status=$?
    [ $status -eq 1 ] && grep -q "^dmumu info: " <<<"$said"
}

# Go on after this artifact of fuzz_cube: is it HDF5's, and refused? Counts it.
is_forgiven() {
    local artifact=$1 log=$2
    if grep -q 'out-of-memory (used' "$log" && "$program" "${options[@]}" "$artifact" >/dev/null 2>&1; then
        fresh=$((fresh + 1)) # what HDF5 has lost over many files, not over this one
        return 0
    fi
    is_of_hdf5 "$log" || return 1
    crashes=$((crashes + 1))
    mkdir -p "$build/hdf5" && cp "$artifact" "$build/hdf5"
    is_refused "$artifact" && return 0
    echo "fuzz cube: HDF5 fails over this file, and dmumu info does not refuse it:"
    return 1
}

# Tell and keep a finding.
tell() {
    local target=$1 artifact=$2 log=$3 kept
    kept=$build/findings/$target-$(basename "${artifact:-log}")
    mkdir -p "$build/findings"
    cp "${artifact:-$log}" "$kept"
    echo "fuzz $target: a finding; again: TMPDIR=/tmp $program $kept"
    grep -vE '^#[0-9]|NEW_FUNC|Uses: [0-9]' "$log" | tail -n 60
}

# One target. Sets executions, coverage, counters, replayed, crashes (of HDF5), fresh and interrupted (processes).
fuzz() {
    local target=$1 log=$scratch/log seeds=$scratch/seeds_$1 corpus=${FUZZ_CORPUS:-$build/corpus}/$1 end left artifact
    local program=$build/tests/fuzz/fuzz_$target
    local options=(-max_len=65536 -timeout=60 -rss_limit_mb=3000 -print_final_stats=1 -seed="${FUZZ_SEED:-0}"
        -dict="$scratch/dictionary" -artifact_prefix="$scratch/")
    [ "$target" = cube ] || options+=(-max_len=8192)
    [ "$target" != cli ] || options+=(-close_fd_mask=3)
    executions=0 crashes=0 coverage=0 counters=0 fresh=0 replayed=0 interrupted=0
    mkdir -p "$seeds" "$corpus" && make_seeds "$seeds" "$target" || return 1
    if ! "$program" "${options[@]}" "$here/corpus/$target"/* >"$log" 2>&1; then
        echo "fuzz $target: what was found before fails again:"
        tail -n 60 "$log"
        return 1
    fi
    replayed=$(grep -c '^Executed ' "$log")
    end=$((SECONDS + seconds))
    while left=$((end - SECONDS)) && [ $left -gt 0 ]; do
        rm -f "$scratch"/{crash,leak,timeout,oom,slow-unit}-*
        "$program" "${options[@]}" -max_total_time=$left "$corpus" "$seeds" "$here/corpus/$target" >"$log" 2>&1
        local status=$?
        executions=$((executions + $(awk '/stat::number_of_executed_units/ {n = $2} END {print n + 0}' "$log")))
        coverage=$(grep -oE 'cov: [0-9]+' "$log" | tail -n 1 | tr -dc 0-9)
        counters=$(sed -n 's/.*(\([0-9]*\) inline 8-bit counters.*/\1/p' "$log" | head -n 1)
        [ $status -ne 0 ] || break
        [ $status -ne 72 ] || { interrupted=$((interrupted + 1)) && continue; } # someone else's signal
        artifact=$(ls "$scratch"/{crash,leak,timeout,oom}-* 2>/dev/null | head -n 1)
        if [ "$target" = cube ] && [ -n "$artifact" ] && is_forgiven "$artifact" "$log"; then continue; fi
        tell "$target" "$artifact" "$log"
        return 1
    done
}

make_dictionary >"$scratch/dictionary"
for target in $targets; do
    start=$SECONDS
    if fuzz "$target"; then
        outcome="no finding" passed=$((passed + 1))
    else
        outcome="FINDING" failed=$((failed + 1))
    fi
    echo "fuzz $target: $replayed kept inputs again; $executions executions in $((SECONDS - start)) s, coverage" \
        "${coverage:-0} of ${counters:-0}, HDF5 failed $crashes times (begun anew: $((fresh + interrupted))): $outcome"
done
echo "$passed passed, $failed failed"
exit $((failed > 0))
