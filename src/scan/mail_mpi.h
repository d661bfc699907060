/*
 * Mail by MPI: how thread 0 of each rank sends and receives what exchange.c says. MPI_THREAD_FUNNELED: it alone calls.
 */
#ifndef DMUMU_SCAN_MAIL_MPI_H
#define DMUMU_SCAN_MAIL_MPI_H

#include "scan/exchange.h"

#include <mpi.h>

/** One rank's; the caller owns it and keeps it in place as long as the mail is used. */
struct dmumu_mail_mpi {
    MPI_Comm comm;
    double start_s;
    struct dmumu_order order;
    struct dmumu_report report;
    MPI_Request order_request, report_request;
};

/** The mail of this rank; its clock starts now. Not collective. */
struct dmumu_mail dmumu_mail_mpi_open(MPI_Comm comm, struct dmumu_mail_mpi *mpi);

/**
 * Rank 0 receives what it has not received yet, so that no message outlives the scan. Collective.
 * @param[in] reports  this rank has sent; rank 0: has received
 */
void dmumu_mail_mpi_close(struct dmumu_mail_mpi *mpi, uint64_t reports);

#endif
