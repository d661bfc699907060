# Environment modules. To edit:
#
#   1. the modules: the same that dmumu was built with (`module list` then); one MPI, and the HDF5 that belongs to it
#   2. DMUMU: the program, where it was installed (`make install PREFIX=$HOME/.local`)
#   3. MPI_LAUNCH: only if what scan.sbatch chooses (srun --mpi=pmix, else mpirun) is not right; `srun --mpi=list` tells
#
# shellcheck shell=sh
module purge
module load gcc openmpi hdf5-parallel gsl
# spack load gcc openmpi gsl libyaml libcyaml libarchive 'hdf5+mpi+hl'    # instead, with Spack

export DMUMU="${DMUMU:-$HOME/.local/bin/dmumu}"

# Open MPI under a Slurm without PMIx:                 export MPI_LAUNCH="mpirun -n $SLURM_NTASKS"
# Intel MPI or MPICH under Slurm:                      export MPI_LAUNCH="srun --mpi=pmi2"
# Whatever it is, a scan that was launched wrongly says so at once and stops.
