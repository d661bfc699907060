#!/bin/bash
# The cube's writer under MPI: the same data_hash for any ranks and distribution, collective writes, kills at any moment,
# places that cannot be written to. Exit status 0 passed. Environment: BUILD (default build), DMUMU_TEST_DIR (scratch).
set -u
cd "$(dirname "$0")/../.."
build=${BUILD:-build}
scratch=$(mktemp -d "${DMUMU_TEST_DIR:-/tmp}/cube.XXXXXX") || exit 1
mounted=""
trap '[ -z "$mounted" ] || umount "$mounted"; rm -rf "$scratch"' EXIT
if [ -z "${SLURM_JOB_ID:-}" ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
    export OMPI_MCA_mpi_yield_when_idle=1 # a rank that waits leaves the core to the one that it waits for
fi
failures=0
fail() { echo "FAILED: $*"; failures=$((failures + 1)); }

writer=$build/tests/mpi/cube_writer
if [ ! -x "$writer" ]; then
    env -u MAKEFLAGS -u MAKELEVEL make --no-print-directory -s BUILD="$build" "$writer" || exit 1
fi

# write RANKS WORDS...: its log in $log, its exit status returned.
log=$scratch/log
write() {
    local ranks=$1
    shift
    timeout 120 mpirun --bind-to none -np "$ranks" "$writer" write "$@" >"$log" 2>&1
}
# refuse STATUS-PATTERN WHAT RANKS WORDS...: must fail on every rank, saying so.
refuse() {
    local pattern=$1 what=$2 ranks=$3
    shift 2
    if write "$@"; then fail "$what: not refused"; fi
    [ "$(grep -cE "^rank [0-9]+ [a-z]+: .*($pattern)" "$log")" -eq "$ranks" ] ||
        fail "$what: not $ranks messages like '$pattern': $(head -c 600 "$log")"
}

echo "== one hash for any ranks, distribution and number of epochs; every write collective"
hashes=""
for ranks in 1 2 3 5; do
    for distribution in blocks cyclic odd last reversed; do
        cube=$scratch/$distribution$ranks.h5
        write $ranks "$cube" $distribution $((ranks + 1)) || fail "$distribution on $ranks ranks: $(cat "$log")"
        [ -e "$cube" ] && [ ! -e "$cube.part" ] || fail "$cube is not in its place"
        hashes+=$(sed -n 's/.*data_hash //p' "$log")$'\n'
        [ "$(grep -c data_hash "$log")" -eq $ranks ] || fail "not every rank got data_hash"
    done
done
hash=$(sort -u <<<"${hashes%$'\n'}" | head -n 1)
[ "$(sort -u <<<"${hashes%$'\n'}" | wc -l)" -eq 1 ] || fail "different hashes: $(sort <<<"$hashes" | uniq -c)"
"$writer" check "$scratch/odd5.h5" 600 || fail "the values of a whole cube"

echo "== killed at any moment: what was flushed is there, and any number of ranks goes on with it to the same hash"
for i in 1 2 3 4 5 6; do
    cube=$scratch/killed$i.h5
    : >"$log" # before the loop below looks into it
    mpirun --bind-to none -np 3 "$writer" write "$cube" cyclic 200 slow >"$log" 2>/dev/null &
    job=$!
    for _ in $(seq 3000); do
        [ "$(grep -c flushed "$log")" -ge $((i * i)) ] && break
        sleep 0.01
    done
    sleep 0.00$((RANDOM % 10))
    # the ranks are the children of this mpirun
    pgrep -P $job | xargs -r kill -9
    wait $job 2>/dev/null
    flushed=$(sed -n 's/^flushed //p' "$log" | tail -n 1)
    [ -e "$cube" ] && fail "kill $i came too late"
    "$writer" check "$cube.part" "${flushed:-1}" || fail "kill $i: after $flushed were flushed"
    write $((i % 4 + 1)) "$cube" odd 3 resume || fail "kill $i: resume: $(cat "$log")"
    [ "$(sed -n 's/^found //p' "$log")" -ge "${flushed:-1}" ] || fail "kill $i: resumed at less than $flushed"
    grep -q "data_hash $hash$" "$log" || fail "kill $i: another hash after the resume"
    [ ! -e "$cube.part" ] && [ ! -e "$cube.lock" ] || fail "kill $i: the resume left something"
done

echo "== a .part that is not this scan's, or not whole, is refused and left as it is"
write 2 "$scratch/part.h5" cyclic 3 hole && fail "a cube with a hole was finished"
part=$scratch/part.h5.part
damage() { # WHAT PATTERN PYTHON: on a copy, as `file`
    cp "$part" "$scratch/damaged.h5.part"
    "${PYTHON:-/usr/bin/python3}" -c "import h5py, sys; file = h5py.File(sys.argv[1], 'r+'); $3" "$scratch/damaged.h5.part" || fail "$1: cannot damage"
    sum=$(sha256sum <"$scratch/damaged.h5.part")
    refuse "$2" "$1" 3 "$scratch/damaged.h5" blocks 1 resume
    [ "$(sha256sum <"$scratch/damaged.h5.part")" = "$sum" ] || fail "$1: the file was changed"
    [ ! -e "$scratch/damaged.h5.lock" ] || fail "$1: a lock was left"
}
damage "other physics" "axes, configuration or physics are not" "file.attrs['physics'] = 'model:\n  tolerance: 0.01\n'"
damage "another version" "other physics: version \(0.0.1 there, [0-9.]* here\)" \
    "file.attrs['version'] = '0.0.1'; file.attrs['physics_hash'] = '0' * 64"
damage "a coordinate's last bit" "axes, configuration or physics are not" "file['rigidity'][5] *= 1 + 3e-16"
damage "a value" "curve 599 .*checksum" "file['D'][1, 4, 2, 19, 300] *= 1 + 3e-16"
damage "a flag" "curve 7 .*checksum" "file['quality'][0, 0, 0, 7, 0] ^= 1"
damage "a state" "curve 0 .*checksum" "file['state'][0, 0, 0, 0] = 1"
damage "a state that is none" "state of curve 3 is 7" "file['state'][0, 0, 0, 3] = 7"
damage "no checksums" "lacks integrity/checksum" "del file['integrity']"
damage "a compressed variable" "compressed or chunked" \
    "d = file['x_c'][...]; del file['x_c']; file.create_dataset('x_c', data=d, compression='gzip')"
truncate -s -1000 "$scratch/damaged.h5.part"
refuse "is damaged" "a truncated file" 3 "$scratch/damaged.h5" blocks 1 resume
: >"$scratch/damaged.h5.part"
refuse "is damaged" "an empty file" 3 "$scratch/damaged.h5" blocks 1 resume
rm "$scratch/damaged.h5.part"
refuse "No such file" "no file" 2 "$scratch/damaged.h5" blocks 1 resume
mkdir "$scratch/damaged.h5.part"
refuse "Is a directory|not a file" "a folder" 2 "$scratch/damaged.h5" blocks 1 resume
write 3 "$scratch/part.h5" blocks 1 resume || fail "a cube with a hole, resumed: $(cat "$log")"
grep -q "found 599" "$log" && grep -q "data_hash $hash$" "$log" || fail "a cube with a hole, resumed: $(cat "$log")"

echo "== refused, by all ranks, without traces"
cube=$scratch/there.h5
write 2 "$cube" blocks 2 || fail "cannot write: $(cat "$log")"
sum=$(sha256sum <"$cube")
refuse "there.h5 exists" "an output that exists" 3 "$cube" blocks 2
[ "$(sha256sum <"$cube")" = "$sum" ] || fail "an output that was refused has changed"
refuse "hole|still pending" "an incomplete cube, finished" 2 "$cube" blocks 2 overwrite hole
[ "$(sha256sum <"$cube")" = "$sum" ] || fail "overwrite touched the old cube before the new one was complete"
[ -e "$cube.part" ] || fail "an incomplete cube did not stay as .part"
refuse "there.h5 exists|part exists" "a .part that exists" 2 "$cube" blocks 2
mv "$cube" "$scratch/away.h5"
refuse "there.h5.part exists" "a .part that exists, alone" 2 "$cube" blocks 2
write 2 "$cube" blocks 2 overwrite || fail "overwrite of a .part: $(cat "$log")"
write 3 "$cube" blocks 2 overwrite || fail "overwrite of a cube: $(cat "$log")"
[ -e "$cube.part" ] && fail ".part remains"
refuse "twice in a batch" "a curve twice in a batch" 3 "$scratch/twice.h5" cyclic 2 twice
refuse "No such file or directory" "a missing folder" 3 "$scratch/none/x.h5" blocks 2
refuse "is not a folder|Not a directory" "a file as folder" 2 "$cube/x.h5" blocks 2
refuse "needs the name of a file" "no name" 2 "$scratch/" blocks 2
mkdir "$scratch/folder.h5"
refuse "is a folder" "a folder as output" 2 "$scratch/folder.h5" blocks 2 overwrite
refuse "find room.*File too large" "a limit on the file's size" 3 "$scratch/large.h5" blocks 2 no-room first early
[ -e "$scratch/large.h5.part" ] && fail "a cube that found no room left its .part"

echo "== a second writer"
first() { # a writer in the background, stopped after its first epoch: $job, and its ranks in $ranks
    : >"$scratch/first" # before the loop below looks into it
    mpirun --bind-to none -np 2 "$writer" write "$scratch/two.h5" cyclic 300 slow >"$scratch/first" 2>&1 &
    job=$!
    for _ in $(seq 3000); do
        grep -q flushed "$scratch/first" && break
        sleep 0.01
    done
    ranks=$(pgrep -P $job)
    kill -STOP $ranks
}
first
for way in "" overwrite resume; do
    refuse "another scan is writing this cube: process [0-9]+ on" "a second writer ($way)" 2 "$scratch/two.h5" blocks 2 $way
done
rm "$scratch/two.h5.part"
kill -CONT $ranks
wait $job && fail "the first writer did not notice that its file was removed"
grep -qE "cannot find" "$scratch/first" || fail "the first writer said: $(tail -n 3 "$scratch/first")"
[ -e "$scratch/two.h5.lock" ] && fail "the first writer left its lock"
first
sed -i 's/^nonce: .*/nonce: 0123456789abcdef/' "$scratch/two.h5.lock"
kill -CONT $ranks
wait $job && fail "the first writer did not notice that its lock was taken over"
grep -qE "has taken over" "$scratch/first" || fail "the first writer said: $(tail -n 3 "$scratch/first")"

echo "== a disk that fails in the middle of the scan ends the job, whatever MPI-IO makes of it"
for method in vulcan dynamic individual; do
    start=$SECONDS
    OMPI_MCA_fcoll=$method write 3 "$scratch/$method.h5" cyclic 3 no-room all && fail "$method: not noticed"
    [ $((SECONDS - start)) -lt 110 ] || fail "$method: took $((SECONDS - start)) s"
    grep -qE "cannot|is not there" "$log" || fail "$method: $(tail -n 5 "$log")"
    [ -e "$scratch/$method.h5" ] && fail "$method: a cube came out"
    "$writer" check "$scratch/$method.h5.part" 0 || fail "$method: .part"
done

echo "== small and read-only disks (as root only)"
mkdir "$scratch/disk"
if mount -t tmpfs -o size=1m tmpfs "$scratch/disk" 2>/dev/null; then
    mounted=$scratch/disk
    refuse "the cube takes .* only" "a disk too small" 3 "$mounted/x.h5" blocks 2
    [ -z "$(ls "$mounted")" ] || fail "a disk too small: something was left on it"
    mount -o remount,ro "$mounted"
    refuse "Read-only file system|only 1.0 MB free" "a read-only disk" 2 "$mounted/x.h5" blocks 2
    mount -o remount,rw,size=100m "$mounted" && mount -o remount,ro "$mounted"
    refuse "cannot create .*Read-only file system" "a read-only disk with room" 2 "$mounted/x.h5" blocks 2
else
    echo "(not root, or mounts are not allowed: left out)"
fi

[ $failures -eq 0 ] && echo "cube: all passed"
exit $((failures > 0))
