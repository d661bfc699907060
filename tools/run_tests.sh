#!/bin/bash
# Run the tests and count them: run_tests.sh [--unit]. Called by `make check` and `make sanitize`.
#
# Counted alike: each cmocka test of $BUILD/tests/unit/test_*, each script tests/mpi/*.sh (exit status 0 passed, 77 skipped),
# each pytest test of tests/. A cmocka program or pytest that dies without saying which test failed counts as one failed.
# The last line is 'N passed, N failed[, N skipped]'; exit status 1 when any failed or nothing ran.
# The tests find the program in $DMUMU, others in $BUILD/tests/, and may write only below $DMUMU_TEST_DIR.
set -u
cd "$(dirname "$0")/.."
build=${BUILD:-build}
case $build in /*) ;; *) build=$PWD/$build ;; esac
python=${PYTHON:-/usr/bin/python3}
# Tests that call make start afresh.
unset MAKEFLAGS MAKELEVEL MFLAGS
limit=${DMUMU_TEST_TIMEOUT:-600}
logs=$build/test-logs
rm -rf "$logs"
mkdir -p "$logs/scratch"
export DMUMU=$build/dmumu DMUMU_TEST_DIR=$logs/scratch BUILD=$build PYTHON=$python
# Containers run as root and CI machines have few cores; inside Slurm neither is to be overridden.
if [ -z "${SLURM_JOB_ID:-}" ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
    export OMPI_MCA_mpi_yield_when_idle=1 # a rank that waits leaves the core to the one that it waits for
fi
export LSAN_OPTIONS=${LSAN_OPTIONS:-suppressions=$PWD/tools/lsan.supp:print_suppressions=0}
# A size that cannot be had must come back as NULL, for the tests of just that.
export ASAN_OPTIONS=${ASAN_OPTIONS:-allocator_may_return_null=1} UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}

passed=0 failed=0 skipped=0

# add NAME PASSED FAILED SKIPPED STATUS LOG: count, and show the log of what failed.
add() {
    local name=$1 p=$2 f=$3 s=$4 status=$5 log=$6
    if [ "$status" -ne 0 ] && [ "$f" -eq 0 ]; then f=1; fi
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    printf '%-44s %4d passed %4d failed %4d skipped\n' "$name" "$p" "$f" "$s"
    if [ "$f" -ne 0 ]; then
        echo "---- $name, exit status $status$([ "$status" -ne 124 ] || echo " (over $limit s)"), from $log:"
        tail -n 60 "$log"
        echo "----"
    fi
}

# Sum of the numbers that follow a label such as "[  PASSED  ]" in a cmocka log.
cmocka_sum() { sed -n "s/^\[ *$1 *\] \([0-9][0-9]*\) test.*/\1/p" "$2" | awk '{n += $1} END {print n + 0}'; }

for program in "$build"/tests/unit/test_*; do
    [ -x "$program" ] || continue
    name=$(basename "$program") log=$logs/$(basename "$program").log
    timeout "$limit" "$program" >"$log" 2>&1
    status=$?
    add "unit/$name" "$(cmocka_sum PASSED "$log")" "$(cmocka_sum FAILED "$log")" "$(cmocka_sum SKIPPED "$log")" \
        $status "$log"
done

if [ "${1:-}" != --unit ]; then
    for script in tests/mpi/*.sh; do
        [ -e "$script" ] || continue
        log=$logs/$(basename "$script").log
        timeout "$limit" bash "$script" >"$log" 2>&1
        status=$?
        case $status in
            0) add "${script#tests/}" 1 0 0 0 "$log" ;;
            77) add "${script#tests/}" 0 0 1 0 "$log" && tail -n 1 "$log" ;;
            *) add "${script#tests/}" 0 1 0 $status "$log" ;;
        esac
    done

    log=$logs/pytest.log xml=$logs/pytest.xml
    timeout $((2 * limit)) "$python" -m pytest -q -rs -p no:cacheprovider --junit-xml="$xml" tests >"$log" 2>&1
    status=$?
    # The attributes of <testsuite tests= failures= errors= skipped=>.
    field() { grep -o "<testsuite [^>]*" "$xml" 2>/dev/null | grep -o " $1=\"[0-9]*\"" | tr -dc 0-9; }
    total=$(field tests) bad=$(($(field failures) + $(field errors) + 0)) skip=$(field skipped)
    [ $status -ne 5 ] || status=0 # no tests there
    add pytest $((${total:-0} - bad - ${skip:-0})) "$bad" "${skip:-0}" $status "$log"
    grep '^SKIPPED' "$log"
fi

summary="$passed passed, $failed failed"
[ $skipped -eq 0 ] || summary="$summary, $skipped skipped"
echo "$summary"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
