/* Team: start of MPI, agreement, sharing (see team_mpi.h). */
#include "scan/team_mpi.h"

#include "core/error.h"
#include "scan/orphan.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A number from the environment; `missing` if it is not there. */
static int environment_number(const char *name, int missing)
{
    const char *text = getenv(name);
    char *end = NULL;
    const long number = text ? strtol(text, &end, 10) : 0;
    return end != text && number >= 0 && number <= INT32_MAX ? (int)number : missing;
}

bool dmumu_team_launched(void)
{
    return getenv("OMPI_COMM_WORLD_SIZE") || getenv("PMI_SIZE") || getenv("SLURM_STEP_NUM_TASKS");
}

int dmumu_team_launch_rank(void)
{
    if (getenv("OMPI_COMM_WORLD_SIZE"))
        return environment_number("OMPI_COMM_WORLD_RANK", 0);
    if (getenv("PMI_SIZE"))
        return environment_number("PMI_RANK", 0);
    if (getenv("SLURM_STEP_NUM_TASKS"))
        return environment_number("SLURM_PROCID", 0);
    return 0;
}

/*
 * The innermost launcher decides: an mpirun inside a Slurm job may well start fewer ranks than the job has tasks.
 * SLURM_NTASKS alone is not a launch: the batch shell has it too, and there a lone process is only a waste
 * (dmumu_team_advice).
 */
static enum dmumu_status check_launch(const struct dmumu_team *team, struct dmumu_error *error)
{
    static const char *const variables[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"};
    for (size_t i = 0; i < sizeof variables / sizeof *variables; ++i) {
        const int launched = environment_number(variables[i], 0);
        if (launched <= 0)
            continue;
        if (launched == team->size)
            return DMUMU_OK;
        return dmumu_error_set(error, DMUMU_ERROR_INPUT,
                               "%d processes were launched (%s=%d), but MPI sees %d: they would all do the same work. "
                               "The launcher and this program's MPI do not fit together: use the mpirun of the MPI "
                               "that it was built with, or under Slurm `srun --mpi=pmix`",
                               launched, variables[i], launched, team->size);
    }
    return DMUMU_OK;
}

/* Hosts, threads of every rank, and whether some core has more threads than it can run. Collective. */
static void survey(struct dmumu_team *team)
{
    MPI_Allgather(&team->threads, 1, MPI_INT, team->rank_threads, 1, MPI_INT, team->comm);
    team->all_threads = 0;
    for (int i = 0; i < team->size; ++i)
        team->all_threads += team->rank_threads[i];

    MPI_Comm host;
    MPI_Comm_split_type(team->comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &host);
    int host_rank = 0, host_threads = 0;
    MPI_Comm_rank(host, &host_rank);
    MPI_Allreduce(&team->threads, &host_threads, 1, MPI_INT, MPI_SUM, host);
    MPI_Comm_free(&host);
    int sums[2] = {host_rank == 0, host_threads > sysconf(_SC_NPROCESSORS_ONLN)};
    MPI_Allreduce(MPI_IN_PLACE, sums, 2, MPI_INT, MPI_SUM, team->comm);
    team->hosts = sums[0];
    team->crowded = sums[1] > 0;

    const int cores = omp_get_num_procs();
    MPI_Allreduce(&cores, &team->least_cores, 1, MPI_INT, MPI_MIN, team->comm);
    MPI_Allreduce(&cores, &team->most_cores, 1, MPI_INT, MPI_MAX, team->comm);
    struct {
        int cores, rank;
    } starved = {team->threads > cores ? cores : INT32_MAX, team->rank};
    MPI_Allreduce(MPI_IN_PLACE, &starved, 1, MPI_2INT, MPI_MINLOC, team->comm);
    team->starved_rank = starved.cores == INT32_MAX ? -1 : starved.rank;
    team->starved_cores = starved.cores;
}

enum dmumu_status dmumu_team_start(int *argc, char ***argv, struct dmumu_team *team, struct dmumu_error *error)
{
    int provided = MPI_THREAD_SINGLE;
    *team = (struct dmumu_team){.comm = MPI_COMM_WORLD, .starved_rank = -1};
    if (dmumu_team_launched())
        dmumu_orphan_watch();
    MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_rank(team->comm, &team->rank);
    MPI_Comm_size(team->comm, &team->size);
    team->threads = omp_get_max_threads();
    if (team->size == 1 && environment_number("SLURM_NTASKS", 0) > 1 && !getenv("OMPI_COMM_WORLD_SIZE"))
        team->unused_allocation = environment_number("SLURM_NTASKS", 0);

