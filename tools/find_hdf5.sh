#!/bin/bash
# Find a parallel HDF5 (with its high-level library) and print it as two lines of make: HDF5_CFLAGS, HDF5_LIBS.
#
# With --serial: one without MPI instead, which cc alone compiles and links, as LOOKUP_CFLAGS and LOOKUP_LIBS; tried are
# $HDF5_SERIAL_DIR, pkg-config hdf5-serial and hdf5. Exit status 1: none.
#
# Tried in order: $HDF5_DIR, $HDF5_ROOT, $HDF5_HOME (modules, Spack); pkg-config hdf5-openmpi, hdf5-mpich, hdf5;
# h5pcc -show. A candidate counts only if its headers say H5_HAVE_PARALLEL and a program with MPI-IO and the
# dimension-scale calls links. Exit status: 0 found, 1 none at all, 2 only a serial one (the text on stderr says which).
set -u
mpicc=${MPICC:-mpicc}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
serial=""
unlinked=""

cat >"$scratch/probe.c" <<'END'
#include <hdf5.h>
#include <hdf5_hl.h>
int main(void)
{
    return H5Pset_fapl_mpio(H5P_DEFAULT, MPI_COMM_WORLD, MPI_INFO_NULL) < 0 && H5DSset_scale(0, "") < 0;
}
END

# Headers of the system kind (-isystem) raise no warnings of their own.
as_system() { sed -E 's/(^| )-I */\1-isystem /g' <<<"$1"; }

# The MPI or serial kind of the headers that these flags find; nothing if there are none. (A file, not stdin: Open MPI's
# compiler adds its own flags only when it sees one.)
printf '#include <H5public.h>\n#ifdef H5_HAVE_PARALLEL\ndmumu_parallel\n#else\ndmumu_serial\n#endif\n' >"$scratch/kind.c"
kind_of() { $mpicc $1 -E "$scratch/kind.c" 2>/dev/null | sed -n 's/^dmumu_//p'; }

# try NAME CFLAGS LIBS: print and leave if it is parallel and links.
try() {
    local name=$1 cflags=$2 libs=$3 hl
    case $(kind_of "$cflags") in
        parallel) ;;
        serial) serial="$serial, $name"; return ;;
        *) return ;;
    esac
    for hl in "" -lhdf5_hl -lhdf5_openmpi_hl -lhdf5_mpich_hl; do
        # The high-level library goes before the one it uses, behind the -L flags.
        local all
        all="$(grep -oE '(^| )-L *[^ ]+' <<<"$libs" | tr '\n' ' ') $hl $libs"
        if $mpicc $cflags "$scratch/probe.c" $all -o "$scratch/probe" 2>"$scratch/log"; then
            echo "HDF5_CFLAGS := $(as_system "$cflags" | xargs)"
            echo "HDF5_LIBS := $(xargs <<<"$all")"
            echo "HDF5_FOUND := $name"
            exit 0
        fi
    done
    unlinked="$unlinked, $name"
}

# try_serial CFLAGS LIBS: print and leave if it has no MPI and links.
try_serial() {
    cat >"$scratch/serial.c" <<'END'
#include <hdf5.h>
#include <hdf5_hl.h>
#ifdef H5_HAVE_PARALLEL
#error parallel
#endif
int main(void)
{
    return H5open() < 0 && H5DSset_scale(0, "") < 0;
}
END
    local libs
    libs="$(grep -oE '(^| )-L *[^ ]+' <<<"$2" | tr '\n' ' ') -lhdf5_hl $2"
    ${CC:-cc} $1 "$scratch/serial.c" $libs -o "$scratch/serial" 2>/dev/null || return 0
    echo "LOOKUP_CFLAGS := $(as_system "$1" | xargs)"
    echo "LOOKUP_LIBS := $(xargs <<<"$libs")"
    exit 0
}

if [ "${1:-}" = --serial ]; then
    root=${HDF5_SERIAL_DIR:-}
    [ -z "$root" ] || try_serial "-I$root/include" "-L$root/lib -Wl,-rpath,$root/lib -lhdf5"
    for name in hdf5-serial hdf5; do
        pkg-config --exists "$name" 2>/dev/null && try_serial "$(pkg-config --cflags "$name")" "$(pkg-config --libs "$name")"
    done
    exit 1
fi

for root in "${HDF5_DIR:-}" "${HDF5_ROOT:-}" "${HDF5_HOME:-}"; do
    [ -n "$root" ] || continue
    lib=$root/lib
    [ -d "$lib" ] || lib=$root/lib64
    try "$root" "-I$root/include" "-L$lib -Wl,-rpath,$lib -lhdf5"
done

if command -v pkg-config >/dev/null; then
    for name in hdf5-openmpi hdf5-mpich hdf5; do
        pkg-config --exists "$name" 2>/dev/null || continue
        try "pkg-config $name" "$(pkg-config --cflags "$name")" "$(pkg-config --libs "$name")"
    done
fi

for wrapper in h5pcc h5cc; do
    command -v $wrapper >/dev/null || continue
    words=$($wrapper -show 2>/dev/null | tr ' ' '\n')
    try "$wrapper" "$(grep -E '^-[ID]' <<<"$words" | xargs)" "$(grep -E '^-[LlW]|\.(a|so)$' <<<"$words" | xargs)"
done

if [ -n "$unlinked" ]; then
    echo "parallel HDF5 headers were found (${unlinked#, }), but a program with its high-level library does not link:" >&2
    sed 's/^/    /' "$scratch/log" | head -5 >&2
    exit 1
elif [ -n "$serial" ]; then
    echo "only a serial HDF5 was found (${serial#, }): dmumu needs one built with MPI (--enable-parallel)" >&2
    exit 2
fi
echo "no HDF5 was found (HDF5_DIR, pkg-config hdf5-openmpi, hdf5-mpich, hdf5, h5pcc)" >&2
exit 1
