/*
 * Rounds: scan, measure look-ups, add nodes, scan again with all that is there, until look-ups are right to the tolerance
 * that the configuration asks for, or a limit of it is reached.
 *
 * Every round is a cube of its own (rounds_files.h) made by dmumu_scan_run, which reuses that of the round before; what is
 * measured and the next grid follow from that cube alone. So a scan that was stopped or killed goes on from the last
 * complete one, and the result does not depend on that, nor on ranks and threads: each rank measures its share, and worst
 * errors and counts are the same in any order.
 */
#ifndef DMUMU_SCAN_ROUNDS_H
#define DMUMU_SCAN_ROUNDS_H

#include "scan/refine_cuts.h"
#include "scan/rounds_files.h"
#include "scan/scan.h"

struct dmumu_rounds_report {
    bool begun;                                /* some cube was created or opened */
    bool was_there;                            /* nothing was done: with `resume`, and the cube was there already */
    struct dmumu_scan_report scan;             /* of the last round; with `incomplete`, that is as far as it came */
    int round;                                 /* its number */
    char *path;                                /* of its cube; owned. On rank 0 */
    enum dmumu_refine_verdict verdict;         /* why it ended; DMUMU_REFINE_CUT: at the limit of rounds */
    char verdict_text[240], lookups_text[160]; /* on rank 0 */
};

/**
 * Run them. Collective; needs the same configuration on every rank.
 * @param[in,out] config   with a lookup.tolerance; its grid and text become those of the last round
 * @param[in]     options  of the whole; the files of the rounds stand beside options->output
 * @param[out]    report   on every rank; free with dmumu_rounds_report_free
 * @param[out]    error    may not be NULL
 * @return as dmumu_scan_run
 */
enum dmumu_status dmumu_rounds_run(const struct dmumu_team *team, struct dmumu_config *config,
                                   const struct dmumu_scan_options *options, struct dmumu_rounds_report *report,
                                   struct dmumu_error *error);
void dmumu_rounds_report_free(struct dmumu_rounds_report *report);

#endif
