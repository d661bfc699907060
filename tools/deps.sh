#!/bin/bash
# Dependencies: deps.sh [--check] GROUP..., with groups build, tests, figures, lint, browser, tsan, valgrind, fuzz, cluster.
#
# Says nothing and does nothing where all is found (a cluster with its modules loaded, a machine already set up).
# Otherwise installs the Debian/Ubuntu packages, with sudo when not root; where it cannot, it prints what is missing
# and the lines that would bring it, and fails. --check never installs. Each need below: group, what, test, apt package.
set -u
cd "$(dirname "$0")/.."
cc=${CC:-cc}
mpicc=${MPICC:-mpicc}
python=${PYTHON:-/usr/bin/python3}

has() { command -v "$1" >/dev/null 2>&1; }
has_pc() { has pkg-config && pkg-config --exists "$1"; }
has_header() { printf '#include <%s>\n' "$1" | "$cc" -E - >/dev/null 2>&1; }
has_module() { "$python" -c "import $1" >/dev/null 2>&1; }
has_cc() { printf 'int main(void){return 0;}\n' | "$cc" -x c - -o /dev/null >/dev/null 2>&1; }
has_hdf5() {
    # Whether it is parallel can only be asked with an MPI compiler.
    has "${mpicc%% *}" || { hdf5_says="not looked for, without $mpicc"; return 1; }
    hdf5_says=$(MPICC=$mpicc tools/find_hdf5.sh 2>&1 >/dev/null)
}
# The daemons are in /usr/sbin, which not everybody has on PATH.
has_slurm() { local PATH=$PATH:/usr/sbin && has slurmctld && has slurmd && has sbatch && has munged; }
# As analysis/dmumu/page.py looks for it. Ubuntu's package of this name is a snap, which containers cannot have.
has_chromium() {
    local name
    for name in "${DMUMU_CHROMIUM:-}" chromium chromium-browser google-chrome chrome; do
        [ -n "$name" ] && has "$name" && return
    done
    return 1
}
has_cmocka() { has_pc cmocka || printf '#include <stdarg.h>\n#include <stddef.h>\n#include <stdint.h>
#include <setjmp.h>\n#include <cmocka.h>\n' | "$cc" -E - >/dev/null 2>&1; }
# Clang's OpenMP, and archer in it, which tells ThreadSanitizer of locks and barriers: says so when it is there.
has_archer() {
    local probe said
    probe=$(mktemp) && printf '#include <omp.h>\nint main(void){int n=0;\n#pragma omp parallel reduction(+:n)\nn++;return n<1;}' |
        clang -fopenmp -fsanitize=thread -x c - -o "$probe" 2>/dev/null &&
        said=$(ARCHER_OPTIONS=verbose=1 $(setarch -R true 2>/dev/null && echo setarch -R) "$probe" 2>&1)
    rm -f "$probe"
    [[ ${said:-} == *"Archer detected"* ]]
}
has_fuzzer() { printf '#include <omp.h>\nint LLVMFuzzerTestOneInput(const char *d, long n) { return d[n]; }\n' |
    clang -x c - -fopenmp -fsanitize=fuzzer,address,undefined -o /dev/null 2>/dev/null; }
# The sanitizers of clang are a package of their own in Debian 12 and later, part of clang's before.
clang_rt() { ! apt-cache show libclang-rt-dev >/dev/null 2>&1 || echo libclang-rt-dev; }

needs='
build   | a C compiler                | has_cc                 | gcc libc6-dev
build   | MPI compiler (mpicc)        | has mpicc_             | openmpi-bin libopenmpi-dev
build   | MPI launcher (mpirun)       | has mpirun             | openmpi-bin
build   | pkg-config                  | has pkg-config         | pkg-config
build   | GSL                         | has_pc gsl             | libgsl-dev
build   | libyaml                     | has_pc yaml-0.1        | libyaml-dev
build   | libcyaml                    | has_pc libcyaml        | libcyaml-dev
build   | libarchive                  | has_pc libarchive      | libarchive-dev
build   | parallel HDF5               | has_hdf5               | libhdf5-openmpi-dev
tests   | cmocka                      | has_cmocka             | libcmocka-dev
tests   | pgrep                       | has pgrep              | procps
tests   | HDF5 tools (h5ls, h5dump)   | has h5dump             | hdf5-tools
tests   | ncdump                      | has ncdump             | netcdf-bin
tests   | Python                      | has python_            | python3
tests   | Python pytest               | has_module pytest      | python3-pytest
tests   | Python netCDF4              | has_module netCDF4     | python3-netcdf4
tests   | Python yaml                 | has_module yaml        | python3-yaml
tests   | Python emcee                | has_module emcee       | python3-emcee
tests   | Python setuptools           | has_module setuptools  | python3-setuptools
tests   | Python pip                  | has_module pip         | python3-pip
tests   | Python wheel                | has_module wheel       | python3-wheel
figures | Python                      | has python_            | python3
figures | Python numpy                | has_module numpy       | python3-numpy
figures | Python scipy                | has_module scipy       | python3-scipy
figures | Python h5py                 | has_module h5py        | python3-h5py
figures | Python xarray               | has_module xarray      | python3-xarray
figures | Python h5netcdf             | has_module h5netcdf    | python3-h5netcdf
figures | Python matplotlib           | has_module matplotlib  | python3-matplotlib
lint    | clang-format                | has clang-format       | clang-format
lint    | clang-tidy                  | has clang-tidy         | clang-tidy
lint    | cppcheck                    | has cppcheck           | cppcheck
lint    | nm                          | has nm                 | binutils
browser | Chromium                  | has_chromium           | chromium
tsan    | clang, libomp with archer   | has_archer             | clang libomp-dev clang_rt_
valgrind | valgrind                   | has valgrind           | valgrind
fuzz    | clang, libFuzzer, OpenMP    | has_fuzzer             | clang libomp-dev clang_rt_
cluster | Slurm and munge             | has_slurm              | slurmctld slurmd slurm-client munge
'

# Fill `missing` (one line each) and `packages` for the groups given.
look() {
    missing="" packages="" hdf5_says=""
    local group what test package
    while IFS='|' read -r group what test package; do
        group=${group// /}
        [[ " $groups " == *" $group "* && -n $group ]] || continue
        test=${test//mpicc_/$mpicc} test=${test//python_/$python}
        $test && continue
        missing+="  $(xargs <<<"$what")"$'\n'
        packages+=" ${package//clang_rt_/$(clang_rt)}"
    done <<<"$needs"
    packages=$(tr ' ' '\n' <<<"$packages" | sort -u | xargs)
}

say_missing() {
    echo "dmumu: missing on this machine (for: $groups):" >&2
    printf '%s' "$missing" >&2
    [ -z "$hdf5_says" ] || echo "  HDF5: $hdf5_says" >&2
}

say_how() {
    cat >&2 <<END
One of these brings it:
  Debian, Ubuntu:  sudo apt-get update && sudo apt-get install --no-install-recommends $packages
  a cluster:       module load gcc openmpi hdf5-parallel gsl      (names differ: \`module avail hdf5\`; take one with MPI)
  Spack:           spack install openmpi gsl libyaml libcyaml libarchive cmocka pkgconf 'hdf5+mpi+hl' && spack load openmpi gsl libyaml libcyaml libarchive cmocka pkgconf hdf5
An HDF5 that pkg-config does not know is found through HDF5_DIR=/its/prefix.
END
}

install_packages() {
    local as_root=() apt="apt-get -qq -o Dpkg::Use-Pty=0"
    if [ "$(id -u)" -ne 0 ]; then
        has sudo || return 1
        # Without a terminal nobody can type a password.
        if [ -t 0 ]; then as_root=(sudo); else sudo -n true 2>/dev/null && as_root=(sudo -n) || return 1; fi
    fi
    has apt-get || return 1
    echo "dmumu: installing $packages"
    as_root+=(env DEBIAN_FRONTEND=noninteractive)
    if ! ls /var/lib/apt/lists/*Packages* >/dev/null 2>&1; then "${as_root[@]}" $apt update || return 1; fi
    "${as_root[@]}" $apt install -y --no-install-recommends $packages >/dev/null ||
        { "${as_root[@]}" $apt update && "${as_root[@]}" $apt install -y --no-install-recommends $packages >/dev/null; }
}

check_only=0
[ "${1:-}" = --check ] && { check_only=1; shift; }
groups="${*:-build tests figures lint}"
for group in $groups; do
    [[ " build tests figures lint browser tsan valgrind fuzz cluster " == *" $group "* ]] || { echo "deps.sh: no group '$group'" >&2; exit 2; }
done

look
[ -n "$missing" ] || exit 0
if [ $check_only -eq 0 ] && install_packages; then
    hash -r
    look
    [ -n "$missing" ] || exit 0
fi
say_missing
say_how
exit 1
