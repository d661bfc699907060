#!/bin/bash
# Write the make variables that hold the libraries' flags: configure.sh FILE. Called by make on the first build.
#
# CORE_*  GSL, all that src/core may see;  MPI_*  MPI, HDF5, libyaml, libcyaml and libarchive;  TEST_LIBS  cmocka if present;
# LOOKUP_*  what libdmumu reads cubes with: a serial HDF5 where there is one ($HDF5_SERIAL_DIR, pkg-config hdf5-serial or
# hdf5), else the parallel one, of which it uses nothing that needs MPI to be started.
set -eu
file=$1
here=$(dirname "$0")
if ! "$here/deps.sh" --check build; then
    echo "Then build again; \`make deps\` installs them where it can." >&2
    exit 1
fi

as_system() { sed -E 's/(^| )-I *([^ ]+)/\1-isystem \2/g'; }
cflags() { pkg-config --cflags "$@" | as_system; }
# Static analysis needs the compiler wrapper's include folders spelt out.
mpi_cflags=$("${MPICC:-mpicc}" -show | tr ' ' '\n' | grep -E '^-I' | xargs | as_system || true)

mkdir -p "$(dirname "$file")"
{
    echo "# Written by tools/configure.sh; remove it to look for the libraries again."
    "$here/find_hdf5.sh"
    echo "CORE_CFLAGS := $(cflags gsl)"
    echo "CORE_LIBS := $(pkg-config --libs gsl) -lm"
    echo "MPI_CFLAGS := $mpi_cflags $(cflags libcyaml yaml-0.1 libarchive) \$(HDF5_CFLAGS)"
    echo "MPI_LIBS := $(pkg-config --libs libcyaml yaml-0.1 libarchive) \$(HDF5_LIBS)"
    if serial=$(CC="${CC:-cc}" "$here/find_hdf5.sh" --serial); then
        echo "LOOKUP_CC := \$(CC)"
        echo "$serial"
    else
        echo "LOOKUP_CC := \$(MPICC)"
        echo "LOOKUP_CFLAGS := $mpi_cflags \$(HDF5_CFLAGS)"
        echo "LOOKUP_LIBS := \$(HDF5_LIBS)"
    fi
    echo "TEST_LIBS := $(pkg-config --libs cmocka 2>/dev/null || echo -lcmocka)"
} >"$file.new"
mv "$file.new" "$file"
