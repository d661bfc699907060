#!/bin/bash
# Run tests and count them: run_tests.sh [PART...]. Called by `make check` and by the targets of tests/tests.mk.
#
#   --unit                         each cmocka test of $BUILD/tests/unit/test_*
#   --scripts                      tests/mpi/*.sh: exit status 0 passed, 77 skipped
#   --fuzz                         tests/fuzz/check.sh, likewise
#   --python                       each pytest test of tests/test_*.py, a process for each file
#   --together                     all of these, half as many again at a time: what they start waits much of it
#   --cluster                      tests/cluster/*.sh, likewise, all at the same time: they wait for Slurm most of it
#   --asan, --tsan [-quick]        tests/instrumented/scans.sh, or part of it, with what was built with that sanitizer
#   --valgrind [-quick]            the unit tests, or some of them, under memcheck
# Without a part: --together. A cmocka program or pytest that dies without saying which test failed counts as one
# failed; what a script says behind 'counted: ' is shown. The last line is 'N passed, N failed[, N skipped]', and goes to the
# file $DMUMU_TALLY as well; exit status 1 when any failed or nothing ran. $DMUMU_TEST_TIMEOUT (600): seconds for a program;
# $DMUMU_TEST_BRIEF: how many times less tests repeat themselves (tests/unit/brief.h); $JOBS: tests at a time.
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
    export OMPI_MCA_pml=^cm               # cm takes 0.2 s at each start to find that it has no network
fi
export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive} # the same of threads
instrumented=$PWD/tests/instrumented
export LSAN_OPTIONS=${LSAN_OPTIONS:-suppressions=$instrumented/lsan.supp:print_suppressions=0}
# A size that cannot be had must come back as NULL, for the tests of just that.
ASAN_OPTIONS=${ASAN_OPTIONS:-allocator_may_return_null=1}
# Where GCC 12's and clang 14's runtimes look for the size of a thread's own memory there is none any more (glibc 2.25).
ASAN_OPTIONS+=:intercept_tls_get_addr=0
export ASAN_OPTIONS UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}

passed=0 failed=0 skipped=0
launcher=() # what starts a test program
jobs_at_once=${JOBS:-$(nproc 2>/dev/null || echo 1)}

# What a test took by the clock, beside others, where that is known and worth a look.
seconds_of() { [ ! -s "$1.seconds" ] || awk '$1 >= 10 { printf "  %4d s", $1 }' "$1.seconds"; }

# add NAME PASSED FAILED SKIPPED STATUS LOG: count, and show the log of what failed.
add() {
    local name=$1 p=$2 f=$3 s=$4 status=$5 log=$6
    if [ "$status" -ne 0 ] && [ "$f" -eq 0 ]; then f=1; fi
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    printf '%-44s %4d passed %4d failed %4d skipped%s\n' "$name" "$p" "$f" "$s" "$(seconds_of "$log")"
    if [ "$f" -ne 0 ]; then
        echo "---- $name, exit status $status$([ "$status" -ne 124 ] || echo " (over $limit s)"), from $log:"
        tail -n 60 "$log"
        echo "----"
    fi
}

# Sum of the numbers that follow a label such as "[  PASSED  ]" in a cmocka log.
cmocka_sum() { sed -n "s/^\[ *$1 *\] \([0-9][0-9]*\) test.*/\1/p" "$2" | awk '{n += $1} END {print n + 0}'; }

# in_parallel AT_ONCE KIND TEST...: so many at a time, each by start_unit, start_script or start_python; show_ these, with
# KIND TEST STATUS LOG, in the order of the tests, as soon as these have ended. KIND is what unit tests are called.
in_parallel() {
    local at_once=$1 kind=$2 started=0 shown=0 log
    shift 2
    local tests=("$@")
    while [ $shown -lt $# ]; do
        while [ $started -lt $# ] && [ "$(jobs -rp | wc -l)" -lt "$at_once" ]; do
            log=$(log_of "$kind" "${tests[started]}")
            {
                status=0 begin=$SECONDS
                "start_$(language_of "${tests[started]}")" "${tests[started]}" "$log" >"$log" 2>&1 || status=$?
                echo $((SECONDS - begin)) >"$log.seconds"
                echo $status >"$log.status"
            } &
            started=$((started + 1))
        done
        # Nobody left to wait for: who has not told its status was killed.
        log=$(log_of "$kind" "${tests[shown]}")
        wait -n || [ $? -ne 127 ] || [ -s "$log.status" ] || echo 1 >"$log.status"
        while [ $shown -lt $started ] && log=$(log_of "$kind" "${tests[shown]}") && [ -s "$log.status" ]; do
            "show_$(language_of "${tests[shown]}")" "$kind" "${tests[shown]}" "$(cat "$log.status")" "$log"
            shown=$((shown + 1))
        done
    done
}
log_of() { echo "$logs/$1.$(basename "$2").log"; }
language_of() {
    case $1 in
        *.py) echo python ;;
        *.sh) echo script ;;
        *) echo unit ;;
    esac
}

start_unit() { timeout "$limit" "${launcher[@]}" "$1"; }

show_unit() {
    add "$1/$(basename "$2")" "$(cmocka_sum PASSED "$4")" "$(cmocka_sum FAILED "$4")" "$(cmocka_sum SKIPPED "$4")" "$3" "$4"
}

start_script() { timeout "$limit" bash "$1"; }

