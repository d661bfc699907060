#!/bin/bash
# Small scans and curves by programs built with a sanitizer: scans.sh asan|tsan [quick], called by tools/run_tests.sh, which sets
# DMUMU, BUILD, DMUMU_TEST_DIR and the sanitizers' options. Prints `passed NAME` or `failed NAME` for each; the logs of what failed follow.
#
# First the canaries: what is not found there would not be found anywhere. Then scans that write while they compute, with
# more M_A than a rank keeps tables of, and room for hardly a curve; scans of the same grid must agree in data_hash.
set -u
kind=$1 quick=${2:-}
here=$(cd "$(dirname "$0")" && pwd)
scratch=$DMUMU_TEST_DIR/$kind
canary=$BUILD/tests/instrumented/canary
complaint='WARNING: ThreadSanitizer|ERROR: [A-Za-z]+Sanitizer|runtime error:|Sanitizer: (CHECK|DEADLYSIGNAL)'
wrapper=()
failed=()
rm -rf "$scratch"
mkdir -p "$scratch"
log_of() { echo "$scratch/${1//[ \/]/_}.log"; }

verdict() { # NAME, after the test of what it says
    if [ $? -eq 0 ]; then
        echo "passed $1"
    else
        echo "failed $1"
        failed+=("$1")
    fi
}

# launch RANKS THREADS COMMAND...: without mpirun if RANKS is 0.
launch() {
    local ranks=$1 threads=$2 mpirun=()
    shift 2
    [ "$ranks" -eq 0 ] || mpirun=(mpirun -np "$ranks" --bind-to none)
    OMP_NUM_THREADS=$threads timeout 300 "${mpirun[@]}" "${wrapper[@]}" "$@"
}

# quiet NAME STATUS RANKS THREADS COMMAND...: it ends with that status, and nothing is found.
quiet() {
    local name=$1 expected=$2 status=0 log
    log=$(log_of "$name")
    shift 2
    launch "$@" >"$log" 2>&1 || status=$?
    echo "exit status $status" >>"$log"
    [ $status -eq "$expected" ] && ! grep -qE "$complaint" "$log"
    verdict "$name"
}

# found MISTAKE REPORT: the canary's mistake is found, and called so.
found() {
    local log
    log=$(log_of "$1 is found")
    ! launch 0 2 "$canary" "$1" >"$log" 2>&1 && grep -q "$2" "$log"
    verdict "$1 is found"
}

agree() { # NAME OF TWO SCANS
    local hashes
    hashes=$(grep -h '^data_hash: ' "$(log_of "$1")" "$(log_of "$2")")
    [ "$(wc -l <<<"$hashes")" -eq 2 ] && [ "$(sort -u <<<"$hashes" | wc -l)" -eq 1 ]
    verdict "$1 and $2 agree"
}

# MPI's libraries must still be there when leaks are looked at, or suppressions could not name them; and their frames be
# followed without frame pointers, which is slow and not needed elsewhere.
keep_libraries() {
    echo 'int dlclose(void *library) { (void)library; return 0; }' |
        "${CC:-cc}" -shared -fPIC -x c - -o "$scratch/keep.so" || exit 1
    ASAN_OPTIONS+=:fast_unwind_on_malloc=0
    wrapper=(env LD_PRELOAD="$scratch/keep.so")
}

cat >"$scratch/all.yaml" <<'END'
title: All modes, more M_A than are kept
axes:
  region: [disk, halo]
  alfven_mach: {values: [0.3, 0.6, 0.9, 1.2]}
  beta: {values: [0.05, 0.5]}
  injection_scale_pc: {values: [30, 100]}
  rigidity_gv: {values: [10, 1.0e5]}
model: {modes: [fast, alfven, slow], tolerance: 1.0e-2}
END
cat >"$scratch/many.yaml" <<'END'
title: Many short curves
axes:
  region: [halo]
  alfven_mach: {values: [0.5, 0.8]}
  beta: {from: 0.1, to: 0.3, points: 8, spacing: log}
  injection_scale_pc: {from: 50, to: 100, points: 8, spacing: log}
  rigidity_gv: {values: [1.0e4]}
