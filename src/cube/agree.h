/*
 * Agree: one status and one message for all ranks, so that none goes on alone.
 */
#ifndef DMUMU_CUBE_AGREE_H
#define DMUMU_CUBE_AGREE_H

#include "dmumu.h"

#include <mpi.h>

/**
 * Collective. If any rank comes with a status that is not DMUMU_OK, all leave with that of the lowest such rank, its
 * message in `error` (which may not be NULL).
 *
 * A rank that comes with an error waits half a minute for the others. When a write fails on one rank, HDF5 1.10 and
 * some MPI-IO leave the others inside it for ever, out of our reach: then the rank says on stderr what happened and
 * ends the job with MPI_Abort, rather than letting it hang until its time is up. What was flushed stays readable.
 *
 * @return the agreed status
 */
enum dmumu_status dmumu_cube_agree(MPI_Comm comm, enum dmumu_status status, struct dmumu_error *error);

#endif