show_script() {
    case $3 in
        0) add "${2#tests/}" 1 0 0 0 "$4" && sed -n 's/^counted: /    /p' "$4" ;;
        77) add "${2#tests/}" 0 0 1 0 "$4" && tail -n 1 "$4" ;;
        *) add "${2#tests/}" 0 1 0 "$3" "$4" ;;
    esac
}

start_python() {
    timeout $((3 * limit)) "$python" -m pytest -q -rs -p no:cacheprovider --basetemp="$(folder_of "$1")" \
        --junit-xml="$2.xml" "$1"
}

folder_of() { echo "$DMUMU_TEST_DIR/$(basename "$1" .py)"; }

show_python() {
    local name=${2#tests/} status=$3 log=$4 total bad skip
    # The attributes of <testsuite tests= failures= errors= skipped=>.
    field() { grep -o "<testsuite [^>]*" "$log.xml" 2>/dev/null | grep -o " $1=\"[0-9]*\"" | tr -dc 0-9; }
    total=$(field tests) bad=$(($(field failures) + $(field errors) + 0)) skip=$(field skipped)
    [ "$status" -ne 5 ] || status=0 # no tests there
    add "pytest/${name%.py}" $((${total:-0} - bad - ${skip:-0})) "$bad" "${skip:-0}" "$status" "$log"
    grep '^SKIPPED' "$log"
    [ "$status" -ne 0 ] || rm -rf "$(folder_of "$2")"
}

# run_units KIND PROGRAM...: as many at a time as there are jobs.
run_units() {
    [ -e "$2" ] || return 0 # none were built
    in_parallel "$jobs_at_once" "$@"
}

# run_scripts AT_ONCE SCRIPT...
run_scripts() { in_parallel "$1" script "${@:2}"; }

# run_scans asan|tsan [quick]
run_scans() {
    local log=$logs/$1.log status=0
    timeout $((3 * limit)) "$instrumented/scans.sh" "$@" >"$log" 2>&1 || status=$?
    add "$1 scans" "$(grep -c '^passed ' "$log")" "$(grep -c '^failed ' "$log")" 0 $status "$log"
}

# run_valgrind PROGRAM...: memcheck, after it has found two mistakes that are there.
run_valgrind() {
    local memcheck=(valgrind --quiet --error-exitcode=99 --leak-check=full --show-leak-kinds=definite,indirect
        --errors-for-leak-kinds=definite,indirect --fair-sched=try "--suppressions=$instrumented/valgrind.supp")
    local log=$logs/valgrind.canary.log program mistake missed=0
    for mistake in uninitialised leak; do
        "${memcheck[@]}" "$build/tests/instrumented/canary" $mistake >"$log" 2>&1
        [ $? -eq 99 ] || missed=1
    done
    add "valgrind/canary" $((1 - missed)) $missed 0 0 "$log"
    # Threads take turns here: one that spins keeps the others waiting.
    export OMP_NUM_THREADS=2 OMP_WAIT_POLICY=passive
    launcher=("${memcheck[@]}")
    run_units valgrind "$@"
    launcher=()
}

# What takes memory apart and hands pointers around, and takes a few seconds here.
quick=(axes blocks config core_arena cube_rows exchange queue)

# What takes longest, and begins first: begun last, it would keep one core busy while there is nothing left for the others.
longest=(check.sh test_core_reference test_determinism.py test_resume.py run_cube.sh test_core_random test_rounds.py
    test_reuse.py test_stop.py test_core_limits test_scan.py test_plot.py test_fit.py test_refine.py test_report.py
    test_published_grids.py test_python_lookup.py test_figures.py)

# longest_first TEST...: a line for each.
longest_first() {
    local name test
    for name in "${longest[@]}"; do
        for test; do [ "${test##*/}" != "$name" ] || echo "$test"; done
    done
    for test; do
        [[ " ${longest[*]} " == *" ${test##*/} "* ]] || echo "$test"
    done
}

run_together() {
    local tests
    mapfile -t tests < <(longest_first tests/fuzz/check.sh tests/mpi/*.sh tests/test_*.py "$build"/tests/unit/test_*)
    in_parallel $((jobs_at_once + jobs_at_once / 2)) unit "${tests[@]}"
}

[ $# -gt 0 ] || set -- --together
for part in "$@"; do
    case $part in
        --unit) run_units unit "$build"/tests/unit/test_* ;;
        --python) in_parallel "$jobs_at_once" unit tests/test_*.py ;;
        --together) run_together ;;
        --scripts) run_scripts 1 tests/mpi/*.sh ;;
        --fuzz) run_scripts 1 tests/fuzz/check.sh ;;
        --cluster) limit=$((3 * limit)) && DMUMU_TEST_TIMEOUT=$limit run_scripts 9 tests/cluster/*.sh ;;
        --asan | --tsan) run_scans "${part#--}" ;;
        --asan-quick) run_scans asan quick ;;
        --tsan-quick) run_scans tsan quick ;;
        --valgrind) limit=$((3 * limit)) && run_valgrind "$build"/tests/unit/test_* ;;
        --valgrind-quick) run_valgrind "${quick[@]/#/$build/tests/unit/test_}" ;;
        *) echo "run_tests.sh: no part '$part'" >&2 && exit 2 ;;
    esac
done

summary="$passed passed, $failed failed"
[ $skipped -eq 0 ] || summary="$summary, $skipped skipped"
[ -z "${DMUMU_TALLY:-}" ] || echo "$summary" >>"$DMUMU_TALLY"
echo "$summary"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
