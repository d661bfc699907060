/*
 * Mail by MPI (see mail_mpi.h). Workers have one report under way at most (Isend) and always listen for an order while
 * they compute (Irecv); rank 0 probes, receives and sends.
 */
#include "scan/mail_mpi.h"

#include <omp.h>

enum { TAG_REPORT = 1, TAG_ORDER };

static double now_s(void *context)
{
    const struct dmumu_mail_mpi *mpi = context;
    return omp_get_wtime() - mpi->start_s;
}

static bool next_report(void *context, size_t *from, struct dmumu_report *report)
{
    const struct dmumu_mail_mpi *mpi = context;
    int waiting = 0;
    MPI_Status status;
    MPI_Iprobe(MPI_ANY_SOURCE, TAG_REPORT, mpi->comm, &waiting, &status);
    if (!waiting)
        return false;
    *from = (size_t)status.MPI_SOURCE;
    MPI_Recv(report, sizeof *report, MPI_BYTE, status.MPI_SOURCE, TAG_REPORT, mpi->comm, MPI_STATUS_IGNORE);
    return true;
}

static void send_order(void *context, size_t to, const struct dmumu_order *order)
{
    const struct dmumu_mail_mpi *mpi = context;
    MPI_Send(order, sizeof *order, MPI_BYTE, (int)to, TAG_ORDER, mpi->comm);
}

/* Listens from the first call on, but not after an order until it is asked for the next. */
static bool next_order(void *context, struct dmumu_order *order)
{
    struct dmumu_mail_mpi *mpi = context;
    int arrived = 0;
    if (mpi->order_request == MPI_REQUEST_NULL)
        MPI_Irecv(&mpi->order, sizeof mpi->order, MPI_BYTE, 0, TAG_ORDER, mpi->comm, &mpi->order_request);
    MPI_Test(&mpi->order_request, &arrived, MPI_STATUS_IGNORE);
    if (arrived)
        *order = mpi->order;
    return arrived;
}

static bool may_report(void *context)
{
    struct dmumu_mail_mpi *mpi = context;
    int sent = 0;
    MPI_Test(&mpi->report_request, &sent, MPI_STATUS_IGNORE);
    return sent;
}

static void send_report(void *context, const struct dmumu_report *report)
{
    struct dmumu_mail_mpi *mpi = context;
    mpi->report = *report;
    MPI_Isend(&mpi->report, sizeof mpi->report, MPI_BYTE, 0, TAG_REPORT, mpi->comm, &mpi->report_request);
}

struct dmumu_mail dmumu_mail_mpi_open(MPI_Comm comm, struct dmumu_mail_mpi *mpi)
{
    *mpi = (struct dmumu_mail_mpi){.comm = comm,
                                   .start_s = omp_get_wtime(),
                                   .order_request = MPI_REQUEST_NULL,
                                   .report_request = MPI_REQUEST_NULL};
    return (struct dmumu_mail){mpi, now_s, next_report, send_order, next_order, may_report, send_report};
}

void dmumu_mail_mpi_close(struct dmumu_mail_mpi *mpi, uint64_t reports)
{
    int rank = 0;
    MPI_Comm_rank(mpi->comm, &rank);
    uint64_t sent = rank == 0 ? 0 : reports;
    MPI_Allreduce(MPI_IN_PLACE, &sent, 1, MPI_UINT64_T, MPI_SUM, mpi->comm);
    for (uint64_t n = reports; rank == 0 && n < sent; ++n) {
        struct dmumu_report report;
        MPI_Recv(&report, sizeof report, MPI_BYTE, MPI_ANY_SOURCE, TAG_REPORT, mpi->comm, MPI_STATUS_IGNORE);
    }
    MPI_Wait(&mpi->report_request, MPI_STATUS_IGNORE);
    /* after an epoch that failed: nothing may come into memory that is gone */
    if (mpi->order_request != MPI_REQUEST_NULL) {
        MPI_Cancel(&mpi->order_request);
        MPI_Wait(&mpi->order_request, MPI_STATUS_IGNORE);
    }
}
