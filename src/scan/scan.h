/*
 * Scan: one configuration becomes one cube, on all ranks and threads. This is what the command calls.
 *
 *     dmumu_team_start(&argc, &argv, &team, &error);
 *     dmumu_config_read / dmumu_config_read_text (the same on every rank)
 *     dmumu_scan_run(&team, &config, &options, &report, &error);
 *     dmumu_team_end(&team);
 */
#ifndef DMUMU_SCAN_SCAN_H
#define DMUMU_SCAN_SCAN_H

#include "cube/cube.h"
#include "scan/config.h"
#include "scan/exchange_mpi.h"
#include "scan/part.h"
#include "scan/reuse.h"
#include "scan/team_mpi.h"
#include "scan/walltime.h"

struct dmumu_scan_options {
    const char *output;       /* path of the cube */
    bool overwrite;           /* replace an existing cube or, without `resume`, what an interrupted scan left */
    bool resume;              /* go on with what an interrupted scan left, if there is something */
    const char *const *reuse; /* [n_reuse] older cubes to take values from */
    size_t n_reuse;
    struct dmumu_part part;         /* of the grid; count 0: all of it (cut by dmumu_prepare_grid) */
    struct dmumu_walltime walltime; /* rank 0's counts */
    double epoch_s;                 /* seconds between two writes; 0: whenever a rank has finished something */
    size_t block_curves;            /* curves handed to a rank at a time, at most; 0: adapted to what is left */
    size_t buffer_bytes;            /* bound, per rank, of the finished curves that are not written yet */
    const char *command;            /* the command line, for the provenance */
};

struct dmumu_scan_report {
    bool begun;                    /* the cube was created or opened; false: the output was refused before any work */
    bool was_there;                /* nothing was done: with `resume`, and the complete cube was there already */
    bool incomplete;               /* it was stopped in good order before all was done; no data_hash */
    enum dmumu_stopping stopping;  /* why; on rank 0 */
    uint64_t curves;               /* computed now */
    uint64_t all;                  /* of the grid */
    uint64_t found;                /* that were done before */
    uint64_t reused;               /* taken over whole from older cubes */
    uint64_t reused_values;        /* and of the curves that were computed in part */
    double seconds;                /* from the first curve to the last write */
    double times_s[DMUMU_N_TIMES]; /* where they went: sums over the threads of all ranks */
    uint64_t quality[DMUMU_N_QUALITIES]; /* values of the whole cube; none when it was there */
    uint64_t failed_curve;               /* flat index of the first curve that failed as a whole; UINT64_MAX: none */
    struct dmumu_error failure;
    char data_hash[65];
};

/** What the cube module is told about a scan; the pointers stay the configuration's. `physics_text` may be NULL. */
struct dmumu_cube_spec dmumu_scan_cube_spec(const struct dmumu_team *team, const struct dmumu_config *config,
                                            const char *physics_text, const char *command);
/** Room for what a cube's history says of older cubes (dmumu_reuse_describe). */
enum { DMUMU_SCAN_SOURCES = 120 };

/**
 * Compute all curves and write the cube. Collective; needs the same configuration on every rank.
 * @param[out] report  on every rank; complete when the result is DMUMU_OK
 * @param[out] error   may not be NULL
 * @return the same on every rank. A scan that has begun and fails leaves OUTPUT.part; with several ranks the file is
 * then left open, since after a failed collective write HDF5 and MPI-IO can hang in the close: end by dmumu_team_abort.
 */
enum dmumu_status dmumu_scan_run(const struct dmumu_team *team, const struct dmumu_config *config,
                                 const struct dmumu_scan_options *options, struct dmumu_scan_report *report,
                                 struct dmumu_error *error);

#endif
