/*
 * Team: the ranks of a scan. How they start, agree, and share a text. This file, mail_mpi.c and exchange_mpi.c hold the
 * scan's MPI.
 */
#ifndef DMUMU_SCAN_TEAM_MPI_H
#define DMUMU_SCAN_TEAM_MPI_H

#include "dmumu.h"

#include <mpi.h>

struct dmumu_team {
    MPI_Comm comm;
    int rank, size;
    int hosts;
    int threads;       /* of this rank */
    int *rank_threads; /* [size] OpenMP threads of each rank; owned */
    int all_threads;   /* of all ranks */
    int least_cores;   /* that a rank may use, the fewest and the most */
    int most_cores;
    int starved_rank;      /* a rank with more threads than cores that it may use, or -1 */
    int starved_cores;     /* and how many those are */
    bool crowded;          /* some host has more threads than cores */
    int unused_allocation; /* tasks that Slurm allocated to this lone process, if more than one; else 0 */
};

/** Did a launcher (mpirun, srun) start this process? Known before MPI starts. */
bool dmumu_team_launched(void);
/** The rank that the launcher gave this process, known before MPI starts; 0 without a launcher. */
int dmumu_team_launch_rank(void);

/**
 * Start MPI (MPI_THREAD_FUNNELED) and get to know each other. Refuses when the launcher started N processes and each
 * sees itself alone (srun with the wrong PMI, an mpirun of another MPI). Collective over all processes.
 * @param[out] team  always to be ended with dmumu_team_end
 * @return DMUMU_OK; DMUMU_ERROR_INPUT for a wrong launch; DMUMU_ERROR_MEMORY; DMUMU_ERROR_INTERNAL. The same on all.
 */
enum dmumu_status dmumu_team_start(int *argc, char ***argv, struct dmumu_team *team, struct dmumu_error *error);
/** Collective. */
void dmumu_team_end(struct dmumu_team *team);

/** End all ranks at once with an exit status, where an orderly end could hang. Does not return. */
void dmumu_team_abort(const struct dmumu_team *team, int exit_status);

/** "1 host, 2 ranks, 4 threads per rank". Not collective. */
void dmumu_team_describe(const struct dmumu_team *team, size_t size, char text[]);
/** A warning about a launch that wastes cores, or "". Not collective. */
void dmumu_team_advice(const struct dmumu_team *team, size_t size, char text[]);

/**
 * Make one status of all: the worst, and the message of the lowest rank that has it. Collective.
 * @param[in,out] error  may not be NULL
 * @return the same on every rank; DMUMU_OK only if every rank passed DMUMU_OK
 */
enum dmumu_status dmumu_team_agree(const struct dmumu_team *team, enum dmumu_status status, struct dmumu_error *error);

/**
 * Rank 0's text to all ranks. Collective.
 * @param[in,out] text  on rank 0 the text; on the others set to a copy, owned by the caller
 * @return the same on every rank: DMUMU_OK or DMUMU_ERROR_MEMORY
 */
enum dmumu_status dmumu_team_share_text(const struct dmumu_team *team, char **text, struct dmumu_error *error);

/** Sum counters over all ranks, in place, on every rank. Collective. */
void dmumu_team_sum(const struct dmumu_team *team, size_t n, uint64_t counts[]);
/** The same for seconds. Collective. */
void dmumu_team_sum_seconds(const struct dmumu_team *team, size_t n, double seconds[]);

/** The largest of each number over all ranks, in place, on every rank; none may be NaN. Collective. */
void dmumu_team_largest(const struct dmumu_team *team, size_t n, double numbers[]);

/** The error that belongs to the lowest key (UINT64_MAX: none), on every rank. Returns that key. Collective. */
uint64_t dmumu_team_lowest(const struct dmumu_team *team, uint64_t key, struct dmumu_error *error);

#endif
