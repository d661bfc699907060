# Output on Lustre. To edit:
#
#   1. the first line below: your modules
#   2. STRIPES: over how many storage targets a cube is spread (1 for cubes below 1 GB; `lfs df` shows how many there are)
#   3. OMPI_MCA_io: only if a scan hangs in a write; see there
#
# shellcheck shell=sh
. "${SLURM_SUBMIT_DIR:-.}/jobs/sites/modules.sh"

# HDF5's own locks fail where Lustre is mounted without -o flock. dmumu has a lock of its own, which needs none.
export HDF5_USE_FILE_LOCKING=FALSE

# A new file takes the striping of its folder; "$output" is what scan.sbatch writes.
STRIPES=${STRIPES:-1}
if command -v lfs >/dev/null && [ -n "${output:-}" ] && [ ! -e "$output.part" ]; then
    lfs setstripe -c "$STRIPES" "$(dirname "$output")" || true
fi

# Collective writes of Open MPI's own I/O layer (ompio) have hung at some numbers of ranks; ROMIO is the known way round.
# With it, one rank's failed write reaches all of them at once, too.
# export OMPI_MCA_io=romio321
# MPICH and Intel MPI have ROMIO only; there, on Lustre:
# export ROMIO_FSTYPE_FORCE="lustre:"
