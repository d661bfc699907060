/* Team: what the commands share that run under MPI. */
#ifndef DMUMU_CMD_TEAM_H
#define DMUMU_CMD_TEAM_H

#include "cmd.h"
#include "scan/team_mpi.h"

/** The work of one command, from the start of MPI to its end. Collective. Returns the exit status, the same on all. */
typedef int dmumu_cmd_work(const struct dmumu_team *team, const void *arguments);

/**
 * Start MPI, work, end MPI. A launcher kills all other processes when one returns a failure: so a bad command line goes
 * through MPI too, where all return together after the message is out, and of processes that MPI did not connect the
 * silent ones return last.
 * @param[in]  quiet   another process of this launch says what is wrong
 * @param[in]  parsed  what became of the command line; if not DMUMU_EXIT_OK, that is returned
 */
int dmumu_cmd_run_team(const char *command, int argc, char **argv, bool quiet, int parsed, dmumu_cmd_work *work,
                       const void *arguments);
/**
 * The end of the work: rank 0 says what went wrong, all return the same. Work that failed after it had begun, on several
 * ranks, ends by MPI_Abort: an orderly end could hang (scan.h). Collective.
 * @param[in]  status, error  the same on every rank
 * @param[in]  begun          false: it was refused before anything was written
 * @param[in]  outcome        what to return when status is DMUMU_OK
 */
int dmumu_cmd_end_work(const char *command, const struct dmumu_team *team, enum dmumu_status status,
                       const struct dmumu_error *error, bool begun, int outcome);

/** "dmumu scan ..." as one line; owned by the caller, NULL when out of memory. */
char *dmumu_cmd_join(int argc, char **argv);

#endif
