/* The command line of `dmumu scan`, and what it prints. */
#ifndef DMUMU_CMD_SCAN_H
#define DMUMU_CMD_SCAN_H

#include "cmd.h"
#include "scan/rounds.h"
#include "scan/scan.h"

struct dmumu_scan_arguments {
    const char *input;
    const char **overrides; /* [n_overrides]; owned */
    size_t n_overrides;
    const char **reuse; /* [options.n_reuse]; owned; its strings are parts of reuse_texts */
    char **reuse_texts; /* [n_reuse_texts] the lists of --reuse, cut at their commas */
    size_t n_reuse_texts;
    struct dmumu_scan_options options;
    double limit_s, margin_s; /* --walltime, 0: none; --margin, negative: none */
    bool dry_run, help;
    bool quiet; /* another process of this launch says what is wrong */
};

/**
 * Read it. What is wrong is said on stderr, unless arguments->quiet.
 * @param[in,out] arguments  quiet, and the defaults, are set before; free with dmumu_scan_arguments_free, on error too
 * @return DMUMU_EXIT_OK, DMUMU_EXIT_USAGE or DMUMU_EXIT_FAILED
 */
int dmumu_scan_arguments_parse(int argc, char **argv, struct dmumu_scan_arguments *arguments);
void dmumu_scan_arguments_free(struct dmumu_scan_arguments *arguments);
/** What `dmumu scan --help` prints. */
const char *dmumu_scan_help(void);

/* On rank 0. */

/** What the scan runs on, and what is wrong with that. */
void dmumu_scan_print_launch(const struct dmumu_team *team, const char *output);
/** The grid, its size and the estimated time. DMUMU_OK, or what the estimate said. */
enum dmumu_status dmumu_scan_print_dry_run(const struct dmumu_team *team, const struct dmumu_config *config,
                                           struct dmumu_error *error);
/** The last lines of a scan. */
void dmumu_scan_print_report(const struct dmumu_team *team, const struct dmumu_scan_options *options,
                             const struct dmumu_scan_report *report);
/** The last lines of a scan in rounds. */
void dmumu_scan_print_rounds(const struct dmumu_team *team, const struct dmumu_scan_options *options,
                             const struct dmumu_rounds_report *report);

#endif
