# Output on NFS. To edit:
#
#   1. the first line below: your modules
#   2. OMPI_MCA_io: which I/O layer of Open MPI; ROMIO as it stands here, ompio when you take the line out
#   3. nothing else; but where there is a parallel file system, let the output go there, and copy the cube afterwards
#
# shellcheck shell=sh
. "${SLURM_SUBMIT_DIR:-.}/jobs/sites/modules.sh"

# NFS locks need a daemon that often is not there, and HDF5 then cannot open a file. dmumu has a lock of its own: a file
# that is created exclusively, which NFS honours.
export HDF5_USE_FILE_LOCKING=FALSE

# Each node caches what it has read and written of a file: several nodes in one file rely on the MPI to keep them apart.
# ROMIO does, by byte-range locks (which need lockd, else it says so and stops); on a single node nothing is needed.
if [ "${SLURM_JOB_NUM_NODES:-1}" -gt 1 ]; then
    export OMPI_MCA_io=romio321
fi
# Without locks, one node is the way: all ranks of a scan on it, and an array (jobs/array.sbatch) for more nodes.
