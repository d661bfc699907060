#!/bin/bash
# Build the fuzz targets, and the program under the same sanitizers, with clang into $BUILD/fuzz.
# Exit status 77 where there is no clang with libFuzzer and OpenMP.
set -eu
cd "$(dirname "$0")/../.."
if ! tools/deps.sh --check fuzz >/dev/null 2>&1; then
    echo "no clang with libFuzzer and OpenMP here (tools/deps.sh fuzz brings it)"
    exit 77
fi
# The compiler wrappers of Open MPI, MPICH and Intel MPI each have a variable for the compiler that they call.
export OMPI_CC=clang MPICH_CC=clang I_MPI_CC=clang
flags="-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer"
env -u MAKEFLAGS -u MAKELEVEL make --no-print-directory -s BUILD="${BUILD:-build}/fuzz" CC=clang WERROR= \
    WARNINGS=-Wno-pass-failed OPTIMISE=-O1 CFLAGS="$flags" fuzz-programs