    enum dmumu_status status = check_launch(team, error);
    if (status == DMUMU_OK && provided < MPI_THREAD_FUNNELED)
        status = dmumu_error_set(error, DMUMU_ERROR_INPUT, "this MPI does not support threads (MPI_THREAD_FUNNELED)");
    if (status == DMUMU_OK) {
        team->rank_threads = calloc((size_t)team->size, sizeof *team->rank_threads);
        if (!team->rank_threads)
            status = dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for a list of %d ranks", team->size);
    }
    status = dmumu_team_agree(team, status, error);
    if (status == DMUMU_OK && team->rank_threads)
        survey(team);
    return status;
}

void dmumu_team_end(struct dmumu_team *team)
{
    free(team->rank_threads);
    team->rank_threads = NULL;
    MPI_Finalize();
}

void dmumu_team_abort(const struct dmumu_team *team, int exit_status)
{
    MPI_Abort(team->comm, exit_status);
}

static const char *plural(int n)
{
    return n == 1 ? "" : "s";
}

void dmumu_team_describe(const struct dmumu_team *team, size_t size, char text[])
{
    int least = team->threads, most = team->threads;
    for (int i = 0; i < team->size; ++i) {
        least = team->rank_threads[i] < least ? team->rank_threads[i] : least;
        most = team->rank_threads[i] > most ? team->rank_threads[i] : most;
    }
    const int n = snprintf(text, size, "%d host%s, %d rank%s, ", team->hosts, plural(team->hosts), team->size,
                           plural(team->size));
    if (n < 0 || (size_t)n >= size)
        return;
    if (least == most)
        snprintf(text + n, size - (size_t)n, "%d thread%s per rank", most, plural(most));
    else
        snprintf(text + n, size - (size_t)n, "%d to %d threads per rank", least, most);
}

void dmumu_team_advice(const struct dmumu_team *team, size_t size, char text[])
{
    text[0] = '\0';
    if (team->starved_rank >= 0)
        snprintf(text, size,
                 "rank %d runs %d threads on %d core%s: launch with --map-by slot:PE=%d --bind-to core (or --bind-to "
                 "none), or set OMP_NUM_THREADS",
                 team->starved_rank, team->rank_threads[team->starved_rank], team->starved_cores,
                 plural(team->starved_cores), team->rank_threads[team->starved_rank]);
    else if (team->crowded)
        snprintf(text, size, "a host runs more threads than it has cores: fewer ranks or OMP_NUM_THREADS would do");
    else if (team->unused_allocation > 0)
        snprintf(text, size, "Slurm allocated %d tasks and this is a single process: launch with srun or mpirun",
                 team->unused_allocation);
}

enum dmumu_status dmumu_team_agree(const struct dmumu_team *team, enum dmumu_status status, struct dmumu_error *error)
{
    struct {
        int status, rank;
    } worst = {(int)status, team->rank};
    MPI_Allreduce(MPI_IN_PLACE, &worst, 1, MPI_2INT, MPI_MAXLOC, team->comm);
    if (worst.status == (int)DMUMU_OK)
        return DMUMU_OK;
    error->status = (enum dmumu_status)worst.status;
    MPI_Bcast(error->message, (int)sizeof error->message, MPI_CHAR, worst.rank, team->comm);
    return error->status;
}

enum dmumu_status dmumu_team_share_text(const struct dmumu_team *team, char **text, struct dmumu_error *error)
{
    uint64_t length = team->rank == 0 ? strlen(*text) : 0;
    MPI_Bcast(&length, 1, MPI_UINT64_T, 0, team->comm);
    enum dmumu_status status = DMUMU_OK;
    if (length > INT32_MAX)
        status = dmumu_error_set(error, DMUMU_ERROR_INPUT, "a configuration of more than 2 GB");
    else if (team->rank != 0 && !(*text = calloc(length + 1, 1)))
        status = dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for the configuration");
    status = dmumu_team_agree(team, status, error);
    if (status == DMUMU_OK)
        MPI_Bcast(*text, (int)length, MPI_CHAR, 0, team->comm);
    return status;
}

void dmumu_team_sum(const struct dmumu_team *team, size_t n, uint64_t counts[])
{
    MPI_Allreduce(MPI_IN_PLACE, counts, (int)n, MPI_UINT64_T, MPI_SUM, team->comm);
}

void dmumu_team_sum_seconds(const struct dmumu_team *team, size_t n, double seconds[])
{
    MPI_Allreduce(MPI_IN_PLACE, seconds, (int)n, MPI_DOUBLE, MPI_SUM, team->comm);
}

void dmumu_team_largest(const struct dmumu_team *team, size_t n, double numbers[])
{
    MPI_Allreduce(MPI_IN_PLACE, numbers, (int)n, MPI_DOUBLE, MPI_MAX, team->comm);
}

uint64_t dmumu_team_lowest(const struct dmumu_team *team, uint64_t key, struct dmumu_error *error)
{
    uint64_t lowest = key;
    MPI_Allreduce(MPI_IN_PLACE, &lowest, 1, MPI_UINT64_T, MPI_MIN, team->comm);
    if (lowest == UINT64_MAX)
        return lowest;
    int owner = key == lowest ? team->rank : team->size, status = (int)error->status;
    MPI_Allreduce(MPI_IN_PLACE, &owner, 1, MPI_INT, MPI_MIN, team->comm);
    MPI_Bcast(&status, 1, MPI_INT, owner, team->comm);
    MPI_Bcast(error->message, (int)sizeof error->message, MPI_CHAR, owner, team->comm);
    error->status = (enum dmumu_status)status;
    return lowest;
}
