/* Agree: one status for all ranks. */
#include "cube/agree.h"

#include <limits.h>
#include <stdio.h>
#include <time.h>

enum { PATIENCE_S = 30 };

/* Wait for the others, who may be stuck in the write that failed here. */
static void wait_or_abort(MPI_Comm comm, MPI_Request *request, const struct dmumu_error *error)
{
    const struct timespec moment = {.tv_nsec = 1000000};
    const double start = MPI_Wtime();
    int arrived = 0;
    MPI_Test(request, &arrived, MPI_STATUS_IGNORE);
    while (!arrived) {
        if (MPI_Wtime() - start > PATIENCE_S) {
            fprintf(stderr, "dmumu: %s\ndmumu: the other ranks are stuck in that call; ending the job\n",
                    error->message);
            MPI_Abort(comm, 1);
        }
        nanosleep(&moment, NULL);
        MPI_Test(request, &arrived, MPI_STATUS_IGNORE);
    }
}

enum dmumu_status dmumu_cube_agree(MPI_Comm comm, enum dmumu_status status, struct dmumu_error *error)
{
    MPI_Request request;
    int rank, mine, failed;
    MPI_Comm_rank(comm, &rank);
    mine = status == DMUMU_OK ? INT_MAX : rank;
    MPI_Iallreduce(&mine, &failed, 1, MPI_INT, MPI_MIN, comm, &request);
    if (status == DMUMU_OK) {
        MPI_Wait(&request, MPI_STATUS_IGNORE);
    } else {
        wait_or_abort(comm, &request, error);
    }
    if (failed == INT_MAX) {
        return DMUMU_OK;
    }
    error->status = status;
    /* Same program on all ranks: the struct has the same layout everywhere. */
    MPI_Bcast(error, (int)sizeof *error, MPI_BYTE, failed, comm);
    return error->status;
}
