#!/bin/sh
# One machine, no scheduler: a scan with all its cores; the same command goes on after an interruption. To edit:
#
#   1. RANKS (default: the cores over THREADS) and THREADS (default 1); one thread per rank is fastest, more take less memory
#   2. DMUMU: the program (default build/dmumu next to this folder, else dmumu on PATH)
#   3. nothing else: jobs/single_node.sh INPUT.yaml CUBE.h5 [further options of dmumu scan]
#
# kill -USR1 on its process stops it in good order.
set -eu

if [ $# -lt 2 ]; then
    sed -n '2,8s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
input=$1
output=$2
shift 2

here=$(cd "$(dirname "$0")/.." && pwd)
if [ -z "${DMUMU:-}" ]; then
    DMUMU=$here/build/dmumu
    [ -x "$DMUMU" ] || DMUMU=dmumu
fi
cores=$(nproc)
THREADS=${THREADS:-1}
RANKS=${RANKS:-$((cores / THREADS > 0 ? cores / THREADS : 1))}
export OMP_NUM_THREADS="$THREADS"
export HDF5_USE_FILE_LOCKING="${HDF5_USE_FILE_LOCKING:-FALSE}"

# Open MPI refuses root (containers) and more ranks than cores unless told; it also binds a rank of two threads to one
# core. Another MPI ignores the variables, and does not know the option.
if [ "$(id -u)" -eq 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi
binding=
if mpirun --version 2>/dev/null | grep -q 'Open MPI'; then
    if [ $((RANKS * THREADS)) -gt "$cores" ]; then
        export OMPI_MCA_rmaps_base_oversubscribe=1
        binding='--bind-to none'
    else
        binding="--map-by slot:PE=$THREADS --bind-to core"
    fi
fi
# shellcheck disable=SC2086
exec mpirun -n "$RANKS" $binding "$DMUMU" scan "$input" -o "$output" --resume "$@"