model: {modes: [fast], tolerance: 1.0e-1}
END

if [ "$kind" = tsan ]; then
    export TSAN_OPTIONS=suppressions=$here/tsan.supp:second_deadlock_stack=1 ARCHER_OPTIONS=verbose=1 KMP_BLOCKTIME=0
    # Older clangs cannot place their shadow memory where kernels spread a program's addresses widely.
    if setarch -R true 2>/dev/null; then wrapper=(setarch -R); fi
    found race "data race"
    quiet "locks are understood" 0 0 2 "$canary" locked
    grep -q "Archer detected OpenMP application with TSan" "$(log_of "locks are understood")"
    verdict "archer is at work"
    quiet "unit/test_threads" 0 0 4 "$BUILD/tests/unit/test_threads"
else
    export ASAN_OPTIONS=$ASAN_OPTIONS:verify_asan_link_order=0 OMP_WAIT_POLICY=passive
    found overflow heap-buffer-overflow
    found shift "runtime error: shift exponent"
    keep_libraries
    found leak "1234 byte(s) leaked"
fi
scan=("$DMUMU" scan --overwrite)
quiet "many 2x2" 0 2 2 "${scan[@]}" "$scratch/many.yaml" -o "$scratch/many2.h5" --epoch 0 --buffer 0.001
quiet "many 1x4" 0 0 4 "${scan[@]}" "$scratch/many.yaml" -o "$scratch/many1.h5"
agree "many 2x2" "many 1x4"
if [ "$quick" != quick ]; then
    quiet "all 2x3" 0 2 3 "${scan[@]}" "$scratch/all.yaml" -o "$scratch/all2.h5" --epoch 0
    quiet "all 1x4" 0 0 4 "${scan[@]}" "$scratch/all.yaml" -o "$scratch/all1.h5" --epoch 0 --block 1 --buffer 0.001
    agree "all 2x3" "all 1x4"
    quiet "reuse 2x2" 0 2 2 "${scan[@]}" "$scratch/all.yaml" --set 'axes.rigidity_gv={values: [10, 1.0e4, 1.0e5]}' \
        --reuse "$scratch/all2.h5" -o "$scratch/reuse.h5" --epoch 0
    quiet "part 1x3" 0 0 3 "${scan[@]}" "$scratch/many.yaml" --part 1/2 -o "$scratch/part1.h5"
    quiet "part 2x1" 0 2 1 "${scan[@]}" "$scratch/many.yaml" --part 2/2 -o "$scratch/part2.h5"
    quiet "merge 2x1" 0 2 1 "$DMUMU" merge "$scratch/part1.h5" "$scratch/part2.h5" -o "$scratch/merged.h5"
    agree "many 1x4" "merge 2x1"
    curve=("$DMUMU" curve --region disk --alfven-mach 0.5 --beta 0.1 --injection-scale 50 --set model.tolerance=1e-2)
    quiet "curve 1x3" 0 0 3 "${curve[@]}" --rigidity 1:1e6:7
    quiet "pitch 1x3" 0 0 3 "${curve[@]}" --rigidity 1e5:1e9:9 --pitch=8 # the last fail
fi
if [ "$kind" = asan ]; then
    quiet "info" 0 0 1 "$DMUMU" info "$scratch/many2.h5"
    quiet "dry run" 0 0 1 "${scan[@]}" "$scratch/many.yaml" -o "$scratch/dry.h5" --dry-run
    quiet "refused input" 2 2 1 "${scan[@]}" "$scratch/many.yaml" -o "$scratch/x.h5" --set model.tolerance=2
    quiet "refused output" 2 2 1 "$DMUMU" scan "$scratch/many.yaml" -o "$scratch/many2.h5"
fi

for name in "${failed[@]}"; do
    echo "---- $name"
    tail -n 60 "$(log_of "$name")" 2>/dev/null
done
[ ${#failed[@]} -eq 0 ]
